"""What an order is promised, kept in the store and appended when it moves, on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import update
from sqlmodel import col

from activities.promises import Due, due, keep_promises
from domain.clock import BEIJING
from domain.sourcing import Consignment, Pieces
from domain.warehouses import Warehouse, WorkWeek
from store import promises
from store.database import Database
from store.promises import Kept
from store.tables import OrderRow
from tests.store.samples import order, receiver, taken

MONDAY = datetime(2026, 3, 2, 10, 0, tzinfo=BEIJING)
HANGZHOU = Warehouse("HZ", province="浙江省", city="杭州市", cut_off=time(16))
CHENGDU = Warehouse("CD", province="四川省", city="成都市", cut_off=time(16), week=WorkWeek("12345", rests=True))
BOTH = (HANGZHOU, CHENGDU)


async def _keep(
    db: Database,
    dues: Sequence[Due],
    at: datetime = MONDAY,
    warehouses: Sequence[Warehouse] = BOTH,
    short: Sequence[Pieces] = (),
    **changes: Any,
) -> bool:
    async with db.transaction() as tx:
        return await keep_promises(tx, order(**changes), dues, warehouses, at, short=short)


async def _newest(db: Database, order_id: str = "own:main:SO1") -> list[Kept]:
    async with db.reading() as tx:
        return await promises.newest(tx, order_id)


def _day(kept: Kept) -> tuple[str, str]:
    return (
        f"{kept.ship_by:%m-%d %H:%M}" if kept.ship_by else "",
        f"{kept.deliver_by:%m-%d}" if kept.deliver_by else "",
    )


async def test_each_consignment_has_its_own_promise(database: Database) -> None:
    await taken(database, "SO1")
    waits = due(Consignment(2, "CD", (("2", "B", 1),), "PO1", date(2026, 3, 7)))
    assert await _keep(database, [Due(1, "HZ"), waits])
    first, second = await _newest(database)
    assert (_day(first), _day(second)) == (("03-02 23:59", "03-03"), ("03-09 23:59", "03-12"))
    assert [reason.text() for reason in first.why] == ["现货", "同城，在途 1 天"]
    assert [reason.text() for reason in second.why] == [
        "等采购单 PO1，2026-03-07 到货",
        "仓库休息 2 天",
        "跨区，在途 3 天",
    ]


async def test_it_is_appended_when_it_moves_and_only_then(database: Database) -> None:
    await taken(database, "SO1")
    assert await _keep(database, [Due(1, "HZ")])
    assert not await _keep(database, [Due(1, "HZ")])
    assert not await _keep(database, [Due(1, "HZ")], MONDAY.replace(hour=16))
    assert await _keep(database, [Due(1, "HZ")], MONDAY.replace(hour=16, minute=1))
    far = receiver().model_copy(
        update={"region": receiver().region.model_copy(update={"province": "新疆", "city": "喀什"})}
    )
    assert await _keep(database, [Due(1, "HZ")], MONDAY.replace(hour=17), receiver=far)
    async with database.reading() as tx:
        kept = await promises.history(tx, "own:main:SO1")
    assert [(one.revision, *_day(one)) for one in kept] == [
        (1, "03-02 23:59", "03-03"),
        (2, "03-03 23:59", "03-04"),
        (3, "03-03 23:59", "03-08"),
    ]


async def test_what_is_planned_no_more_is_withdrawn(database: Database) -> None:
    await taken(database, "SO1")
    await _keep(database, [Due(1, "HZ"), Due(2, "CD")])
    assert await _keep(database, [Due(1, "HZ")])
    assert not await _keep(database, [Due(1, "HZ")])
    assert [_day(kept) for kept in await _newest(database)] == [("03-02 23:59", "03-03"), ("", "")]


async def test_a_full_day_is_promised_to_nobody_else_until_an_order_is_called_off(database: Database) -> None:
    two = (Warehouse("HZ", province="浙江省", city="杭州市", daily_capacity=2),)
    for n in (1, 2, 3):
        await taken(database, f"SO{n}")
        await _keep(database, [Due(1, "HZ")], MONDAY, two, channel_order_no=f"SO{n}")
    days = [_day((await _newest(database, f"own:main:SO{n}"))[0])[0] for n in (1, 2, 3)]
    assert days == ["03-02 23:59", "03-02 23:59", "03-03 23:59"]
    assert not await _keep(database, [Due(1, "HZ")], MONDAY, two)
    async with database.transaction() as tx:
        gone = update(OrderRow).where(col(OrderRow.order_id) == "own:main:SO1").values(exit="CANCELLED")
        await tx.execute(gone)
    assert await _keep(database, [Due(1, "HZ")], MONDAY, two, channel_order_no="SO3")
    assert _day((await _newest(database, "own:main:SO3"))[0])[0] == "03-02 23:59"


RING = [("1", "MTO-ENGRAVE-RING", 2)]


async def test_made_to_order_goods_are_promised_by_their_work_centres(database: Database) -> None:
    """Engraving takes 20 + 2 × 5 minutes, packing 10 + 2 × 1."""
    for n in (1, 2):
        await taken(database, f"SO{n}")
        assert await _keep(database, [], MONDAY, short=RING, channel_order_no=f"SO{n}")
    first, second = [(await _newest(database, f"own:main:SO{n}"))[0] for n in (1, 2)]
    assert (first.n, first.warehouse, *_day(first)) == (0, "HZ", "03-02 23:59", "03-03")
    assert first.why[0].text() == "定制商品 MTO-ENGRAVE-RING，2026-03-02 10:42 完工"
    assert second.why[0].text() == "定制商品 MTO-ENGRAVE-RING，2026-03-02 11:12 完工"
    assert not await _keep(database, [], MONDAY, short=RING)


async def test_what_was_not_begun_comes_earlier_when_an_order_before_it_is_called_off(database: Database) -> None:
    late = MONDAY.replace(hour=15, minute=30)
    for n in (1, 2):
        await taken(database, f"SO{n}")
        await _keep(database, [], late, short=RING, channel_order_no=f"SO{n}")
    assert _day((await _newest(database, "own:main:SO2"))[0])[0] == "03-03 23:59"
    async with database.transaction() as tx:
        gone = update(OrderRow).where(col(OrderRow.order_id) == "own:main:SO1").values(exit="CANCELLED")
        await tx.execute(gone)
    kept = late - timedelta(minutes=20)
    assert await _keep(database, [], kept, short=RING, channel_order_no="SO2")
    assert _day((await _newest(database, "own:main:SO2"))[0])[0] == "03-02 23:59"
    begun = kept + timedelta(minutes=30)
    assert not await _keep(database, [], begun, short=RING, channel_order_no="SO2")


async def test_what_can_neither_be_had_nor_made_is_not_promised(database: Database) -> None:
    await taken(database, "SO1")
    assert await _keep(database, [], short=RING)
    assert await _keep(database, [], short=[*RING, ("2", "MUG", 1)])
    assert [_day(kept) for kept in await _newest(database)] == [("", "")]
    assert await _keep(database, [Due(1, "HZ")])
    async with database.reading() as tx:
        assert await promises.booking(tx, "own:main:SO1", "1", "MTO-ENGRAVE-RING") == []


async def test_no_minute_of_a_work_centre_is_booked_twice_by_orders_at_once(database: Database) -> None:
    for n in range(6):
        await taken(database, f"SO{n}")
    await asyncio.gather(*(_keep(database, [], short=[("1", "MTO-X", 1)], channel_order_no=f"SO{n}") for n in range(6)))
    async with database.reading() as tx:
        spans = sorted(await promises.booked(tx, "ASSEMBLE", MONDAY))
    assert len(spans) >= 6
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
