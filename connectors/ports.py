"""What orderhub asks of outside systems. Workflows and activities know these ports, never a partner.

Every method may raise the errors of `connectors.errors` and nothing else. Every writing method may be called twice
with the same arguments: the second call changes nothing at the partner and gives the same answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

from domain.listing import StockFigure
from domain.news import News
from domain.order import Channel
from domain.shelves import Shelf
from domain.shipping import (
    Carrier,
    CreditAnswer,
    CreditRequest,
    DeliveryOrder,
    Interception,
    InterceptKind,
    Provider,
    SentParcel,
    Shipment,
    Sms,
    StopOutcome,
    TrackReport,
    VoidOutcome,
    WarehouseReport,
    Waybill,
    WaybillRequest,
)


@dataclass(frozen=True)
class Push:
    """An inbound HTTP request as it came. Header names are lower case; `body` is raw, for signatures are over bytes.

    `path` is the path that the partner called, `path_secret` the unguessable last part of it ("" where there is none).
    """

    method: str
    path: str
    path_secret: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime


@dataclass(frozen=True)
class Document:
    """One verified document out of a push, ready for the inbox, which is unique by (source, document_id, version).

    `body` is text that `interpret` can read again at any later time. `order_id` is set where it is known at once.
    """

    source: str
    kind: str
    document_id: str
    version: int
    body: str
    order_id: str | None = None


@dataclass(frozen=True)
class Reply:
    """What the partner is answered."""

    status: int
    media_type: str
    body: bytes


class PushSource(Protocol):
    """A partner that calls us. `source` is its name in the inbox and in the path `/hooks/{source}`."""

    source: str

    def unpack(self, push: Push) -> Sequence[Document]:
        """Verify the request and take it apart. Pure and quick. Raises PushRefused when it is not genuine and
        DocumentUnreadable when it is genuine but no document can be made of it."""
        ...

    def accepted(self, push: Push) -> Reply:
        """The partner's own words for "taken": sent only after every document is safe in the inbox."""
        ...

    def refused(self, push: Push, reason: str) -> Reply:
        """The partner's own words for "not taken"."""
        ...

    async def interpret(self, document: Document) -> Sequence[News]:
        """What a document means. A document that is only a hint is confirmed here by asking the partner back.
        Raises DocumentUnreadable (quarantine) or PartnerError (asked again later)."""
        ...


class SalesChannel(PushSource, Protocol):
    """A platform or shop that sells."""

    channel: Channel

    async def write_back(self, shipment: Shipment) -> SentParcel | None:
        """Tell the channel a parcel's number. A channel that has this number already is content.

        Gives another parcel of the order when the channel has that one's number for all that is in this parcel, and
        takes no second: it shows the other number only, and the order goes on. None where it shows this one.
        """
        ...


@runtime_checkable
class StockTaker(Protocol):
    """A channel that is told how many pieces it may sell. Not every `SalesChannel` is: its class's `facts` say so."""

    channel: Channel

    async def tell_stock(self, figure: StockFigure) -> None:
        """Set a listing's stock to this figure. Told twice, it is as once. Raises Rejected for a listing that the
        channel does not know, or does not let us change."""
        ...


class Authorised(Protocol):
    """A channel that needs its shops' authorisation. Renewing it ahead of time is left to a sweep."""

    channel: Channel

    @property
    def shops(self) -> Sequence[str]:
        """The shops that have one."""
        ...

    async def authorised_until(self, shop: str) -> datetime | None:
        """When the shop's owner must authorise again unless it is renewed before; None where it does not end by
        itself, or nobody knows."""
        ...

    async def refresh(self, shop: str) -> None:
        """Renew the shop's token if it is due. Raises PartnerError, Misconfigured where only the owner can help."""
        ...


class Courier(Protocol):
    """Whoever gives waybill numbers."""

    provider: Provider

    async def create(self, request: WaybillRequest) -> Waybill:
        """Order a waybill. Raises OutcomeUnknown when it may exist now, Rejected when this parcel can't go there."""
        ...

    async def find(self, request: WaybillRequest) -> Waybill | None:
        """The live waybill under this request's key; None when the partner surely has none (or a void one)."""
        ...

    async def void(self, waybill: Waybill) -> VoidOutcome:
        """Void a waybill."""
        ...


@runtime_checkable
class Interceptor(Protocol):
    """What a `Courier` can do besides, if it can: stop a parcel that it has. A courier without these methods cannot.

    Couriers' interfaces take no key for it, so that asking again may be done again: after OutcomeUnknown ask
    `intercepted`, and never `intercept` a second time.
    """

    @property
    def intercepts(self) -> frozenset[InterceptKind]:
        """What it can be asked for."""
        ...

    async def intercept(self, request: Interception) -> None:
        """Let it be brought to another address, or back. A courier that shows it done already is content.

        Raises Rejected, with the courier's reason, when it surely goes on as before.
        """
        ...

    async def intercepted(self, request: Interception) -> bool:
        """Whether the courier shows it done. False: no sign of it, yet."""
        ...


