"""Credit checks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from temporalio.common import RetryPolicy

from activities.contracts.base import OwnStep, PartnerStep
from activities.contracts.orders import OrderRef, Reasoned


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


ASSUME_CREDIT = OwnStep("assume_credit", Reasoned, type(None))

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
