"""Mendings: kept once, seen as events of their orders, counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, func, select

from domain.clock import utc_now
from domain.healing import HealingOutcome, HealingRule
from store.tables import HealingRow, OrderEventRow, OrderRow
from store.upsert import insert_ignore


@dataclass(frozen=True)
class Healing:
    """One mending; `subject` tells the mendings of one rule on one order apart."""

    rule: HealingRule
    subject: str
    outcome: HealingOutcome
    before: str
    after: str = ""


async def keep(tx: AsyncSession, row: OrderRow, healing: Healing) -> bool:
    """Keep a mending, and write it into its order's history. False when it is kept already.

    One that ends otherwise after all (what left is lost on the road) counts by its last end.
    """
    now = utc_now()
    values = {
        "order_id": row.order_id,
        "rule": healing.rule,
        "subject": healing.subject,
        "outcome": healing.outcome,
        "before": healing.before,
        "after": healing.after,
        "at": now,
    }
    if not await insert_ignore(tx, HealingRow, values):
        known = update(HealingRow).where(
            col(HealingRow.order_id) == row.order_id,
            col(HealingRow.rule) == healing.rule,
            col(HealingRow.subject) == healing.subject,
            col(HealingRow.outcome) != healing.outcome,
        )
        turned = known.values(outcome=healing.outcome, after=healing.after, at=now).returning(col(HealingRow.seq))
        if (await tx.execute(turned)).first() is None:
            return False
    tx.add(
        OrderEventRow(
            order_id=row.order_id,
            step=f"healing/{healing.rule}/{healing.subject}/{healing.outcome}",
            at=now,
            who="orderhub",
            what=f"healing.{healing.outcome}",
            why=f"{healing.rule}: {healing.before} → {healing.after or '?'}",
            state_before=row.state,
            state_after=row.state,
        )
    )
    await tx.flush()
    return True


async def counts(tx: AsyncSession) -> dict[str, dict[str, int]]:
    """How many mendings of each rule ended how."""
    found = {str(rule): dict.fromkeys(map(str, HealingOutcome), 0) for rule in HealingRule}
    query = select(HealingRow.rule, HealingRow.outcome, func.count()).group_by(HealingRow.rule, HealingRow.outcome)
    for rule, outcome, count in (await tx.execute(query)).tuples():
        found[rule][outcome] = count
    return found


async def newest(tx: AsyncSession, limit: int) -> Sequence[HealingRow]:
    """The latest mendings, the latest first."""
    return (await tx.execute(select(HealingRow).order_by(col(HealingRow.seq).desc()).limit(limit))).scalars().all()


async def of_order(tx: AsyncSession, order_id: str) -> Sequence[HealingRow]:
    """An order's mendings, oldest first."""
    query = select(HealingRow).where(HealingRow.order_id == order_id).order_by(col(HealingRow.seq))
    return (await tx.execute(query)).scalars().all()
