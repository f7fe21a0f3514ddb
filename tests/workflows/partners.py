"""Partners at the level of the ports: each keeps a book of what it was asked, and can be told how to answer.

They hold to what `connectors.ports` promises: the same question under the same key is the same thing.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

from activities.partners import Partners
from connectors.errors import OutcomeUnknown, PartnerError, Unavailable
from connectors.ports import Document, Push, Reply
from domain.clock import utc_now
from domain.listing import StockFigure
from domain.news import News
from domain.order import Channel
from domain.shelves import Shelf
from domain.shipping import (
    Carrier,
    CreditAnswer,
    CreditDecision,
    CreditRequest,
    DeliveryOrder,
    Interception,
    InterceptKind,
    Package,
    Provider,
    ScannedItem,
    SentParcel,
    Shipment,
    Sms,
    StopOutcome,
    TrackCode,
    TrackNode,
    TrackReport,
    VoidOutcome,
    WarehouseReport,
    WarehouseStatus,
    Waybill,
    WaybillRequest,
)


@dataclass
class Twist:
    """How one call goes otherwise than well: it hangs first, fails, or is done and the answer lost."""

    error: PartnerError | None = None
    done_first: bool = False
    """The partner does what it is asked, and only then fails."""
    gate: asyncio.Event | None = None
    """The call hangs until this is set; then it goes on."""
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the call has come."""


def fails(error: PartnerError) -> Twist:
    """It did not happen."""
    return Twist(error)


def lost(partner: str = "sf", *, done: bool = True) -> Twist:
    """Nobody knows whether it happened; it did, unless told otherwise."""
    return Twist(OutcomeUnknown(partner, "call", "no answer"), done_first=done)


def hangs(error: PartnerError | None = None) -> Twist:
    """It does not come back until `gate` is set."""
    return Twist(error, gate=asyncio.Event())


def away(partner: str) -> Twist:
    """The partner cannot be reached."""
    return fails(Unavailable(partner, "call", "connection refused"))


class Scripted:
    """Twists by operation: the next calls take them from a queue, then `always` holds, if it is set."""

    def __init__(self) -> None:
        self.calls: dict[str, int] = defaultdict(int)
        self.over = False
        self._gates: list[asyncio.Event] = []
        self._next: dict[str, deque[Twist]] = defaultdict(deque)
        self._always: dict[str, Twist] = {}

    def will(self, operation: str, *twists: Twist) -> None:
        """The next calls go so."""
        self._next[operation].extend(twists)

    def always(self, operation: str, twist: Twist | None) -> None:
        """All calls go so, until told otherwise."""
        self._always.pop(operation, None)
        if twist is not None:
            self._always[operation] = twist

    def let_go(self) -> None:
        """The test is over: nothing hangs any longer."""
        self.over = True
        for gate in self._gates:
            gate.set()

    async def _before(self, operation: str) -> Twist:
        self.calls[operation] += 1
        queue = self._next[operation]
        twist = queue.popleft() if queue else self._always.get(operation, Twist())
        twist.arrived.set()
        if twist.gate is not None and not self.over:
            self._gates.append(twist.gate)
            await twist.gate.wait()
        if twist.error is not None and not twist.done_first:
            raise twist.error
        return twist


def _after(twist: Twist) -> None:
    if twist.error is not None:
        raise twist.error


class FakeChannel(Scripted):
    """A shop that is told numbers. `told` has each parcel's number once."""

    def __init__(self, channel: Channel) -> None:
        super().__init__()
        self.channel = channel
        self.source = str(channel)
        self.told: dict[str, Shipment] = {}
        self.shows: SentParcel | None = None
        """Whose number it shows for the next parcels: it takes no second one."""
        self.stock: dict[tuple[str, str, str], int] = {}
        self.figures: list[StockFigure] = []

    async def tell_stock(self, figure: StockFigure) -> None:
        self.figures.append(figure)
        twist = await self._before("tell_stock")
        self.stock[figure.shop, figure.item_id, figure.sku_id] = figure.pieces
        _after(twist)

    async def write_back(self, shipment: Shipment) -> SentParcel | None:
        twist = await self._before("write_back")
        first = self.told.setdefault(shipment.parcel_id, shipment)
        assert first.number == shipment.number, "another number for a told parcel"
        _after(twist)
        return self.shows

    def unpack(self, push: Push) -> Sequence[Document]:
        return ()

    def accepted(self, push: Push) -> Reply:
        return Reply(200, "text/plain", b"")

    def refused(self, push: Push, reason: str) -> Reply:
        return Reply(400, "text/plain", b"")

    async def interpret(self, document: Document) -> Sequence[News]:
        return ()


