"""Mending what is wrong with an order in one way only, before it is reviewed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.contracts import FlagFact
from domain.amounts import adds_up, recalculated
from domain.golden import GoldenState, reached
from domain.healing import HealingOutcome, HealingRule
from domain.holds import HoldReason
from domain.money import format_yuan
from domain.order import ChannelStatus, Order
from domain.regions import Told, complete
from domain.texts import text
from rules.gazetteer import gazetteer
from store import healings, orders
from store.healings import Healing
from store.holds import close_task, open_task
from store.tables import OrderRow

METRIC = "orderhub_healings_total"


@dataclass(frozen=True)
class Mended:
    """An order as it is to be reviewed, at which revision, what the operator should know, and what was mended."""

    order: Order
    revision: int
    notes: list[FlagFact] = field(default_factory=list)
    healings: list[Healing] = field(default_factory=list)


async def heal(tx: AsyncSession, row: OrderRow, order: Order, revision: int) -> Mended:
    """Mend an order's newest revision, as a new revision of it.

    Older revisions, and orders that are packed or off, are left as they are.
    """
    packed = reached(GoldenState(row.state) if row.state else None, GoldenState.PACKED)
    if revision != row.revision or packed or order.status is ChannelStatus.CANCELLED:
        return Mended(order, revision)
    done = Mended(order, revision)
    for mend in (_heal_amounts, _heal_region):
        found = await mend(tx, row, done.order)
        if found is None:
            continue
        healing, mended, note = found
        kept = await healings.keep(tx, row, healing)
        done = Mended(
            mended or done.order,
            revision,
            [*done.notes, *([note] if note else [])],
            [*done.healings, *([healing] if kept else [])],
        )
    if done.order is order:
        return done
    # Its workflow hears of the new revision by this step's answer.
    row.signalled_revision = await orders.replace(tx, row, done.order, orders.HEALING)
    return replace(done, revision=row.revision)


def count(kept: Iterable[Healing]) -> None:
    """Show mendings in the metrics."""
    kept = list(kept)
    if not kept:
        return
    counter = activity.metric_meter().create_counter(METRIC, "What was mended without a person, or handed to one")
    for healing in kept:
        counter.add(1, {"rule": healing.rule, "outcome": healing.outcome})


Found = tuple[Healing, Order | None, FlagFact | None]
"""A mending, the mended order if there is one, and what the operator should know."""


async def _heal_region(tx: AsyncSession, row: OrderRow, order: Order) -> Found | None:
    """What workflows are told (the flags) names no place: histories are free of where people live."""
    found = complete(order.receiver, gazetteer()) if order.receiver.region.country == "CN" else None
    if row.revision > 1 and (found is None or found.told is not Told.SEVERAL):
        await close_task(tx, choice_key(row.order_id), "orderhub")
    if found is None:
        return None
    before = order.receiver.region
    lacking = "，".join(text(f"address.{level}_missing") for level in found.lacking)
    said = f"{before.text() or '-'}（{lacking}）"

    def healing(outcome: HealingOutcome, after: str) -> Healing:
        return Healing(HealingRule.ADDRESS, _digest(before.model_dump_json(), after), outcome, said, after)

    if found.told is Told.NONE:
        return healing(HealingOutcome.FAILED, ""), None, None
    if found.told is Told.SEVERAL:
        places = " / ".join(found.proposals)
        sentence = text("task.address_choice", places=places)
        key = choice_key(row.order_id)
        await open_task(tx, key, "address_choice", sentence, order_id=row.order_id, again=True)
        ask = FlagFact("healing.person", HoldReason.ADDRESS_INCOMPLETE, text("healing.choose"))
        return healing(HealingOutcome.PERSON, places), None, ask
    mended = order.model_copy(update={"receiver": order.receiver.model_copy(update={"region": found.region})})
    note = FlagFact("healing.healed", "", text("healing.region"))
    return healing(HealingOutcome.HEALED, found.region.text()), mended, note


def choice_key(order_id: str) -> str:
    """The key of the task to choose between places."""
    return f"{order_id}/address_choice"


async def _heal_amounts(tx: AsyncSession, row: OrderRow, order: Order) -> Found | None:
    """A document that never added up is the channel's own mistake, and not mended: only what changed is."""
    if adds_up(order) or row.revision == 1:
        return None
    if (await orders.body(tx, row.order_id, row.revision - 1)).lines == order.lines:
        return None
    mended = recalculated(order)
    before, after = _money(order), "" if mended is None else _money(mended)
    outcome = HealingOutcome.PERSON if mended is None else HealingOutcome.HEALED
    healing = Healing(HealingRule.AMOUNTS, _digest(before, after), outcome, before, after)
    if mended is None:
        return healing, None, None
    return healing, mended, FlagFact("healing.healed", "", text("healing.amounts", amounts=after))


def _money(order: Order) -> str:
    amounts = order.amounts
    lines = "+".join(format_yuan(line.amount_fen) for line in order.lines)
    return text(
        "healing.money",
        lines=lines,
        goods=format_yuan(amounts.goods_fen),
        freight=format_yuan(amounts.freight_fen),
        discount=format_yuan(amounts.discount_fen),
        paid=format_yuan(amounts.paid_fen),
    )


def _digest(before: str, after: str) -> str:
    """The same mistake in a later document of the channel is the same mending."""
    return hashlib.sha256(f"{before}\n{after}".encode()).hexdigest()[:12]
