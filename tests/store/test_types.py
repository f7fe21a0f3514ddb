from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import CompileError, StatementError
from sqlmodel import col, select

from domain.clock import BEIJING
from store.database import Database
from store.tables import WarrantyRow

LATE = datetime(2026, 3, 1, 7, 30, 0, 123456, tzinfo=BEIJING)


def _row(starts_at: datetime) -> WarrantyRow:
    return WarrantyRow(order_id="O", line_no="1", sku="MUG", starts_at=starts_at, ends_at=LATE)


async def test_a_moment_comes_back_aware_in_utc_to_the_microsecond(database: Database) -> None:
    async with database.transaction() as tx:
        tx.add(_row(LATE))
    async with database.transaction() as tx:
        found = (await tx.execute(select(WarrantyRow.starts_at))).scalar_one()
    assert found == LATE
    assert found.utcoffset() == timedelta(0)
    assert found.isoformat() == "2026-02-28T23:30:00.123456+00:00"


async def test_moments_of_different_zones_compare_as_moments(database: Database) -> None:
    async with database.transaction() as tx:
        tx.add(_row(LATE))
        for moment, expected in ((LATE.astimezone(UTC), 1), (LATE + timedelta(microseconds=1), 0)):
            query = select(WarrantyRow).where(col(WarrantyRow.starts_at) >= moment)
            assert len((await tx.execute(query)).all()) == expected


async def test_a_naive_moment_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="naive"):
        async with database.transaction() as tx:
            tx.add(_row(LATE.replace(tzinfo=None)))
    with pytest.raises(StatementError, match="naive"):
        async with database.transaction() as tx:
            await tx.execute(select(WarrantyRow).where(col(WarrantyRow.starts_at) > LATE.replace(tzinfo=None)))


async def test_the_database_itself_holds_utc(database: Database) -> None:
    async with database.transaction() as tx:
        tx.add(_row(LATE))
        await tx.flush()
        raw = (await tx.execute(text("SELECT starts_at FROM warranties"))).scalar_one()
    assert str(raw).startswith("2026-02-28 23:30:00.123456")


def test_a_moment_is_never_rendered_into_sql() -> None:
    query = select(WarrantyRow).where(col(WarrantyRow.starts_at) == LATE)
    with pytest.raises(CompileError) as caught:
        query.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})  # type: ignore[no-untyped-call]
    assert str(caught.value.__cause__) == "bind a moment, do not render it"
