"""What can stop an order, and how each stop ends; a test walks the table and proves that none is without an exit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class HoldReason(StrEnum):
    """Why an order is stopped."""

    FORMAT_INVALID = "FORMAT_INVALID"
    ADDRESS_INCOMPLETE = "ADDRESS_INCOMPLETE"
    CHANNEL_LOCKED = "CHANNEL_LOCKED"
    REFUND_PENDING = "REFUND_PENDING"
    APPROVAL = "APPROVAL"
    CREDIT_REFUSED = "CREDIT_REFUSED"
    CREDIT_LIMIT = "CREDIT_LIMIT"
    STOCK_SHORT = "STOCK_SHORT"
    BACKORDER = "BACKORDER"
    ADDRESS_CHANGE = "ADDRESS_CHANGE"
    WAREHOUSE_EXCEPTION = "WAREHOUSE_EXCEPTION"
    SCAN_MISMATCH = "SCAN_MISMATCH"
    WAYBILL_BY_PERSON = "WAYBILL_BY_PERSON"
    CHANNEL_REFUSED = "CHANNEL_REFUSED"
    DELIVERY_PROBLEM = "DELIVERY_PROBLEM"
    RISK = "RISK"
    DUPLICATE = "DUPLICATE"
    PRICE_CONFLICT = "PRICE_CONFLICT"
    PAUSED = "PAUSED"
    COMPLIANCE = "COMPLIANCE"
    COMPLIANCE_BLOCKED = "COMPLIANCE_BLOCKED"
    FIELDS_MISSING = "FIELDS_MISSING"
    DECLARATION_INCOMPLETE = "DECLARATION_INCOMPLETE"


class Step(StrEnum):
    """The step that a hold blocks."""

    REVIEW = "REVIEW"
    STOCK = "STOCK"
    WAREHOUSE = "WAREHOUSE"
    SLICE = "SLICE"
    """The step that is paused for a slice of all orders: locking stock, or instructing the warehouse."""
    PACK = "PACK"
    WAYBILL = "WAYBILL"
    WRITE_BACK = "WRITE_BACK"
    SIGN = "SIGN"


class Release(StrEnum):
    """What may release a hold."""

    OPERATOR = "OPERATOR"
    """Update `release_hold` by a person."""
    DOCUMENT = "DOCUMENT"
    """A newer document of the channel that is in order."""
    ADDRESS = "ADDRESS"
    """Updates `change_address` and `confirm_address`."""
    SUPPLY = "SUPPLY"
    """Update `supply_declaration`: what was missing was supplied."""
    CLERK = "CLERK"
    """Update `record_waybill`, from the form."""
    RETRY = "RETRY"
    """The same step tried again by itself, on a timer or by the sweep."""
    PARTNER = "PARTNER"
    """A partner's later answer (warehouse, credit bureau, tracker)."""
    APPROVAL = "APPROVAL"
    """Update `approve`, by everybody whom the table asks."""
    CANCEL = "CANCEL"
    """The order is cancelled."""


class AtDeadline(StrEnum):
    """What happens when nobody has released a hold by its deadline."""

    ESCALATE = "ESCALATE"
    """An alert, and a new deadline; the hold stays."""
    LAPSE = "LAPSE"
    """The hold ends, and the order goes on as it was before."""


@dataclass(frozen=True)
class HoldPolicy:
    """One row of the table. `who` is the role asked first (a key of the text catalogue).

    The deadline runs from the moment at which the hold opens, or from the one until which it is expected to stay.
    """

    blocks: Step
    releases: frozenset[Release]
    deadline: timedelta
    at_deadline: AtDeadline
    who: str


