"""Insert unless it is there, or else change it: the statements whose spelling differs between the two databases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Select, TextClause, bindparam, literal_column, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel

T = TypeVar("T")


async def insert_ignore(tx: AsyncSession, table: type[SQLModel], values: Mapping[str, Any]) -> bool:
    """Insert a row unless it collides with a unique key. True when this call inserted it."""
    target, build = _target(tx, table)
    # RETURNING tells who won; row counts after DO NOTHING differ between drivers.
    key = next(iter(target.primary_key.columns))
    statement = build(target).values(**values).on_conflict_do_nothing().returning(key)
    return (await tx.execute(statement)).first() is not None


async def insert_selected(tx: AsyncSession, table: type[SQLModel], columns: Sequence[str], query: Select[Any]) -> None:
    """Insert what a query gives, without the rows that are there already."""
    target, build = _target(tx, table)
    await tx.execute(build(target).from_select(columns, query).on_conflict_do_nothing())


async def insert_ignore_all(
    tx: AsyncSession, table: type[SQLModel], rows: Sequence[Mapping[str, Any]], key: Sequence[str]
) -> set[tuple[Any, ...]]:
    """Insert rows unless they collide with a unique key, in the order given, so that whoever inserts the same rows at
    the same moment in the same order waits and never deadlocks. Returns the `key` columns of those inserted.

    All rows have the same columns. A hundred of them in a statement are thirty times as cheap as one by one.
    """
    target, build = _target(tx, table)
    returned = (target.c[name] for name in key)
    statement = build(target).on_conflict_do_nothing().returning(*returned)
    inserted: set[tuple[Any, ...]] = set()
    for part in parts(rows):
        inserted.update(tuple(row) for row in (await tx.execute(statement, list(part))).all())
    return inserted


async def insert_locking(
    tx: AsyncSession, table: type[SQLModel], rows: Sequence[Mapping[str, Any]], columns: Sequence[str]
) -> list[tuple[Any, ...]]:
    """Insert rows unless they are there, and lock them all, in the order given. Returns `columns` as they are now."""
    target, build = _target(tx, table)
    key = [column.name for column in target.primary_key.columns]
    statement = build(target)
    # A change that changes nothing: it locks the row, and lets RETURNING tell of it.
    statement = statement.on_conflict_do_update(index_elements=key, set_={key[0]: statement.excluded[key[0]]})
    statement = statement.returning(*(target.c[name] for name in columns))
    kept: list[tuple[Any, ...]] = []
    for part in parts(rows):
        kept += [tuple(row) for row in (await tx.execute(statement, list(part))).all()]
    return kept


async def insert_or_set(tx: AsyncSession, table: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows; one that is there already gets the values given here. All rows must name the same columns."""
    if not rows:
        return
    statement = _insert_or_set(table, tx.get_bind().dialect.name, tuple(rows[0]))
    await tx.execute(statement, [dict(row) for row in rows])


@cache
def _insert_or_set(table: type[SQLModel], dialect: str, columns: Sequence[str]) -> TextClause:
    # As text, since SQLAlchemy compiles what has an ON CONFLICT anew each time: that costs more than carrying it out.
    target, build = _built_for(table, dialect)
    key = [column.name for column in target.primary_key.columns]
    # `inline`: nothing is to be returned.
    statement = build(target).values({name: literal_column(f":{name}") for name in columns}).inline()
    changes = {name: statement.excluded[name] for name in columns if name not in key}
    statement = statement.on_conflict_do_update(index_elements=key, set_=changes)
    spoken = (sqlite if dialect == "sqlite" else postgresql).dialect()
    values = (bindparam(name, type_=target.c[name].type) for name in columns)
    return text(str(statement.compile(dialect=spoken))).bindparams(*values)


async def insert_or_add(tx: AsyncSession, table: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows of numbers; to one that is there already the values given here are added.

    All rows have the same columns, and no key comes twice.
    """
    if not rows:
        return
    target, build = _target(tx, table)
    key = [column.name for column in target.primary_key.columns]
    statement = build(target)
    sums = {name: target.c[name] + statement.excluded[name] for name in rows[0] if name not in key}
    statement = statement.on_conflict_do_update(index_elements=key, set_=sums)
    for part in parts(rows):
        await tx.execute(statement, list(part))


def parts(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """Cut a sequence into parts of 256, 128, 64, ... 1, so that statements about them have few different texts.

    Drivers keep prepared statements by their text: one of each length would fill a hundred megabytes with them.
    """
    start, size = 0, 256
    while start < len(items):
        while size > len(items) - start:
            size //= 2
        yield items[start : start + size]
        start += size


def _target(tx: AsyncSession, table: type[SQLModel]) -> tuple[Any, Any]:
    return _built_for(table, tx.get_bind().dialect.name)


def _built_for(table: type[SQLModel], dialect: str) -> tuple[Any, Any]:
    build = sqlite.insert if dialect == "sqlite" else postgresql.insert
    return table.__table__, build  # type: ignore[attr-defined]
