"""The inbox: every inbound document is here before it is acknowledged, and leaves only as done or quarantined."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import bindparam, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, func, or_, select, tuple_

from domain.clock import utc_now
from store.tables import InboxRow
from store.upsert import insert_ignore_all, parts

NEW, DONE, QUARANTINED = "new", "done", "quarantined"

_Key = tuple[str, str, int]
"""Source, document id, version."""


@dataclass(frozen=True)
class Incoming:
    """A verified document on its way into the inbox."""

    source: str
    kind: str
    document_id: str
    version: int
    body: str
    order_id: str | None = None


class Put(StrEnum):
    """What became of a document on its way into the inbox."""

    FRESH = "fresh"
    """It is kept now."""
    SAME = "same"
    """It was here already, with the same body."""
    OTHER = "other"
    """One of the same name and version was here already, with another body, which stays."""


async def put_all(tx: AsyncSession, documents: Sequence[Incoming]) -> list[Put]:
    """Keep documents, in a few statements whatever their number; repeats are counted. Answers in the order given.

    Two transactions with the same documents never wait for each other in a circle: rows are inserted in the order of
    their keys, and those that are here already are locked in the order of `seq`, as everywhere.
    """
    now = utc_now()
    keys = [_key(document) for document in documents]
    came = Counter(keys)
    first: dict[_Key, int] = {}
    for i, key in enumerate(keys):
        first.setdefault(key, i)
    rows = [_row(documents[first[key]], now) | {"repeats": came[key] - 1} for key in sorted(first)]
    fresh = await insert_ignore_all(tx, InboxRow, rows, ("source", "document_id", "version"))
    bodies = {key: documents[i].body for key, i in first.items()}
    if len(fresh) < len(first):
        here = await _kept(tx, [key for key in first if key not in fresh])
        bodies |= {key: body for key, _, body in here}
        await _count_repeats(tx, {seq: came[key] for key, seq, _ in here})

    def became(i: int) -> Put:
        if keys[i] in fresh and first[keys[i]] == i:
            return Put.FRESH
        return Put.SAME if bodies[keys[i]] == documents[i].body else Put.OTHER

    return [became(i) for i in range(len(documents))]


async def put(tx: AsyncSession, incoming: Incoming) -> bool:
    """Keep a document. False when it is here already (then its repeats are counted)."""
    return await put_all(tx, [incoming]) == [Put.FRESH]


async def put_quarantined(tx: AsyncSession, incoming: Incoming, reason: str) -> None:
    """Keep a document that nobody can read, with the reason."""
    if await put(tx, incoming):
        await tx.execute(_same(incoming).values(status=QUARANTINED, outcome=reason, done_at=utc_now()))


async def body_of(tx: AsyncSession, incoming: Incoming) -> str | None:
    """The body kept under the same key; None when there is none."""
    return next((body for _, _, body in await _kept(tx, [_key(incoming)])), None)


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


def _key(document: Incoming) -> _Key:
    return document.source, document.document_id, document.version


def _row(document: Incoming, now: datetime) -> dict[str, Any]:
    return {
        "source": document.source,
        "kind": document.kind,
        "document_id": document.document_id,
        "version": document.version,
        "order_id": document.order_id,
        "body": document.body,
        "status": NEW,
        "outcome": "",
        "attempts": 0,
        "next_try_at": now,
        "received_at": now,
    }


async def _kept(tx: AsyncSession, keys: Sequence[_Key]) -> list[tuple[_Key, int, str]]:
    """Key, seq and body of the documents under these keys."""
    key = tuple_(col(InboxRow.source), col(InboxRow.document_id), col(InboxRow.version))
    columns: list[Any] = [*key.clauses, InboxRow.seq, InboxRow.body]
    rows = [row for part in parts(keys) for row in (await tx.execute(select(*columns).where(key.in_(part)))).all()]
    return [((source, document_id, version), seq, body) for source, document_id, version, seq, body in rows]


async def _count_repeats(tx: AsyncSession, came: Mapping[int, int]) -> None:
    table: Any = InboxRow.__table__  # type: ignore[attr-defined]
    statement = update(table).where(table.c.seq == bindparam("at")).values(repeats=table.c.repeats + bindparam("more"))
    # Through the connection: the ORM would take many sets of values for an update by primary key.
    await (await tx.connection()).execute(statement, [{"at": seq, "more": came[seq]} for seq in sorted(came)])


def _same(incoming: Incoming):  # type: ignore[no-untyped-def]
    return update(InboxRow).where(
        col(InboxRow.source) == incoming.source,
        col(InboxRow.document_id) == incoming.document_id,
        col(InboxRow.version) == incoming.version,
    )
