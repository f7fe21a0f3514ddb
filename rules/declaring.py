"""What an order's declaration must say, by the dated rules of the table `declaration_rules`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from domain.articles import ArticleFacts
from domain.deciding import deciding
from domain.declaring import Demand, Supplied, area, destination, way_of
from domain.order import Order
from domain.texts import language
from rules.engine import collect


@deciding()
def demands(
    order: Order, supplied: Supplied, articles: Mapping[str, ArticleFacts], day: date
) -> dict[str, tuple[Demand, ...]]:
    """The rules that apply on a day to each category of goods in an order, by category."""
    categories = {articles[line.sku].category if line.sku in articles else "" for line in order.lines}
    country = destination(order)
    facts = {
        "area": area(country),
        "country": country,
        "day": day.year * 10_000 + day.month * 100 + day.day,
        "way": way_of(order, supplied),
        "value_fen": sum(line.amount_fen for line in order.lines),
    }
    return {
        category: tuple(
            Demand(
                str(row.result["row"]),
                tuple(str(row.result["require"]).split()),
                tuple(str(row.result["any_of"]).split()),
                str(row.result["block_zh" if language() == "zh" else "block_en"]),
            )
            for row in collect("declaration_rules", {**facts, "category": category})
        )
        for category in sorted(categories)
    }
