"""Combined labels 聚合面单: which parcels share a printed sheet, how many fit on one, and what is printed of them.

Parcels of one courier for one receiver area, out of one warehouse, whose numbers came within a quarter of an hour,
share a sheet. Everything here follows from what it is given: the same parcels in any order make the same sheets.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from domain.address import MUNICIPALITIES, province_name
from domain.clock import BEIJING
from domain.gifts import fill as fill_lines
from domain.golden import Exit
from domain.holds import POLICIES, HoldReason, Step
from domain.masks import Masked
from domain.order import ChannelStatus, Order, Region, Requirement
from domain.paper import Paper, Size
from domain.regions import short_city
from domain.shipping import Carrier, ScannedItem
from domain.texts import text

WINDOW = timedelta(minutes=15)
"""Parcels share a sheet when their numbers came within this time of the first one's, to the very end of it."""


_NO_CITY = ("市辖区", "县", "")
"""What platforms write for the city of a municipality's district, where they do not write its name."""


@dataclass(frozen=True, order=True)
class Lane:
    """What the parcels of a sheet have in common: where they leave, who carries them, and where to.

    The area is written in one way, however the channels write it: 浙江 杭州 余杭区, and 上海 浦东新区.
    """

    warehouse: str
    carrier: str
    province: str
    city: str
    district: str

    @classmethod
    def of(cls, warehouse: str, carrier: str, region: Region) -> Lane:
        """The lane of a parcel. The town does not count: a courier's van serves a district."""
        province, district = province_name(region.province), region.district.strip()
        city = short_city(region.city.strip())
        if province in MUNICIPALITIES:
            # Its city is itself, in whatever words; one platform writes the district there.
            if not district and province_name(city) != province and city not in _NO_CITY:
                district = city
            city = ""
        elif not district:
            # A city without districts, or a county directly under its province, which some write as the district.
            city, district = "", region.city.strip()
        return cls(warehouse, carrier, province, city, district)

    def area(self) -> str:
        """The receiver area as one line."""
        return f"{self.province}{self.city}{self.district}"


@dataclass(frozen=True, order=True)
class Window:
    """A lane from the moment of its first parcel on."""

    lane: Lane
    opens_at: datetime

    @property
    def closes_at(self) -> datetime:
        """The last moment that still belongs to it."""
        return self.opens_at + WINDOW

    def takes(self, parcel: Ready) -> bool:
        """Whether a parcel belongs here."""
        return parcel.lane == self.lane and self.opens_at <= parcel.at <= self.closes_at

    @property
    def group_id(self) -> str:
        """What the sheets of this window are called by: the Beijing day, and eight letters and digits."""
        parts = (*vars(self.lane).values(), self.opens_at.astimezone(UTC).isoformat())
        digest = hashlib.sha256("|".join(parts).encode()).digest()
        return f"{self.opens_at.astimezone(BEIJING):%y%m%d}-{base64.b32encode(digest[:5]).decode()}"


@dataclass(frozen=True)
class Ready:
    """A parcel that has a number, and stands on no sheet. `at` is when it got the number."""

    parcel_id: str
    order_id: str
    lane: Lane
    at: datetime


@dataclass(frozen=True)
class Group:
    """Parcels that belong together, in the order in which they got their numbers."""

    window: Window
    parcels: tuple[Ready, ...]


def group(parcels: Iterable[Ready], printed: Iterable[Window] = ()) -> list[Group]:
    """Put parcels that belong together into groups, each parcel into exactly one.

    `printed` are the windows that have sheets already: a parcel that comes late belongs to its own window, not to a
    new one.
    """
    known: dict[Lane, list[Window]] = {}
    for window in sorted(set(printed)):
        known.setdefault(window.lane, []).append(window)
    groups: dict[Window, list[Ready]] = {}
    newest: dict[Lane, Window] = {}
    for parcel in sorted(parcels, key=lambda parcel: (parcel.lane, parcel.at, parcel.parcel_id)):
        choices = [*known.get(parcel.lane, ()), *([newest[parcel.lane]] if parcel.lane in newest else [])]
        window = next((choice for choice in choices if choice.takes(parcel)), Window(parcel.lane, parcel.at))
        newest[parcel.lane] = window
        groups.setdefault(window, []).append(parcel)
    return [Group(window, tuple(groups[window])) for window in sorted(groups)]


