"""The shop's orders as the platform holds them (protocol file, section 5)."""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from sandbox.drafts import Draft, DraftLine, DraftReceiver
from sandbox.jd.cipher import SealedReceiver

_FIRST_SKU = 10**10


class OrderState(StrEnum):
    """orderState. Those above the gap occur here, the others can only be asked for."""

    NOT_PAY = "NOT_PAY"
    TO_SHIP = "WAIT_SELLER_STOCK_OUT"
    LOCKED = "LOCKED"
    SHIPPED = "WAIT_GOODS_RECEIVE_CONFIRM"
    CANCELLED = "TRADE_CANCELED"

    TO_DELIVER = "WAIT_SELLER_DELIVERY"
    RECEIVED = "RECEIPT_CONFIRM"
    FINISHED = "FINISHED_L"
    PAUSED = "PAUSE"
    POP_PAUSED = "POP_ORDER_PAUSE"


WORDS = {
    OrderState.NOT_PAY: "unpaid",
    OrderState.TO_SHIP: "paid",
    OrderState.LOCKED: "locked",
    OrderState.SHIPPED: "shipped",
    OrderState.CANCELLED: "cancelled",
}
"""Where an order stands, in the book's words."""


@dataclass
class Parcel:
    """One parcel that the shop declared. `times` counts how often it was told this parcel's number."""

    logistics_id: str
    number: str
    times: int = 1


@dataclass
class JdOrder:
    """One order. Times in Unix seconds; one whose payment lies ahead is not paid yet.

    `version` counts the changes, `sent` how often the API gave it out, `exported` how often a file did. `told_clear`:
    whether orderhub has the receiver in clear text, from an export or from the methods that encrypt nothing.
    """

    order_id: str
    draft: Draft
    receiver: DraftReceiver
    sealed: SealedReceiver
    placed: int
    paid: int
    vender_remark: str
    parent_id: str = ""
    changed: int = field(default_factory=lambda: int(time.time()))
    locked: bool = False
    cancelled: bool = False
    parcels: list[Parcel] = field(default_factory=list)
    version: int = 1
    sent: int = 0
    exported: int = 0
    told_clear: bool = False

    @property
    def state(self) -> OrderState:
        """Follows from what became of it; a refund of what left already locks nothing."""
        if self.cancelled:
            return OrderState.CANCELLED
        if self.parcels:
            return OrderState.SHIPPED
        if time.time() < self.paid:
            return OrderState.NOT_PAY
        return OrderState.LOCKED if self.locked else OrderState.TO_SHIP

    @property
    def modified(self) -> int:
        """When it was last changed; being paid is a change."""
        return self.changed if time.time() < self.paid else max(self.changed, self.paid)

    def change(self) -> None:
        """Note that something about the order changed."""
        self.changed = int(time.time())
        self.version += 1


class Shelf(dict[str, JdOrder]):
    """The orders by number. A parent that was split is not among them any more."""

    def readable(self, order_id: str) -> JdOrder | None:
        """An order that the shop's app may read."""
        order = self.get(order_id)
        return None if order is None or order.draft.by_export else order

    def listed(self) -> Iterable[JdOrder]:
        """The orders that lists have: unpaid ones are in none."""
        return (order for order in self.values() if not order.draft.by_export and order.state is not OrderState.NOT_PAY)


def sku_id(line: DraftLine) -> str:
    """JD's own number of an article: always the same one."""
    return str(_FIRST_SKU + zlib.crc32(line.sku.encode()))


def halves(draft: Draft) -> tuple[Draft, Draft]:
    """An order's two children: the first line with its gifts, and the rest. The freight stays with the first.

    Each has its lines' part of the discount. Raises ValueError for an order of one line.
    """
    first = {index for index, line in enumerate(draft.lines) if index == 0 or line.gift_of == "1"}
    rest = [index for index in range(len(draft.lines)) if index not in first]
    if not rest:
        raise ValueError("an order of one line cannot be split")
    discounts = draft.line_discounts()

    def child(indexes: list[int], freight_fen: int) -> Draft:
        places = {str(index + 1): str(place) for place, index in enumerate(indexes, start=1)}
        lines = [
            line if line.gift_of is None else line.model_copy(update={"gift_of": places[line.gift_of]})
            for line in (draft.lines[index] for index in indexes)
        ]
        discount_fen = sum(discounts[index] for index in indexes)
        return draft.model_copy(update={"lines": lines, "discount_fen": discount_fen, "freight_fen": freight_fen})

    return child(sorted(first), draft.freight_fen), child(rest, 0)
