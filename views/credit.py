"""Customers' credit, and when orders may be invoiced, as people see it."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from domain.clock import moment_json
from store import credit_limits
from store.tables import CreditEntryRow, CreditLimitRow


def limit_facts(row: CreditLimitRow) -> dict[str, Any]:
    """A limit as JSON, amounts in fen."""
    facts = row.model_dump(exclude={"updated_at"})
    return {**facts, "free_fen": max(row.limit_fen - row.reserved_fen - row.used_fen, 0)}


def entry_facts(row: CreditEntryRow) -> dict[str, Any]:
    """An entry as JSON."""
    return {**row.model_dump(exclude={"seq", "at"}), "at": moment_json(row.at)}


async def invoice_moments(tx: AsyncSession, order_id: str) -> list[dict[str, Any]]:
    """When which part of an order may be invoiced, and when it must be paid."""
    return [
        {
            "consignment": row.consignment,
            "amount_fen": row.amount_fen,
            "terms": row.terms,
            "at": moment_json(row.at),
            "due_at": moment_json(row.due_at),
            "voided_at": moment_json(row.voided_at),
        }
        for row in await credit_limits.invoiced(tx, order_id)
    ]