class Tracker(Protocol):
    """Whoever follows parcels of all couriers."""

    async def subscribe(self, carrier: Carrier, number: str, phone_tail: str) -> None:
        """Ask for pushes about a waybill. Asking twice is no error."""
        ...

    async def query(self, carrier: Carrier, number: str, phone_tail: str) -> TrackReport:
        """All that is known now; a number without news gives a report without nodes."""
        ...


class Warehouse(Protocol):
    """A warehouse management system, of one warehouse or of several.

    `warehouse` is the code of the one that has the delivery order; "": the one that it is configured for.
    """

    async def push(self, order: DeliveryOrder) -> None:
        """Instruct the warehouse to pack. A code that it has already is content."""
        ...

    async def query(self, delivery_code: str, warehouse: str = "") -> WarehouseReport | None:
        """Where a delivery order is; None when the warehouse does not know the code."""
        ...

    async def hold(self, delivery_code: str, reason: str, warehouse: str = "") -> StopOutcome:
        """Stop work on a delivery order for the time being."""
        ...

    async def restore(self, delivery_code: str, warehouse: str = "") -> None:
        """Go on with a held delivery order."""
        ...

    async def cancel(self, delivery_code: str, reason: str, warehouse: str = "") -> StopOutcome:
        """Stop a delivery order for good."""
        ...

    async def shelves(self, warehouse: str, skus: Sequence[str]) -> Sequence[Shelf]:
        """The warehouse's own figures for these articles, one per condition; an article that it does not keep is left
        out."""
        ...


class CreditBureau(Protocol):
    """Whoever says whether a customer may buy on account."""

    async def check(self, request: CreditRequest) -> CreditAnswer:
        """Ask, and reserve the amount. `decision` is None when the answer will come later by callback."""
        ...

    async def lookup(self, request_id: str) -> CreditAnswer | None:
        """The answer to an earlier question; None when the bureau never got it."""
        ...

    async def commit(self, reservation_id: str) -> None:
        """The order shipped: the reserved amount is used."""
        ...

    async def release(self, reservation_id: str) -> None:
        """The order is off: the reserved amount is free again."""
        ...


class Messenger(Protocol):
    """Short messages."""

    async def send(self, message: Sms) -> str:
        """Send, and return the partner's id. Not idempotent at the partner: on OutcomeUnknown call `find` first."""
        ...

    async def find(self, out_id: str, phone: str, sent_on: datetime) -> str | None:
        """The partner's id of a message sent under `out_id` on that (Beijing) day; None when there is none."""
        ...


class TokenStore(Protocol):
    """Where channel tokens live between processes. One refresher per shop at a time."""

    async def load(self, channel: Channel, shop: str) -> AccessToken | None:
        """The token kept last."""
        ...

    async def save(self, channel: Channel, shop: str, token: AccessToken) -> None:
        """Keep a new token, and end the lease."""
        ...

    async def lease(self, channel: Channel, shop: str, seconds: float) -> bool:
        """Whether the caller may refresh now; False while somebody else does."""
        ...


@dataclass(frozen=True)
class AccessToken:
    """A shop's token. Times are aware."""

    access: str
    refresh: str
    expires_at: datetime
    refresh_expires_at: datetime

    def __repr__(self) -> str:
        return f"AccessToken(expires_at={self.expires_at.isoformat()})"


@dataclass(frozen=True)
class Window:
    """A span of modification times, `start` included."""

    start: datetime
    end: datetime


@dataclass(frozen=True)
class PulledPage:
    """One page of what a channel changed in a window. `next_page` is the channel's own word for the page after it."""

    documents: tuple[Document, ...]
    next_page: str | None


class PullSource(Protocol):
    """One list of changes that a channel is asked for, beside whatever it pushes. Its documents go through the same
    inbox, under the source that interprets them.

    A document's id and version are such that an order that did not change gives the same pair again.
    """

    feed: str
    """Its name among the feeds: the source's name for orders, `{source}/refunds` for refunds. Cursors go by it."""
    channel: Channel
    longest_window: timedelta
    """The longest window that the platform answers, or that is wise to ask for; the overlap is a part of it."""
    overlap: timedelta
    """How far windows overlap, since platforms' clocks and indexes lag."""

    @property
    def shops(self) -> Sequence[str]:
        """The shops that are pulled, each with a cursor of its own."""
        ...

    async def pull(self, shop: str, window: Window, page: str | None) -> PulledPage:
        """One page, oldest changes first where the platform lets choose; None asks for the first.

        Raises PartnerError. What cannot be read of one order becomes a document that `interpret` quarantines alone.
        """
        ...
