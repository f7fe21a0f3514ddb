"""What the page behind a label's code shows, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from domain.clock import format_beijing
from domain.labels import Item
from domain.masks import Masked, masked
from domain.texts import text
from store.label_sheets import AT_HAND, Entry, Sheet


@dataclass(frozen=True)
class ParcelCard:
    """A parcel: `stops` says why it must not ship; `note` where it went, when it was taken off."""

    n: int
    total: int
    carrier: str
    number: str
    state: str
    items: tuple[Item, ...]
    stops: tuple[str, ...]
    note: str

    @property
    def pieces(self) -> int:
        """How many pieces are in the box."""
        return sum(item.quantity for item in self.items)


@dataclass(frozen=True)
class OrderCard:
    """An order with its parcels on this sheet; `scanned` when the scanned code is its own."""

    order_no: str
    channel: str
    state: str
    receiver: Masked
    needs: tuple[str, ...]
    parcels: tuple[ParcelCard, ...]
    scanned: bool


@dataclass(frozen=True)
class SheetView:
    """The whole sheet, the scanned order first. `at_hand` are parcels that may lie in the warehouse still."""

    title: str
    carrier: str
    area: str
    warehouse: str
    count: str
    printed: str
    stopped: int
    at_hand: int
    orders: tuple[OrderCard, ...]


def sheet_view(sheet: Sheet, scanned: str, moved: Mapping[str, str]) -> SheetView:
    """The page of a sheet. `scanned` is the order whose code was read, `moved` the sheets that parcels stand on now."""
    orders: dict[str, list[Entry]] = {}
    for entry in sheet.entries:
        orders.setdefault(entry.item.order_id, []).append(entry)
    cards = [_order(entries, moved, scanned=order_id == scanned) for order_id, entries in orders.items()]
    lane = sheet.window.lane
    return SheetView(
        title=text("label.sheet", sheet=sheet.row.sheet_id),
        carrier=text(f"carrier.{lane.carrier}"),
        area=lane.area(),
        warehouse=lane.warehouse,
        count=text("label.count", orders=len(orders), parcels=len(sheet.entries)),
        printed=text("label.printed_at", at=format_beijing(sheet.row.printed_at)[:16]),
        stopped=sum(bool(entry.stops) for entry in sheet.entries),
        at_hand=sum(entry.parcel.status in AT_HAND for entry in sheet.entries),
        orders=tuple(sorted(cards, key=lambda card: not card.scanned)),
    )


def _order(entries: list[Entry], moved: Mapping[str, str], *, scanned: bool) -> OrderCard:
    first = entries[0]
    return OrderCard(
        order_no=first.body.channel_order_no,
        channel=text(f"channel.{first.body.channel}"),
        state=text(f"state.{first.order.exit or first.order.state or 'none'}"),
        receiver=masked(first.body.receiver),
        needs=tuple(text(f"form.need.{need}") for need in first.body.notes.requirements),
        parcels=tuple(_parcel(entry, moved.get(entry.item.parcel_id, "")) for entry in entries),
        scanned=scanned,
    )


def _parcel(entry: Entry, sheet_now: str) -> ParcelCard:
    note = []
    if entry.off_why and entry.waybill is not None:
        if entry.waybill.number != entry.item.number:
            note.append(text("label.new_number", number=entry.waybill.number))
        note.append(text("label.new_sheet", sheet=sheet_now) if sheet_now else text("label.no_new_sheet"))
    return ParcelCard(
        n=entry.parcel.n,
        total=entry.item.total,
        carrier=text(f"carrier.{entry.item.carrier}"),
        number=entry.item.number,
        state=text(f"label.state.{entry.parcel.status}"),
        items=entry.items,
        stops=entry.stops,
        note="，".join(note),
    )
