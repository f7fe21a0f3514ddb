"""What of an order is a risk, what a second order of the same is, and what the law wants of its goods: by tables."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from domain.deciding import deciding
from domain.order import Order
from domain.review import ArticleFacts, BuyerFacts, Duty, Risk
from domain.texts import language
from rules.engine import collect, decide

LONGEST = timedelta(minutes=60)
"""Orders further apart than this are no duplicates, whatever the table says."""


@deciding()
def risks(order: Order, buyer: BuyerFacts) -> tuple[Risk, ...]:
    """The rows of `risk_rules` that apply to an order, in their order."""
    facts = risk_facts(order, buyer)
    return tuple(
        Risk(str(found.result["row"]), int(found.result["score"]), _filled(found.result, facts))
        for found in collect("risk_rules", facts)
    )


def risk_facts(order: Order, buyer: BuyerFacts) -> dict[str, Any]:
    """What the table is asked about. Parts are whole numbers, rounded down."""
    return {
        "channel": str(order.channel),
        "amount_fen": order.amounts.paid_fen,
        "skus": len({line.sku for line in order.lines if line.gift_of is None}),
        "orders_30d": buyer.orders_30d,
        "returns_24h": buyer.returns_24h,
        "return_rate": buyer.returned_30d * 100 // buyer.orders_30d if buyer.orders_30d else 0,
        "accounts_on_phone": buyer.accounts_on_phone,
        "times_usual": order.amounts.paid_fen // buyer.usual_fen if buyer.usual_fen else 0,
    }


@deciding()
def holds_duplicate(order: Order, minutes: int) -> bool | None:
    """Whether an order waits for a person that says the same as one so many minutes before it.

    None: so long after, it is another order.
    """
    try:
        said = decide("duplicate_rules", {"channel": str(order.channel), "minutes": minutes}).result["does"]
    except LookupError:
        return None
    return {"hold": True, "note": False}.get(str(said))


@deciding()
def duties(order: Order, articles: Mapping[str, ArticleFacts]) -> tuple[Duty, ...]:
    """The rows of `compliance_rules` that apply to an order's articles, article by article."""
    found = []
    for article in (articles[sku] for sku in sorted(articles) if articles[sku].category):
        facts = {"channel": str(order.channel), "category": article.category, "grade": article.grade}
        for row in collect("compliance_rules", facts):
            said = row.result
            found.append(
                Duty(
                    article.sku,
                    str(said["row"]),
                    str(said["needs"]),
                    bool(said["blocked"]),
                    str(said["says_zh" if language() == "zh" else "says_en"]),
                )
            )
    return tuple(found)


def _filled(result: dict[str, Any], facts: dict[str, Any]) -> str:
    """A row's sentence with the facts that it names; as it stands when it names one that there is not."""
    sentence = str(result["says_zh" if language() == "zh" else "says_en"])
    try:
        return sentence.format_map({**facts, "amount": f"{facts['amount_fen'] // 100}"})
    except (KeyError, ValueError, IndexError, AttributeError):
        return sentence
