"""How long each stage of an order may take, in which hours, what stops its clock, and who hears of it: by tables."""

from __future__ import annotations

import logging
import re
from datetime import datetime, timedelta

from domain.clock import utc_now
from domain.deadlines import Hours, Level, Limit, NeverOver, Stage, over, urgent
from domain.deciding import deciding
from domain.order import Order
from domain.warehouses import WorkWeek
from rules.documents import BadRule
from rules.engine import Decision, collect, current, decide
from rules.workdays import NAME as OFFICIAL_DAYS
from rules.workdays import official
from rules.zones import place

TABLES = ("sla_limits", "sla_calendars", "sla_escalation", "sla_clock", "region_zones", OFFICIAL_DAYS)
"""What a deadline hangs on: a new version of one of them moves the deadlines of stages that are not over."""

ALWAYS = "ALWAYS"
"""The calendar in which every minute counts."""

_log = logging.getLogger("orderhub.deadlines")
_TIME = re.compile(r"([01]\d|2[0-4]):([0-5]\d)", re.ASCII)


@deciding()
def limit(stage: Stage, order: Order) -> Limit:
    """The time limit of a stage of an order. Raises BadRule for hours that cannot be read, or that never come."""
    region, hurry = order.receiver.region, urgent(order)
    there = place(region.province, region.city)
    said = decide(
        "sla_limits",
        {
            "stage": str(stage),
            "channel": str(order.channel),
            "shop": order.shop,
            "zone": there.service,
            "province": there.province,
            "urgent": hurry,
            "terms": str(order.customer.terms),
        },
    )
    calendar = str(said.result["calendar"])
    hours = decide("sla_calendars", {"calendar": calendar})
    path = collect("sla_escalation", {"stage": str(stage), "channel": str(order.channel), "urgent": hurry})
    return Limit(
        timedelta(minutes=int(said.result["minutes"])),
        _hours(hours),
        calendar,
        timedelta(minutes=int(said.result["warn_minutes"])),
        tuple(Level(str(one.result["who"]), timedelta(minutes=int(one.result["after_minutes"]))) for one in path),
        (said.rule, hours.rule, *(one.rule for one in path)),
    )


def stops(stage: Stage, reason: str) -> bool:
    """Whether the clock of a stage stands while an order is held for a reason."""
    return bool(decide("sla_clock", {"reason": reason, "stage": str(stage)}).result["stops"])


@deciding()
def runs_out(calendar: str, began: datetime, lasts: timedelta) -> datetime:
    """When so much time of a calendar has passed. "" is any time; so is a calendar that cannot be read or that never
    comes, for whoever waits must be told at some time."""
    if calendar in ("", ALWAYS):
        return began + lasts
    try:
        said = decide("sla_calendars", {"calendar": calendar})
        found = over(began, lasts, _hours(said), official)
    except (BadRule, NeverOver, LookupError) as error:
        _log.error("no working hours", extra={"calendar": calendar, "error": str(error)})
        found = None
    return found.astimezone(began.tzinfo) if found is not None else began + lasts


def versions() -> str:
    """The versions in force now of everything that a deadline hangs on, as one mark."""
    now = utc_now()
    return " ".join(current().table(name, now).version for name in TABLES)


def _hours(said: Decision) -> Hours:
    try:
        week = WorkWeek(str(said.result["weekdays"]), bool(said.result["rests"]))
        return Hours(_minute(said.result["opens"]), _minute(said.result["closes"]), week)
    except ValueError as error:
        raise BadRule(f"{said.rule}: {error}") from error


def _minute(written: str) -> int:
    """The minute of a day: `09:30` is 570. Raises ValueError."""
    read = _TIME.fullmatch(written)
    if read is None:
        raise ValueError(f"{written!r} is not a time of day like 09:30")
    return int(read[1]) * 60 + int(read[2])
