"""Files that orders come in: which are complete, what of them is taken, and which of their orders are news.

A file says nothing of when its orders were changed. So their versions are counted from 1, by what files said before:

- the same content again (state, address, lines, amounts: the fingerprint) is no news;
- other content is news, unless it is older: by the times in both files' names where both have one, else by the state,
  which never goes back (an export from before the shipment that is uploaded after it changes nothing);
- an order that the channel's own interface told of is left alone. That interface tells every later change by itself,
  and its versions are moments; an export may be older than any of them, and nothing in it could prove otherwise. The
  other way round, the interface's version is above all counted ones: it takes over an order that a file brought first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from domain.clock import utc_now
from store import inbox
from store.tables import FiledOrderRow, OrderRow, SeenFileRow, TakenFileRow
from store.upsert import insert_ignore

TAKING, TAKEN, REFUSED = "taking", "taken", "refused"

COUNTED_BELOW = 1_000_000_000
"""Versions below are counted by files, those above are moments in ms."""


@dataclass(frozen=True)
class Drop:
    """One shop's files."""

    feed: str
    shop: str


@dataclass(frozen=True)
class Listed:
    """A file as its server lists it."""

    name: str
    size: int
    modified: str


@dataclass(frozen=True)
class Filed:
    """An order out of a file; `incoming` has no version yet."""

    incoming: inbox.Incoming
    fingerprint: str
    stage: int


class Overtaken(RuntimeError):
    """Another worker takes the same file, and is further on."""


async def note_listing(tx: AsyncSession, drop: Drop, files: Sequence[Listed]) -> Mapping[str, SeenFileRow]:
    """Keep how the files look now. Returns since when each looks so; forgets those that are gone."""
    query = select(SeenFileRow).where(SeenFileRow.feed == drop.feed, SeenFileRow.shop == drop.shop)
    rows = {row.name: row for row in (await tx.execute(query)).scalars()}
    for file in files:
        row = rows.get(file.name)
        if row is None:
            row = SeenFileRow(
                feed=drop.feed,
                shop=drop.shop,
                name=file.name,
                size=file.size,
                modified=file.modified,
                since=utc_now(),
            )
            rows[file.name] = row
        elif (row.size, row.modified) != (file.size, file.modified):
            row.size, row.modified, row.since, row.sha256 = file.size, file.modified, utc_now(), ""
        tx.add(row)
    listed = {file.name for file in files}
    gone = [name for name in rows if name not in listed]
    for name in gone:
        await forget(tx, drop, name)
        del rows[name]
    await tx.flush()
    return rows


async def forget(tx: AsyncSession, drop: Drop, name: str) -> None:
    """A file is not in the drop any more."""
    await tx.execute(
        delete(SeenFileRow).where(
            col(SeenFileRow.feed) == drop.feed, col(SeenFileRow.shop) == drop.shop, col(SeenFileRow.name) == name
        )
    )


async def decided(tx: AsyncSession, drop: Drop, name: str) -> TakenFileRow | None:
    """What came of the file that still lies there under this name; None when it has to be looked at."""
    seen = await tx.get(SeenFileRow, (drop.feed, drop.shop, name))
    if seen is None or not seen.sha256:
        return None
    return await tx.get(TakenFileRow, (drop.feed, drop.shop, seen.sha256))


async def begin(tx: AsyncSession, drop: Drop, sha256: str, file: Listed) -> TakenFileRow:
    """Begin to take a content, or go on with it. One that was decided before counts a repeat."""
    values = {"name": file.name, "size": file.size, "state": TAKING, "why": "", "begun_at": utc_now()}
    counts = dict.fromkeys(("rows", "orders", "known", "rejects", "progress", "repeats"), 0)
    await insert_ignore(tx, TakenFileRow, {"feed": drop.feed, "shop": drop.shop, "sha256": sha256, **values, **counts})
    row = await tx.get_one(TakenFileRow, (drop.feed, drop.shop, sha256), with_for_update=True)
    if row.state != TAKING:
        row.repeats += 1
        await _mark_seen(tx, drop, file, sha256)
        tx.add(row)
    return row


