"""The clean world: an order of every kind at its right end."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from domain.clock import utc_now
from domain.golden import Exit
from domain.order import (
    Amounts,
    Channel,
    CipherReceiver,
    Customer,
    Notes,
    OrderLine,
    PaymentTerms,
    Region,
    Requirement,
)
from sandbox.digest import phone_digest
from store import orders, stock
from store.database import Database
from store.steps import Done
from store.tables import NotificationRow, OrderRow
from tests.audit.world import WAREHOUSE, World
from tests.store.samples import index_row, order, receiver

CIPHER = CipherReceiver(
    platform=Channel.DOUYIN,
    name_cipher="#name#AAAA#",
    phone_cipher="#phone#BBBB#",
    detail_cipher="#detail#CCCC#",
    name_mask="测*",
    phone_mask="138****0000",
    region=Region(province="浙江省", city="杭州市", district="余杭区"),
)
"""A receiver of whose address the platform gave no mask."""

MUG = OrderLine(line_no="1", sku="MUG", title="马克杯", quantity=2, unit_price_fen=4950, amount_fen=9833)
GIFT = OrderLine(line_no="2", sku="TOTE", title="帆布袋", quantity=1, unit_price_fen=0, amount_fen=0, gift_of="1")
WITH_GIFT: dict[str, Any] = {
    "lines": (MUG, GIFT),
    "amounts": Amounts(goods_fen=9900, freight_fen=600, discount_fen=67, paid_fen=10433),
}
TWO_KINDS: dict[str, Any] = {
    "lines": (MUG, OrderLine(line_no="2", sku="LAMP", title="灯", quantity=1, unit_price_fen=700, amount_fen=700)),
    "amounts": Amounts(goods_fen=10600, discount_fen=67, paid_fen=10533),
}
ON_ACCOUNT: dict[str, Any] = {"customer": Customer(external_id="B1", name="示例公司", terms=PaymentTerms.NET30)}

CLEAR = order("CLEAR", **WITH_GIFT)
DOUYIN = order("4700000000000000001", channel=Channel.DOUYIN, shop="7001", receiver=CIPHER)
TWO_PARCELS = order("TWO", **TWO_KINDS)
COLD = order("COLD", notes=Notes(requirements=(Requirement.COLD_CHAIN, Requirement.FRAGILE)))
CREDIT = order("CREDIT", **ON_ACCOUNT)
CANCELLED = order("CANCELLED", **ON_ACCOUNT)
MOVED = order("MOVED")
BY_HAND = order("BYHAND")
REFUSED = order("REFUSED")
NEVER_BEGUN = order("NEVERBEGUN")


async def clean_world(db: Database) -> World:
    """Ten orders at their right ends; nothing is wrong with any of them."""
    world = World(db)
    async with db.transaction() as tx:
        for sku in ("MUG", "TOTE", "LAMP"):
            await stock.receive(tx, sku, WAREHOUSE, 20, stock.Movement(f"opening/{sku}", "opening", "warehouse"))
        await stock.set_share(tx, "MUG", "own", 90, "operations", now=utc_now() - timedelta(hours=1))
    for placed in (CLEAR, DOUYIN, TWO_PARCELS, COLD, CREDIT, CANCELLED, MOVED, BY_HAND, REFUSED):
        await world.place(placed)
        await world.lock(placed)
    await world.place(NEVER_BEGUN, started=False)
    await _ship_all(world)
    await _cancel_two(world)
    return world


async def _ship_all(world: World) -> None:
    await world.ship_one_box(CLEAR, "sf", "SF1000000000001")
    await world.ship_one_box(DOUYIN, "douyin", "SF6000000000001")
    await world.ship_one_box(COLD, "sf", "SF1000000000002", text="冷链、易碎")
    await world.ship_one_box(CREDIT, "cainiao", "SF2000000000001", text="马克杯x1")
    await world.credit(CREDIT, "committed")

    # SF's answer for the second box was lost: Cainiao gave a number, and what SF had made was voided.
    await world.instruct(TWO_PARCELS)
    await world.pack(TWO_PARCELS, [{"MUG": 2}, {"LAMP": 1}])
    await world.waybill(TWO_PARCELS, "sf", "SF1000000000003")
    await world.waybill(TWO_PARCELS, "sf", "SF1000000000004", box=2, status="void")
    await world.waybill(TWO_PARCELS, "cainiao", "SF2000000000002", box=2)
    await world.tell(TWO_PARCELS, "SF1000000000003", "SF2000000000002")
    await world.deliver(TWO_PARCELS)

    await world.instruct(MOVED, status="cancelled")
    async with world.db.transaction() as tx:
        row = await index_row(tx, MOVED.order_id)
        await orders.replace_receiver(tx, row, receiver("示例路2号"), "address/1")
    await world.instruct(MOVED, n=2, revision=2)
    await world.pack(MOVED, n=2)
    await world.waybill(MOVED, "sf", "SF1000000000005")
    await world.tell(MOVED, "SF1000000000005")
    await world.deliver(MOVED)

    await world.instruct(BY_HAND)
    await world.pack(BY_HAND)
    await world.hold(BY_HAND, "WAYBILL_BY_PERSON")
    await _send_link(world)
    await world.waybill(BY_HAND, "manual", "SF1000000000006")
    await world.tell(BY_HAND, "SF1000000000006")
    await world.deliver(BY_HAND)

    await world.instruct(REFUSED)
    await world.pack(REFUSED)
    await world.waybill(REFUSED, "sf", "SF1000000000007")
    await world.tell(REFUSED, "SF1000000000007")
    await world.step(REFUSED, "undelivered", exit_=Exit.UNDELIVERED)


async def _cancel_two(world: World) -> None:
    await world.hold(CANCELLED, "CREDIT_REFUSED")
    await world.instruct(CANCELLED, status="cancelled")

    async def release(tx: AsyncSession, row: OrderRow) -> Done:
        await stock.release(tx, row.order_id, "orderhub")
        return Done("stock.released")

    await world.step(CANCELLED, "release_stock", work=release)
    await world.credit(CANCELLED, "released")
    await world.step(CANCELLED, "cancelled", exit_=Exit.CANCELLED)
    world.entry("own", "orders", order_no="CANCELLED")["cancel_asked"] = True

    async with world.db.transaction() as tx:
        row = await index_row(tx, NEVER_BEGUN.order_id)
        row.status = "CANCELLED"
    world.entry("own", "orders", order_no="NEVERBEGUN")["cancel_asked"] = True


async def _send_link(world: World) -> None:
    async with world.db.transaction() as tx:
        tx.add(
            NotificationRow(out_id="clerk-1", order_id=BY_HAND.order_id, purpose="clerk", status="sent", at=utc_now())
        )
    message = {"out_id": "clerk-1", "phone_digest": phone_digest("13800000000"), "template": "SMS_1", "params": {}}
    world.books["sms"]["messages"].append({**message, "biz_id": "1"})
