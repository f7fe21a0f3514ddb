"""Names and messages of the workflows, for everybody who starts, signals or updates one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

ORDER_WORKFLOW = "OrderWorkflow"
WAYBILL_SWEEP_WORKFLOW = "WaybillSweepWorkflow"
TRACKING_SWEEP_WORKFLOW = "TrackingSweepWorkflow"
PULL_WORKFLOW = "PullWorkflow"
PARTNER_HEALTH_WORKFLOW = "PartnerHealthWorkflow"
AUTHORISATION_WORKFLOW = "AuthorisationWorkflow"
RECONCILE_WORKFLOW = "ReconcileWorkflow"
PULL_FILES_WORKFLOW = "PullFilesWorkflow"
FREEZE_SWEEP_WORKFLOW = "FreezeSweepWorkflow"
COMPARE_SHELVES_WORKFLOW = "CompareShelvesWorkflow"
PUBLISH_STOCK_WORKFLOW = "PublishStockWorkflow"
WATCH_SAFETY_WORKFLOW = "WatchSafetyWorkflow"
PURGE_LOGS_WORKFLOW = "PurgeLogsWorkflow"
DEADLINE_WORKFLOW = "DeadlineWorkflow"
COMPARE_SHADOWS_WORKFLOW = "CompareShadowsWorkflow"
ANOMALY_WORKFLOW = "AnomalyWorkflow"


@dataclass(frozen=True)
class Timings:
    """How long an order waits before it asks again by itself, in seconds; fixed when it starts."""

    stock_retry_s: float = 600
    pack_deadline_s: float = 24 * 3600
    sign_deadline_s: float = 72 * 3600
    channel_retry_s: float = 900
    address_window_s: float = 120 * 60
    arrival_retry_s: float = 6 * 3600

    def stock_retry(self) -> timedelta:
        """Between two tries to lock stock that was short."""
        return timedelta(seconds=self.stock_retry_s)

    def arrival_retry(self) -> timedelta:
        """Between two looks for goods that are on their way in: their arrival is told, this is for when it was not."""
        return timedelta(seconds=self.arrival_retry_s)

    def pack_deadline(self) -> timedelta:
        """After which the warehouse is asked where the order is."""
        return timedelta(seconds=self.pack_deadline_s)

    def sign_deadline(self) -> timedelta:
        """After which the tracker is asked where the parcels are."""
        return timedelta(seconds=self.sign_deadline_s)

    def channel_retry(self) -> timedelta:
        """Between two tries to tell a channel that refused."""
        return timedelta(seconds=self.channel_retry_s)

    def address_window(self) -> timedelta:
        """After payment, in which an address may still be changed."""
        return timedelta(seconds=self.address_window_s)


@dataclass(frozen=True)
class OrderStart:
    """What an order's workflow is started with."""

    order_id: str
    revision: int
    timings: Timings = Timings()


@dataclass(frozen=True)
class OrderEnd:
    """How an order's workflow ended: its last golden state, and its exit if it left before the end."""

    state: str
    exit: str = ""


@dataclass(frozen=True)
class DocumentSignal:
    """The channel has a newer revision of the order, kept in the store."""

    revision: int


@dataclass(frozen=True)
class CancelSignal:
    """The channel or the buyer cancels."""

    reason: str
    by: str


@dataclass(frozen=True)
class ReportSignal:
    """The warehouse reported; the report is kept in the store. `consignment` is the part of the order it is about."""

    report_id: int
    consignment: int = 0


@dataclass(frozen=True)
class TrackSignal:
    """A parcel's course changed: signed, refused, lost or returned."""

    parcel_id: str
    status: str


@dataclass(frozen=True)
class RefundSignal:
    """The buyer wants the money of the whole order back after it was shipped; the refund is kept in the store."""

    refund_id: str


@dataclass(frozen=True)
class CreditSignal:
    """The credit bureau decided later: approved or refused."""

    approved: bool
    reason: str


@dataclass(frozen=True)
class CancelOrder:
    """Update `cancel`."""

    reason: str
    by: str


@dataclass(frozen=True)
class ReleaseHold:
    """Update `release_hold`: what holds the order for this reason."""

    reason: str
    by: str
    why: str


@dataclass(frozen=True)
class AddressWish:
    """Updates `change_address` and `confirm_address`: the nth wished address, kept in the store."""

    n: int
    by: str


@dataclass(frozen=True)
class DeclarationSupply:
    """Update `supply_declaration`: the nth supply, kept in the store."""

    n: int
    by: str


@dataclass(frozen=True)
class UndoMerge:
    """Update `undo_merge`: every order of the merge is packed alone."""

    why: str
    by: str


@dataclass(frozen=True)
class RecordWaybill:
    """Update `record_waybill`: a number that a person typed for a parcel."""

    parcel_id: str
    carrier: str
    number: str
    by: str


@dataclass(frozen=True)
class Decide:
    """Update `approve`: what somebody decides about the order's nth question, seeing this amount. `verdict` is approve,
    refuse or withdraw, `way` is api, console or sms."""

    n: int
    verdict: str
    by: str
    way: str
    why: str
    amount_fen: int


@dataclass(frozen=True)
class Outcome:
    """What an update came to: whether it was done, and a sentence for whoever asked."""

    done: bool
    text: str
    sure: bool = True
    """Not when nobody heard what the order says: it may do it yet, or may never have been asked."""


@dataclass(frozen=True)
class SweepStart:
    """What a sweep is started with: how many rows it takes at once."""

    batch: int = 200


@dataclass(frozen=True)
class ReconcileStart:
    """Which Beijing day is compared, 2026-11-11; "": the day before the one on which it runs."""

    day: str = ""


@dataclass(frozen=True)
class PullStart:
    """What the pull of one shop is started with. After `rounds` the schedule's next turn goes on."""

    source: str
    shop: str
    rounds: int = 20


@dataclass(frozen=True)
class FilesStart:
    """What taking the files of one shop is started with."""

    feed: str
    shop: str


@dataclass(frozen=True)
class PublishStart:
    """How many listings are told at once, and how often all of them are looked at, in seconds."""

    batch: int = 200
    everything_s: float = 3600


@dataclass(frozen=True)
class CompareStart:
    """How often every article is compared with the warehouse's own figure, and how often one that differs; and how long
    a warehouse has to book a transfer; in seconds."""

    batch: int = 200
    every_s: float = 3600
    again_s: float = 60
    booked_within_s: float = 24 * 3600


@dataclass(frozen=True)
class PurgeStart:
    """For how many days logs of the stock are kept."""

    days: int = 90
