"""Orders that are packed as one parcel."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from activities.contracts.base import OwnStep, PartnerStep
from activities.contracts.warehouse import Stopped
from activities.contracts.waybills import ParcelRef


class MergeRole(StrEnum):
    """What an order is in its merge."""

    ALONE = ""
    LEADS = "leads"
    """Its instruction stands for all."""
    FOLLOWS = "follows"
    """Its goods stand in another order's instruction."""
    PACKED = "packed"


@dataclass(frozen=True)
class MergeAsk:
    """How an order's merge stands. `n` is its own present instruction, 0: none. `shut`: nobody may join any more."""

    order_id: str
    n: int = 0
    shut: bool = False


@dataclass(frozen=True)
class MergeStanding:
    """How it stands. `others` names who else is in it, `leader` whose instruction stands for all."""

    role: MergeRole
    others: str = ""
    leader: str = ""
    stopped: bool = False
    """Whether the order's own present instruction was stopped, because another order left."""
    report_id: int = 0
    """The report by which it was packed."""


@dataclass(frozen=True)
class MergeLeave:
    """An order goes alone, or `everyone` in its merge. `n` is its own present instruction, 0: none."""

    order_id: str
    n: int
    reason: str
    by: str = "orderhub"
    everyone: bool = False


@dataclass(frozen=True)
class BoxTurn:
    """Whose it is to ask for the number of a shared box; the number once there is one."""

    mine: bool
    number: str = ""
    courier: str = ""


CHECK_MERGE = OwnStep("check_merge", MergeAsk, MergeStanding)

TAKE_TURN = OwnStep("take_turn", ParcelRef, BoxTurn)

LEAVE_MERGE = PartnerStep("leave_merge", MergeLeave, Stopped)
