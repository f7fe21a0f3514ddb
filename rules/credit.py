"""Whether a credit bureau is asked about an order, by the table `tables/credit_rules.json`."""

from __future__ import annotations

from domain.invoices import buyer_of
from domain.money import Fen
from domain.order import Order
from rules.engine import decide


def asks_bureau(order: Order, above: Fen) -> bool:
    """Whether a bureau must be asked. `above` is the setting that a row may leave it to: above this (0: never)."""
    facts = {
        "channel": str(order.channel),
        "terms": str(order.customer.terms),
        "buyer": str(buyer_of(order.customer)),
        "amount_fen": order.amounts.paid_fen,
    }
    asks = decide("credit_rules", facts).result["asks"]
    return bool(asks == "always" or (asks == "setting" and 0 < above < order.amounts.paid_fen))
