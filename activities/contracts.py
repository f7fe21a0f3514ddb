"""What workflows and activities agree on: names, arguments, answers, time-outs and retry policies, in one place.

Plain dataclasses of ids, versions, decisions and small facts: an order's body and every bit of personal data stay in
the store. Nothing here imports more than `temporalio.common`, so that workflows load quickly in the sandbox.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Generic, TypeVar

from temporalio.common import RetryPolicy

A = TypeVar("A")
R = TypeVar("R")


@dataclass(frozen=True)
class OwnStep(Generic[A, R]):
    """A step in our own database: a local activity of one transaction, going on as an ordinary one if that fails."""

    name: str
    takes: type[A]
    gives: type[R]


@dataclass(frozen=True)
class PartnerStep(Generic[A, R]):
    """A call to a partner: an ordinary activity. `within` bounds all its tries together; None: until it is done.

    What a partner answers, a no included, is an answer and not a failure. A failure is tried again for as long as it
    takes: what is broken (a key, a bug, a database) gets mended while the order waits in sight, and no order fails.
    """

    name: str
    takes: type[A]
    gives: type[R]
    timeout: timedelta = timedelta(seconds=15)
    within: timedelta | None = None
    heartbeat: timedelta | None = None
    """Of long ones only: without a sign of life for so long, the step is taken to have died with its worker."""
    retry: RetryPolicy = field(
        default_factory=lambda: RetryPolicy(
            initial_interval=timedelta(seconds=1),
            backoff_coefficient=2.0,
            maximum_interval=timedelta(minutes=5),
        )
    )


QUEUES: dict[str, str] = {}
"""Task queues of their own for partner steps, by name; the worker fills it from the settings as it starts."""


# ---------------------------------------------------------------------------------------------- arguments and answers


@dataclass(frozen=True)
class OrderRef:
    """One order."""

    order_id: str


@dataclass(frozen=True)
class OrderAt:
    """One order at one revision of its body."""

    order_id: str
    revision: int


@dataclass(frozen=True)
class FlagFact:
    """One finding of the review: its code, the hold it opens, the operator's sentence."""

    code: str
    hold: str
    detail: str


@dataclass(frozen=True)
class Accepted:
    """What the review found, and what the workflow needs to know of the order."""

    revision: int
    paid: bool
    cancelled: bool
    paid_at: datetime | None
    amount_fen: int
    needs_credit: bool
    ship_digest: str
    """Of everything that the warehouse is told but the goods: another digest, another instruction."""
    goods_digest: str
    """Of the goods and their quantities."""
    flags: list[FlagFact]


@dataclass(frozen=True)
class Reserved:
    """Whether all lines are locked; what is short if not."""

    ok: bool
    short: str = ""


@dataclass(frozen=True)
class Fitted:
    """Whether what is locked is now what the order needs."""

    ok: bool


@dataclass(frozen=True)
class PlanStepFact:
    """One courier to ask."""

    provider: str
    carrier: str


@dataclass(frozen=True)
class Plan:
    """The courier plan, and why it is so."""

    steps: list[PlanStepFact]
    why: str
    rule: str


class Credit(StrEnum):
    """Where an order's credit check stands."""

    APPROVED = "approved"
    ASSUMED = "assumed"
    REFUSED = "refused"


@dataclass(frozen=True)
class CreditVerdict:
    """The answer to a credit check."""

    state: Credit
    why: str = ""


@dataclass(frozen=True)
class Reasoned:
    """An order, a reason, and who gave it."""

    order_id: str
    reason: str
    by: str = "orderhub"


@dataclass(frozen=True)
class DeliveryRef:
    """The nth instruction to the warehouse for an order."""

    order_id: str
    n: int
    carrier: str = ""
    reason: str = ""
    revision: int = 0


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


@dataclass(frozen=True)
class HoldFact:
    """A hold that opens."""

    order_id: str
    n: int
    reason: str
    detail: str
    deadline: datetime


@dataclass(frozen=True)
class HoldEnd:
    """A hold that ends, or is escalated (then `deadline` is the new one)."""

    order_id: str
    n: int
    reason: str
    by: str
    how: str
    deadline: datetime | None = None


@dataclass(frozen=True)
class AddressRef:
    """The nth wished address of an order."""

    order_id: str
    n: int
    by: str = ""
    why: str = ""


@dataclass(frozen=True)
class AddressVerdict:
    """Whether a wished address was taken, and the order's revision since."""

    ok: bool
    revision: int
    why: str = ""


