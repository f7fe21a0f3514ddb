"""What another address changes besides itself: the freight by its zone, and the day that was promised.

No step of its own: called in the transaction that takes the address.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from activities.promises import Due, keep_promises, renew_promises
from domain.clock import BEIJING, parse_beijing
from domain.money import format_yuan
from domain.order import Order, Region
from domain.shipping import Carrier
from domain.sourcing import Site
from domain.texts import text
from domain.warehouses import Warehouse
from domain.weight import USUAL_G, parcel_weight
from rules.couriers import plan_couriers
from rules.zones import way
from store import articles, planning, promises
from store.holds import open_task
from store.promises import Kept
from store.warehouses import all_warehouses

Load = tuple[Warehouse, int]
"""A warehouse, and how many grams it sends."""


async def say_again(tx: AsyncSession, before: Order, after: Order, of_settings: str, n: int, at: datetime) -> str:
    """Work freight and promise out again for an address in another city, and say what moved; "" for nothing.

    What the buyer paid stays as it is: where the freight is more now, a person is asked whether the buyer bears it.
    """
    if _city(before) == _city(after):
        return ""
    homes = {home.code: home for home in await all_warehouses(tx, of_settings)}
    stand = [kept for kept in await promises.newest(tx, after.order_id) if kept.ship_by is not None]
    senders = [homes[kept.warehouse] for kept in stand if kept.warehouse in homes]
    loads = await _loads(tx, after, senders or list(homes.values())[:1], homes)
    carrier = plan_couriers(after).steps[0].carrier
    was, now = (_freight(loads, order.receiver.region, carrier) for order in (before, after))
    said = []
    if now != was:
        said.append(text("address.freight", was=format_yuan(was), now=format_yuan(now)))
    if now > was:
        key = f"{after.order_id}/address/{n}/freight"
        sentence = text("task.freight_differs", more=format_yuan(now - was))
        await open_task(tx, key, "freight_differs", sentence, order_id=after.order_id)
    if await _promise_again(tx, after, stand, list(homes.values()), at):
        days = [kept.deliver_by for kept in await promises.newest(tx, after.order_id) if kept.deliver_by is not None]
        if days:
            said.append(text("address.promise", day=max(days).astimezone(BEIJING).date().isoformat()))
    return "；".join(said)


async def _promise_again(
    tx: AsyncSession, order: Order, stand: Sequence[Kept], homes: Sequence[Warehouse], at: datetime
) -> bool:
    if await planning.consignments(tx, order.order_id):
        return await renew_promises(tx, order, homes, at=at)
    # What is made to order (consignment 0) is promised by whoever plans its work, not from here.
    if not stand or any(kept.n == 0 or kept.warehouse not in {home.code for home in homes} for kept in stand):
        return False
    return await keep_promises(tx, order, [_due(kept) for kept in stand], homes, at)


def _due(kept: Kept) -> Due:
    """The consignment behind a promise: what it waits for is among the promise's reasons."""
    waits = next((dict(reason.params) for reason in kept.why if reason.key == "promise.purchase"), None)
    if waits is None:
        return Due(kept.n, kept.warehouse)
    return Due(kept.n, kept.warehouse, parse_beijing(f"{waits['day']} 00:00:00"), waits["number"])


async def _loads(
    tx: AsyncSession, order: Order, senders: Sequence[Warehouse], homes: Mapping[str, Warehouse]
) -> list[Load]:
    """What each warehouse sends, by its consignments; before there are any, all of it, or a usual parcel each."""
    known = await articles.weights(tx, {line.sku for line in order.lines})
    parts = [
        (homes[one.warehouse], parcel_weight(planning.pieces(one.lines), known))
        for one in await planning.consignments(tx, order.order_id)
        if one.status != planning.OFF and one.warehouse in homes
    ]
    if parts or len(senders) != 1:
        return parts or [(sender, USUAL_G) for sender in senders]
    whole: Counter[str] = Counter()
    for line in order.lines:
        whole[line.sku] += line.quantity
    return [(senders[0], parcel_weight(whole, known))]


def _freight(loads: Sequence[Load], region: Region, carrier: Carrier) -> int:
    ways = [(way(sender, region, carrier), grams) for sender, grams in loads]
    return sum(Site("", base_fen=one.base_fen, per_kg_fen=one.per_kg_fen).freight_fen(grams) for one, grams in ways)


def _city(order: Order) -> tuple[str, str]:
    region = order.receiver.region
    return region.province, region.city
