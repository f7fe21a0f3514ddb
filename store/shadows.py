"""What is in shadow, the orders that belong to an old system, what was decided about them, and what became of them.

An order is the old system's from its first document on, and never both: `claim` decides it in the transaction that
takes the order in, and nothing takes it back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, func, select

from domain.clock import BEIJING, utc_now
from domain.order import ChannelStatus, Order
from domain.routing import Routing
from domain.shadow import (
    PlanFacts,
    ShownParcel,
    Slice,
    Switch,
    Would,
    in_force,
    order_in_shadow,
    shop_in_shadow,
)
from domain.texts import text
from store import listings, warehouses
from store.tables import OrderRow, ShadowDecisionRow, ShadowOrderRow, ShadowPlanRow, ShadowSwitchRow
from store.upsert import insert_ignore

_UNDER_WAY = frozenset({ChannelStatus.SHIPPED, ChannelStatus.FINISHED})


async def history(tx: AsyncSession, channel: str | None = None) -> list[Switch]:
    """Every switch, of one channel ("": of warehouses) or of all, oldest first."""
    query = select(ShadowSwitchRow).order_by(col(ShadowSwitchRow.seq))
    if channel is not None:
        query = query.where(ShadowSwitchRow.channel == channel)
    rows = (await tx.execute(query)).scalars()
    return [Switch(Slice(row.channel, row.name), row.is_on, row.at, row.by, row.why) for row in rows]


async def switch(tx: AsyncSession, wanted: Slice, on: bool, by: str, why: str, of_settings: str) -> bool | None:
    """Put a slice into shadow, or take it out. False when it is so already; None when there is no such warehouse.

    `of_settings` is the warehouse of companies that keep no other.
    """
    if wanted.channel:
        moved: bool | None = not _is_so(await history(tx, wanted.channel), wanted, on)
    else:
        moved = await warehouses.set_shadow(tx, wanted.name, on, of_settings)
        if moved:
            await listings.mark_all(tx)
    if moved:
        tx.add(ShadowSwitchRow(channel=wanted.channel, name=wanted.name, is_on=on, at=utc_now(), by=by, why=why))
        await tx.flush()
    return moved


def _is_so(said: Sequence[Switch], wanted: Slice, on: bool) -> bool:
    if wanted.name:
        return shop_in_shadow(said, wanted.channel, wanted.name) == on
    standing = in_force(said)
    whole = any(one.slice == wanted for one in standing)
    return all(one.on == on for one in standing) and (whole or not on)


async def shop_is(tx: AsyncSession, channel: str, shop: str) -> bool:
    """Whether a shop is in shadow now."""
    return shop_in_shadow(await history(tx, channel), channel, shop)


async def claim(tx: AsyncSession, order: Order) -> bool:
    """An order comes in for the first time: whether it is the old system's. What we send after ourselves never is."""
    if order.gift_after:
        return False
    if not order_in_shadow(await history(tx, order.channel), order.channel, order.shop, order.placed_at):
        return False
    row = {"order_id": order.order_id, "channel": order.channel, "shop": order.shop, "placed_at": order.placed_at}
    fresh = {"decided_revision": 0, "to_decide": True, "parcels": [], "heard_at": utc_now()}
    await insert_ignore(tx, ShadowOrderRow, {**row, **fresh})
    await heard(tx, order.order_id, order.status)
    return True


async def is_shadow(tx: AsyncSession, order_id: str) -> bool:
    """Whether an order is the old system's."""
    query = select(ShadowOrderRow.order_id).where(ShadowOrderRow.order_id == order_id)
    return (await tx.execute(query)).first() is not None


async def heard(tx: AsyncSession, order_id: str, status: str) -> None:
    """What the channel says of an order, which may have a newer revision; nothing for one that is ours."""
    row, now = ShadowOrderRow, utc_now()
    values: dict[str, Any] = {"heard_at": now, "to_decide": True}
    if status in _UNDER_WAY:
        values |= {"shipped_at": func.coalesce(col(row.shipped_at), now), "to_decide": False}
    elif status == ChannelStatus.CANCELLED:
        values |= {"cancelled_at": func.coalesce(col(row.cancelled_at), now), "to_decide": False}
    await tx.execute(update(row).where(col(row.order_id) == order_id).values(**values))


async def shown(tx: AsyncSession, order_id: str, parcels: Iterable[ShownParcel]) -> bool | None:
    """Keep the parcels that a channel shows of an order. Whether that changed anything; None: the order is ours."""
    row = await tx.get(ShadowOrderRow, order_id, with_for_update=True)
    if row is None:
        return None
    known = {parcel["number"]: parcel for parcel in row.parcels}
    found = {one.number: _parcel(one) for one in sorted(parcels, key=lambda one: one.number)}
    # A number that the old system corrected is the channel's word, too: what it shows last counts.
    if not found or found == known:
        return False
    moments = [one.at for one in parcels if one.at is not None]
    row.parcels, row.heard_at = list(found.values()), utc_now()
    row.shipped_at = min(moments) if moments else row.shipped_at or utc_now()
    tx.add(row)
    return True


def _parcel(one: ShownParcel) -> dict[str, Any]:
    at = one.at.isoformat() if one.at else None
    return {"number": one.number, "carrier": str(one.carrier or ""), "word": one.word[:60], "at": at}


