"""At which rate an article is taxed, by the table `tables/tax_rates.json`."""

from __future__ import annotations

from collections.abc import Mapping

from domain.articles import ArticleFacts
from domain.deciding import deciding
from domain.order import Order
from domain.tax import Rate
from rules.documents import BadRule
from rules.engine import decide


@deciding()
def tax_rate(channel: str, category: str) -> Rate:
    """The rate of an article's class ("" when nobody has classed it). Raises BadRule, LookupError."""
    decision = decide("tax_rates", {"channel": channel, "category": category})
    permille = decision.result["rate_permille"]
    if not isinstance(permille, int) or isinstance(permille, bool) or not 0 <= permille <= 1000:
        raise BadRule(f"{decision.rule}: {permille} is no rate")
    return Rate(permille, decision.rule)


@deciding()
def rates(order: Order, articles: Mapping[str, ArticleFacts]) -> dict[str, Rate]:
    """The rate of everything in an order, by SKU. Raises BadRule, LookupError."""
    classes = {line.sku: articles[line.sku].category if line.sku in articles else "" for line in order.lines}
    return {sku: tax_rate(order.channel, category) for sku, category in classes.items()}
