"""Every split sums to its order, to the fen."""

from __future__ import annotations

from collections.abc import Iterator

from audit.evidence import Evidence
from audit.facts import BodyFact
from audit.report import Outcome


async def splits_sum(evidence: Evidence) -> Outcome:
    """Lines + freight = paid = goods + freight - discount in every body, and the channel was paid the same."""
    seen = Outcome()
    for oid, revision in evidence.unreadable:
        seen.looked_at += 1
        seen.find(oid, f"revision {revision} of its body is no order")
    for oid, bodies in evidence.bodies.items():
        mended = {body.revision - 1 for body in bodies if body.mending}
        for body in bodies:
            seen.looked_at += 1
            for text in _faults(body) if body.revision not in mended else ():
                seen.find(oid, f"revision {body.revision}: {text}")
        book = evidence.book_orders.get(oid)
        newest = next((body for body in reversed(bodies) if body.of_channel), None)
        if book is not None and newest is not None and book.paid_fen != newest.paid_fen:
            seen.find(oid, f"paid {newest.paid_fen} fen here, {book.paid_fen} fen at its channel")
    return seen


def _faults(body: BodyFact) -> Iterator[str]:
    of_lines = body.lines_fen + body.freight_fen
    if of_lines != body.paid_fen:
        yield f"lines and freight sum to {of_lines} fen, paid are {body.paid_fen}: off by {of_lines - body.paid_fen}"
    due = body.goods_fen + body.freight_fen - body.discount_fen
    if due != body.paid_fen:
        yield f"goods + freight - discount is {due} fen, paid are {body.paid_fen}: off by {due - body.paid_fen}"
