"""The shop's orders as the platform holds them: what was sold, what left, and what the buyer wants back."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from sandbox.drafts import Draft, DraftLine, DraftReceiver
from sandbox.refunds import Refund, RefundStatus
from sandbox.xiaohongshu.cipher import SealedReceiver
from sandbox.xiaohongshu.envelope import not_found


class OrderStatus(IntEnum):
    """orderStatus, those that occur here."""

    CHECKING = 2
    READY = 4
    PARTLY_SHIPPED = 5
    SHIPPED = 6
    CANCELLED = 9


class AfterSaleState(IntEnum):
    """orderAfterSalesStatus and skuAfterSaleStatus, those that occur here."""

    NONE = 1
    RUNNING = 2
    DONE = 3
    REFUSED = 4
    CANCELLED = 7


class ReturnType(IntEnum):
    """returnType of an after-sale, those that occur here."""

    SHIPPED_REFUND = 4
    UNSHIPPED_REFUND = 5
    PRICE_PROTECTION = 6


def now_ms() -> int:
    """The wall clock in Unix milliseconds."""
    return int(time.time() * 1000)


_STATES = {
    RefundStatus.REQUESTED: AfterSaleState.RUNNING,
    RefundStatus.REFUNDED: AfterSaleState.DONE,
    RefundStatus.REFUSED: AfterSaleState.REFUSED,
    RefundStatus.WITHDRAWN: AfterSaleState.CANCELLED,
}


@dataclass(frozen=True)
class AfterSale:
    """One refund as the platform calls it. One of a part of the money is price protection: the goods stay sold."""

    refund: Refund

    @property
    def kind(self) -> ReturnType:
        """returnType."""
        if self.refund.shipped:
            return ReturnType.SHIPPED_REFUND
        return ReturnType.UNSHIPPED_REFUND if self.refund.full else ReturnType.PRICE_PROTECTION

    @property
    def holds_back(self) -> bool:
        """Whether it is undecided and about goods that have not left."""
        return self.refund.open and self.kind is ReturnType.UNSHIPPED_REFUND

    @property
    def goods_stay(self) -> bool:
        """Whether the buyer has the money back for goods that therefore never leave."""
        return self.refund.paid_back and self.kind is ReturnType.UNSHIPPED_REFUND

    @property
    def state(self) -> AfterSaleState:
        """How it stands, in the words of orders."""
        return _STATES[self.refund.status]


@dataclass(frozen=True)
class Line:
    """One line of the draft; `number` counts from 1."""

    number: int
    line: DraftLine
    discount_fen: int

    @property
    def paid_fen(self) -> int:
        """What the buyer paid for it."""
        return self.line.quantity * self.line.unit_price_fen - self.discount_fen


@dataclass
class Delivery:
    """One parcel that the shop declared. `times` counts how often it was told this parcel's number."""

    index: int
    company_code: str
    number: str
    times: int = 1
    at: int = field(default_factory=now_ms)


@dataclass
class Sku:
    """What was sold under one SKU: lines of the same article are one, a gift is apart. It ships as a whole."""

    sku_id: str
    lines: list[Line]
    delivery: Delivery | None = None

    @property
    def gift(self) -> bool:
        """Whether nothing was to be paid for it because of another line."""
        return self.lines[0].line.gift_of is not None

    @property
    def quantity(self) -> int:
        """How many pieces."""
        return sum(line.line.quantity for line in self.lines)

    @property
    def discount_fen(self) -> int:
        """The merchant's discount on it."""
        return sum(line.discount_fen for line in self.lines)

    @property
    def paid_fen(self) -> int:
        """What the buyer paid for it."""
        return sum(line.paid_fen for line in self.lines)


@dataclass
class ShopOrder:
    """One paid order. Times in Unix milliseconds. `version` counts the changes, `sent` how often it was given out."""

    order_id: str
    draft: Draft
    receiver: DraftReceiver
    sealed: SealedReceiver
    skus: list[Sku]
    placed: int
    paid: int
    remark: str
    flag: int = 1
    updated: int = field(default_factory=now_ms)
    checked: bool = False
    cancelled: int = 0
    address_changed: bool = False
    deliveries: list[Delivery] = field(default_factory=list)
    after_sales: list[AfterSale] = field(default_factory=list)
    version: int = 1
    sent: int = 0

    @property
    def status(self) -> OrderStatus:
        """Follows from what was checked, shipped and taken back."""
        if self.cancelled:
            return OrderStatus.CANCELLED
        if not self.checked:
            return OrderStatus.CHECKING
        if not self.deliveries:
            return OrderStatus.READY
        return OrderStatus.PARTLY_SHIPPED if self.waiting else OrderStatus.SHIPPED

    @property
    def waiting(self) -> list[Sku]:
        """What is still to be shipped."""
        return [sku for sku in self.skus if sku.delivery is None and not self.taken_back(sku)]

    @property
    def held_back(self) -> list[AfterSale]:
        """The undecided refunds of goods that have not left."""
        return [after_sale for after_sale in self.after_sales if after_sale.holds_back]

    def taken_back(self, sku: Sku) -> bool:
        """Whether the buyer has the money for all of it back, and it never left."""
        done = [after_sale.refund for after_sale in self.after_sales if after_sale.goods_stay]
        return all(any(refund.covers(line.number) for refund in done) for line in sku.lines)

    def touch(self) -> None:
        """Who polls by update time finds the order again; nothing about it changed."""
        self.updated = now_ms()

    def change(self) -> None:
        """Something about the order changed."""
        self.touch()
        self.version += 1


def sold(draft: Draft) -> list[Sku]:
    """What a draft sells, by SKU."""
    by_sku: dict[tuple[str, bool], Sku] = {}
    for number, (line, discount) in enumerate(zip(draft.lines, draft.line_discounts(), strict=True), start=1):
        gift = line.gift_of is not None
        # 24 hex digits, as the platform's own ids; a gift is an article of its own
        sku_id = hashlib.sha256(f"{line.sku}|{gift}".encode()).hexdigest()[:24]
        by_sku.setdefault((line.sku, gift), Sku(sku_id, [])).lines.append(Line(number, line, discount))
    return list(by_sku.values())


def find(orders: Mapping[str, ShopOrder], order_id: str) -> ShopOrder:
    """The order of that number. Raises Refusal."""
    if order_id not in orders:
        raise not_found("订单不存在")
    return orders[order_id]
