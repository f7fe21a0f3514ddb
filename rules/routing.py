"""Which strategies and which rule of splitting an order is routed by, and the warehouses as it sees them: by tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from domain.deciding import deciding
from domain.order import Order, Requirement
from domain.routing import (
    Availability,
    Otherwise,
    Part,
    Routing,
    Site,
    SplitRule,
    Strategy,
    Wanted,
    Weights,
    route,
)
from domain.shipping import Carrier
from domain.texts import language
from domain.warehouses import Warehouse
from rules.engine import collect, decide
from rules.solver import solver
from rules.zones import place, way


@deciding()
def route_order(
    order: Order,
    wanted: Sequence[Wanted],
    stock: Availability,
    warehouses: Sequence[Warehouse],
    loads: Mapping[str, int],
    carrier: Carrier,
) -> Routing:
    """Route an order by the tables.

    `wanted` is what it needs (gifts and components included), `loads` how many consignments each warehouse has today,
    `carrier` who will probably carry it. Raises what `domain.routing.route` raises, and BadRule.
    """
    rule = split_rule(order)
    return route(
        wanted,
        stock,
        sites(order, warehouses, loads, carrier),
        strategies(order),
        rule,
        amount_fen=order.amounts.paid_fen,
        solver=solver(),
    )


@deciding()
def sites(order: Order, warehouses: Sequence[Warehouse], loads: Mapping[str, int], carrier: Carrier) -> list[Site]:
    """The warehouses as this order sees them: how far, how dear, how busy."""
    found = []
    for warehouse in warehouses:
        road = way(warehouse, order.receiver.region, carrier)
        found.append(
            Site(
                warehouse.code,
                road.distance,
                road.base_fen,
                road.per_kg_fen,
                loads.get(warehouse.code, 0),
                warehouse.daily_capacity,
                warehouse.sends,
            )
        )
    return found


def strategies(order: Order) -> list[Strategy]:
    """The strategies for an order, first things first."""
    return [
        Strategy(
            name=str(found.result["row"]),
            weights=Weights(*(int(found.result[name]) for name in ("distance", "depth", "freight", "load"))),
            at_most=int(found.result["at_most"]),
            spare=bool(found.result["spare"]),
            only=frozenset(str(found.result["only"]).split()),
            title=str(found.result["title_zh" if language() == "zh" else "title_en"]),
            rule=found.rule,
        )
        for found in collect("routing_strategies", _facts(order))
    ]


def split_rule(order: Order) -> SplitRule:
    """When and how far an order may be split."""
    found = decide("split_rules", _facts(order))
    return SplitRule(
        name=found.rule,
        most=int(found.result["most"]),
        small_fen=int(found.result["small_fen"]),
        small_pieces=int(found.result["small_pieces"]),
        small=Otherwise(found.result["small"]),
        part=Part(found.result["part"]),
        incoming=bool(found.result["incoming"]),
        short=Otherwise(found.result["short"]),
        tear=bool(found.result.get("tear", True)),  # a table that was published before may not have it
    )


def _facts(order: Order) -> dict[str, object]:
    there = place(order.receiver.region.province, order.receiver.region.city)
    return {
        "channel": str(order.channel),
        "cold_chain": Requirement.COLD_CHAIN in order.notes.requirements,
        "amount_fen": order.amounts.paid_fen,
        "pieces": sum(line.quantity for line in order.lines),
        "to_service": there.service,
    }
