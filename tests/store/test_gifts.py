from __future__ import annotations

import asyncio
import json
from argparse import Namespace
from datetime import UTC
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text

from domain.order import Amounts, ChannelStatus, Order, OrderLine
from domain.refund import Refund, RefundKind, RefundLine, RefundStatus
from store import gifts, refunds
from store.database import Database
from store.migrate import SCRIPTS
from store.orders import take
from store.tables import ParcelRow
from tests.store.samples import NOON, order

MUG = OrderLine(line_no="1", sku="MUG", title="马克杯", quantity=1, unit_price_fen=4950, amount_fen=4950)
PLATE = OrderLine(line_no="2", sku="PLATE", title="盘子", quantity=1, unit_price_fen=1000, amount_fen=1000)
CARD = OrderLine(line_no="3", sku="CARD", title="贺卡", quantity=1, unit_price_fen=0, amount_fen=0, gift_of="1")
TOTE = OrderLine(line_no="4", sku="TOTE", title="帆布袋", quantity=2, unit_price_fen=0, amount_fen=0, gift_of="2")
GIFTED: dict[str, Any] = {"lines": (MUG, PLATE, CARD, TOTE), "amounts": Amounts(goods_fen=5950, paid_fen=5950)}


@pytest.fixture
async def gifted(database: Database) -> Order:
    """An order of two articles, each with a gift."""
    placed = order(**GIFTED)
    async with database.transaction() as tx:
        await take(tx, placed)
    return placed


async def status(db: Database, order_id: str) -> dict[str, str]:
    async with db.reading() as tx:
        return {row.sku: row.status for row in await gifts.of_order(tx, order_id)}


def refund(version: int, state: RefundStatus) -> Refund:
    return Refund(
        channel=order().channel,
        shop="main",
        channel_order_no="SO1",
        refund_id="R1",
        version=version,
        status=state,
        kind=RefundKind.MONEY,
        amount_fen=4950,
        lines=(RefundLine(line_no="1"),),
        asked_at=NOON,
    )


async def told(db: Database, placed: Order, n: int, *items: tuple[str, int, str]) -> None:
    async with db.transaction() as tx:
        box = [{"sku": sku, "quantity": quantity, "line_no": line_no} for sku, quantity, line_no in items]
        pid = f"{placed.order_id}#{n}"
        row = ParcelRow(parcel_id=pid, order_id=placed.order_id, n=n, package_code="B", items=box, status="numbered")
        row.told_at = NOON
        tx.add(row)
        await tx.flush()
        assert await gifts.give(tx, placed) == []


async def test_gifts_go_off_with_their_main_line_and_come_back_with_it(database: Database, gifted: Order) -> None:
    assert await status(database, gifted.order_id) == {"CARD": "pending", "TOTE": "pending"}
    async with database.transaction() as tx:
        await refunds.take(tx, refund(1, RefundStatus.REFUNDED))
    assert await status(database, gifted.order_id) == {"CARD": "cancelled", "TOTE": "pending"}
    async with database.transaction() as tx:
        await refunds.take(tx, refund(2, RefundStatus.CLOSED))
    assert await status(database, gifted.order_id) == {"CARD": "pending", "TOTE": "pending"}


async def test_gifts_go_off_with_their_order(database: Database, gifted: Order) -> None:
    async with database.transaction() as tx:
        await take(tx, order(version=2, status=ChannelStatus.CANCELLED, **GIFTED))
    assert await status(database, gifted.order_id) == {"CARD": "cancelled", "TOTE": "cancelled"}


async def test_an_order_that_ends_before_it_leaves_calls_its_gifts_off(database: Database, gifted: Order) -> None:
    async with database.transaction() as tx:
        await gifts.call_off(tx, gifted.order_id)
    assert set((await status(database, gifted.order_id)).values()) == {"cancelled"}


async def test_a_gift_is_given_when_all_of_it_is_in_parcels_that_left(database: Database, gifted: Order) -> None:
    await told(database, gifted, 1, ("MUG", 1, "1"), ("CARD", 1, "3"), ("TOTE", 1, "4"))
    assert await status(database, gifted.order_id) == {"CARD": "given", "TOTE": "pending"}
    await told(database, gifted, 2, ("PLATE", 1, ""), ("TOTE", 1, ""))
    # What was given stays given.
    async with database.transaction() as tx:
        await take(tx, order(version=2, status=ChannelStatus.CANCELLED, **GIFTED))
        await gifts.call_off(tx, gifted.order_id)
    assert await status(database, gifted.order_id) == {"CARD": "given", "TOTE": "given"}
    # Unless the parcels come back.
    async with database.transaction() as tx:
        await gifts.come_back(tx, gifted.order_id)
    assert await status(database, gifted.order_id) == {"CARD": "cancelled", "TOTE": "cancelled"}


def test_an_older_store_gets_its_gifts(empty_database_url: str) -> None:
    config = Config(str(SCRIPTS / "alembic.ini"), cmd_opts=Namespace(x=[f"url={empty_database_url}"]))
    script = next(SCRIPTS.glob("versions/r*_gifts.py")).name
    before = f"{int(script[1:5]) - 1:04d}"
    command.upgrade(config, before)
    lines = [line.model_dump(mode="json") for line in (MUG, PLATE, CARD, TOTE)]
    asyncio.run(
        _as_they_were_kept(empty_database_url, {"LEFT": lines, "OFF": lines, "OPEN": lines, "PLAIN": lines[:2]})
    )
    command.upgrade(config, "head")

    async def kept() -> dict[str, set[str]]:
        db = Database(empty_database_url)
        try:
            return {number: set((await status(db, number)).values()) for number in ("LEFT", "OFF", "OPEN", "PLAIN")}
        finally:
            await db.close()

    assert asyncio.run(kept()) == {"LEFT": {"given"}, "OFF": {"cancelled"}, "OPEN": {"pending"}, "PLAIN": set()}


async def _as_they_were_kept(url: str, orders: dict[str, list[dict[str, Any]]]) -> None:
    """Orders as the tables were then, so that a column of later does not matter here."""
    db = Database(url)
    async with db.transaction() as tx:
        for number, lines in orders.items():
            state, left_by = ("SIGNED" if number == "LEFT" else None), ("CANCELLED" if number == "OFF" else None)
            row = {"id": number, "state": state, "exit": left_by, "now": NOON.astimezone(UTC)}
            await tx.execute(
                text(
                    "INSERT INTO orders (order_id, channel, shop, channel_order_no, version, revision, status, state,"
                    " exit, holds, amount_fen, encrypted, customer_id, credit, courier, placed_at, signalled_revision,"
                    " in_flight, updated_at) VALUES (:id, 'own', 'main', :id, 1, 1, 'PAID', :state, :exit, '[]', 1,"
                    " false, '', '', '', :now, 1, false, :now)"
                ),
                row,
            )
            await tx.execute(
                text(
                    "INSERT INTO order_versions (order_id, revision, version, fingerprint, body, origin, at)"
                    " VALUES (:id, 1, 1, '', CAST(:body AS JSON), 'channel', :now)"
                    if not db.is_sqlite
                    else "INSERT INTO order_versions (order_id, revision, version, fingerprint, body, origin, at)"
                    " VALUES (:id, 1, 1, '', :body, 'channel', :now)"
                ),
                {"id": number, "body": json.dumps({"lines": lines}), "now": row["now"]},
            )
    await db.close()
