"""Instructions to the warehouse, and what it reports."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from activities.contracts.base import OwnStep, PartnerStep
from activities.contracts.orders import StagesDue


@dataclass(frozen=True)
class DeliveryRef:
    """The nth instruction to the warehouse for an order."""

    order_id: str
    n: int
    carrier: str = ""
    reason: str = ""
    revision: int = 0
    consignment: int = 0
    """Which part of the order it is for; 0: all of it."""


class Stop(StrEnum):
    """What came of stopping a delivery order at the warehouse."""

    STOPPED = "stopped"
    TOO_LATE = "too_late"


@dataclass(frozen=True)
class Stopped:
    """What came of it, and the warehouse's words."""

    outcome: Stop
    why: str = ""


@dataclass(frozen=True)
class Pushed:
    """Whether the warehouse took the instruction; its reason if not."""

    ok: bool
    why: str = ""
    others: str = ""
    """Who else's goods are in it (a merge)."""
    again: bool = False
    """Not taken, and it is to be tried again at once: another order left, or all go alone now."""
    paused: bool = False
    """It was not asked: the warehouse is paused, `why` says why."""
    paused_until: datetime | None = None
    """Until when; None: until a person says so."""


@dataclass(frozen=True)
class ReportRef:
    """A warehouse's report on an order, kept in the store; 0: there is none."""

    order_id: str
    report_id: int


class Scan(StrEnum):
    """What a warehouse's report means to the order."""

    PACKED = "packed"
    MISMATCH = "mismatch"
    PARTIAL = "partial"
    EXCEPTION = "exception"
    CANCELLED = "cancelled"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Scanned:
    """The outcome of a report; the parcels when it is packed."""

    scan: Scan
    detail: str = ""
    parcels: list[str] = field(default_factory=list)
    problem: str = ""
    """What is wrong with a scan, in few words."""
    consignment: int = 0
    """Which part of the order was reported on; 0: all of it."""
    all_packed: bool = True
    """Whether the whole order is packed now."""
    shared: list[str] = field(default_factory=list)
    """Those of the parcels in whose boxes other orders' goods lie as well."""
    stages: StagesDue | None = None
    """None: it is not known, as in old histories."""


@dataclass(frozen=True)
class ScanAlert:
    """A wrong scan that the clerks are told of: the report that began it."""

    order_id: str
    report_id: int


RECORD_REPORT = OwnStep("record_report", ReportRef, Scanned)

PUSH_TO_WAREHOUSE = PartnerStep("push_to_warehouse", DeliveryRef, Pushed)

HOLD_AT_WAREHOUSE = PartnerStep("hold_at_warehouse", DeliveryRef, Stopped)

SEND_SCAN_ALERT = PartnerStep("send_scan_alert", ScanAlert, type(None), within=timedelta(minutes=30))

RESTORE_AT_WAREHOUSE = PartnerStep("restore_at_warehouse", DeliveryRef, type(None))

CANCEL_AT_WAREHOUSE = PartnerStep("cancel_at_warehouse", DeliveryRef, Stopped)

ASK_WAREHOUSE = PartnerStep("ask_warehouse", DeliveryRef, ReportRef)
