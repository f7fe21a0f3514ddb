"""Where the mini-programs' own orders are found: WeChat names them by number, and knows nothing else of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from connectors.ports import Window
from domain.order import Order


class ShopOrders(Protocol):
    """The orders that the mini-programs' backends have sent."""

    async def find(self, shop: str, out_trade_no: str) -> Order | None:
        """The newest state of an order; None when it is not known (yet)."""
        ...

    async def unpaid(self, shop: str, placed: Sequence[Window], after: str, limit: int) -> Sequence[str]:
        """Numbers, in their order and behind `after`, of orders that nobody has paid and that were placed in one of
        these windows."""
        ...
