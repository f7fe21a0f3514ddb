"""What the published tables say about prices: list prices, promotions, how they stack, and whether the house looks.

Everything but `how` is asked as of the moment at which an order was placed: what was promised then is owed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from domain.address import province_name
from domain.deciding import deciding
from domain.order import Order
from domain.promotion import Basket, BasketLine, Layer, Offer, Promotion
from domain.promotion.comparing import Compare, Tolerance
from rules.engine import as_of, collect, decide, rows
from rules.promotion_rows import layer, promotion
from rules.zones import city_name

_KEPT = 8192
_promotions: dict[str, Promotion] = {}
"""By the rule's row, whose version is a digest of its content: it never means anything else."""


@dataclass(frozen=True)
class Buying:
    """Where, for whom and when goods are bought: what the tables' conditions may ask for."""

    channel: str
    shop: str
    placed_at: datetime
    province: str = ""
    city: str = ""
    member: str = ""


@dataclass(frozen=True)
class How:
    """Whether the house compares an order's price with its own, and adds its gifts."""

    check: bool
    gifts: bool
    compare: Compare
    tolerance: Tolerance
    rule: str


def buying(order: Order) -> Buying:
    """An order as the tables see it."""
    region = order.receiver.region
    return Buying(
        str(order.channel), order.shop, order.placed_at, region.province, region.city, order.customer.member_level
    )


def how(order: Order) -> How:
    """Whether and how an order's price is looked at."""
    found = decide("pricing", {"channel": str(order.channel), "shop": order.shop})
    said = found.result
    tolerance = Tolerance(int(said["tolerance_fen"]), int(said["tolerance_permille"]))
    return How(bool(said["check"]), bool(said["gifts"]), Compare(said["compare"]), tolerance, found.rule)


@deciding()
def goods(order: Order) -> tuple[BasketLine, ...]:
    """What was bought, gifts left out, at the house's list prices; at the document's where the house has none."""
    where = buying(order)
    with as_of(where.placed_at):
        return tuple(
            BasketLine(line.line_no, line.sku, line.quantity, _list_price(where, line.sku, line.unit_price_fen))
            for line in order.lines
            if line.gift_of is None
        )


def list_price(where: Buying, sku: str, otherwise: int) -> int:
    """What a piece costs before any promotion, in fen."""
    with as_of(where.placed_at):
        return _list_price(where, sku, otherwise)


def _list_price(where: Buying, sku: str, otherwise: int) -> int:
    try:
        found = decide("list_prices", {"channel": where.channel, "shop": where.shop, "sku": sku})
    except LookupError:
        return otherwise
    return int(found.result["price_fen"])


@deciding()
def offers(where: Buying, lines: Iterable[BasketLine]) -> list[Offer]:
    """The promotions for these goods, in the order of their table."""
    province = province_name(where.province)
    facts = {
        "channel": where.channel,
        "shop": where.shop,
        "province": province,
        "city": city_name(province, where.city),
        "member": where.member,
    }
    found: dict[str, tuple[dict[str, object], set[str]]] = {}
    with as_of(where.placed_at):
        order = rows("promotions")
        for line in lines:
            for row in collect("promotions", {**facts, "sku": line.sku}):
                found.setdefault(row.rule, (row.result, set()))[1].add(line.line_no)
    ordered = sorted(found, key=lambda rule: order.index(rule.rpartition("/")[2]))
    return [Offer(_promotion(rule, found[rule][0]), frozenset(found[rule][1])) for rule in ordered]


def layers(where: Buying) -> list[Layer]:
    """In which order promotions stack there. A group's first row decides about it."""
    with as_of(where.placed_at):
        found = collect("promotion_stacking", {"channel": where.channel, "shop": where.shop})
    made: dict[str, Layer] = {}
    for row in found:
        made.setdefault(str(row.result["group"]), layer(row.result, row.rule))
    return list(made.values())


@deciding()
def basket(order: Order) -> tuple[Basket, list[Offer], list[Layer]]:
    """All that an order's price is reckoned with, but how often its buyer had a promotion before."""
    where, lines = buying(order), goods(order)
    made = Basket(lines, order.placed_at, frozenset(order.coupons), frozenset(order.all_tags()))
    return made, offers(where, lines), layers(where)


def _promotion(rule: str, said: dict[str, object]) -> Promotion:
    known = _promotions.get(rule)
    if known is None:
        if len(_promotions) >= _KEPT:
            _promotions.clear()
        known = _promotions[rule] = promotion(said, rule)
    return known