async def take(
    tx: AsyncSession, row: TakenFileRow, orders: Sequence[Filed], told_at: datetime | None, progress: tuple[int, int]
) -> int:
    """Take orders of a file, which moves on from one line to another. Returns how many are news, and in the inbox now.

    Raises Overtaken when the file is not at the first line.
    """
    news = 0
    if orders:
        rows = await _filed(tx, orders)
        versions = await _versions(tx, orders)
        told = [_take(tx, order, rows, versions, told_at) for order in orders]
        puts = await inbox.put_all(tx, [incoming for incoming in told if incoming is not None])
        news = puts.count(inbox.Put.FRESH)
    moved = (
        update(TakenFileRow)
        .where(
            col(TakenFileRow.feed) == row.feed,
            col(TakenFileRow.shop) == row.shop,
            col(TakenFileRow.sha256) == row.sha256,
            col(TakenFileRow.state) == TAKING,
            col(TakenFileRow.progress) == progress[0],
        )
        .values(
            progress=progress[1],
            orders=col(TakenFileRow.orders) + news,
            known=col(TakenFileRow.known) + len(orders) - news,
        )
        .returning(col(TakenFileRow.sha256))
    )
    if (await tx.execute(moved)).first() is None:
        raise Overtaken(f"{row.name} is taken by another worker")
    return news


async def finish(
    tx: AsyncSession,
    drop: Drop,
    sha256: str,
    file: Listed,
    state: str,
    *,
    why: str = "",
    rows: int = 0,
    rejects: int = 0,
) -> TakenFileRow:
    """A content is taken, or refused as a whole; what lies in the drop only has to be moved away."""
    row = await tx.get_one(TakenFileRow, (drop.feed, drop.shop, sha256), with_for_update=True)
    row.state, row.why, row.rows, row.rejects, row.done_at = state, why[:500], rows, rejects, utc_now()
    tx.add(row)
    await _mark_seen(tx, drop, file, sha256)
    return row


async def had_rejects(tx: AsyncSession, drop: Drop, name: str, but_not: str) -> bool:
    """Whether another content of this name had rows that were rejected."""
    query = select(TakenFileRow.sha256).where(
        TakenFileRow.feed == drop.feed,
        TakenFileRow.shop == drop.shop,
        TakenFileRow.name == name,
        TakenFileRow.sha256 != but_not,
        col(TakenFileRow.rejects) > 0,
    )
    return (await tx.execute(query.limit(1))).first() is not None


async def _mark_seen(tx: AsyncSession, drop: Drop, file: Listed, sha256: str) -> None:
    await tx.execute(
        update(SeenFileRow)
        .where(
            col(SeenFileRow.feed) == drop.feed,
            col(SeenFileRow.shop) == drop.shop,
            col(SeenFileRow.name) == file.name,
            col(SeenFileRow.size) == file.size,
            col(SeenFileRow.modified) == file.modified,
        )
        .values(sha256=sha256)
    )


async def _filed(tx: AsyncSession, orders: Sequence[Filed]) -> dict[str, FiledOrderRow]:
    query = select(FiledOrderRow).where(
        FiledOrderRow.source == orders[0].incoming.source,
        col(FiledOrderRow.document_id).in_([order.incoming.document_id for order in orders]),
    )
    return {row.document_id: row for row in (await tx.execute(query)).scalars()}


async def _versions(tx: AsyncSession, orders: Sequence[Filed]) -> dict[str, int]:
    query = select(OrderRow.order_id, OrderRow.version).where(
        col(OrderRow.order_id).in_([order.incoming.order_id for order in orders])
    )
    return dict((await tx.execute(query)).tuples().all())


def _take(
    tx: AsyncSession,
    order: Filed,
    rows: dict[str, FiledOrderRow],
    versions: Mapping[str, int],
    told_at: datetime | None,
) -> inbox.Incoming | None:
    """The order for the inbox, if it is news."""
    incoming = order.incoming
    known = versions.get(incoming.order_id or "", 0)
    if known >= COUNTED_BELOW:
        return None
    row = rows.get(incoming.document_id)
    if row is None:
        row = FiledOrderRow(
            source=incoming.source, document_id=incoming.document_id, version=0, fingerprint="", stage=order.stage
        )
        rows[incoming.document_id] = row
    elif not _is_news(row, order, told_at):
        if row.fingerprint == order.fingerprint and told_at is not None:
            row.told_at = told_at if row.told_at is None else max(row.told_at, told_at)
            tx.add(row)
        return None
    row.version = max(row.version, known) + 1
    row.fingerprint, row.stage, row.told_at = order.fingerprint, order.stage, told_at
    tx.add(row)
    return replace(incoming, version=row.version)


def _is_news(row: FiledOrderRow, order: Filed, told_at: datetime | None) -> bool:
    if row.fingerprint == order.fingerprint:
        return False
    if told_at is not None and row.told_at is not None and told_at != row.told_at:
        return told_at > row.told_at
    return order.stage >= row.stage
