"""Customers' credit, and when orders may be invoiced, as people see it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from domain.clock import BEIJING
from store import credit_limits
from store.tables import CreditEntryRow, CreditLimitRow


def limit_facts(row: CreditLimitRow) -> dict[str, Any]:
    """A limit as JSON, amounts in fen."""
    facts = row.model_dump(exclude={"updated_at"})
    return {**facts, "free_fen": max(row.limit_fen - row.reserved_fen - row.used_fen, 0)}


def entry_facts(row: CreditEntryRow) -> dict[str, Any]:
    """An entry as JSON."""
    return {**row.model_dump(exclude={"seq", "at"}), "at": _moment(row.at)}


async def invoice_moments(tx: AsyncSession, order_id: str) -> list[dict[str, Any]]:
    """When which part of an order may be invoiced, and when it must be paid."""
    return [
        {
            "consignment": row.consignment,
            "amount_fen": row.amount_fen,
            "terms": row.terms,
            "at": _moment(row.at),
            "due_at": _moment(row.due_at),
            "voided_at": _moment(row.voided_at),
        }
        for row in await credit_limits.invoiced(tx, order_id)
    ]


def _moment(moment: datetime | None) -> str | None:
    return moment.astimezone(BEIJING).isoformat() if moment is not None else None