@dataclass(frozen=True)
class Decision:
    """What would have been done with a revision of an order. See ShadowDecisionRow."""

    would: Would
    why: str = ""
    flags: tuple[dict[str, Any], ...] = ()
    routing: Routing | None = None
    consignments: tuple[dict[str, Any], ...] = ()
    couriers: tuple[str, ...] = ()
    carrier: str = ""
    ship_by: datetime | None = None
    deliver_by: datetime | None = None
    rules: tuple[str, ...] = ()


async def keep_decision(tx: AsyncSession, order_id: str, revision: int, made: Decision, *, newest: bool = True) -> None:
    """Keep what was decided. A revision is decided once; after the newest there is nothing to decide."""
    routing = made.routing
    values = {
        "order_id": order_id,
        "revision": revision,
        "at": utc_now(),
        "would": made.would,
        "why": made.why[:500],
        "flags": list(made.flags),
        "strategy": routing.strategy if routing else "",
        "reason": routing.reason.text() if routing else "",
        "scores": [asdict(score) for score in routing.scores] if routing else [],
        "freight_fen": routing.freight_fen if routing else 0,
        "consignments": list(made.consignments),
        "couriers": list(made.couriers),
        "carrier": made.carrier,
        "ship_by": made.ship_by,
        "deliver_by": made.deliver_by,
        "rules": list(made.rules),
    }
    await insert_ignore(tx, ShadowDecisionRow, values)
    row = await tx.get_one(ShadowOrderRow, order_id, with_for_update=True)
    row.decided_revision = max(row.decided_revision, revision)
    row.to_decide = row.to_decide and not newest
    tx.add(row)
    await tx.flush()


async def decisions(tx: AsyncSession, order_id: str) -> list[ShadowDecisionRow]:
    """Everything that was decided about an order, oldest revision first."""
    query = select(ShadowDecisionRow).where(ShadowDecisionRow.order_id == order_id)
    return list((await tx.execute(query.order_by(col(ShadowDecisionRow.revision)))).scalars())


async def keep_plan(
    tx: AsyncSession, order_id: str, n: int, shadows: Sequence[str], real: PlanFacts, beside: Routing
) -> None:
    """Keep what the plan `n` of a real order would have been with the warehouses in shadow."""
    values = {
        "order_id": order_id,
        "n": n,
        "at": utc_now(),
        "shadows": list(shadows),
        "strategy": beside.strategy,
        "reason": beside.reason.text(),
        "scores": [asdict(score) for score in beside.scores],
        "warehouses": [one.warehouse for one in beside.consignments],
        "freight_fen": beside.freight_fen,
        "real_warehouses": list(real.warehouses),
        "real_freight_fen": real.freight_fen,
    }
    await insert_ignore(tx, ShadowPlanRow, values)


@dataclass(frozen=True)
class Standing:
    """How many orders of a slice are whose now. `living` are real ones under way, `waiting` are the old system's that
    its channel does not show as shipped, with a few of each as examples."""

    living: int
    waiting: int
    living_examples: tuple[str, ...] = ()
    waiting_examples: tuple[str, ...] = ()


async def standing(tx: AsyncSession, of: Slice, examples: int = 10) -> Standing:
    """Count the orders that a switch leaves where they are. For a warehouse: nothing, its orders are its channels'."""
    if not of.channel:
        return Standing(0, 0)
    order, shadow = OrderRow, ShadowOrderRow
    living = [
        col(order.channel) == of.channel,
        col(order.closed_at).is_(None),
        col(order.paid_at).is_not(None),
        col(order.status).not_in([*_UNDER_WAY, ChannelStatus.CANCELLED]),
        ~select(shadow.order_id).where(shadow.order_id == order.order_id).exists(),
    ]
    waiting = [
        col(shadow.channel) == of.channel,
        col(shadow.shipped_at).is_(None),
        col(shadow.cancelled_at).is_(None),
    ]
    if of.name:
        living.append(col(order.shop) == of.name)
        waiting.append(col(shadow.shop) == of.name)
    counts, found = [], []
    for key, conditions in ((col(order.order_id), living), (col(shadow.order_id), waiting)):
        counts.append(int((await tx.execute(select(func.count(key)).where(*conditions))).scalar_one()))
        found.append(tuple((await tx.execute(select(key).where(*conditions).order_by(key).limit(examples))).scalars()))
    return Standing(counts[0], counts[1], found[0], found[1])


def switch_facts(one: Switch) -> dict[str, Any]:
    """A switch as plain JSON."""
    at = one.at.astimezone(BEIJING).isoformat()
    return {"slice": str(one.slice), "shadow": one.on, "since": at, "by": one.by, "why": one.why}


def standing_facts(orders: Standing) -> dict[str, Any]:
    """The orders that a switch leaves where they are, as plain JSON."""
    return {
        "living": orders.living,
        "living_examples": list(orders.living_examples),
        "old_systems_not_shipped": orders.waiting,
        "old_systems_examples": list(orders.waiting_examples),
    }


def switched(of: Slice, on: bool, moved: bool, orders: Standing) -> list[str]:
    """What whoever switched a slice must know, in sentences."""
    if not moved:
        return [text("shadow.already_on" if on else "shadow.already_off", slice=of)]
    if not of.channel:
        return [text("shadow.warehouse_on" if on else "shadow.warehouse_off", code=of.name)]
    said = [text("shadow.switched_on" if on else "shadow.switched_off", slice=of)]
    if on and orders.living:
        said.append(text("shadow.left_living", count=orders.living, examples=", ".join(orders.living_examples)))
    if not on and orders.waiting:
        said.append(text("shadow.left_waiting", count=orders.waiting, examples=", ".join(orders.waiting_examples)))
    return said
