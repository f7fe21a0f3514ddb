"""Parcels that have a number, and shall go another way."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from temporalio.common import RetryPolicy

from activities.contracts.base import OwnStep, PartnerStep


class InterceptWish(StrEnum):
    """What shall become of a parcel."""

    REROUTE = "reroute"
    """It goes to the order's nth wished address."""
    STOP = "stop"
    """It does not go to the buyer: it is not collected, or comes back."""


@dataclass(frozen=True)
class InterceptAsk:
    """Ask the courier of one parcel. The same n is the same question, and is asked at the courier once."""

    order_id: str
    parcel_id: str
    n: int
    wish: InterceptWish
    by: str
    address_n: int = 0


class InterceptHow(StrEnum):
    """What came of it."""

    REROUTED = "rerouted"
    RETURNING = "returning"
    VOID = "void"
    """The courier does not collect it: the box is still in the warehouse."""
    REFUSED = "refused"
    """It goes on as before."""


@dataclass(frozen=True)
class Intercepted:
    """What came of one parcel, and the courier's reason if it was refused."""

    parcel_id: str
    how: InterceptHow
    why: str = ""


@dataclass(frozen=True)
class RerouteEnd:
    """What came of a wished address after shipping."""

    order_id: str
    n: int
    by: str
    parcels: list[Intercepted] = field(default_factory=list)
    why: str = ""
    """Set when no courier was asked at all."""


@dataclass(frozen=True)
class StopEnd:
    """What came of stopping the parcels of an order whose buyer wants the money back."""

    order_id: str
    refund_id: str
    parcels: list[Intercepted]


INTERCEPT_PARCEL = PartnerStep(
    "intercept_parcel",
    InterceptAsk,
    Intercepted,
    retry=RetryPolicy(initial_interval=timedelta(seconds=5), maximum_interval=timedelta(minutes=5)),
)

FINISH_REROUTE = OwnStep("finish_reroute", RerouteEnd, type(None))

FINISH_STOP = OwnStep("finish_stop", StopEnd, type(None))
