"""Whose approval an order needs, by the table `tables/approvals.json`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from domain.approvals import Mode, Wanted
from domain.deciding import deciding
from domain.order import Channel, Order, PaymentTerms
from rules.engine import collect
from rules.sla import ALWAYS


@deciding()
def wanted_approvals(order: Order, categories: Mapping[str, str]) -> list[Wanted]:
    """What the table demands, each row once, in the order of the steps. `categories` are those of the SKUs that have
    one: the table is asked about each category that is in the order, with what its lines cost."""
    customer = order.customer
    on_account = customer.terms is not PaymentTerms.PREPAID
    company = order.channel is Channel.B2B or bool(customer.tax_no) or on_account
    costs: Counter[str] = Counter({categories.get(line.sku, ""): 0 for line in order.lines})
    for line in order.lines:
        costs[categories.get(line.sku, "")] += line.amount_fen
    found: dict[str, Wanted] = {}
    for category, fen in sorted(costs.items()):
        facts = {
            "channel": str(order.channel),
            "buyer": "company" if company else "person",
            "terms": str(customer.terms),
            "amount_fen": order.amounts.paid_fen,
            "category": category,
            "category_fen": fen,
        }
        for said in collect("approvals", facts):
            row = said.result
            found.setdefault(
                str(row["row"]),
                Wanted(
                    row=str(row["row"]),
                    step=int(row["step"]),
                    roles=tuple(dict.fromkeys(str(row["who"]).split())),
                    mode=Mode(row["mode"]),
                    within=timedelta(hours=float(row["hours"])),
                    deputy=str(row["deputy"]),
                    escalates_to=str(row["escalates_to"]),
                    rule=said.rule,
                    calendar=_calendar(row),
                ),
            )
    return sorted(found.values(), key=lambda one: (one.step, one.row))


def _calendar(row: Mapping[str, Any]) -> str:
    """The calendar of a row. Tables from before there was one speak of hours of any time."""
    said = str(row.get("calendar") or "")
    return "" if said == ALWAYS else said
