"""Orders of an old system in the store: whose they are, what becomes of them, and that nothing else is touched."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import select

from domain.clock import utc_now
from domain.order import Channel, ChannelStatus, Order, OrderLine
from domain.refund import Refund, RefundKind, RefundStatus
from domain.shadow import ShownParcel, Slice, Would, slice_of
from domain.shipping import Carrier
from store import orders, refunds, shadows, warehouses
from store.database import Database
from store.tables import GiftRow, OrderRow, ShadowOrderRow
from tests.store.samples import order

OWN, MAIN = Slice("own"), Slice("own", "main")


async def flip(db: Database, of: Slice, on: bool) -> bool | None:
    async with db.transaction() as tx:
        return await shadows.switch(tx, of, on, "wei", "trial", "WH01")


async def take(db: Database, document: Order) -> str:
    async with db.transaction() as tx:
        await orders.take(tx, document)
    return document.order_id


async def shadow(tx: AsyncSession, order_id: str) -> ShadowOrderRow | None:
    return await tx.get(ShadowOrderRow, order_id)


def fresh(number: str, version: int = 1, **changes: Any) -> Order:
    """An order that was placed just now."""
    return order(number, version, placed_at=utc_now(), paid_at=utc_now(), **changes)


def paid_back() -> Refund:
    """All the money of SO1."""
    return Refund(
        channel=Channel.OWN,
        shop="main",
        channel_order_no="SO1",
        refund_id="R1",
        version=1,
        status=RefundStatus.REFUNDED,
        kind=RefundKind.MONEY,
        amount_fen=4950,
        asked_at=utc_now(),
    )


async def test_a_switch_is_kept_once_and_counts_at_once(database: Database) -> None:
    assert [await flip(database, OWN, True), await flip(database, OWN, True)] == [True, False]
    assert await flip(database, MAIN, True) is False  # its channel is in shadow, so it is
    assert await flip(database, MAIN, False) is True
    assert await flip(database, OWN, True) is True  # and the shop with it again
    async with database.reading() as tx:
        assert [(str(one.slice), one.on, one.by, one.why) for one in await shadows.history(tx)] == [
            ("own", True, "wei", "trial"),
            ("own/main", False, "wei", "trial"),
            ("own", True, "wei", "trial"),
        ]
        assert await shadows.shop_is(tx, "own", "main")
        assert not await shadows.shop_is(tx, "pos", "main")


async def test_an_order_of_a_shop_in_shadow_is_never_started_and_never_becomes_real(database: Database) -> None:
    real = await take(database, fresh("SO1"))
    await flip(database, OWN, True)
    old = await take(database, fresh("SO2"))
    await flip(database, OWN, False)
    late = await take(database, order("SO3"))  # of before the switches: the old system's, too
    new = await take(database, fresh("SO4"))
    await take(database, fresh("SO2", 2, status=ChannelStatus.LOCKED))
    await take(database, fresh("SO2", 3))
    async with database.transaction() as tx:
        assert {one.order_id for one in await orders.to_start(tx, 10)} == {real, new}
        assert {one.order_id for one in await orders.to_decide(tx, 10)} == {old, late}
        standing = await shadows.standing(tx, MAIN)
        assert (standing.living, standing.waiting, standing.waiting_examples) == (2, 2, (old, late))


async def test_an_order_bought_while_the_shop_was_in_shadow_is_the_old_systems_even_if_it_comes_later(
    database: Database,
) -> None:
    await flip(database, OWN, True)
    bought = fresh("SO1")
    await flip(database, OWN, False)
    old, new = await take(database, bought), await take(database, fresh("SO2"))
    async with database.reading() as tx:
        assert await shadows.is_shadow(tx, old)
        assert not await shadows.is_shadow(tx, new)


async def test_what_the_old_system_does_is_heard_and_not_decided_anew(database: Database) -> None:
    await flip(database, OWN, True)
    oid = await take(database, fresh("SO1"))
    await take(database, fresh("SO1", 2, status=ChannelStatus.SHIPPED))
    async with database.transaction() as tx:
        row = await tx.get_one(OrderRow, oid)
        assert (row.status, row.revision, row.version, row.state) == ("SHIPPED", 1, 2, None)
        kept = await shadow(tx, oid)
        assert kept is not None
        assert kept.shipped_at is not None
        at = kept.shipped_at - timedelta(hours=2)
        assert await shadows.shown(tx, oid, [ShownParcel("SF9", Carrier.SF, "SF", at)])
        assert not await shadows.shown(tx, oid, [ShownParcel("SF9", Carrier.SF, "SF", at)])
        assert kept.shipped_at == at
        assert [parcel["number"] for parcel in kept.parcels] == ["SF9"]
        assert await orders.to_decide(tx, 10) == []
        # A refund after it left changes nothing of what was to be shipped.
        await refunds.take(tx, paid_back())
        assert (row.status, row.revision) == ("SHIPPED", 1)


async def test_a_refund_before_it_left_is_decided_anew_and_a_cancellation_is_heard(database: Database) -> None:
    await flip(database, OWN, True)
    oid = await take(database, fresh("SO1"))
    async with database.transaction() as tx:
        await shadows.keep_decision(tx, oid, 1, shadows.Decision(Would.SHIP))
        assert await orders.to_decide(tx, 10) == []
    asked = paid_back().model_copy(update={"status": RefundStatus.REQUESTED})
    async with database.transaction() as tx:
        await refunds.take(tx, asked)
        assert [(one.order_id, one.revision) for one in await orders.to_decide(tx, 10)] == [(oid, 2)]
        await refunds.take(tx, asked.model_copy(update={"version": 2, "status": RefundStatus.REFUNDED}))
        kept = await shadow(tx, oid)
        assert kept is not None
        await tx.refresh(kept)
        assert kept.cancelled_at is not None
        assert await orders.to_decide(tx, 10) == []


async def test_buyers_of_the_old_system_are_promised_no_gift(database: Database) -> None:
    gift = OrderLine(line_no="2", sku="BAG", title="包", quantity=1, unit_price_fen=0, amount_fen=0, gift_of="1")
    lines = (*order().lines, gift)
    real = await take(database, fresh("SO1", lines=lines))
    await flip(database, OWN, True)
    await take(database, fresh("SO2", lines=lines))
    await take(database, fresh("SO2", 2, lines=lines, status=ChannelStatus.LOCKED))
    async with database.reading() as tx:
        assert list((await tx.execute(select(GiftRow.order_id))).scalars()) == [real]


async def test_a_warehouse_in_shadow_is_known_and_no_other_is(database: Database) -> None:
    assert await flip(database, slice_of("warehouse/NOWHERE"), True) is None
    assert [await flip(database, slice_of("warehouse/WH01"), on) for on in (True, True)] == [True, False]
    async with database.reading() as tx:
        (home,) = await warehouses.all_warehouses(tx, "WH01")
        assert (home.active, home.shadow, home.sends) == (True, True, False)
    assert await flip(database, slice_of("warehouse/WH01"), False)
    async with database.reading() as tx:
        assert await warehouses.in_shadow(tx) == set()
        assert [one.on for one in await shadows.history(tx, "")] == [True, False]