class FakeCourier(Scripted):
    """Gives one number per key. What is `hidden` exists, but is not found yet."""

    _numbers = count(1)

    def __init__(self, provider: Provider) -> None:
        super().__init__()
        self.provider = provider
        self.asked: list[WaybillRequest] = []
        self.made: dict[str, tuple[str, Waybill]] = {}
        self.void_numbers: set[str] = set()
        self.hidden = False
        self.void_outcome: VoidOutcome | None = None

    async def create(self, request: WaybillRequest) -> Waybill:
        self.asked.append(request)
        twist = await self._before("create")
        if request.key not in self.made:
            waybill = Waybill(request.key, self.provider, request.carrier, self._number(request.carrier))
            self.made[request.key] = (request.parcel_id, waybill)
        _after(twist)
        return self.made[request.key][1]

    async def find(self, request: WaybillRequest) -> Waybill | None:
        _after(await self._before("find"))
        made = self.made.get(request.key)
        if made is None or self.hidden or made[1].number in self.void_numbers:
            return None
        return made[1]

    async def void(self, waybill: Waybill) -> VoidOutcome:
        twist = await self._before("void")
        if self.void_outcome is not None:
            return self.void_outcome
        self.void_numbers.add(waybill.number)
        _after(twist)
        return VoidOutcome.VOIDED

    def live(self) -> list[tuple[str, str]]:
        """(parcel, number) of every waybill that is not void."""
        return [(parcel, w.number) for parcel, w in self.made.values() if w.number not in self.void_numbers]

    def _number(self, carrier: Carrier) -> str:
        n = next(self._numbers)
        return f"SF{n:013}" if carrier is Carrier.SF else f"7{n:013}"


class FakeInterceptor(FakeCourier):
    """A courier that stops parcels as well: each instruction once, or it says so."""

    intercepts = frozenset(InterceptKind)

    def __init__(self, provider: Provider) -> None:
        super().__init__(provider)
        self.stopped: list[Interception] = []
        self.hidden_stops = False

    async def intercept(self, request: Interception) -> None:
        twist = await self._before("intercept")
        assert request.key not in {earlier.key for earlier in self.stopped}, "asked twice"
        self.stopped.append(request)
        _after(twist)

    async def intercepted(self, request: Interception) -> bool:
        _after(await self._before("intercepted"))
        return not self.hidden_stops and any(earlier.key == request.key for earlier in self.stopped)


