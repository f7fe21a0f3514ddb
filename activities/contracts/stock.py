"""Locking stock."""

from __future__ import annotations

from dataclasses import dataclass

from activities.contracts.base import OwnStep
from activities.contracts.orders import OrderAt, OrderRef
from activities.contracts.sweeps import Batch


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
class Thawed:
    """The numbers of the transfers whose freezes were ended."""

    numbers: list[str]


RESERVE_STOCK = OwnStep("reserve_stock", OrderRef, Reserved)

FIT_STOCK = OwnStep("fit_stock", OrderAt, Fitted)

RELEASE_STOCK = OwnStep("release_stock", OrderRef, type(None))

LET_FREEZES_GO = OwnStep("let_freezes_go", Batch, Thawed)
