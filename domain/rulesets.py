"""Versions of rule sets: what happened to them, and which one is in force at a moment.

A version is drafted, tested, published from a moment on or for a time window, and taken back. Nothing is ever edited:
each of these is an event, and all else follows from the events.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class What(StrEnum):
    """What can happen to a version."""

    DRAFTED = "drafted"
    TESTED = "tested"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class State(StrEnum):
    """Where a version stands."""

    DRAFT = "draft"
    TESTED = "tested"
    WAITING = "waiting"
    """Published, and its time has not come."""
    IN_FORCE = "in_force"
    SUPERSEDED = "superseded"
    """Published, and another one decides now."""
    ROLLED_BACK = "rolled_back"


@dataclass(frozen=True)
class RuleEvent:
    """Something that happened to a version, by whom, why and when.

    A publication holds from `begins`, and before `ends` (None: until something else is published). A withdrawal names
    the publication that it takes back by its `seq` in `of`.
    """

    seq: int
    name: str
    version: str
    what: What
    who: str
    why: str
    at: datetime
    begins: datetime | None = None
    ends: datetime | None = None
    of: int | None = None


def in_force(events: Iterable[RuleEvent], at: datetime) -> RuleEvent | None:
    """The publication that decides at a moment, out of the events of one rule set; None: the default does.

    A publication with an end goes before those without one, as long as it lasts. Among either kind the one that began
    last decides, and of two that began at the same moment the one that was published last. What was taken back does
    not count from that moment on; before, it did.
    """
    known = list(events)
    gone = {event.of for event in known if event.what is What.WITHDRAWN and event.at <= at}
    holding = [
        (event.ends is not None, event.begins, event.seq, event)
        for event in known
        if event.what is What.PUBLISHED
        and event.seq not in gone
        and event.begins is not None
        and event.begins <= at
        and (event.ends is None or at < event.ends)
    ]
    return max(holding, key=lambda one: one[:3])[3] if holding else None


def last_change(events: Iterable[RuleEvent], names: Collection[str], at: datetime) -> datetime | None:
    """When another version of one of these rule sets began to decide last, up to a moment; None: never."""
    moments = [
        moment
        for event in events
        if event.name in names
        for moment in ((event.begins, event.ends) if event.what is What.PUBLISHED else (event.at,))
        if event.what in (What.PUBLISHED, What.WITHDRAWN) and moment is not None and moment <= at
    ]
    return max(moments, default=None)


def state_of(version: str, events: Iterable[RuleEvent], at: datetime) -> State:
    """Where a version stands at a moment, out of the events of its rule set."""
    known = [event for event in events if event.at <= at]
    now = in_force(known, at)
    if now is not None and now.version == version:
        return State.IN_FORCE
    own = [event for event in known if event.version == version]
    published = [event for event in own if event.what is What.PUBLISHED]
    gone = {event.of for event in own if event.what is What.WITHDRAWN}
    if published:
        standing = [event for event in published if event.seq not in gone]
        if not standing:
            return State.ROLLED_BACK
        waits = any(event.begins is not None and event.begins > at for event in standing)
        return State.WAITING if waits else State.SUPERSEDED
    return State.TESTED if any(event.what is What.TESTED for event in own) else State.DRAFT


class Refused(Exception):
    """It is not done; the lines say why, in words."""

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


class NoSuchSet(Refused):
    """There is no such rule set, or it has no such version."""


@dataclass(frozen=True)
class VersionSeen:
    """A version, where it stands, and what was last done to it."""

    name: str
    version: str
    state: State
    origin: str
    last: RuleEvent | None


@dataclass(frozen=True)
class SetSeen:
    """A rule set: which version decides now, since and until when, what waits, and which drafts there are."""

    name: str
    title: str
    version: str
    default: bool
    since: datetime | None
    until: datetime | None
    waiting: tuple[RuleEvent, ...]
    drafts: tuple[VersionSeen, ...]
    rows: int


def event_facts(event: RuleEvent) -> dict[str, Any]:
    """An event as JSON has it."""
    return {
        "number": event.seq,
        "name": event.name,
        "version": event.version,
        "what": str(event.what),
        "who": event.who,
        "why": event.why,
        "at": event.at.isoformat(),
        "begins": event.begins.isoformat() if event.begins else None,
        "ends": event.ends.isoformat() if event.ends else None,
        "of": event.of,
    }


def seen_facts(one: SetSeen) -> dict[str, Any]:
    """A rule set as JSON has it."""
    return {
        "name": one.name,
        "title": one.title,
        "version": one.version,
        "default": one.default,
        "since": one.since.isoformat() if one.since else None,
        "until": one.until.isoformat() if one.until else None,
        "waiting": [event_facts(event) for event in one.waiting],
        "drafts": [{"version": draft.version, "state": str(draft.state)} for draft in one.drafts],
        "rows": one.rows,
    }
