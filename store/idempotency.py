"""Answers kept under the key that a caller gave: the same request again gets the very same answer, for 72 hours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, update
from sqlalchemy import text as sql
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import and_, col, select, tuple_

from domain.clock import utc_now
from store.tables import IdempotencyKeyRow
from store.upsert import insert_ignore

KEPT_FOR = timedelta(hours=72)

_WAIT_MS = 3_000
_PURGED_AT_ONCE = 100
_LOCK_NOT_AVAILABLE = "55P03"


@dataclass(frozen=True)
class Slot:
    """One key of one shop, and the SHA-256 of the request that it came with."""

    channel: str
    shop: str
    key: str
    request_sha256: str


@dataclass(frozen=True)
class KeptAnswer:
    """What a request was answered: an HTTP status and a body."""

    status: int
    answer: str


class OtherRequest(Exception):
    """The key was used for another request."""


class InProgress(Exception):
    """The same key is being worked on by another request, which has not ended in time."""


async def claim(tx: AsyncSession, slot: Slot) -> KeptAnswer | None:
    """Take a key, or find what was answered under it. None: it is ours, and this transaction must `keep` an answer.

    Whoever comes while another transaction holds the key waits for it to end: its answer is found then, or the key is
    free again. Raises OtherRequest, and InProgress after three seconds of waiting (on SQLite the second writer waits
    for the first one anyway, whatever they write).
    """
    await _forget_old(tx, slot)
    if await _insert(tx, slot):
        return None
    row = (await tx.execute(select(IdempotencyKeyRow).where(_is(slot)))).scalar_one()
    if row.request_sha256 != slot.request_sha256:
        raise OtherRequest(slot.key)
    return KeptAnswer(row.status, row.answer)


async def keep(tx: AsyncSession, slot: Slot, answer: KeptAnswer) -> None:
    """Keep what the request of a claimed key is answered, in the transaction that did what it says."""
    values = {"status": answer.status, "answer": answer.answer}
    await tx.execute(update(IdempotencyKeyRow).where(_is(slot)).values(**values))


async def _insert(tx: AsyncSession, slot: Slot) -> bool:
    values = {
        "channel": slot.channel,
        "shop": slot.shop,
        "key": slot.key,
        "request_sha256": slot.request_sha256,
        "status": 0,
        "answer": "",
        "at": utc_now(),
    }
    if _is_sqlite(tx):
        return await insert_ignore(tx, IdempotencyKeyRow, values)
    await tx.execute(sql(f"SET LOCAL lock_timeout = {_WAIT_MS}"))
    try:
        fresh = await insert_ignore(tx, IdempotencyKeyRow, values)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == _LOCK_NOT_AVAILABLE:
            raise InProgress(slot.key) from None
        raise
    # Only the wait for the key is cut short: what comes next in the transaction waits as always.
    await tx.execute(sql("SET LOCAL lock_timeout TO DEFAULT"))
    return fresh


async def _forget_old(tx: AsyncSession, slot: Slot) -> None:
    """Our own key, if its time is over; and a few others, for nobody else looks after them."""
    before = utc_now() - KEPT_FOR
    await tx.execute(delete(IdempotencyKeyRow).where(_is(slot), col(IdempotencyKeyRow.at) < before))
    key = tuple_(col(IdempotencyKeyRow.channel), col(IdempotencyKeyRow.shop), col(IdempotencyKeyRow.key))
    old = select(*key.clauses).where(col(IdempotencyKeyRow.at) < before).limit(_PURGED_AT_ONCE)
    if not _is_sqlite(tx):
        old = old.with_for_update(skip_locked=True)
    found = [tuple(row) for row in (await tx.execute(old)).all()]
    if found:
        await tx.execute(delete(IdempotencyKeyRow).where(key.in_(found)))


def _is(slot: Slot):  # type: ignore[no-untyped-def]
    return and_(
        col(IdempotencyKeyRow.channel) == slot.channel,
        col(IdempotencyKeyRow.shop) == slot.shop,
        col(IdempotencyKeyRow.key) == slot.key,
    )


def _is_sqlite(tx: AsyncSession) -> bool:
    return tx.get_bind().dialect.name == "sqlite"
