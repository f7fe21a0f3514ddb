"""The road: what happens to a parcel between the warehouse's door and the buyer's."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict

from domain.clock import utc_now
from sandbox.world import World


class NodeKind(StrEnum):
    """What a scan on the road says. Each partner writes it in its own codes."""

    COLLECTED = "collected"
    IN_TRANSIT = "in_transit"
    AT_STATION = "at_station"
    OUT_FOR_DELIVERY = "out_for_delivery"
    SIGNED = "signed"
    REFUSED = "refused"
    LOST = "lost"
    RETURNED = "returned"
    FORWARDED = "forwarded"
    """Its sender wants it brought to another address."""
    TURNED_BACK = "turned_back"
    """Its sender wants it back."""


class Outcome(StrEnum):
    """How a journey ends."""

    SIGNED = "signed"
    REFUSED = "refused"
    """Refused at the door; the parcel then goes all the way back."""
    LOST = "lost"
    """Lost at the station; nobody ever brings it to the door."""


@dataclass(frozen=True)
class Node:
    """One scan. `courier_phone` is set only while a courier is bringing the parcel, and stands in `text` too."""

    kind: NodeKind
    at: datetime
    place: str
    text: str
    courier_name: str = ""
    courier_phone: str = ""


Listener = Callable[[str, str, Sequence[Node]], None]
"""Called at every new node with (number, our carrier code, all nodes so far)."""


class Decision(BaseModel):
    """The body of the control: how a journey shall end."""

    model_config = ConfigDict(extra="forbid")

    outcome: Outcome


class Collection(BaseModel):
    """The body of the control: which courier takes a parcel along."""

    model_config = ConfigDict(extra="forbid")

    carrier: str


@dataclass
class _Journey:
    carrier: str
    nodes: list[Node]
    called_off: bool = False


_COURIERS = ("张三", "李四", "王五")
_DECIDED = frozenset({NodeKind.SIGNED, NodeKind.REFUSED, NodeKind.LOST})
_NOT_TO_DIVERT = frozenset({*NodeKind} - {NodeKind.COLLECTED, NodeKind.IN_TRANSIT, NodeKind.AT_STATION})
_FINAL = frozenset({NodeKind.SIGNED, NodeKind.LOST, NodeKind.RETURNED})


class Road:
    """All journeys. One begins when a number is first handed over; a number handed over twice travels once.

    It does not matter who made the number: a courier's system, a platform or a clerk. The first scan comes
    `pace.pickup_s` after the hand-over, the signature `pace.transit_s` later; the way back of a refused parcel takes
    as long again.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._journeys: dict[str, _Journey] = {}
        self._outcomes: dict[str, Outcome] = {}
        self._listeners: list[Listener] = []
        world.on_hand_over(self._begin)

    def subscribe(self, listener: Listener) -> None:
        """Register who wants to know of every new node."""
        self._listeners.append(listener)

    def nodes(self, number: str) -> tuple[Node, ...]:
        """The nodes of a number so far, oldest first; empty before the first scan and for an unknown number."""
        journey = self._journeys.get(number)
        return tuple(journey.nodes) if journey else ()

    def carrier(self, number: str) -> str | None:
        """Our code of the courier that was given the number, or None for one that was never handed over."""
        journey = self._journeys.get(number)
        return journey.carrier if journey else None

    def set_outcome(self, number: str, outcome: Outcome) -> bool:
        """Decide how a number's journey ends, also before it begins. False when that cannot come true any more."""
        known = {node.kind for node in self.nodes(number)}
        if known & _DECIDED or (outcome is Outcome.LOST and NodeKind.OUT_FOR_DELIVERY in known):
            return False
        self._outcomes[number] = outcome
        return True

    def divert(self, number: str, kind: NodeKind) -> bool:
        """FORWARDED: the parcel is brought to another address; TURNED_BACK: to its sender. False for one that is not
        on its way, or is on its way back."""
        journey = self._journeys.get(number)
        if journey is None or not journey.nodes or journey.nodes[-1].kind in _NOT_TO_DIVERT:
            return False
        # The next scan is under way already, and goes by what was scanned last.
        self._note(number, journey, kind)
        return True

    def call_off(self, number: str) -> None:
        """The courier is told not to collect it: whatever number was handed over, no journey begins."""
        journey = self._journeys.get(number)
        if journey is not None and not journey.nodes:
            journey.called_off = True

    def router(self) -> APIRouter:
        """The controls: `POST /control/road/{number}` with `{"outcome": "signed|refused|lost"}`, and
        `POST /control/road/{number}/collect` with `{"carrier": "SF"}`."""
        router = APIRouter()

        @router.post("/control/road/{number}")
        async def set_outcome(number: str, decision: Decision) -> dict[str, str]:
            """Decide how a number's journey ends; 409 when it is too late for that."""
            if not self.set_outcome(number, decision.outcome):
                raise HTTPException(409, f"too late: {number} cannot end as {decision.outcome} any more")
            return {"number": number, "outcome": decision.outcome}

        @router.post("/control/road/{number}/collect", status_code=204)
        async def collect(number: str, collection: Collection) -> None:
            """The warehouse gives a courier a parcel of which no channel is told."""
            self._world.hand_over(collection.carrier, number)

        return router

    def _begin(self, carrier: str, number: str) -> None:
        if number not in self._journeys:
            self._journeys[number] = _Journey(carrier, [])
            self._schedule(number, self._world.pace.pickup_s)

    def _schedule(self, number: str, seconds: float) -> None:
        async def scan() -> None:
            self._scan(number)

        self._world.later(seconds, scan)

    def _scan(self, number: str) -> None:
        journey = self._journeys[number]
        if journey.called_off:
            return
        last = journey.nodes[-1].kind if journey.nodes else None
        kind = _following(last, self._outcomes.get(number, Outcome.SIGNED))
        self._note(number, journey, kind)
        if kind not in _FINAL:
            transit = self._world.pace.transit_s
            self._schedule(number, transit if kind is NodeKind.REFUSED else transit / 4)

    def _note(self, number: str, journey: _Journey, kind: NodeKind) -> None:
        journey.nodes.append(_node(kind, number))
        for listener in self._listeners:
            listener(number, journey.carrier, tuple(journey.nodes))


