"""Column types that many tables share."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, Integer
from sqlmodel import Field

from store.types import UtcDateTime


def moment(*, nullable: bool = False, index: bool = False) -> Any:
    """A column for an aware moment."""
    return Field(default=None, sa_column=Column(UtcDateTime(), nullable=nullable, index=index))


def sequence() -> Any:
    """A primary key that numbers its rows."""
    # SQLite numbers rows by itself only in an INTEGER primary key.
    column = Column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True)
    return Field(default=None, sa_column=column)
