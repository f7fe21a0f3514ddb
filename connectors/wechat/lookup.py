"""Where the mini-program's own orders are found."""

from __future__ import annotations

from typing import Protocol

from domain.order import Order


class OrderLookup(Protocol):
    """Finds the order that a payment is for."""

    async def __call__(self, out_trade_no: str, /) -> Order | None:
        """The newest state of the order with this merchant order number; None when it is not known (yet)."""
        ...
