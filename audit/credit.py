"""Reserved credit is used or freed in the end."""

from __future__ import annotations

from audit.evidence import Evidence
from audit.facts import OrderFact
from audit.report import Outcome

_COMMITTED, _RELEASED = "COMMITTED", "RELEASED"


async def credit_settled(evidence: Evidence) -> Outcome:
    """Every reservation is COMMITTED for a shipped order, RELEASED for a cancelled one, and the store says the same."""
    seen = Outcome()
    checks = {check.request_id: check for check in evidence.credit}
    for check in evidence.credit:
        seen.looked_at += 1
        if check.reservation == "reserved":
            seen.find(check.order_id, "its credit is still reserved in the store")
    for reservation in evidence.books.credit.reservations if evidence.books else []:
        asked = checks.get(reservation.request_id)
        if asked is None:
            seen.find(reservation.reservation_id, "credit is reserved for a question of which the store knows nothing")
            continue
        order = evidence.orders.get(asked.order_id)
        if order is None:
            seen.find(asked.order_id, "credit is reserved for an order that the store does not have")
            continue
        status, kept = reservation.status, asked.reservation
        if status not in _right_ends(order):
            seen.find(
                order.order_id, f"its credit is {status} at the bureau, should be {' or '.join(_right_ends(order))}"
            )
        elif kept != status.lower():
            seen.find(order.order_id, f"its credit is {status} at the bureau, but {kept or 'nothing'} in the store")
    return seen


def _right_ends(order: OrderFact) -> tuple[str, ...]:
    if order.shipped:
        return (_COMMITTED,)
    # An order that is still open is another check's finding.
    return (_RELEASED,) if order.cancelled else (_COMMITTED, _RELEASED)
