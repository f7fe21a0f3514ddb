"""Runs the audit."""

from __future__ import annotations

from audit.books import fetch
from audit.checks import CHECKS, UseOfBooks
from audit.evidence import Evidence, gather
from audit.report import AuditReport, CheckResult, Skipped
from store.database import Database


async def run_audit(db: Database, books_url: str | None, *, settled: bool = True) -> AuditReport:
    """Check all invariants of a store.

    `books_url` is where the partners' books are (`{books_url}/books`); without it only the store is looked at, and the
    report says what that left out. `settled=False` while orders still move: what is true only in the end is not asked
    for then. Only an order whose push is under way can be reported as missing.

    Raises BooksUnavailable when the books cannot be read: an audit without them would be another one.
    """
    books = await fetch(books_url) if books_url else None  # before the store: see Evidence
    evidence = await gather(db, books, settled=settled)
    results: list[CheckResult] = []
    skipped = _older_than_books(evidence)
    for check in CHECKS:
        if check.at_end and not settled:
            skipped.append(Skipped(check.name, "orders still move"))
            continue
        if books is None and check.books is UseOfBooks.NEEDED:
            skipped.append(Skipped(check.name, "needs the partners' books"))
            continue
        if books is None and check.books is UseOfBooks.COMPARED:
            skipped.append(Skipped(check.name, "looked at the store only: the comparison needs the partners' books"))
        outcome = await check.run(evidence)
        results.append(CheckResult(check.name, check.what, outcome.looked_at, outcome.findings))
    return AuditReport(results, skipped)


def _older_than_books(evidence: Evidence) -> list[Skipped]:
    """Orders of an earlier life of the partners: nothing can be expected of them in the books."""
    if evidence.books is None:
        return []
    # What brings a forgotten gift is an order of ours: no channel ever had it.
    ours = {gift.sent_after for gifts in evidence.gifts.values() for gift in gifts}
    unknown = sum(1 for oid in evidence.orders if oid not in evidence.book_orders and oid not in ours)
    if not unknown:
        return []
    return [Skipped("orders_arrived", f"{unknown} orders of the store are in no channel's book: not compared with it")]
