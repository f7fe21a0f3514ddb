"""An order's review, holds, address, tasks and end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import cast

from activities.contracts.base import OwnStep


@dataclass(frozen=True)
class OrderRef:
    """One order."""

    order_id: str


@dataclass(frozen=True)
class StagesDue:
    """When the first of the stages that an order is in is due; None: none has a limit, or their clocks stand."""

    due: datetime | None = None


MAYBE_DUE = cast("type[StagesDue | None]", StagesDue | None)
"""What steps give that gave nothing once: old histories hold null."""


@dataclass(frozen=True)
class OrderAt:
    """One order at one revision of its body."""

    order_id: str
    revision: int


@dataclass(frozen=True)
class FlagFact:
    """One finding of the review: its code, the hold it opens ("": it only says so), the operator's sentence."""

    code: str
    hold: str
    detail: str


@dataclass(frozen=True)
class Accepted:
    """What the review found, and what the workflow needs to know of the order."""

    revision: int
    """The revision that was reviewed: a newer one than was asked for when something in it was mended."""
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
    approve_by: datetime | None = None
    """When those should have decided whose approval is missing."""
    again: bool = False
    """Nothing came from outside: what the house knows has changed, or a person wanted it looked at again."""
    stages: StagesDue | None = None
    """None: it is not known, as in old histories."""

    def said_of(self, hold: str) -> str:
        """All that the flags say which open this hold; "" when none does."""
        return "；".join(flag.detail for flag in self.flags if flag.hold == hold)


@dataclass(frozen=True)
class Reasoned:
    """An order, a reason, and who gave it."""

    order_id: str
    reason: str
    by: str = "orderhub"


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
    why: str = ""


@dataclass(frozen=True)
class AddressRef:
    """The nth wished address of an order."""

    order_id: str
    n: int
    by: str = ""
    why: str = ""


@dataclass(frozen=True)
class AddressVerdict:
    """Whether a wished address was taken, and the order's revision since. `said` is what it changed besides: freight,
    promise."""

    ok: bool
    revision: int
    why: str = ""
    said: str = ""


@dataclass(frozen=True)
class TaskFact:
    """Something that a person must do; `key` keeps it from being asked twice."""

    order_id: str
    key: str
    kind: str
    text: str
    alert: bool = False


ACCEPT_ORDER = OwnStep("accept_order", OrderAt, Accepted)

PASS_REVIEW = OwnStep("pass_review", OrderRef, MAYBE_DUE)

RECORD_SIGNED = OwnStep("record_signed", OrderRef, type(None))

ACTIVATE_WARRANTY = OwnStep("activate_warranty", OrderRef, type(None))

OPEN_HOLD = OwnStep("open_hold", HoldFact, MAYBE_DUE)

CLOSE_HOLD = OwnStep("close_hold", HoldEnd, MAYBE_DUE)

ESCALATE_HOLD = OwnStep("escalate_hold", HoldEnd, type(None))

RECORD_CANCELLED = OwnStep("record_cancelled", Reasoned, type(None))

RECORD_UNDELIVERED = OwnStep("record_undelivered", Reasoned, type(None))

APPLY_ADDRESS = OwnStep("apply_address", AddressRef, AddressVerdict)

DROP_ADDRESS = OwnStep("drop_address", AddressRef, type(None))

RAISE_TASK = OwnStep("raise_task", TaskFact, type(None))
