"""Locking stock."""

from __future__ import annotations

from dataclasses import dataclass

from activities.contracts.base import OwnStep
from activities.contracts.orders import OrderAt, OrderRef


@dataclass(frozen=True)
class Reserved:
    """Whether all lines are locked; what is short if not."""

    ok: bool
    short: str = ""


@dataclass(frozen=True)
class Fitted:
    """Whether what is locked is now what the order needs."""

    ok: bool


RESERVE_STOCK = OwnStep("reserve_stock", OrderRef, Reserved)

FIT_STOCK = OwnStep("fit_stock", OrderAt, Fitted)

RELEASE_STOCK = OwnStep("release_stock", OrderRef, type(None))
