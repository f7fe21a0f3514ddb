"""The mini-programs' orders, as the WeChat connector asks for them."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.ports import Window
from domain.order import Channel, Order
from store import orders, payments
from store.database import Database


class StoredOrders:
    """Port `ShopOrders` of connectors.wechat, over the store."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def find(self, shop: str, out_trade_no: str) -> Order | None:
        """The newest state of an order."""
        async with self._db.reading() as tx:
            return await orders.find(tx, Channel.WECHAT, shop, out_trade_no)

    async def unpaid(self, shop: str, placed: Sequence[Window], after: str, limit: int) -> Sequence[str]:
        """Numbers of orders that nobody has paid."""
        spans = [(window.start, window.end) for window in placed]
        async with self._db.reading() as tx:
            return await payments.unpaid(tx, Channel.WECHAT, shop, spans, after=after, limit=limit)