class FakeWarehouse(Scripted):
    """Takes instructions, and packs when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.orders: dict[str, DeliveryOrder] = {}
        self.status: dict[str, str] = {}
        self.reports: dict[str, WarehouseReport] = {}
        self.on_shelf: dict[tuple[str, str], Shelf] = {}

    async def shelves(self, warehouse: str, skus: Sequence[str]) -> Sequence[Shelf]:
        _after(await self._before("shelves"))
        return [self.on_shelf[warehouse, sku] for sku in skus if (warehouse, sku) in self.on_shelf]

    async def push(self, order: DeliveryOrder) -> None:
        twist = await self._before("push")
        assert self.orders.setdefault(order.code, order) == order, "another instruction under the same code"
        self.status.setdefault(order.code, "accepted")
        _after(twist)

    async def query(self, delivery_code: str, warehouse: str = "") -> WarehouseReport | None:
        _after(await self._before("query"))
        if not self._has(delivery_code, warehouse):
            return None
        accepted = WarehouseReport(delivery_code, WarehouseStatus.ACCEPTED)
        return self.reports.get(delivery_code, accepted)

    async def hold(self, delivery_code: str, reason: str, warehouse: str = "") -> StopOutcome:
        return await self._stop("hold", delivery_code, "held", warehouse)

    async def restore(self, delivery_code: str, warehouse: str = "") -> None:
        _after(await self._before("restore"))
        if self._has(delivery_code, warehouse) and self.status.get(delivery_code) == "held":
            self.status[delivery_code] = "accepted"

    async def cancel(self, delivery_code: str, reason: str, warehouse: str = "") -> StopOutcome:
        return await self._stop("cancel", delivery_code, "cancelled", warehouse)

    def _has(self, code: str, warehouse: str) -> bool:
        return code in self.orders and self.orders[code].warehouse == warehouse

    async def _stop(self, operation: str, code: str, status: str, warehouse: str) -> StopOutcome:
        twist = await self._before(operation)
        if not self._has(code, warehouse):
            return StopOutcome.UNKNOWN_ORDER
        if self.status[code] == "packed":
            return StopOutcome.TOO_LATE
        self.status[code] = status
        _after(twist)
        return StopOutcome.STOPPED

    def codes(self) -> list[str]:
        """All instructions, in their order."""
        return list(self.orders)

    def pack(self, code: str, *boxes: dict[str, int], final: bool = True, out_biz_code: str = "") -> WarehouseReport:
        """Pack an instruction: what was ordered in one box, or `boxes` (SKU to quantity)."""
        contents: Sequence[dict[str, int]] = boxes or [self._ordered(code)]
        packages = tuple(
            Package(f"BOX{n}", tuple(ScannedItem(sku, quantity) for sku, quantity in box.items()))
            for n, box in enumerate(contents, start=1)
        )
        self.status[code] = "packed"
        report = WarehouseReport(code, WarehouseStatus.PACKED, packages, final=final, out_biz_code=out_biz_code)
        self.reports[code] = report
        return report

    def _ordered(self, code: str) -> dict[str, int]:
        ordered: dict[str, int] = defaultdict(int)
        for line in self.orders[code].lines:
            ordered[line.sku] += line.quantity
        return ordered


class FakeTracker(Scripted):
    """Knows what the test lets it know."""

    def __init__(self) -> None:
        super().__init__()
        self.subscribed: list[str] = []
        self.known: dict[str, TrackCode] = {}
        self._since: dict[tuple[str, TrackCode], datetime] = {}

    async def subscribe(self, carrier: Carrier, number: str, phone_tail: str) -> None:
        twist = await self._before("subscribe")
        self.subscribed.append(number)
        _after(twist)

    async def query(self, carrier: Carrier, number: str, phone_tail: str) -> TrackReport:
        _after(await self._before("query"))
        code = self.known.get(number)
        if code is None:
            return TrackReport(carrier, number, ())
        return track(number, code, carrier, self._since.setdefault((number, code), utc_now()))


class FakeBureau(Scripted):
    """Reserves what it approves."""

    def __init__(self) -> None:
        super().__init__()
        self.decision: CreditDecision | None = CreditDecision.APPROVED
        self.reason = ""
        self.requests: dict[str, CreditRequest] = {}
        self.reservations: dict[str, str] = {}
        """Reservation id to reserved, committed or released."""

    async def check(self, request: CreditRequest) -> CreditAnswer:
        twist = await self._before("check")
        self.requests[request.request_id] = request
        if self.decision is CreditDecision.APPROVED:
            self.reservations.setdefault(_reservation(request.request_id), "reserved")
        _after(twist)
        return self.answer(request.request_id)

    async def lookup(self, request_id: str) -> CreditAnswer | None:
        _after(await self._before("lookup"))
        return self.answer(request_id) if request_id in self.requests else None

    async def commit(self, reservation_id: str) -> None:
        await self._settle("commit", reservation_id, "committed")

    async def release(self, reservation_id: str) -> None:
        await self._settle("release", reservation_id, "released")

    async def _settle(self, operation: str, reservation_id: str, status: str) -> None:
        twist = await self._before(operation)
        assert self.reservations[reservation_id] in {"reserved", status}, "settled otherwise before"
        self.reservations[reservation_id] = status
        _after(twist)

    def answer(self, request_id: str) -> CreditAnswer:
        """What it says of a question now."""
        approved = self.decision is CreditDecision.APPROVED
        reservation = _reservation(request_id) if approved else ""
        if approved:
            self.reservations.setdefault(reservation, "reserved")
        return CreditAnswer(request_id, self.decision, self.reason, reservation)


class FakeMessenger(Scripted):
    """Sends whatever it is given, every time: it is not idempotent."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[Sms] = []

    async def send(self, message: Sms) -> str:
        twist = await self._before("send")
        self.sent.append(message)
        _after(twist)
        return f"sms-{len(self.sent)}"

    async def find(self, out_id: str, phone: str, sent_on: datetime) -> str | None:
        _after(await self._before("find"))
        return next((f"sms-{n}" for n, sms in enumerate(self.sent, start=1) if sms.out_id == out_id), None)


@dataclass
class Town:
    """All partners of one test."""

    own: FakeChannel = field(default_factory=lambda: FakeChannel(Channel.OWN))
    douyin: FakeChannel = field(default_factory=lambda: FakeChannel(Channel.DOUYIN))
    sf: FakeInterceptor = field(default_factory=lambda: FakeInterceptor(Provider.SF))
    cainiao: FakeCourier = field(default_factory=lambda: FakeCourier(Provider.CAINIAO))
    platform: FakeCourier = field(default_factory=lambda: FakeCourier(Provider.DOUYIN))
    tracker: FakeTracker = field(default_factory=FakeTracker)
    warehouse: FakeWarehouse = field(default_factory=FakeWarehouse)
    bureau: FakeBureau = field(default_factory=FakeBureau)
    messenger: FakeMessenger = field(default_factory=FakeMessenger)

    def couriers(self) -> list[FakeCourier]:
        """Everybody who gives numbers."""
        return [self.sf, self.cainiao, self.platform]

    def let_go(self) -> None:
        """The test is over: nothing hangs any longer."""
        rest: list[Scripted] = [self.own, self.douyin, self.tracker, self.warehouse, self.bureau, self.messenger]
        for partner in [*self.couriers(), *rest]:
            partner.let_go()

    def partners(self) -> Partners:
        """As the activities take them."""
        return Partners(
            channels={Channel.OWN: self.own, Channel.DOUYIN: self.douyin},
            couriers={courier.provider: courier for courier in self.couriers()},
            tracker=self.tracker,
            warehouse=self.warehouse,
            credit=self.bureau,
            messenger=self.messenger,
        )


def track(number: str, code: TrackCode, carrier: Carrier = Carrier.SF, at: datetime | None = None) -> TrackReport:
    """A tracker's report of one node."""
    return TrackReport(carrier, number, (TrackNode(at or utc_now(), code, f"news: {code}"),))


def _reservation(request_id: str) -> str:
    return f"R-{request_id}"
