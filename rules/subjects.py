"""From an order to the questions that the tables are asked about it: by asking them, as the house itself does.

A table that orders are decided by has an entry here. A dry run and the explanation of an old order work on those.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from domain.deadlines import Stage
from domain.deciding import Asked
from domain.holds import HoldReason
from domain.money import Fen
from domain.order import Order
from domain.review import ArticleFacts
from domain.tracking import Phase, zone_of
from domain.warehouses import Warehouse
from rules.approvals import wanted_approvals
from rules.couriers import plan_couriers
from rules.credit import asks_bureau
from rules.engine import Book, trying
from rules.fields import applying
from rules.invoices import invoice
from rules.making import centre, steps_of
from rules.merging import merge_rule
from rules.promotions import basket, goods, how
from rules.reviewing import duties
from rules.routing import split_rule, strategies
from rules.silence import usual_silence
from rules.sla import limit, stops
from rules.zones import way


@dataclass(frozen=True)
class Case:
    """An order, the warehouses that might send it, and its articles by SKU."""

    order: Order
    warehouses: Sequence[Warehouse]
    articles: Mapping[str, ArticleFacts] = field(default_factory=dict)
    """What is written down of the order's goods, as of now."""

    @property
    def categories(self) -> dict[str, str]:
        """The classes of those goods that have one, by SKU."""
        return {sku: article.category for sku, article in self.articles.items() if article.category}


def _ways(case: Case) -> None:
    carrier = plan_couriers(case.order).steps[0].carrier
    for warehouse in case.warehouses:
        way(warehouse, case.order.receiver.region, carrier)


def _silence(case: Case) -> None:
    carrier = plan_couriers(case.order).steps[0].carrier
    for phase in Phase:
        usual_silence(carrier, zone_of(case.order.receiver.region.province), phase)


def _making(case: Case) -> None:
    for line in case.order.lines:
        for step in steps_of(line.sku):
            centre(step.centre)


def _limits(case: Case) -> None:
    for stage in Stage:
        limit(stage, case.order)


def _clock(case: Case) -> None:
    for stage in Stage:
        for reason in HoldReason:
            stops(stage, reason)


SUBJECTS: dict[str, Callable[[Case], object]] = {
    "courier_plan": lambda case: plan_couriers(case.order),
    "merge_rules": lambda case: merge_rule(case.order),
    "credit_rules": lambda case: asks_bureau(case.order, Fen(0)),
    "invoice_types": lambda case: invoice(case.order, case.articles),
    "compliance_rules": lambda case: duties(case.order, case.articles),
    "extension_fields": lambda case: applying(case.order, case.articles),
    "routing_strategies": lambda case: strategies(case.order),
    "split_rules": lambda case: split_rule(case.order),
    "region_zones": _ways,
    "distance_zones": _ways,
    "freight": _ways,
    "courier_days": _ways,
    "silence": _silence,
    "pricing": lambda case: how(case.order),
    "list_prices": lambda case: goods(case.order),
    "promotions": lambda case: basket(case.order),
    "promotion_stacking": lambda case: basket(case.order),
    "production_steps": _making,
    "work_centres": _making,
    "sla_limits": _limits,
    "sla_calendars": _limits,
    "sla_escalation": _limits,
    "sla_clock": _clock,
    "approvals": lambda case: wanted_approvals(case.order, case.categories),
}
"""How an order makes the house ask a table, by the table's name."""


def questions(name: str, case: Case, book: Book | None = None) -> list[Asked]:
    """What the house asks a table about an order, each question once, and what is answered by what is in force now.

    Raises KeyError for a table without an entry, and what the house's own question raises.
    """
    with trying(book=book) as one:
        SUBJECTS[name](case)
    asked = [found for found in one.asked if found.table == name]
    return [found for n, found in enumerate(asked) if found.facts not in [other.facts for other in asked[:n]]]
