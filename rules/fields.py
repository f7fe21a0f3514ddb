"""The fields that a merchant adds to orders, lines and customers: the table `tables/extension_fields.json`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from domain.deciding import deciding
from domain.extensions import Demand, FieldRule, FieldType, Place, Scope
from domain.order import Order, OrderLine
from domain.review import ArticleFacts
from rules.documents import grids
from rules.engine import Table, check_output, collect, deciding_table

NAME = "extension_fields"


def definitions() -> Sequence[FieldRule]:
    """Every row in force."""
    return _rules(deciding_table(NAME))


@deciding()
def demands(order: Order, articles: Mapping[str, ArticleFacts]) -> tuple[Demand, ...]:
    """The fields that an order must have, with its lines and its customer."""
    if not any(rule.required for rule in definitions()):
        return ()  # as for everybody who has not said so: nothing need be asked
    return tuple(one for one in applying(order, articles) if one.rule.required)


@deciding()
def applying(order: Order, articles: Mapping[str, ArticleFacts]) -> list[Demand]:
    """The rows that apply to an order, its lines and its customer, required or not."""
    found = [
        Demand(Place(scope), rule)
        for scope in (Scope.ORDER, Scope.CUSTOMER)
        for rule in _applying(_facts(order, scope, None, articles))
    ]
    for line in order.lines:
        place = Place(Scope.LINE, line.line_no)
        found += [Demand(place, rule) for rule in _applying(_facts(order, Scope.LINE, line, articles))]
    return found


def _applying(facts: dict[str, Any]) -> list[FieldRule]:
    return [_rule(found.result) for found in collect(NAME, facts)]


def _facts(order: Order, scope: Scope, line: OrderLine | None, articles: Mapping[str, ArticleFacts]) -> dict[str, Any]:
    article = articles.get(line.sku) if line is not None else None
    return {
        "scope": str(scope),
        "channel": str(order.channel),
        "company": bool(order.customer.tax_no),
        "category": article.category if article is not None else "",
        "sku": line.sku if line is not None else "",
        "gift": line is not None and line.gift_of is not None,
        "amount_fen": line.amount_fen if line is not None else order.amounts.paid_fen,
    }


@lru_cache(maxsize=8)
def _rules(table: Table) -> tuple[FieldRule, ...]:
    # A version's rows never change.
    rows = []
    for grid in grids(table.document):
        for row in grid.rows:
            rows.append(_rule({column.field: check_output(row[column.id]) for column in grid.outputs}))
    return tuple(rows)


def _rule(said: Mapping[str, Any]) -> FieldRule:
    return FieldRule(
        row=str(said["row"]),
        scope=Scope(said["of"]),
        key=str(said["key"]),
        type=FieldType(said["type"]),
        title_zh=str(said["title_zh"]),
        title_en=str(said["title_en"]),
        pattern=str(said["pattern"]),
        choices=tuple(part.strip() for part in str(said["choices"]).split(",") if part.strip()),
        many=bool(said["many"]),
        bound_to=str(said["bound_to"]),
        required=bool(said["required"]),
        to_warehouse=bool(said["to_warehouse"]),
        to_finance=bool(said["to_finance"]),
    )
