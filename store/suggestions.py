"""Suggestions to order articles: one open for each article and warehouse, whoever asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from domain.clock import utc_now
from store.holds import close_task
from store.tables import ReplenishmentRow
from store.upsert import insert_ignore

BELOW_SAFETY, INVALID_FREEZE, SHORTAGE = "below_safety", "invalid_freeze", "shortage"
"""Causes."""


async def keep(
    tx: AsyncSession, sku: str, warehouse: str, quantity: int, cause: str, facts: Mapping[str, Any]
) -> ReplenishmentRow:
    """The one open suggestion for an article in a warehouse, opened or brought up to date.

    One for another cause stays what it is, and asks for as much as the larger of both.
    """
    if quantity < 1:
        raise ValueError(f"cannot suggest {quantity} of {sku}")
    now = utc_now()
    fresh = {"sku": sku, "warehouse": warehouse, "quantity": quantity, "cause": cause, "facts": dict(facts)}
    rest = {"status": "open", "opened_at": now, "updated_at": now, "closed_by": "", "purchase_no": ""}
    await insert_ignore(tx, ReplenishmentRow, {**fresh, **rest})
    query = select(ReplenishmentRow).where(
        ReplenishmentRow.sku == sku, ReplenishmentRow.warehouse == warehouse, ReplenishmentRow.status == "open"
    )
    found = await tx.execute(query.with_for_update().execution_options(populate_existing=True))
    row: ReplenishmentRow = found.scalar_one()
    if row.cause == cause:
        row.quantity, row.facts, row.updated_at = quantity, dict(facts), now
    elif quantity > row.quantity:
        row.quantity, row.updated_at = quantity, now
    tx.add(row)
    await tx.flush()
    return row


async def drop(tx: AsyncSession, sku: str, warehouse: str, cause: str) -> bool:
    """The open suggestion of that cause is needed no more. False when there is none."""
    query = select(ReplenishmentRow).where(
        ReplenishmentRow.sku == sku,
        ReplenishmentRow.warehouse == warehouse,
        ReplenishmentRow.status == "open",
        ReplenishmentRow.cause == cause,
    )
    row = (await tx.execute(query.with_for_update())).scalar_one_or_none()
    if row is None:
        return False
    row.status, row.closed_at, row.closed_by = "dropped", utc_now(), "orderhub"
    tx.add(row)
    await close_task(tx, task_key(warehouse, sku), "orderhub")
    return True


async def open_for(tx: AsyncSession, cause: str) -> set[str]:
    """The articles with an open suggestion of that cause."""
    query = select(ReplenishmentRow.sku).where(ReplenishmentRow.status == "open", ReplenishmentRow.cause == cause)
    return set((await tx.execute(query)).scalars())


async def listed(tx: AsyncSession, *, every: bool = False) -> list[ReplenishmentRow]:
    """The open suggestions (with `every`, the closed ones too), by number."""
    query = select(ReplenishmentRow).order_by(col(ReplenishmentRow.number))
    if not every:
        query = query.where(ReplenishmentRow.status == "open")
    return list((await tx.execute(query)).scalars())


def task_key(warehouse: str, sku: str) -> str:
    """The key of the one task that asks for it."""
    return f"replenish/{warehouse}/{sku}"
