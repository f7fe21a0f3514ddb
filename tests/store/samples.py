"""Made-up orders for the store's tests."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from domain.clock import BEIJING
from domain.order import Amounts, Channel, ChannelStatus, ClearReceiver, Customer, Order, OrderLine, Region
from store.database import Database
from store.orders import take
from store.tables import OrderRow

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=BEIJING)


def receiver(detail: str = "示例路1号") -> ClearReceiver:
    """A receiver who does not exist."""
    region = Region(province="浙江省", city="杭州市", district="余杭区")
    return ClearReceiver(name="测试", phone="13800000000", region=region, detail=detail)


def order(number: str = "SO1", version: int = 1, **changes: Any) -> Order:
    """An order of one mug for 49.50 yuan."""
    values: dict[str, Any] = {
        "channel": Channel.OWN,
        "shop": "main",
        "channel_order_no": number,
        "version": version,
        "status": ChannelStatus.PAID,
        "placed_at": NOON,
        "paid_at": NOON,
        "lines": (OrderLine(line_no="1", sku="MUG", title="马克杯", quantity=1, unit_price_fen=4950, amount_fen=4950),),
        "amounts": Amounts(goods_fen=4950, paid_fen=4950),
        "receiver": receiver(),
        "customer": Customer(external_id="C1"),
    }
    return Order(**{**values, **changes})


async def taken(db: Database, number: str = "SO1") -> str:
    """Keep an order. Returns its id."""
    document = order(number)
    async with db.transaction() as tx:
        await take(tx, document)
    return document.order_id


async def index_row(tx: AsyncSession, order_id: str) -> OrderRow:
    """The index row of an order that exists."""
    row = await tx.get(OrderRow, order_id)
    assert row is not None
    return row
