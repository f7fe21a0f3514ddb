"""The golden states: walked one by one, never back, none skipped."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import col

from audit.evidence import Evidence, stream
from audit.report import Outcome
from domain.golden import SEQUENCE, Exit, GoldenState, may_cancel
from store.tables import OrderEventRow, OrderRow

_WAY: tuple[str | None, ...] = (None, *SEQUENCE)


@dataclass
class _Walk:
    order_id: str
    state: str | None
    exit: str | None
    here: str | None = None
    fault: str = ""

    def step(self, name: str, before: str | None, after: str | None) -> None:
        if before is None and after is None:
            return  # before the first state, or a note that says nothing of states
        if not self.fault and (before != self.here or not _leads_on(before, after)):
            self.fault = f"step {name} goes from {before} to {after}, but the order was at {self.here}"
        self.here = after

    def end(self) -> str:
        """What is wrong with the whole way; "" for nothing."""
        if self.fault:
            return self.fault
        if self.here != self.state:
            return f"its events end at {self.here}, its index row says {self.state}"
        if self.exit == Exit.CANCELLED and not may_cancel(GoldenState(self.state) if self.state else None):
            return f"cancelled after it was packed, at {self.state}"
        return ""


async def golden_sequence(evidence: Evidence) -> Outcome:
    """Every order's events go through the states one by one, each entered once, and end where the order is."""
    seen = Outcome()
    order, event = OrderRow, OrderEventRow
    statement = (
        select(
            col(order.order_id),
            col(order.state),
            col(order.exit),
            col(event.step),
            col(event.state_before),
            col(event.state_after),
        )
        .join(event, col(event.order_id) == col(order.order_id), isouter=True)
        .order_by(col(order.order_id), col(event.seq))
    )
    walk: _Walk | None = None
    async with evidence.snapshot() as tx:
        async for oid, state, exit_, step, before, after in stream(tx, statement):
            if walk is None or walk.order_id != oid:
                _arrive(seen, walk)
                walk = _Walk(oid, state, exit_)
            if step is not None:
                walk.step(step, before, after)
    _arrive(seen, walk)
    return seen


def _arrive(seen: Outcome, walk: _Walk | None) -> None:
    if walk is None:
        return
    seen.looked_at += 1
    if fault := walk.end():
        seen.find(walk.order_id, fault)


def _leads_on(before: str | None, after: str | None) -> bool:
    if before not in _WAY or after not in _WAY:
        return False
    return _WAY.index(after) - _WAY.index(before) in {0, 1}
