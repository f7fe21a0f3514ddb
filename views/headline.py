"""What is to be said first of an order: whether something is wrong with it, what, and who does what about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from domain.golden import SEQUENCE
from domain.texts import text
from views.words import clauses, items


class Level(StrEnum):
    """How bad it is."""

    STOPPED = "stopped"
    """Something stops it: somebody must act."""
    LATE = "late"
    ASKED = "asked"
    """It goes on, and a person was asked something about it."""
    RUNNING = "running"
    DONE = "done"
    OFF = "off"
    """It left before its end."""


@dataclass(frozen=True)
class Headline:
    """`says` is what is the matter, `does` what comes next or who must do what; "" when there is nothing to do."""

    level: Level
    says: str
    does: str


def headline(facts: Mapping[str, Any]) -> Headline:
    """The headline of an order as `views.orders.order_view` shows it."""
    holds = facts["holds"]
    tasks = facts["tasks"]
    late = [one["text"] for one in facts["deadlines"] if one["status"] == "late"]
    if holds:
        does = clauses(text("desk.does", who=hold["who_text"], ways=" / ".join(hold["cleared_by"])) for hold in holds)
        return Headline(Level.STOPPED, text("desk.stopped", why=items(hold["text"] for hold in holds)), does)
    if facts["exit"] is not None:
        return Headline(Level.OFF, facts["state_text"], tasks[0]["text"] if tasks else _ended(facts))
    next_ = waits_for(facts)
    if late:
        return Headline(Level.LATE, text("desk.late", stages=items(late)), next_)
    if tasks:
        return Headline(Level.ASKED, text("desk.asked", count=len(tasks)), tasks[0]["text"])
    if facts["state"] == SEQUENCE[-1]:
        return Headline(Level.DONE, text("desk.done"), "")
    return Headline(Level.RUNNING, text("desk.running"), next_)


def _ended(facts: Mapping[str, Any]) -> str:
    """Who ended an order, and why."""
    for event in reversed(facts["events"]):
        if event["what"] in ("order.cancelled", "order.undelivered"):
            who, why = event["who_text"], event["why_text"]
            return text("desk.became", what=who, how=why) if why else str(who)
    return ""


def waits_for(facts: Mapping[str, Any]) -> str:
    """What an order waits for that nothing stops; "" at its end."""
    if facts["exit"] is not None or facts["state"] == SEQUENCE[-1]:
        return ""
    return text(f"desk.next.{facts['state'] or 'none'}")
