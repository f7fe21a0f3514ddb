"""Benchmarks: orderhub as its users run it, every process its own, measured from outside over HTTP and in the store."""

from __future__ import annotations

BENCHES = {
    "intake": "orders per second through the gateway and out of the inbox, and memory, on both databases",
    "stock": "reservations per second on one article and on a thousand, beside bare updates, on both databases",
}
"""What `orderhub bench` knows, and what it measures."""
