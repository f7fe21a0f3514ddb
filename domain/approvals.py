"""Approvals: who must agree to an order before it passes the review, and who may speak for whom."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Protocol

from domain.money import Fen
from domain.texts import CATALOGUE, text

RunsOut = Callable[[str, datetime, timedelta], datetime]
"""When so much time of a calendar ("": any time) has passed since a moment."""


class Mode(StrEnum):
    """How many of the roles of one row of the table must agree."""

    ALL = "all"
    """会签: each of them; one refusal refuses."""
    ANY = "any"
    """或签: whoever decides first decides."""


class RequestStatus(StrEnum):
    """Where a question to one role stands."""

    WAITING = "waiting"
    """An earlier step comes first."""
    OPEN = "open"
    APPROVED = "approved"
    REFUSED = "refused"
    SUPERSEDED = "superseded"
    """Asked anew, of another amount."""
    DROPPED = "dropped"
    """The table demands it no more."""


NOW = frozenset({RequestStatus.WAITING, RequestStatus.OPEN, RequestStatus.APPROVED, RequestStatus.REFUSED})
"""Requests that count; the others are history."""


class Verdict(StrEnum):
    """What somebody decided."""

    APPROVE = "approve"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"
    """Take the own decision back, as long as the order has not gone on by it."""


class Way(StrEnum):
    """How a decision came."""

    API = "api"
    CONSOLE = "console"
    """A link that the approver made for themselves, or the page after signing in."""
    SMS = "sms"


class Stage(IntEnum):
    """How far a question has got without an answer."""

    FIRST = 0
    DEPUTY = 1
    ESCALATED = 2


class Standing(StrEnum):
    """By what right somebody decides."""

    OWN = "own"
    DEPUTY = "deputy"
    ESCALATED = "escalated"


@dataclass(frozen=True)
class Wanted:
    """What a row of the table demands. `roles` are asked at once; steps one after the other."""

    row: str
    step: int
    roles: tuple[str, ...]
    mode: Mode
    within: timedelta
    deputy: str
    """The role that stands in when the deadline has passed, or nobody of the role is there; "" for none."""
    escalates_to: str
    """The role that may decide when that did not help; "" for none."""
    rule: str
    calendar: str = ""
    """The calendar in whose hours `within` runs; "" for any time."""


@dataclass(frozen=True)
class Approver:
    """Somebody who may decide. `id` is the name that their staff token goes by."""

    id: str
    name: str
    roles: frozenset[str]
    deputy: str = ""
    """Who stands in for them; "" for nobody."""
    absent_until: datetime | None = None

    def present(self, now: datetime) -> bool:
        """Whether they are there to be asked."""
        return self.absent_until is None or self.absent_until <= now


def mark_of(roster: Iterable[Approver], now: datetime) -> str:
    """A digest of who may decide now, and for whom: it is another one when whom to ask may have changed.

    Somebody who is back by the clock alone changes it as well.
    """
    facts = sorted((one.id, sorted(one.roles), one.deputy, one.present(now)) for one in roster)
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Question:
    """What matters of a request for whom to ask."""

    role: str
    deputy: str
    escalates_to: str
    stage: Stage


@dataclass(frozen=True)
class Candidate:
    """Somebody who may decide, and by what right; `stands_for` is a person or a role, "" for their own."""

    id: str
    standing: Standing
    stands_for: str = ""


def candidates(asked: Question, roster: Iterable[Approver], now: datetime) -> list[Candidate]:
    """Who is asked now: the role's own people; deputies of those who are away, and after the deadline of all of them;
    then the role that it escalates to. Where nobody is left, the next is asked at once. [] when there is nobody."""
    people = {one.id: one for one in roster}
    own = [one for one in people.values() if asked.role in one.roles]
    found: dict[str, Candidate] = {one.id: Candidate(one.id, Standing.OWN) for one in own if one.present(now)}
    for one in own:
        stands_in = people.get(one.deputy)
        if stands_in is not None and stands_in.present(now) and (asked.stage or not one.present(now)):
            found.setdefault(stands_in.id, Candidate(stands_in.id, Standing.DEPUTY, one.id))
    if asked.stage or not found:
        _add_role(found, people.values(), asked.deputy, Standing.DEPUTY, now)
    if asked.stage is Stage.ESCALATED or not found:
        _add_role(found, people.values(), asked.escalates_to, Standing.ESCALATED, now)
    return list(found.values())


def right_of(who: str, asked: Question, roster: Iterable[Approver], now: datetime) -> Candidate | None:
    """By what right somebody may decide now; None when they may not. Whoever is away and decides all the same, may."""
    people = list(roster)
    if any(one.id == who and asked.role in one.roles for one in people):
        return Candidate(who, Standing.OWN)
    return next((one for one in candidates(asked, people, now) if one.id == who), None)


def _add_role(
    found: dict[str, Candidate], people: Iterable[Approver], role: str, standing: Standing, now: datetime
) -> None:
    for one in people:
        if role and role in one.roles and one.present(now):
            found.setdefault(one.id, Candidate(one.id, standing, role))


@dataclass(frozen=True)
class Asked:
    """A request as the whole is judged by it."""

    row: str
    step: int
    role: str
    mode: Mode
    status: RequestStatus
    fen: Fen


def row_state(requests: Sequence[Asked]) -> RequestStatus:
    """What the requests of one row come to: APPROVED, REFUSED, or OPEN while somebody must still decide."""
    states = [one.status for one in requests]
    if RequestStatus.REFUSED in states:
        return RequestStatus.REFUSED
    enough = any if requests[0].mode is Mode.ANY else all
    return RequestStatus.APPROVED if enough(one is RequestStatus.APPROVED for one in states) else RequestStatus.OPEN


def by_row(requests: Iterable[Asked]) -> list[list[Asked]]:
    """Requests that count, by the row that demands them, in the order of the steps."""
    grouped: dict[str, list[Asked]] = {}
    for one in sorted((one for one in requests if one.status in NOW), key=lambda one: one.step):
        grouped.setdefault(one.row, []).append(one)
    return list(grouped.values())


def complete(requests: Iterable[Asked]) -> bool:
    """Whether everybody has agreed who must."""
    return all(row_state(row) is RequestStatus.APPROVED for row in by_row(requests))


def refused(requests: Iterable[Asked]) -> bool:
    """Whether somebody has refused."""
    return any(row_state(row) is RequestStatus.REFUSED for row in by_row(requests))


def step_now(requests: Iterable[Asked]) -> int | None:
    """The step that is asked now: the first that is not approved; None when all are, or one is refused."""
    rows = by_row(requests)
    states = [(row[0].step, row_state(row)) for row in rows]
    if any(state is RequestStatus.REFUSED for _, state in states):
        return None
    return next((step for step, state in states if state is not RequestStatus.APPROVED), None)


def stays(one: Asked, fen: Fen) -> bool:
    """Whether a request still answers the question when the order's amount is `fen` now.

    What was approved for at least as much stays approved; anything else is asked anew when the amount moves.
    """
    return one.fen == fen or (one.status is RequestStatus.APPROVED and one.fen > fen)


def role_name(role: str) -> str:
    """What a role is called; one that only the merchant's own table knows, as it stands there."""
    return text(f"approver.{role}") if f"approver.{role}" in CATALOGUE else role


class PhoneBook(Protocol):
    """Seals telephone numbers for the store, and opens them for whoever sends a message."""

    def seal(self, phone: str, whose: str) -> str:
        """A number as the store keeps it."""
        ...

    def open(self, sealed: str, whose: str) -> str:
        """The number again. Raises LookupError when this process lacks the key."""
        ...
