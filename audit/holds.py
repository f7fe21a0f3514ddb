"""Every hold has an exit, and a closed order has none open."""

from __future__ import annotations

from collections import defaultdict

from audit.evidence import Evidence
from audit.report import Outcome
from domain.holds import HoldReason


async def holds_closed(evidence: Evidence) -> Outcome:
    """Holds of closed orders are closed, each has a policy and a deadline, one that ended says by whom and how, and the
    index shows those that are open."""
    seen = Outcome(looked_at=len(evidence.holds))
    now_open: defaultdict[str, set[str]] = defaultdict(set)
    for hold in evidence.holds:
        subject = f"{hold.order_id}/hold/{hold.n}"
        if hold.reason not in HoldReason.__members__:
            seen.find(subject, f"{hold.reason} has no policy, so nothing ever ends it")
        if hold.deadline <= hold.opened_at:
            seen.find(subject, f"{hold.reason} has no deadline after its opening")
        order = evidence.orders.get(hold.order_id)
        if hold.closed_at is not None and not (hold.closed_by and hold.how):
            seen.find(subject, f"{hold.reason} was released, but by whom and how is not known")
        if hold.closed_at is None:
            now_open[hold.order_id].add(hold.reason)
            if order is not None and order.closed_at is not None:
                seen.find(subject, f"{hold.reason} is open, but its order is closed")
    for oid, order in evidence.orders.items():
        if set(order.holds) != now_open[oid]:
            shown, real = ", ".join(order.holds) or "none", ", ".join(sorted(now_open[oid])) or "none"
            seen.find(oid, f"the index shows the holds {shown}, open are {real}")
    return seen
