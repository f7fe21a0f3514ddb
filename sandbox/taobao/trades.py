"""The shop's trades as the platform holds them. A trade has orders, which are what others call its lines."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from sandbox.drafts import Draft, DraftLine
from sandbox.refunds import Refund
from sandbox.taobao.envelope import business
from sandbox.taobao.receivers import MaskedReceiver


class TradeStatus(StrEnum):
    """`status` of a trade and of its orders, those that occur here."""

    PAID = "WAIT_SELLER_SEND_GOODS"
    PARTLY_SHIPPED = "SELLER_CONSIGNED_PART"
    SHIPPED = "WAIT_BUYER_CONFIRM_GOODS"
    CLOSED = "TRADE_CLOSED"


@dataclass
class Parcel:
    """One parcel that the shop declared as shipped. `times` counts how often it was told this parcel's number."""

    company_code: str
    number: str
    times: int = 1


@dataclass
class Order:
    """One line of a trade: it ships as a whole. `discount_fen` is its share of the trade's discount."""

    oid: str
    line: DraftLine
    discount_fen: int
    parcel: Parcel | None = None
    refunds: list[Refund] = field(default_factory=list)

    @property
    def goods_fen(self) -> int:
        """Quantity × unit price."""
        return self.line.quantity * self.line.unit_price_fen

    @property
    def refund(self) -> Refund | None:
        """The last one, which is the one that a trade tells of."""
        return self.refunds[-1] if self.refunds else None

    @property
    def closed(self) -> bool:
        """Whether the buyer has all the money for it back, before or after it left."""
        return any(refund.full and refund.paid_back for refund in self.refunds)

    @property
    def waiting(self) -> bool:
        """Whether it has still to leave."""
        return self.parcel is None and not self.closed


@dataclass
class Trade:
    """One paid trade. Times in Unix seconds. `version` and `sent` are the sandbox's own counts, for its book.

    `sent` counts how often a list gave the trade out.
    """

    tid: str
    draft: Draft
    receiver: MaskedReceiver
    orders: list[Order]
    created: int
    paid: int
    modified: int
    seller_memo: str
    closed: int | None = None
    consigned: int | None = None
    address_changed: bool = False
    flawed: bool = False
    """The shop is not told the oaid: its permission for it is not there yet."""
    version: int = 1
    sent: int = 0

    @property
    def status(self) -> TradeStatus:
        """Follows from what was shipped and closed."""
        if self.closed is not None:
            return TradeStatus.CLOSED
        if not self.parcels:
            return TradeStatus.PAID
        waits = any(order.waiting for order in self.orders)
        return TradeStatus.PARTLY_SHIPPED if waits else TradeStatus.SHIPPED

    @property
    def parcels(self) -> list[Parcel]:
        """The parcels in the order of their first order."""
        found: dict[str, Parcel] = {}
        for order in self.orders:
            if order.parcel is not None:
                found.setdefault(order.parcel.number, order.parcel)
        return list(found.values())

    def touch(self) -> None:
        """Who asks for what was modified finds the trade again."""
        self.modified = int(time.time())

    def change(self) -> None:
        """Note that something about the trade changed: every change moves `modified`."""
        self.touch()
        self.version += 1


def find(trades: Mapping[str, Trade], tid: str) -> Trade:
    """The trade of that number. Raises Refusal."""
    if tid not in trades:
        raise business("trade-not-exist", "交易不存在")
    return trades[tid]