@dataclass(frozen=True)
class TaskFact:
    """Something that a person must do; `key` keeps it from being asked twice."""

    order_id: str
    key: str
    kind: str
    text: str
    alert: bool = False


@dataclass(frozen=True)
class Batch:
    """How many rows a sweep takes at once."""

    limit: int


@dataclass(frozen=True)
class Waiting:
    """The orders that wait for a number by hand."""

    order_ids: list[str]


@dataclass(frozen=True)
class Turn:
    """A parcel whose course changed: its order must be told."""

    order_id: str
    parcel_id: str
    status: str


@dataclass(frozen=True)
class Followed:
    """What following parcels came to."""

    subscribed: int
    asked: int
    turns: list[Turn]


@dataclass(frozen=True)
class PullAsk:
    """Pull what one shop changed; `source` is the feed.

    `pages` bounds one try; `first_s` is how far back a new shop begins.
    """

    source: str
    shop: str
    pages: int = 50
    first_s: float = 24 * 3600


@dataclass(frozen=True)
class Pulled:
    """How many documents were new, and how many seconds of changes are still to come."""

    pages: int
    fresh: int
    behind_s: int


@dataclass(frozen=True)
class PartnerWatch:
    """Look at how all partners' interfaces serve."""


@dataclass(frozen=True)
class PartnersSeen:
    """The partners that are not well, and those whose alert opened or closed just now."""

    ill: list[str]
    opened: list[str]
    closed: list[str]


@dataclass(frozen=True)
class ReconcileAsk:
    """Compare one shop's own list of a Beijing day's changes (2026-11-11) with ours, and repair what was missed."""

    feed: str
    shop: str
    day: str


@dataclass(frozen=True)
class Reconciled:
    """What came of it: how many orders the channel lists, and how many of them were missing or stale here."""

    listed: int
    missing: int
    stale: int


@dataclass(frozen=True)
class Renewed:
    """How many shops were looked at, how many of them are refused, and how many end soon."""

    looked: int
    refused: int
    ending: int


@dataclass(frozen=True)
class Feeds:
    """The (feed, shop) pairs whose lists can be compared."""

    pairs: list[list[str]]


@dataclass(frozen=True)
class FileFact:
    """A file in a shop's drop, as it was listed."""

    name: str
    size: int
    modified: str


@dataclass(frozen=True)
class FilesAsk:
    """List one shop's files, and tell up to `limit` that are complete."""

    feed: str
    shop: str
    limit: int = 20


@dataclass(frozen=True)
class FilesListed:
    """The files that may be taken, in their order, and how many more there are."""

    ready: list[FileFact]
    waiting: int


@dataclass(frozen=True)
class FileAsk:
    """Take one file of a shop."""

    feed: str
    shop: str
    file: FileFact


class FileOutcome(StrEnum):
    """What came of a file."""

    TAKEN = "taken"
    REFUSED = "refused"
    REPEATED = "repeated"
    """Its content was here before, under this name or another."""
    MOVED = "moved"
    """It was decided before, and only had to be moved away."""
    INCOMPLETE = "incomplete"
    """It is gone, or not as it was listed."""


@dataclass(frozen=True)
class FileTaken:
    """What came of it, in rows and orders: those that were news, those that were known, and rows that are rejected."""

    outcome: FileOutcome
    rows: int = 0
    orders: int = 0
    known: int = 0
    rejects: int = 0


# ------------------------------------------------------------------------------------------------ steps of our own

ACCEPT_ORDER = OwnStep("accept_order", OrderAt, Accepted)
PASS_REVIEW = OwnStep("pass_review", OrderRef, type(None))
RESERVE_STOCK = OwnStep("reserve_stock", OrderRef, Reserved)
FIT_STOCK = OwnStep("fit_stock", OrderAt, Fitted)
PLAN_COURIERS = OwnStep("plan_couriers", OrderAt, Plan)
ASSUME_CREDIT = OwnStep("assume_credit", Reasoned, type(None))
RECORD_REPORT = OwnStep("record_report", ReportRef, Scanned)
RECORD_MANUAL_WAYBILL = OwnStep("record_manual_waybill", ManualWaybill, WaybillAnswer)
FINISH_SHIPPING = OwnStep("finish_shipping", OrderRef, type(None))
RECORD_SIGNED = OwnStep("record_signed", OrderRef, type(None))
ACTIVATE_WARRANTY = OwnStep("activate_warranty", OrderRef, type(None))
OPEN_HOLD = OwnStep("open_hold", HoldFact, type(None))
CLOSE_HOLD = OwnStep("close_hold", HoldEnd, type(None))
ESCALATE_HOLD = OwnStep("escalate_hold", HoldEnd, type(None))
RELEASE_STOCK = OwnStep("release_stock", OrderRef, type(None))
RECORD_CANCELLED = OwnStep("record_cancelled", Reasoned, type(None))
RECORD_UNDELIVERED = OwnStep("record_undelivered", Reasoned, type(None))
APPLY_ADDRESS = OwnStep("apply_address", AddressRef, AddressVerdict)
DROP_ADDRESS = OwnStep("drop_address", AddressRef, type(None))
RAISE_TASK = OwnStep("raise_task", TaskFact, type(None))

