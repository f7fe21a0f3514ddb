"""Answers kept under the key that a caller gave: the same request again gets the very same answer, for 72 hours."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import bindparam, delete, update
from sqlalchemy import text as sql
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import and_, col, select, tuple_

from domain.clock import utc_now
from store.tables import IdempotencyKeyRow
from store.upsert import insert_ignore_all, parts

KEPT_FOR = timedelta(hours=72)

WAIT_S = 3.0
"""How long a request waits for another one under its key."""

SlotId = tuple[str, str, str]
"""Channel, shop, key."""

_ID = ("channel", "shop", "key")
_KEY = tuple_(col(IdempotencyKeyRow.channel), col(IdempotencyKeyRow.shop), col(IdempotencyKeyRow.key))
_PURGED_AT_ONCE = 100
_LOCK_NOT_AVAILABLE = "55P03"


@dataclass(frozen=True)
class Slot:
    """One key of one shop, and the SHA-256 of the request that it came with."""

    channel: str
    shop: str
    key: str
    request_sha256: str

    @property
    def id(self) -> SlotId:
        """The key itself."""
        return self.channel, self.shop, self.key


@dataclass(frozen=True)
class Kept:
    """What a request was answered: an HTTP status and a body."""

    request_sha256: str
    status: int
    answer: str


class InProgress(Exception):
    """A key is being worked on by another request, which has not ended in time."""


async def claim(tx: AsyncSession, slots: Collection[Slot], *, wait_s: float = WAIT_S) -> dict[SlotId, Kept]:
    """Take keys, no two of them the same. Returns what was answered under those that are not free.

    The others are ours, and this transaction must `keep` an answer for each. Whoever comes while another transaction
    holds a key waits for it to end: its answer is found then, or the key is free again. Raises InProgress after
    `wait_s` of waiting (on SQLite the second writer waits for the first one anyway, whatever they write).
    """
    if not slots:
        return {}
    await _forget_old(tx, slots)
    # In the order of keys, so that two transactions with the same keys never wait for each other in a circle.
    fresh = await _insert(tx, sorted(slots, key=lambda slot: slot.id), wait_s)
    taken = [slot.id for slot in slots if slot.id not in fresh]
    kept: dict[SlotId, Kept] = {}
    for part in parts(taken):
        rows = (await tx.execute(select(IdempotencyKeyRow).where(_KEY.in_(part)))).scalars()
        kept |= {(row.channel, row.shop, row.key): Kept(row.request_sha256, row.status, row.answer) for row in rows}
    return kept


async def keep(tx: AsyncSession, kept: Mapping[SlotId, Kept]) -> None:
    """Keep what the requests of claimed keys are answered, in the transaction that did what it says."""
    if not kept:
        return
    table: Any = IdempotencyKeyRow.__table__  # type: ignore[attr-defined]
    mine = and_(*(table.c[name] == bindparam(f"of_{name}") for name in _ID))
    values = [
        {"of_channel": channel, "of_shop": shop, "of_key": key, "status": given.status, "answer": given.answer}
        for (channel, shop, key), given in kept.items()
    ]
    # Through the connection: the ORM would take many sets of values for an update by primary key.
    await (await tx.connection()).execute(update(table).where(mine), values)


async def let_go(tx: AsyncSession, slots: Collection[Slot]) -> None:
    """Free keys again: what they came with was not answered for sure, and may be asked once more."""
    await tx.execute(delete(IdempotencyKeyRow).where(_KEY.in_([slot.id for slot in slots])))


async def _insert(tx: AsyncSession, slots: Sequence[Slot], wait_s: float) -> set[tuple[Any, ...]]:
    now = utc_now()
    rows = [{**asdict(slot), "status": 0, "answer": "", "at": now} for slot in slots]
    if _is_sqlite(tx):
        return await insert_ignore_all(tx, IdempotencyKeyRow, rows, _ID)
    await tx.execute(sql(f"SET LOCAL lock_timeout = {round(wait_s * 1000)}"))
    try:
        fresh = await insert_ignore_all(tx, IdempotencyKeyRow, rows, _ID)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == _LOCK_NOT_AVAILABLE:
            raise InProgress from None
        raise
    # Only the wait for keys is cut short: what comes next in the transaction waits as always.
    await tx.execute(sql("SET LOCAL lock_timeout TO DEFAULT"))
    return fresh


async def _forget_old(tx: AsyncSession, slots: Collection[Slot]) -> None:
    """Our own keys, if their time is over; and a few others, for nobody else looks after them."""
    before = utc_now() - KEPT_FOR
    for part in parts([slot.id for slot in slots]):
        await tx.execute(delete(IdempotencyKeyRow).where(_KEY.in_(part), col(IdempotencyKeyRow.at) < before))
    old = select(*_KEY.clauses).where(col(IdempotencyKeyRow.at) < before).limit(_PURGED_AT_ONCE)
    if not _is_sqlite(tx):
        old = old.with_for_update(skip_locked=True)
    found = [tuple(row) for row in (await tx.execute(old)).all()]
    if found:
        await tx.execute(delete(IdempotencyKeyRow).where(_KEY.in_(found)))


def _is_sqlite(tx: AsyncSession) -> bool:
    return tx.get_bind().dialect.name == "sqlite"
