"""From an order to the questions that the tables are asked about it: by asking them, as the house itself does.

A table that orders are decided by has an entry here. A dry run and the explanation of an old order work on those.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any

from domain.amounts import adds_up
from domain.clock import BEIJING
from domain.deadlines import NeverOver, Stage, due
from domain.deciding import Asked
from domain.declaring import HOME, Supplied, destination
from domain.holds import HoldReason
from domain.listing import Classed, Quantities
from domain.money import Fen
from domain.order import Order
from domain.pauses import Spike
from domain.promise import NeverReady, Road, promise
from domain.promotion import price
from domain.replenishment import Standing, suggest
from domain.review import HOLD_AT, ArticleFacts, BuyerFacts, Risk
from domain.tracking import Phase, zone_of
from domain.warehouses import Warehouse
from domain.words import Word
from rules.anomalies import trip
from rules.approvals import wanted_approvals
from rules.couriers import plan_couriers
from rules.credit import asks_bureau
from rules.declaring import demands
from rules.engine import Book, trying
from rules.fields import applying
from rules.invoices import invoice
from rules.making import centre, steps_of
from rules.merging import merge_rule
from rules.promotions import basket, goods, how
from rules.publishing import publication
from rules.replenishing import policy
from rules.reviewing import duties, holds_duplicate, risks
from rules.routing import split_rule, strategies
from rules.silence import usual_silence
from rules.sla import limit, stops
from rules.statuses import entry
from rules.taxes import rates
from rules.workdays import official
from rules.zones import way

Effect = Mapping[str, bool | int]
"""What comes of a table's answers beside them: an amount, a number of pieces, whether something is held."""


class Of(StrEnum):
    """What a table is asked about."""

    ORDER = "order"
    WORD = "word"
    """A partner's word for where something stands."""
    LISTING = "listing"
    ARTICLE = "article"
    SPIKE = "spike"
    """What was counted of a slice within a window."""


@dataclass(frozen=True)
class Case:
    """An order, the warehouses that might send it, its articles by SKU, and what else the house knew of it."""

    order: Order
    warehouses: Sequence[Warehouse]
    articles: Mapping[str, ArticleFacts] = field(default_factory=dict)
    """What is written down of the order's goods, as of now."""
    buyer: BuyerFacts = field(default_factory=BuyerFacts)
    """As of the order's review."""
    twins: Sequence[int] = ()
    """So many minutes before this order its buyer ordered the same."""
    supplied: Supplied = field(default_factory=Supplied)
    """What people supplied for its declaration, as of now."""
    day: date | None = None
    """The Beijing day of the order's review; None: its declaration is not looked at."""

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


def _official_days(case: Case) -> None:
    """The days on which an order's stages run, and on which its warehouses may send it, from its review on."""
    placed = case.order.paid_at or case.order.placed_at
    began = datetime.combine(case.day, time(), BEIJING) if case.day is not None else placed
    for stage in Stage:
        with suppress(NeverOver):
            due(began, limit(stage, case.order), (), official)
    for warehouse in case.warehouses:
        with suppress(NeverReady):
            promise(began, replace(warehouse, daily_capacity=0), Road("", 0), official)


def _clock(case: Case) -> None:
    for stage in Stage:
        for reason in HoldReason:
            stops(stage, reason)


def _risks(case: Case) -> tuple[Risk, ...]:
    return () if case.order.gift_after else risks(case.order, case.buyer)


def _duplicates(case: Case) -> None:
    for minutes in case.twins if not case.order.gift_after else ():
        holds_duplicate(case.order, minutes)


def _duties(case: Case) -> None:
    if not case.order.gift_after:
        duties(case.order, case.articles)


def _declaration(case: Case) -> None:
    if case.day is not None and not case.order.gift_after and destination(case.order) != HOME:
        demands(case.order, case.supplied, case.articles, case.day)


