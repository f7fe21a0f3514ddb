"""Statements about columns alone, for what every order asks: SQLAlchemy's ORM takes no part in them.

Such a statement is built once, when its module is loaded, and costs about half of one about classes that is built each
time that it is asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Executable, Result, Table
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel


def columns(row: type[SQLModel]) -> Table:
    """The table of a row's class."""
    table: Table = row.__table__  # type: ignore[attr-defined]
    return table


async def ask(tx: AsyncSession, statement: Executable, values: Mapping[str, Any]) -> Result[Any]:
    """Carry out such a statement. What is pending in the session is written first.

    The session does that by itself for the ORM's own statements only.
    """
    if tx.new or tx.dirty or tx.deleted:
        await tx.flush()
    return await tx.execute(statement, values)
