"""Benchmarks: orderhub as its users run it, measured from outside over HTTP and in the store; the review by itself."""

from __future__ import annotations

BENCHES = {
    "intake": "orders per second through the gateway and out of the inbox, and memory, on both databases",
    "stock": "reservations per second on one article and on a thousand, beside bare updates, on both databases",
    "rules": "processor time of a full review, every check and the promotions of ten lines, with 1,000 rules in force",
}
"""What `orderhub bench` knows, and what it measures."""
