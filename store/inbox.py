"""The inbox: every inbound document is here before it is acknowledged, and leaves only as done or quarantined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, func, or_, select

from domain.clock import utc_now
from store.tables import InboxRow
from store.upsert import insert_ignore, insert_ignore_many

NEW, DONE, QUARANTINED = "new", "done", "quarantined"


@dataclass(frozen=True)
class Incoming:
    """A verified document on its way into the inbox."""

    source: str
    kind: str
    document_id: str
    version: int
    body: str
    order_id: str | None = None


async def put(tx: AsyncSession, incoming: Incoming) -> bool:
    """Keep a document. False when it is here already (then its repeats are counted)."""
    fresh = await insert_ignore(tx, InboxRow, _new_row(incoming))
    if not fresh:
        await tx.execute(_same(incoming).values(repeats=col(InboxRow.repeats) + 1))
    return fresh


async def put_many(tx: AsyncSession, incoming: Sequence[Incoming]) -> int:
    """Keep documents that are hardly here already, in one statement: a few hundred at most. Returns how many were not;
    repeats are not counted."""
    return await insert_ignore_many(tx, InboxRow, [_new_row(each) for each in incoming])


def _new_row(incoming: Incoming) -> dict[str, object]:
    now = utc_now()
    return {
        "source": incoming.source,
        "kind": incoming.kind,
        "document_id": incoming.document_id,
        "version": incoming.version,
        "order_id": incoming.order_id,
        "body": incoming.body,
        "status": NEW,
        "outcome": "",
        "attempts": 0,
        "repeats": 0,
        "next_try_at": now,
        "received_at": now,
    }


async def put_quarantined(tx: AsyncSession, incoming: Incoming, reason: str) -> None:
    """Keep a document that nobody can read, with the reason."""
    if await put(tx, incoming):
        await tx.execute(_same(incoming).values(status=QUARANTINED, outcome=reason, done_at=utc_now()))


async def body_of(tx: AsyncSession, incoming: Incoming) -> str | None:
    """The body kept under the same key; None when there is none."""
    query = select(InboxRow.body).where(
        InboxRow.source == incoming.source,
        InboxRow.document_id == incoming.document_id,
        InboxRow.version == incoming.version,
    )
    return (await tx.execute(query)).scalar_one_or_none()


@dataclass(frozen=True)
class Newest:
    """The newest version that is here of one document."""

    version: int
    body: str


async def newest(tx: AsyncSession, source: str, document_ids: Sequence[str]) -> dict[str, Newest]:
    """The newest version of each of these documents that is here, by its id."""
    query = (
        select(InboxRow.document_id, InboxRow.version, InboxRow.body)
        .where(InboxRow.source == source, col(InboxRow.document_id).in_(document_ids))
        .order_by(col(InboxRow.version))
    )
    found = (await tx.execute(query)).tuples().all()
    return {document_id: Newest(version, body) for document_id, version, body in found}


async def claim(
    tx: AsyncSession,
    limit: int,
    lease: timedelta,
    *,
    kinds: Sequence[str] | None = None,
    but_not: Sequence[str] = (),
    latest_first: bool = False,
) -> list[InboxRow]:
    """Take up to `limit` due documents for `lease`, the oldest unless `latest_first`; of `kinds` where given, never
    those in `but_not`.

    One conditional UPDATE, since SQLite knows no SKIP LOCKED: two dispatchers never get the same row. A row whose
    dispatcher died is due again when its lease ends.
    """
    now = utc_now()
    free = or_(col(InboxRow.claimed_until).is_(None), col(InboxRow.claimed_until) < now)
    due = select(InboxRow.seq).where(InboxRow.status == NEW, col(InboxRow.next_try_at) <= now, free)
    if kinds is not None:
        due = due.where(col(InboxRow.kind).in_(kinds))
    if but_not:
        due = due.where(col(InboxRow.kind).not_in(but_not))
    due = due.order_by(col(InboxRow.seq).desc() if latest_first else col(InboxRow.seq)).limit(limit)
    if tx.get_bind().dialect.name != "sqlite":
        due = due.with_for_update(skip_locked=True)
    # PostgreSQL may run a sub-select once per row, and its LIMIT with it: materialised, it runs once.
    chosen = due.cte("chosen").prefix_with("MATERIALIZED", dialect="postgresql")
    statement = (
        update(InboxRow)
        .where(col(InboxRow.seq).in_(select(chosen.c.seq)), col(InboxRow.status) == NEW, free)
        .values(claimed_until=now + lease, attempts=col(InboxRow.attempts) + 1)
        .returning(InboxRow)
    )
    rows = list((await tx.execute(statement)).scalars())
    return sorted(rows, key=lambda row: row.seq or 0)


async def due(tx: AsyncSession) -> bool:
    """Whether any document waits to be claimed: a look that takes no lock."""
    now = utc_now()
    free = or_(col(InboxRow.claimed_until).is_(None), col(InboxRow.claimed_until) < now)
    query = select(InboxRow.seq).where(InboxRow.status == NEW, col(InboxRow.next_try_at) <= now, free).limit(1)
    return (await tx.execute(query)).first() is not None


async def backlog(tx: AsyncSession, most: int) -> int:
    """How many documents wait to be claimed; counted up to `most`."""
    query = select(InboxRow.seq).where(InboxRow.status == NEW, col(InboxRow.next_try_at) <= utc_now()).limit(most)
    return int((await tx.execute(select(func.count()).select_from(query.subquery()))).scalar_one())


async def finish(tx: AsyncSession, seq: int, outcome: str, *, quarantined: bool = False) -> None:
    """A document has done what it could do."""
    values = {"status": QUARANTINED if quarantined else DONE, "outcome": outcome[:500], "done_at": utc_now()}
    await tx.execute(update(InboxRow).where(col(InboxRow.seq) == seq).values(**values, claimed_until=None))


async def postpone(tx: AsyncSession, seq: int, until: datetime, why: str, *, tried: bool = True) -> None:
    """Look at a document again later; `tried` counts as a try."""
    statement = update(InboxRow).where(col(InboxRow.seq) == seq)
    statement = statement.values(next_try_at=until, claimed_until=None, outcome=why[:500])
    if not tried:
        statement = statement.values(attempts=col(InboxRow.attempts) - 1)
    await tx.execute(statement)


async def release(tx: AsyncSession, seqs: Sequence[int]) -> None:
    """Give claimed documents back untouched."""
    await tx.execute(
        update(InboxRow)
        .where(col(InboxRow.seq).in_(seqs))
        .values(claimed_until=None, attempts=col(InboxRow.attempts) - 1)
    )


async def counts(tx: AsyncSession) -> dict[str, int]:
    """How many documents are in each status."""
    query = select(InboxRow.status, func.count()).group_by(InboxRow.status)
    return dict((await tx.execute(query)).tuples().all())


def _same(incoming: Incoming):  # type: ignore[no-untyped-def]
    return update(InboxRow).where(
        col(InboxRow.source) == incoming.source,
        col(InboxRow.document_id) == incoming.document_id,
        col(InboxRow.version) == incoming.version,
    )