@dataclass(frozen=True)
class Block:
    """An order on a sheet, with those of its parcels that stand there."""

    order_id: str
    parcel_ids: tuple[str, ...]


def fill(parcels: Sequence[Ready], paper: Paper) -> list[tuple[Block, ...]]:
    """Spread a group over as many sheets as it needs, the orders in the order of their first parcel.

    An order is not torn apart unless it is larger than a sheet; then its code stands on each.
    """
    orders: dict[str, list[str]] = {}
    for parcel in parcels:
        orders.setdefault(parcel.order_id, []).append(parcel.parcel_id)
    sheets: list[list[Block]] = [[]]
    left = paper.room
    most = (paper.room - paper.block) // paper.strip
    for order_id, parcel_ids in orders.items():
        for start in range(0, len(parcel_ids), most):
            here = parcel_ids[start : start + most]
            # The parcels beyond one sheet begin the next; fewer than a sheet's go together where there is room.
            if sheets[-1] and (start or paper.block + paper.strip * len(parcel_ids) > left):
                sheets.append([])
                left = paper.room
            sheets[-1].append(Block(order_id, tuple(here)))
            left -= paper.block + paper.strip * len(here)
    return [tuple(sheet) for sheet in sheets if sheet]


@dataclass(frozen=True)
class Item:
    """One line of what is in a box."""

    title: str
    quantity: int
    gift: bool


def contents(order: Order, items: Iterable[ScannedItem]) -> tuple[Item, ...]:
    """What is in a box in the order's own words, gifts last; also what nobody ordered, for it is in the box."""
    filled, rest = fill_lines(order.lines, items)
    counts: Counter[tuple[bool, str]] = Counter()
    for line in order.lines:
        counts[line.gift_of is not None, line.title or line.sku] += filled[line.line_no]
    titles = {line.sku: line.title for line in order.lines}
    for sku, count in rest.items():
        counts[False, titles.get(sku) or sku] += count
    found = [Item(title, count, gift) for (gift, title), count in counts.items() if count]
    return tuple(sorted(found, key=lambda item: item.gift))


@dataclass(frozen=True)
class LabelParcel:
    """A parcel as it is printed: the nth of its order's `total`. `off` says why it was taken off the sheet, or ""."""

    n: int
    total: int
    carrier: Carrier
    number: str
    items: tuple[Item, ...]
    off: str = ""

    @property
    def pieces(self) -> int:
        """How many pieces are in the box."""
        return sum(item.quantity for item in self.items)


@dataclass(frozen=True)
class LabelOrder:
    """An order as it is printed. `code` is the opaque part of its QR code's address: nothing of the buyer is in it."""

    order_no: str
    channel: str
    receiver: Masked
    requirements: tuple[Requirement, ...]
    code: str
    parcels: tuple[LabelParcel, ...]


@dataclass(frozen=True)
class LabelSheet:
    """One printed sheet: the `part`th of `parts` that were printed together.

    `late` says that it came after others of the same group.
    """

    sheet_id: str
    size: Size
    window: Window
    part: int
    parts: int
    late: bool
    printed_at: datetime
    orders: tuple[LabelOrder, ...]


def must_not_ship(exit_: str | None, status: str, holds: Iterable[str]) -> tuple[str, ...]:
    """Why an order's parcels must stay, in words; empty when they may go.

    A hold on the way to the signature is no reason: the parcel has left.
    """
    reasons = [text(f"state.{Exit(exit_)}")] if exit_ else []
    if not exit_ and status == ChannelStatus.CANCELLED:
        reasons.append(text("label.cancelled_by_channel"))
    stops = [HoldReason(hold) for hold in holds if POLICIES[HoldReason(hold)].blocks is not Step.SIGN]
    return (*reasons, *(text(f"hold.{reason}") for reason in stops))
