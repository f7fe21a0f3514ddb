"""A shop's orders and their parcels, as the shop keeps them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from domain.clock import utc_now
from sandbox.digest import receiver_digest
from sandbox.drafts import Draft
from sandbox.own.document import Document


class Shipment(BaseModel):
    """What orderhub tells of one parcel."""

    model_config = ConfigDict(strict=True)

    order_no: str
    parcel_no: str = Field(min_length=1)
    carrier: str
    number: str = Field(min_length=1)
    line_nos: list[str] = Field(min_length=1)
    whole_order: bool


@dataclass
class ShopOrder:
    """One order with all its versions; `modified` are the moments of every change, or touch, of it."""

    draft: Draft
    versions: list[Document]
    status: str = "paid"
    sent: int = 0
    cancel_asked: bool = False
    lines_told: set[str] = field(default_factory=set)
    modified: list[datetime] = field(default_factory=lambda: [utc_now()])

    @property
    def latest(self) -> Document:
        """The newest version."""
        return self.versions[-1]

    @property
    def line_nos(self) -> set[str]:
        """The numbers of its lines."""
        return {line["line_no"] for line in self.latest["lines"]}

    def book(self, shop: str) -> dict[str, Any]:
        """The order as the books have it."""
        latest = self.latest
        return {
            "order_no": latest["order_no"],
            "shop": shop,
            "version": latest["version"],
            "status": self.status,
            "paid_fen": latest["amounts"]["paid_fen"],
            "encrypted": False,
            "requirements": latest["requirements"],
            "receiver_digest": _digest(latest["receiver"]),
            "sent": self.sent,
            "cancel_asked": self.cancel_asked,
        }


@dataclass
class Parcel:
    """A parcel that the shop was told of, so many times."""

    shipment: Shipment
    times: int = 1

    def book(self) -> dict[str, Any]:
        """The parcel as the books have it."""
        told = self.shipment
        return {
            "order_no": told.order_no,
            "parcel_no": told.parcel_no,
            "carrier": told.carrier,
            "number": told.number,
            "times": self.times,
        }


class Modified(Protocol):
    """An order or a refund that knows when it was changed."""

    modified: list[datetime]


M = TypeVar("M", bound=Modified)


def modified_between(orders: Iterable[M], start: datetime, end: datetime) -> list[M]:
    """Those that were changed in a window (`start` included), also those that were changed again after it.

    So the list of a past window stays as it is while its pages are read. Oldest change first, and of several at one
    moment the one that was there first.
    """
    found = []
    for order in orders:
        within = [moment for moment in order.modified if start <= moment < end]
        if within:
            found.append((within[0], order))
    return [order for _, order in sorted(found, key=lambda entry: entry[0])]


def _digest(receiver: dict[str, str]) -> str:
    return receiver_digest(
        receiver["name"],
        receiver["phone"],
        receiver["province"],
        receiver["city"],
        receiver["district"],
        receiver["detail"],
    )
