"""Finding orders by what people read out, and listing them by what is wrong with them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from domain.golden import Exit, GoldenState
from domain.holds import HoldReason
from domain.order import Channel
from domain.review import Flag
from domain.shipping import Carrier
from store import flags, holds, links, lookup
from store.database import Database
from store.lookup import Counts, Wanted
from store.orders import take
from store.tables import OrderRow, StageDeadlineRow, WaybillRow
from tests.store.samples import NOON, index_row, order

A, B, C, D = "own:main:SO1", "douyin:dy:SO1", "own:main:SO3", "own:other:SO4"
NOW = NOON + timedelta(hours=9)


@pytest.fixture
async def house(database: Database) -> Database:
    """Four orders: held for its risk; packed and late; off; not paid."""
    async with database.transaction() as tx:
        await take(tx, order("SO1"))
        await take(tx, order("SO1", channel=Channel.DOUYIN, shop="dy", placed_at=NOON + timedelta(hours=1)))
        await take(tx, order("SO3", placed_at=NOON + timedelta(hours=2)))
        await take(tx, order("SO4", shop="other", placed_at=NOON + timedelta(hours=2)))
        await links.keep(tx, A, {"phone": "d1"})
        await links.keep(tx, C, {"phone": "d1"})
        first, second, third = [await index_row(tx, one) for one in (A, B, C)]
        first.state, second.state, third.exit = GoldenState.PAID, GoldenState.PACKED, Exit.CANCELLED
        await holds.open_hold(tx, first, 1, HoldReason.RISK, "odd", NOW)
        await holds.open_hold(tx, third, 1, HoldReason.RISK, "odd", NOW)
        await holds.close_hold(tx, third, 1, "lan", "CANCEL")
        await holds.open_task(tx, "t1", "x", "do this", order_id=A, alert=True)
        await holds.open_task(tx, "t2", "x", "and this")
        await flags.keep(tx, first, 1, [Flag("risk.many", HoldReason.RISK, "odd"), Flag("risky", None, "a note")])
        await flags.keep(tx, third, 1, [Flag("risk.many", HoldReason.RISK, "odd")])
        await flags.keep(tx, third, 2, [])
        for order_id, due, ended in ((B, NOON, None), (A, NOW + timedelta(hours=1), None), (D, NOON, NOON)):
            dates: dict[str, Any] = {"began_at": NOON, "due_at": due, "ended_at": ended}
            tx.add(StageDeadlineRow(order_id=order_id, stage="WAYBILL", channel="own", **dates))
        waybill: dict[str, Any] = {
            "parcel_id": f"{B}#1",
            "order_id": B,
            "provider": "sf",
            "carrier": Carrier.SF,
            "attempt": 1,
        }
        tx.add(WaybillRow(key="k", **waybill, number="SF1", status="void", asked_at=NOON, updated_at=NOON))
    return database


def _ids(rows: list[OrderRow]) -> list[str]:
    return [row.order_id for row in rows]


@pytest.mark.parametrize(
    ("words", "digests", "found"),
    [
        (f" {A} ", (), [A]),
        (f"{B}#1", (), [B]),
        ("SO1", (), [B, A]),
        ("sf1", (), [B]),
        ("13800000000", ("d1",), [C, A]),
        ("SO", (), []),
        ("", ("d1",), []),
    ],
)
async def test_what_a_number_leads_to(house: Database, words: str, digests: tuple[str, ...], found: list[str]) -> None:
    async with house.reading() as tx:
        assert _ids(await lookup.find(tx, words, digests)) == found


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted(), [D, C, B, A]),
        (Wanted(state="PACKED"), [B]),
        (Wanted(state="CANCELLED"), [C]),
        (Wanted(state="none"), [D]),
        (Wanted(hold="RISK"), [A]),
        (Wanted(hold=lookup.ANY), [A]),
        (Wanted(flag="risk"), [A]),
        (Wanted(flag="risk.many", channel="douyin"), []),
        (Wanted(channel="own", shop="other"), [D]),
        (Wanted(late=True), [B]),
        (Wanted(since=NOON + timedelta(minutes=1), after=D), [C, B]),
    ],
)
async def test_what_is_wanted_comes_newest_first(house: Database, wanted: Wanted, found: list[str]) -> None:
    async with house.reading() as tx:
        assert _ids(await lookup.listed(tx, wanted, NOW, 10)) == found


async def test_page_after_page_shows_every_order_once(house: Database) -> None:
    seen: list[str] = []
    async with house.reading() as tx:
        while page := await lookup.listed(tx, Wanted(after=seen[-1] if seen else ""), NOW, 1):
            seen += _ids(page)
    assert seen == [D, C, B, A]


async def test_what_waits_for_people_is_counted(house: Database) -> None:
    async with house.reading() as tx:
        assert [task.text for task in await lookup.tasks(tx, 10)] == ["do this", "and this"]
        assert await lookup.counts(tx, NOW) == Counts(1, {"RISK": 1}, late=1, tasks=2, alerts=1)