def _following(last: NodeKind | None, outcome: Outcome) -> NodeKind:
    """The scan after `last`. Called when it happens, so that control may change the outcome until then."""
    match last:
        case None:
            return NodeKind.COLLECTED
        case NodeKind.COLLECTED | NodeKind.FORWARDED:
            return NodeKind.IN_TRANSIT
        case NodeKind.IN_TRANSIT:
            return NodeKind.AT_STATION
        case NodeKind.AT_STATION:
            return NodeKind.LOST if outcome is Outcome.LOST else NodeKind.OUT_FOR_DELIVERY
        case NodeKind.OUT_FOR_DELIVERY:
            return NodeKind.REFUSED if outcome is Outcome.REFUSED else NodeKind.SIGNED
        case _:
            return NodeKind.RETURNED


def _node(kind: NodeKind, number: str) -> Node:
    place, text = _TEXTS[kind]
    if kind is not NodeKind.OUT_FOR_DELIVERY:
        return Node(kind, utc_now(), place, text)
    draw = zlib.crc32(number.encode())
    name, phone = _COURIERS[draw % len(_COURIERS)], f"1380000{draw % 10_000:04d}"
    return Node(kind, utc_now(), place, f"{text}，派件员：{name}，电话：{phone}", name, phone)


_TEXTS: dict[NodeKind, tuple[str, str]] = {
    NodeKind.COLLECTED: ("杭州市", "【杭州市】已揽收"),
    NodeKind.IN_TRANSIT: ("杭州市", "【杭州市】快件已发往上海市"),
    NodeKind.AT_STATION: ("上海市", "【上海市】快件已到达派件网点"),
    NodeKind.OUT_FOR_DELIVERY: ("上海市", "【上海市】派件中"),
    NodeKind.SIGNED: ("上海市", "【上海市】快件已签收"),
    NodeKind.REFUSED: ("上海市", "【上海市】收件人拒收，快件退回中"),
    NodeKind.LOST: ("上海市", "【上海市】快件遗失，正在理赔"),
    NodeKind.RETURNED: ("杭州市", "【杭州市】退货已签收，快件已退回发件人"),
    NodeKind.FORWARDED: ("上海市", "【上海市】应寄件人要求，快件转寄中"),
    NodeKind.TURNED_BACK: ("上海市", "【上海市】应寄件人要求，快件退回中"),
}
