"""Insert unless it is there: the one statement whose spelling differs between the two databases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel


async def insert_ignore(tx: AsyncSession, table: type[SQLModel], values: Mapping[str, Any]) -> bool:
    """Insert a row unless it collides with a unique key. True when this call inserted it."""
    target: Any = table.__table__  # type: ignore[attr-defined]
    build: Any = sqlite.insert if tx.get_bind().dialect.name == "sqlite" else postgresql.insert
    # RETURNING tells who won; row counts after DO NOTHING differ between drivers.
    key = next(iter(target.primary_key.columns))
    statement = build(target).values(**values).on_conflict_do_nothing().returning(key)
    return (await tx.execute(statement)).first() is not None
