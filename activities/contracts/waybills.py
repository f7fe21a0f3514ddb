"""Courier plans, waybills, write-backs and tracking."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from temporalio.common import RetryPolicy

from activities.contracts.base import OwnStep, PartnerStep
from activities.contracts.orders import MAYBE_DUE, OrderAt, OrderRef


@dataclass(frozen=True)
class PlanStepFact:
    """One courier to ask."""

    provider: str
    carrier: str


@dataclass(frozen=True)
class MergeFact:
    """The merge that an order joined or opened: its number, and the order whose instruction stands for all."""

    number: int
    leader: str


@dataclass(frozen=True)
class Plan:
    """The courier plan, and why it is so. Old histories know of no merge."""

    steps: list[PlanStepFact]
    why: str
    rule: str
    merge: MergeFact | None = None


@dataclass(frozen=True)
class WaybillAsk:
    """Ask one courier for one parcel's waybill. `attempt` makes the key: the same attempt is the same question."""

    order_id: str
    parcel_id: str
    provider: str
    carrier: str
    attempt: int


class WaybillOutcome(StrEnum):
    """What came of asking a courier."""

    LIVE = "live"
    """It gave a number, and it is the parcel's one live waybill."""
    NONE = "none"
    """It surely gave none: ask the next."""
    UNKNOWN = "unknown"
    """It may have given one: ask the next, and keep asking this one."""


@dataclass(frozen=True)
class WaybillAnswer:
    """What came of it; the number if it is live; the operator's sentence if not."""

    outcome: WaybillOutcome
    number: str = ""
    why: str = ""


@dataclass(frozen=True)
class ManualWaybill:
    """A number that a person typed."""

    order_id: str
    parcel_id: str
    carrier: str
    number: str
    by: str


@dataclass(frozen=True)
class ClerkLink:
    """Ask the clerk, by SMS, for the number of a parcel; n counts the times."""

    order_id: str
    parcel_id: str
    n: int


@dataclass(frozen=True)
class ParcelRef:
    """One parcel."""

    order_id: str
    parcel_id: str


@dataclass(frozen=True)
class Told:
    """Whether the channel took the number; its reason if not."""

    ok: bool
    why: str = ""


@dataclass(frozen=True)
class Tracked:
    """What the tracker knows of all parcels: their statuses by parcel id."""

    statuses: dict[str, str]


PLAN_COURIERS = OwnStep("plan_couriers", OrderAt, Plan)

RECORD_MANUAL_WAYBILL = OwnStep("record_manual_waybill", ManualWaybill, WaybillAnswer)

FINISH_SHIPPING = OwnStep("finish_shipping", OrderRef, MAYBE_DUE)

REQUEST_WAYBILL = PartnerStep("request_waybill", WaybillAsk, WaybillAnswer)

SETTLE_WAYBILL = PartnerStep(
    "settle_waybill",
    WaybillAsk,
    WaybillAnswer,
    retry=RetryPolicy(initial_interval=timedelta(seconds=5), maximum_interval=timedelta(minutes=5)),
)

SEND_CLERK_LINK = PartnerStep("send_clerk_link", ClerkLink, type(None), within=timedelta(hours=1))

VOID_WAYBILLS = PartnerStep(
    "void_waybills",
    ParcelRef,
    type(None),
    retry=RetryPolicy(initial_interval=timedelta(seconds=5), maximum_interval=timedelta(minutes=5)),
)

WRITE_BACK = PartnerStep("write_back", ParcelRef, Told)

ASK_TRACKER = PartnerStep("ask_tracker", OrderRef, Tracked, within=timedelta(minutes=10))
