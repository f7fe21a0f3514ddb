"""The seven golden states: the public axis of every order. Never back, none skipped, one trigger each."""

from __future__ import annotations

from enum import StrEnum


class GoldenState(StrEnum):
    """Where an order is. Everything that shows an order's progress reads this and nothing else."""

    PAID = "PAID"
    RISK_PASSED = "RISK_PASSED"
    STOCK_LOCKED = "STOCK_LOCKED"
    PACKED = "PACKED"
    WAYBILL_RETURNED = "WAYBILL_RETURNED"
    SIGNED = "SIGNED"
    WARRANTY_ACTIVATED = "WARRANTY_ACTIVATED"


class Exit(StrEnum):
    """How an order leaves the axis before its end."""

    CANCELLED = "CANCELLED"
    """Before it was packed, everything undone."""
    UNDELIVERED = "UNDELIVERED"
    """Packed, but it did not come to its buyer: taken back by the channel before it left, or refused, lost or returned
    and closed by a person."""


class Trigger(StrEnum):
    """The only events that may move the golden state, one per state."""

    PAYMENT_CONFIRMED = "PAYMENT_CONFIRMED"
    REVIEW_CLEAR = "REVIEW_CLEAR"
    ALL_LINES_RESERVED = "ALL_LINES_RESERVED"
    WAREHOUSE_SCAN_MATCHED = "WAREHOUSE_SCAN_MATCHED"
    CHANNEL_ACCEPTED_WAYBILLS = "CHANNEL_ACCEPTED_WAYBILLS"
    ALL_PARCELS_SIGNED = "ALL_PARCELS_SIGNED"
    WARRANTY_WRITTEN = "WARRANTY_WRITTEN"


SEQUENCE: tuple[GoldenState, ...] = tuple(GoldenState)
TRIGGERS: dict[Trigger, GoldenState] = dict(zip(Trigger, GoldenState, strict=True))

_CANCELLABLE = frozenset({None, GoldenState.PAID, GoldenState.RISK_PASSED, GoldenState.STOCK_LOCKED})


class IllegalMove(ValueError):
    """A trigger came that does not lead on from the present state."""


def advance(state: GoldenState | None, trigger: Trigger) -> GoldenState:
    """The state that `trigger` leads to from `state` (None: not yet paid).

    A trigger whose state is already reached or passed changes nothing: every step may run twice.
    Raises IllegalMove when the trigger would skip a state.
    """
    target = TRIGGERS[trigger]
    here = -1 if state is None else SEQUENCE.index(state)
    there = SEQUENCE.index(target)
    if there <= here and state is not None:
        return state
    if there != here + 1:
        raise IllegalMove(f"{trigger} would skip from {state} to {target}")
    return target


def reached(state: GoldenState | None, wanted: GoldenState) -> bool:
    """Whether an order in `state` has come to `wanted` or beyond."""
    return state is not None and SEQUENCE.index(state) >= SEQUENCE.index(wanted)


def may_cancel(state: GoldenState | None) -> bool:
    """Whether an order can still be cancelled, everything undone: only before it is packed."""
    return state in _CANCELLABLE