POLICIES: dict[HoldReason, HoldPolicy] = {
    HoldReason.FORMAT_INVALID: HoldPolicy(
        Step.REVIEW, frozenset({Release.DOCUMENT, Release.CANCEL}), timedelta(hours=2), AtDeadline.ESCALATE, "role.it"
    ),
    HoldReason.ADDRESS_INCOMPLETE: HoldPolicy(
        Step.REVIEW,
        frozenset({Release.OPERATOR, Release.DOCUMENT, Release.ADDRESS, Release.CANCEL}),
        timedelta(hours=2),
        AtDeadline.ESCALATE,
        "role.service",
    ),
    HoldReason.CHANNEL_LOCKED: HoldPolicy(
        Step.WAREHOUSE,
        frozenset({Release.DOCUMENT, Release.CANCEL}),
        timedelta(hours=24),
        AtDeadline.ESCALATE,
        "role.service",
    ),
    HoldReason.REFUND_PENDING: HoldPolicy(
        Step.WAREHOUSE,
        frozenset({Release.DOCUMENT, Release.CANCEL}),
        timedelta(hours=24),
        AtDeadline.ESCALATE,
        "role.service",
    ),
    HoldReason.APPROVAL: HoldPolicy(
        Step.REVIEW,
        frozenset({Release.APPROVAL, Release.DOCUMENT, Release.CANCEL}),
        timedelta(hours=1),  # after the table's own deadlines
        AtDeadline.ESCALATE,
        "role.approver",
    ),
    HoldReason.CREDIT_REFUSED: HoldPolicy(
        Step.WAREHOUSE,
        frozenset({Release.OPERATOR, Release.PARTNER, Release.CANCEL}),
        timedelta(hours=4),
        AtDeadline.ESCALATE,
        "role.finance",
    ),
    HoldReason.CREDIT_LIMIT: HoldPolicy(
        Step.REVIEW,
        frozenset({Release.OPERATOR, Release.DOCUMENT, Release.RETRY, Release.CANCEL}),
        timedelta(hours=4),
        AtDeadline.ESCALATE,
        "role.finance",
    ),
    HoldReason.STOCK_SHORT: HoldPolicy(
        Step.STOCK,
        frozenset({Release.OPERATOR, Release.RETRY, Release.CANCEL}),
        timedelta(hours=24),
        AtDeadline.ESCALATE,
        "role.operations",
    ),
    HoldReason.BACKORDER: HoldPolicy(
        Step.STOCK,
        frozenset({Release.OPERATOR, Release.RETRY, Release.CANCEL}),
        timedelta(hours=24),
        AtDeadline.ESCALATE,
        "role.procurement",
    ),
    HoldReason.ADDRESS_CHANGE: HoldPolicy(
        Step.WAREHOUSE,
        frozenset({Release.ADDRESS, Release.CANCEL}),
        timedelta(minutes=30),
        AtDeadline.LAPSE,
        "role.service",
    ),
    HoldReason.WAREHOUSE_EXCEPTION: HoldPolicy(
        Step.PACK,
        frozenset({Release.OPERATOR, Release.PARTNER, Release.CANCEL}),
        timedelta(hours=4),
        AtDeadline.ESCALATE,
        "role.warehouse",
    ),
    HoldReason.SCAN_MISMATCH: HoldPolicy(
        Step.PACK,
        frozenset({Release.PARTNER, Release.CANCEL}),
        timedelta(hours=4),
        AtDeadline.ESCALATE,
        "role.warehouse",
    ),
    HoldReason.WAYBILL_BY_PERSON: HoldPolicy(
        Step.WAYBILL,
        frozenset({Release.CLERK, Release.RETRY}),
        timedelta(hours=2),
        AtDeadline.ESCALATE,
        "role.warehouse",
    ),
    HoldReason.CHANNEL_REFUSED: HoldPolicy(
        Step.WRITE_BACK,
        frozenset({Release.OPERATOR, Release.RETRY}),
        timedelta(hours=4),
        AtDeadline.ESCALATE,
        "role.operations",
    ),
    HoldReason.DELIVERY_PROBLEM: HoldPolicy(
        Step.SIGN,
        frozenset({Release.OPERATOR, Release.PARTNER}),
        timedelta(hours=24),
        AtDeadline.ESCALATE,
        "role.service",
    ),
    HoldReason.RISK: HoldPolicy(
        Step.REVIEW,
        frozenset({Release.OPERATOR, Release.DOCUMENT, Release.RETRY, Release.CANCEL}),
        timedelta(hours=2),
        AtDeadline.ESCALATE,
        "role.quality",
    ),
    HoldReason.PRICE_CONFLICT: HoldPolicy(
        Step.REVIEW,
        frozenset({Release.OPERATOR, Release.DOCUMENT, Release.RETRY, Release.CANCEL}),
        timedelta(hours=4),
        AtDeadline.ESCALATE,
        "role.operations",
    ),
    HoldReason.DUPLICATE: HoldPolicy(
        Step.REVIEW,
        frozenset({Release.OPERATOR, Release.DOCUMENT, Release.RETRY, Release.CANCEL}),
        timedelta(hours=2),
        AtDeadline.ESCALATE,
        "role.service",
    ),
    HoldReason.COMPLIANCE: HoldPolicy(
        Step.REVIEW,
        frozenset({Release.DOCUMENT, Release.RETRY, Release.CANCEL}),
        timedelta(hours=4),
        AtDeadline.ESCALATE,
        "role.compliance",
    ),
    HoldReason.PAUSED: HoldPolicy(
        Step.SLICE,
        frozenset({Release.OPERATOR, Release.RETRY, Release.CANCEL}),
        timedelta(hours=4),
        AtDeadline.ESCALATE,
        "role.operations",
    ),
    HoldReason.COMPLIANCE_BLOCKED: HoldPolicy(
        Step.REVIEW,
        frozenset({Release.DOCUMENT, Release.RETRY, Release.CANCEL}),
        timedelta(hours=4),
        AtDeadline.ESCALATE,
        "role.compliance",
    ),
    HoldReason.FIELDS_MISSING: HoldPolicy(
        Step.REVIEW,
        frozenset({Release.DOCUMENT, Release.RETRY, Release.CANCEL}),
        timedelta(hours=4),
        AtDeadline.ESCALATE,
        "role.service",
    ),
    HoldReason.DECLARATION_INCOMPLETE: HoldPolicy(
        Step.REVIEW,
        frozenset({Release.SUPPLY, Release.DOCUMENT, Release.RETRY, Release.CANCEL}),
        timedelta(hours=24),
        AtDeadline.ESCALATE,
        "role.account_manager",
    ),
}


