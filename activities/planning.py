"""Where an order comes from: what it needs, held against what there is, by the rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncSession

from activities.promises import loads_now
from domain.clock import BEIJING, utc_now
from domain.deciding import new_decision
from domain.order import Order
from domain.pauses import Slice
from domain.routing import Routing, Verdict
from domain.shipping import Carrier
from domain.sourcing import Availability, Purchase, Wanted
from domain.warehouses import Warehouse
from domain.weight import piece_weight
from rules.couriers import plan_couriers
from rules.routing import route_order
from store import articles, pauses, stock, warehouses
from store.stock import Pick


@dataclass(frozen=True)
class Planned:
    """A plan, what to lock for it, and the token of the stock that it counts on.

    `beside` is what the plan would be with the warehouses that are in shadow (`shadows`); None where there are none.
    """

    routing: Routing
    picks: list[Pick]
    token: str
    warehouses: list[Warehouse]
    beside: Routing | None = None
    shadows: tuple[str, ...] = ()


class Router:
    """Asks the rules which warehouses deliver an order. `home` is the warehouse of companies that name no other."""

    def __init__(self, home: str) -> None:
        self._home = home

    async def plan(self, tx: AsyncSession, order: Order, *, firm: bool = False, with_shadows: bool = False) -> Planned:
        """The plan of an order, out of the stock as it is now; `firm`: nobody else takes of it until it is locked.

        Warehouses in shadow get nothing of a real order; beside its plan stands what it would be with them.
        `with_shadows` is for orders that are in shadow themselves: they are planned as if nothing was. Paused
        warehouses are passed over as long as the others can deliver all of it now.
        """
        parts = wanted(order, await articles.weights(tx, {line.sku for line in order.lines}))
        places = await self.warehouses(tx)
        shadows = tuple(place.code for place in places if place.shadow)
        lit = [replace(place, shadow=False) for place in places]
        if with_shadows:
            places, shadows = lit, ()
        there = await stock.snapshot(tx, sorted({part.sku for part in parts}), firm=firm)
        codes = {place.code for place in places}
        free = {(item.sku, item.warehouse): item.available for item in there.on_hand if item.warehouse in codes}
        purchases = tuple(
            Purchase(item.number, item.sku, item.warehouse, item.free, item.expected_at.astimezone(BEIJING).date())
            for item in there.incoming
            if item.warehouse in codes
        )
        loads = await loads_now(tx, order.order_id, places, utc_now())
        carrier = Carrier(plan_couriers(order).steps[0].carrier)
        there_is = Availability(free, purchases)
        paused = await pauses.stopped(tx, order.order_id, Slice.WAREHOUSE, codes)
        around = [replace(place, active=place.active and place.code not in paused) for place in places]
        routing = route_order(order, parts, there_is, around, loads, carrier)
        if paused and routing.verdict is not Verdict.FILLED:
            # Only they have it now: it waits for the end of the pause, rather than for other goods.
            routing = route_order(order, parts, there_is, places, loads, carrier)
        beside = None
        if shadows:
            with new_decision():  # the rows that decide it are not those that decided about the order
                beside = route_order(order, parts, there_is, lit, loads, carrier)
        return Planned(routing, _picks(routing), there.token, places, beside, shadows)

    async def warehouses(self, tx: AsyncSession) -> list[Warehouse]:
        """All warehouses, paused ones too."""
        return await warehouses.all_warehouses(tx, self._home)


def wanted(order: Order, weights: Mapping[str, int] | None = None) -> list[Wanted]:
    """What an order needs, line by line; gifts go with their main lines. `weights` are grams by SKU, where known."""
    known = weights or {}
    return [
        Wanted(line.line_no, line.sku, line.quantity, line.gift_of or "", piece_weight(line.sku, known))
        for line in order.lines
    ]


def needed(order: Order) -> dict[tuple[str, str], int]:
    """The same, by line and SKU."""
    return {(part.line_no, part.sku): part.quantity for part in wanted(order)}


def _picks(routing: Routing) -> list[Pick]:
    picks = []
    for one in routing.consignments:
        picks += [Pick(sku, one.warehouse, count) for sku, count in one.from_stock().items()]
        picks += [Pick(claim.sku, one.warehouse, claim.quantity, claim.incoming_no) for claim in one.claims]
    return picks
