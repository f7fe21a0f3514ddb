"""Whether an order may be merged with others of its buyer, by the table `tables/merge_rules.json`."""

from __future__ import annotations

from datetime import timedelta

from domain.merging import MergeRule
from domain.order import Order, PaymentTerms, Requirement
from rules.engine import decide


def merge_rule(order: Order) -> MergeRule:
    """The rule of merging for an order."""
    found = decide(
        "merge_rules",
        {
            "channel": str(order.channel),
            "shop": order.shop,
            "encrypted": order.encrypted,
            "cold_chain": Requirement.COLD_CHAIN in order.notes.requirements,
            "on_account": order.customer.terms is not PaymentTerms.PREPAID,
            "amount_fen": order.amounts.paid_fen,
        },
    )
    return MergeRule(
        merge=bool(found.result["merge"]),
        group=str(found.result["group"]),
        window=timedelta(minutes=int(found.result["window_minutes"])),
        most=int(found.result["max_orders"]),
        name=found.rule,
    )