SUBJECTS: dict[str, Callable[[Case], object]] = {
    "courier_plan": lambda case: plan_couriers(case.order),
    "merge_rules": lambda case: merge_rule(case.order),
    "credit_rules": lambda case: asks_bureau(case.order, Fen(0)),
    "invoice_types": lambda case: invoice(case.order, case.articles),
    "compliance_rules": _duties,
    "risk_rules": _risks,
    "duplicate_rules": _duplicates,
    "declaration_rules": _declaration,
    "tax_rates": lambda case: rates(case.order, case.articles),
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
    "official_days": _official_days,
    "approvals": lambda case: wanted_approvals(case.order, case.categories),
}
"""How an order makes the house ask a table, by the table's name."""


OTHERS: dict[str, Of] = {
    "status_map": Of.WORD,
    "publish_stock": Of.LISTING,
    "replenishment": Of.ARTICLE,
    "anomalies": Of.SPIKE,
}
"""The tables that are asked about something else than an order."""


def about(name: str) -> Of:
    """What a table is asked about. Raises KeyError for one that nobody has said it of."""
    return OTHERS[name] if name not in SUBJECTS else Of.ORDER


@dataclass(frozen=True)
class Thing:
    """Something that a table is asked about: what people call it, and how it makes the house ask.

    `ask` returns what comes of the answers beside them; it raises what the house's own question raises.
    """

    name: str
    ask: Callable[[], Effect]


def _worth(case: Case) -> Effect:
    """What an order costs by the promotions, as if its buyer had none of them before."""
    made = basket(case.order)
    if not adds_up(case.order) or any(line.quantity < 1 or line.unit_price_fen < 0 for line in case.order.lines):
        return {}
    return {"due_fen": price(*made).due_fen}


def _held(case: Case) -> Effect:
    return {"held": sum(risk.score for risk in _risks(case)) >= HOLD_AT}


_EFFECTS: dict[str, Callable[[Case], Effect]] = {
    "promotions": _worth,
    "promotion_stacking": _worth,
    "list_prices": _worth,
    "risk_rules": _held,
}
"""Where what comes of a table's rows cannot be read off them: this asks the table as well."""


def of_orders(name: str, cases: Iterable[Case]) -> list[Thing]:
    """Orders, for a table that is asked about them. Raises KeyError for another one."""
    effect, subject = _EFFECTS.get(name), SUBJECTS[name]

    def thing(case: Case) -> Thing:
        def ask() -> Effect:
            if effect is not None:
                return effect(case)
            subject(case)
            return {}

        return Thing(case.order.order_id, ask)

    return [thing(case) for case in cases]


def of_word(title: str, word: Word) -> Thing:
    """A partner's word, for `status_map`."""

    def ask() -> Effect:
        entry(word)
        return {}

    return Thing(title, ask)


def of_listing(title: str, channel: str, shop: str, sku: str, classed: Classed, stock: Quantities) -> Thing:
    """A listing and the stock of its article, for `publish_stock`."""
    return Thing(title, lambda: {"pieces": publication(channel, shop, sku, classed, stock).pieces})


def of_article(sku: str, abc: str, today: date, standing: Standing | None = None, sold: Sequence[int] = ()) -> Thing:
    """An article with a safety stock, for `replenishment`; with what there is of it when something may be ordered."""

    def ask() -> Effect:
        terms = policy(sku, abc)
        return {"quantity": suggest(sold, today, standing, terms).quantity} if standing is not None else {}

    return Thing(sku, ask)


def of_spike(title: str, spike: Spike) -> Thing:
    """What was counted, for `anomalies`."""
    return Thing(title, lambda: {"paused": trip(spike) is not None})


def questions(name: str, case: Case, book: Book | None = None) -> list[Asked]:
    """What the house asks a table about an order, each question once, and what is answered by what is in force now.

    Raises KeyError for a table without an entry, and what the house's own question raises.
    """
    with trying(book=book) as one:
        SUBJECTS[name](case)
    return asked_of(name, one.asked)


def asked_of(name: str, asked: Iterable[Asked]) -> list[Asked]:
    """The questions to one table, each once."""
    found: dict[Any, Asked] = {}
    for one in asked:
        if one.table == name:
            key = tuple((fact, type(value), value) for fact, value in one.facts.items())
            found.setdefault(key, one)
    return list(found.values())