OF_THE_HOUSE = frozenset(
    {
        HoldReason.RISK,
        HoldReason.DUPLICATE,
        HoldReason.COMPLIANCE,
        HoldReason.COMPLIANCE_BLOCKED,
        HoldReason.PRICE_CONFLICT,
        HoldReason.FIELDS_MISSING,
        HoldReason.DECLARATION_INCOMPLETE,
    }
)
"""Reasons that rest on what the house knows and wants, not on what the channel says."""

OF_ARTICLES = frozenset({HoldReason.COMPLIANCE, HoldReason.COMPLIANCE_BLOCKED, HoldReason.DECLARATION_INCOMPLETE})
"""Reasons that may be gone when something is written down of an article."""


RESTS_ON: dict[HoldReason, tuple[str, ...]] = {
    HoldReason.RISK: ("risk_rules",),
    HoldReason.DUPLICATE: ("duplicate_rules",),
    HoldReason.COMPLIANCE: ("compliance_rules",),
    HoldReason.COMPLIANCE_BLOCKED: ("compliance_rules", "declaration_rules"),
    HoldReason.DECLARATION_INCOMPLETE: ("declaration_rules",),
    HoldReason.FIELDS_MISSING: ("extension_fields",),
    HoldReason.APPROVAL: ("approvals", "sla_calendars", "official_days"),
}
"""Reasons that may be gone, or come, when another version of these rule sets decides."""

ASKS_ANEW = ("approvals",)
"""Rule sets that may demand something of an order which waits for anything else in its review."""


def operator_may_release(reason: HoldReason) -> bool:
    """Whether a person may release this hold without more ado."""
    return Release.OPERATOR in POLICIES[reason].releases