# ------------------------------------------------------------------------------------------------ calls to partners

CREDIT_BUDGET = timedelta(seconds=30)
"""All tries of a credit check together; then the order goes on as if it were good."""

CHECK_CREDIT = PartnerStep(
    "check_credit",
    OrderRef,
    CreditVerdict,
    timeout=timedelta(seconds=7),
    within=CREDIT_BUDGET,
    retry=RetryPolicy(
        initial_interval=timedelta(seconds=1),
        maximum_interval=timedelta(seconds=8),
        non_retryable_error_types=["BreakerOpen"],
    ),
)
COMMIT_CREDIT = PartnerStep("commit_credit", OrderRef, type(None))
RELEASE_CREDIT = PartnerStep("release_credit", OrderRef, type(None))
PUSH_TO_WAREHOUSE = PartnerStep("push_to_warehouse", DeliveryRef, Pushed)
HOLD_AT_WAREHOUSE = PartnerStep("hold_at_warehouse", DeliveryRef, Stopped)
RESTORE_AT_WAREHOUSE = PartnerStep("restore_at_warehouse", DeliveryRef, type(None))
CANCEL_AT_WAREHOUSE = PartnerStep("cancel_at_warehouse", DeliveryRef, Stopped)
ASK_WAREHOUSE = PartnerStep("ask_warehouse", DeliveryRef, ReportRef)
REQUEST_WAYBILL = PartnerStep("request_waybill", WaybillAsk, WaybillAnswer)
SETTLE_WAYBILL = PartnerStep(
    "settle_waybill",
    WaybillAsk,
    WaybillAnswer,
    retry=RetryPolicy(initial_interval=timedelta(seconds=5), maximum_interval=timedelta(minutes=5)),
)
SEND_CLERK_LINK = PartnerStep("send_clerk_link", ClerkLink, type(None), within=timedelta(hours=1))
WRITE_BACK = PartnerStep("write_back", ParcelRef, Told)
ASK_TRACKER = PartnerStep("ask_tracker", OrderRef, Tracked, within=timedelta(minutes=10))

# ------------------------------------------------------------------------------------------------ sweeps

LIST_WAITING = OwnStep("list_waiting", Batch, Waiting)
WATCH_PARTNERS = OwnStep("watch_partners", PartnerWatch, PartnersSeen)
PULL_CHANGES = PartnerStep(
    "pull_changes",
    PullAsk,
    Pulled,
    timeout=timedelta(minutes=5),
    within=timedelta(minutes=15),
    heartbeat=timedelta(seconds=60),
)
RENEW_AUTHORISATIONS = PartnerStep(
    "renew_authorisations",
    Batch,
    Renewed,
    timeout=timedelta(minutes=5),
    within=timedelta(minutes=9),
    heartbeat=timedelta(seconds=60),
)
LIST_FEEDS = OwnStep("list_feeds", Batch, Feeds)
RECONCILE_SHOP = PartnerStep(
    "reconcile_shop",
    ReconcileAsk,
    Reconciled,
    timeout=timedelta(minutes=30),
    within=timedelta(hours=4),
    heartbeat=timedelta(seconds=60),
)
FOLLOW_PARCELS = PartnerStep(
    "follow_parcels", Batch, Followed, timeout=timedelta(minutes=2), within=timedelta(minutes=10)
)
LIST_FILES = PartnerStep(
    "list_files", FilesAsk, FilesListed, timeout=timedelta(minutes=2), within=timedelta(minutes=10)
)
TAKE_FILE = PartnerStep(
    "take_file",
    FileAsk,
    FileTaken,
    timeout=timedelta(hours=6),
    within=timedelta(hours=12),
    heartbeat=timedelta(seconds=60),
    # A file that fails again and again must not keep the others waiting: the next turn of the schedule tries it anew.
    retry=RetryPolicy(initial_interval=timedelta(seconds=5), maximum_attempts=4),
)
