"""At most one live waybill per parcel, and none of an encrypted receiver outside its platform."""

from __future__ import annotations

from collections import defaultdict

from audit.evidence import Evidence
from audit.report import Outcome
from domain.shipping import Provider

_NOTHING = frozenset({"absent", "refused"})
"""A question for a waybill that came to nothing."""

_PASSING = frozenset({"asked", "unknown", "void"})
"""What a waybill may be in the store while it is, or was a moment ago, live at its courier."""

_CLEAR_ONLY = frozenset({Provider.SF, Provider.CAINIAO, Provider.OTHER})
"""Who can ship to a receiver in clear text only."""


async def one_live_waybill(evidence: Evidence) -> Outcome:
    """No parcel has two live waybills, wherever they are; store and books agree on each."""
    seen = Outcome(looked_at=len({waybill.parcel_id for waybill in evidence.waybills}))
    doubled = _find_doubles(evidence, seen)
    _compare_books(evidence, seen, doubled)
    _compare_store(evidence, seen)
    return seen


async def ciphertext_kept(evidence: Evidence) -> Outcome:
    """An order whose receiver the platform keeps encrypted was never taken to a courier that needs clear text."""
    seen = Outcome()
    encrypted = {oid for oid, order in evidence.orders.items() if order.encrypted}
    encrypted |= {oid for oid, book in evidence.book_orders.items() if book.encrypted}
    seen.looked_at = len(encrypted)
    asked = {(waybill.order_id, waybill.provider) for waybill in evidence.waybills}
    by_key = evidence.waybills_by_key
    asked |= {
        (by_key[e.key].order_id, str(provider)) for provider, e in evidence.waybills_in_books() if e.key in by_key
    }
    for oid, provider in sorted(asked):
        if oid in encrypted and provider in _CLEAR_ONLY:
            seen.find(oid, f"its receiver is encrypted, but {provider} was asked for a waybill")
    return seen


def _find_doubles(evidence: Evidence, seen: Outcome) -> set[str]:
    """Parcels with several live waybills. One number in several places is one waybill (a clerk may type it in)."""
    live: defaultdict[str, defaultdict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    rows: defaultdict[str, list[str]] = defaultdict(list)
    for waybill in evidence.waybills:
        if waybill.status == "live":
            live[waybill.parcel_id][waybill.number].append("store")
            rows[waybill.parcel_id].append(waybill.key)
    by_key = evidence.waybills_by_key
    for provider, entry in evidence.waybills_in_books():
        row = by_key.get(entry.key)
        # Voided since the book was read: to be believed only while orders move.
        if row is not None and entry.live and (evidence.settled or row.status != "void"):
            live[row.parcel_id][entry.number].append(provider)
    doubled = set()
    for parcel_id, numbers in sorted(live.items()):
        if len(numbers) > 1 or len(rows[parcel_id]) > 1:
            listed = "; ".join(f"{number} ({', '.join(places)})" for number, places in sorted(numbers.items()))
            seen.find(parcel_id, f"a second live waybill: {listed}")
            doubled.add(parcel_id)
    return doubled


def _compare_books(evidence: Evidence, seen: Outcome, doubled: set[str]) -> None:
    by_key = evidence.waybills_by_key
    wrong = _NOTHING | _PASSING if evidence.settled else _NOTHING
    for provider, entry in evidence.waybills_in_books():
        row = by_key.get(entry.key)
        if row is None or row.provider != provider:
            seen.find(entry.key, f"{provider} gave out waybill {entry.number}, of which the store knows nothing")
        elif entry.live and row.parcel_id not in doubled and row.status in wrong:
            seen.find(row.parcel_id, f"waybill {entry.number} is live at {provider}, but {row.status} in the store")


def _compare_store(evidence: Evidence, seen: Outcome) -> None:
    """What is live in the store is live in its book; only of orders that the books know."""
    if evidence.final_books is None:
        return
    live = {(provider, entry.key) for provider, entry in evidence.waybills_in_books() if entry.live}
    for row in evidence.waybills:
        if row.status != "live" or row.provider == Provider.MANUAL or row.order_id not in evidence.book_orders:
            continue
        if row.of_parcel:
            continue  # its box's waybill is another parcel's (audit/merges.py)
        if (row.provider, row.key) not in live:
            seen.find(row.parcel_id, f"waybill {row.number} is live in the store, but not at {row.provider}")
