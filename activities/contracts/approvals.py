"""Approvals: whom an order asks, and what they decide."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from activities.contracts.base import OwnStep, PartnerStep


@dataclass(frozen=True)
class Chase:
    """Who must be asked about an order now, as its workflow's clock says."""

    order_id: str
    at: datetime


@dataclass(frozen=True)
class Chased:
    """Links that somebody must be told of, and the next deadline; None: nobody is asked any more."""

    links: list[int]
    deadline: datetime | None


@dataclass(frozen=True)
class ApprovalLink:
    """An order's nth link, to be sent to whom it is for."""

    order_id: str
    n: int


@dataclass(frozen=True)
class Decision:
    """What somebody decided about an order's nth question, seeing `amount_fen`."""

    order_id: str
    n: int
    verdict: str
    by: str
    way: str
    why: str
    amount_fen: int


@dataclass(frozen=True)
class Decided:
    """Whether a decision was taken, in words; and whether everybody has agreed now. `detail` says who is missing, ""
    when nobody is; `by` when they should have decided."""

    done: bool
    text: str
    complete: bool = False
    detail: str = ""
    by: datetime | None = None


CHASE_APPROVERS = OwnStep("chase_approvers", Chase, Chased)

DECIDE_APPROVAL = OwnStep("decide_approval", Decision, Decided)

SEND_APPROVAL_LINK = PartnerStep("send_approval_link", ApprovalLink, type(None), within=timedelta(hours=1))
