"""The tax in what was paid for an order, line by line, of every revision that was accepted."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, func, select

from domain.tax import LineTax
from store.tables import OrderTaxRow
from store.upsert import insert_or_set


async def keep(tx: AsyncSession, order_id: str, revision: int, lines: Sequence[LineTax]) -> None:
    """Keep the taxes of a revision; kept again, they are what is said now."""
    await insert_or_set(
        tx,
        OrderTaxRow,
        [
            {
                "order_id": order_id,
                "revision": revision,
                "line_no": line.line_no,
                "rate_permille": line.rate.permille,
                "gross_fen": line.gross_fen,
                "freight_fen": line.freight_fen,
                "tax_fen": line.tax_fen,
                "rule": line.rate.rule,
            }
            for line in lines
        ],
    )


async def newest(tx: AsyncSession, order_id: str) -> list[OrderTaxRow]:
    """The taxes of the newest revision that has some, by line."""
    row = OrderTaxRow
    last = select(func.max(row.revision)).where(row.order_id == order_id).scalar_subquery()
    query = select(row).where(row.order_id == order_id, col(row.revision) == last).order_by(col(row.line_no))
    return list((await tx.execute(query)).scalars())
