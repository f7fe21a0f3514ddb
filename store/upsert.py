"""Insert unless it is there, or else change it: the statements whose spelling differs between the two databases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel


async def insert_ignore(tx: AsyncSession, table: type[SQLModel], values: Mapping[str, Any]) -> bool:
    """Insert a row unless it collides with a unique key. True when this call inserted it."""
    return await insert_ignore_many(tx, table, [values]) == 1


async def insert_ignore_many(tx: AsyncSession, table: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert rows unless they collide with a unique key, in one statement. How many this call inserted."""
    if not rows:
        return 0
    target, build = _target(tx, table)
    # RETURNING tells who won; row counts after DO NOTHING differ between drivers.
    key = next(iter(target.primary_key.columns))
    values = build(target).values(list(rows)) if len(rows) > 1 else build(target).values(**rows[0])
    return len((await tx.execute(values.on_conflict_do_nothing().returning(key))).all())


async def insert_selected(tx: AsyncSession, table: type[SQLModel], columns: Sequence[str], query: Select[Any]) -> None:
    """Insert what a query gives, without the rows that are there already."""
    target, build = _target(tx, table)
    await tx.execute(build(target).from_select(columns, query).on_conflict_do_nothing())


async def insert_or_set(tx: AsyncSession, table: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows; one that is there already gets the values given here. All rows must name the same columns."""
    if not rows:
        return
    target, build = _target(tx, table)
    key = [column.name for column in target.primary_key.columns]
    statement = build(target)
    changes = {name: statement.excluded[name] for name in rows[0] if name not in key}
    await tx.execute(statement.on_conflict_do_update(index_elements=key, set_=changes), [dict(row) for row in rows])


def _target(tx: AsyncSession, table: type[SQLModel]) -> tuple[Any, Any]:
    build = sqlite.insert if tx.get_bind().dialect.name == "sqlite" else postgresql.insert
    return table.__table__, build  # type: ignore[attr-defined]
