"""Partners' words that mean nothing to us yet: how often they came, who is asked, and which documents wait for them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from domain.clock import utc_now
from domain.texts import partner_name, text
from domain.words import About, Heard, Word
from store.holds import close_task, open_task
from store.inbox import DONE, NEW, QUARANTINED
from store.tables import InboxRow, TaskRow, UnknownWordRow, WaybillRow
from store.upsert import insert_ignore

_KIND = "unknown_word"
_LAST = "\U0010fffd"
"""Comes after all that anybody writes."""
UNKNOWN = "unknown word "
"""How the outcome of a document begins that waits for a word's meaning."""


async def keep(tx: AsyncSession, word: Word, times: int) -> None:
    """A word came so many times more, and nobody knows what it means: a person is asked, once."""
    now = utc_now()
    key = {"partner": word.partner, "about": str(word.about), "word": word.word}
    if not await insert_ignore(tx, UnknownWordRow, {**key, "times": times, "first_at": now, "last_at": now}):
        row = col(UnknownWordRow.partner) == word.partner, col(UnknownWordRow.about) == str(word.about)
        more = update(UnknownWordRow).where(*row, col(UnknownWordRow.word) == word.word)
        await tx.execute(more.values(times=col(UnknownWordRow.times) + times, last_at=now))
    about = text(f"word.{word.about}")
    sentence = text("task.unknown_word", partner=partner_name(word.partner), about=about, word=word.word)
    await open_task(tx, task_key(word), _KIND, sentence, alert=True, again=True)


async def since(tx: AsyncSession, at: datetime) -> list[Heard]:
    """The words that came at `at` or later."""
    query = select(UnknownWordRow).where(col(UnknownWordRow.last_at) >= at)
    query = query.order_by(col(UnknownWordRow.partner), col(UnknownWordRow.about), col(UnknownWordRow.word))
    return _heard((await tx.execute(query)).scalars())


async def latest(tx: AsyncSession, count: int) -> list[Heard]:
    """So many words, the one that came last first."""
    query = select(UnknownWordRow).order_by(col(UnknownWordRow.last_at).desc(), col(UnknownWordRow.word)).limit(count)
    return _heard((await tx.execute(query)).scalars())


async def asked(tx: AsyncSession) -> list[Word]:
    """The words that people are asked about now."""
    query = select(TaskRow.key).where(TaskRow.kind == _KIND, col(TaskRow.closed_at).is_(None))
    found = [key.split("/", 3)[1:] for key in (await tx.execute(query)).scalars()]
    return [Word(partner, About(about), word) for partner, about, word in found if about in About._value2member_map_]


def _heard(rows: Iterable[UnknownWordRow]) -> list[Heard]:
    return [
        Heard(Word(row.partner, About(row.about), row.word), row.times, row.first_at, row.last_at)
        for row in rows
        if row.about in About._value2member_map_
    ]


async def learnt(tx: AsyncSession, word: Word) -> int:
    """A word means something now: its task is done, and the documents that waited for it are read again. How many."""
    await close_task(tx, task_key(word), "rules")
    waiting = (
        update(InboxRow)
        .where(InboxRow.status == QUARANTINED, col(InboxRow.outcome).startswith(outcome(word, ""), autoescape=True))  # type: ignore[arg-type]
        .values(status=NEW, attempts=0, next_try_at=utc_now(), claimed_until=None, done_at=None)
        .returning(col(InboxRow.seq))
    )
    read_again = len((await tx.execute(waiting)).all())
    return read_again + (await _parcels_again(tx, word) if word.about is About.PARCEL else 0)


async def _parcels_again(tx: AsyncSession, word: Word) -> int:
    """Parcels whose newest news are this word: the documents that said so are read again, and the tracker is asked in
    its next round, whoever told of it. How many documents."""
    waybill, inbox = WaybillRow, InboxRow
    waits = update(waybill).where(
        col(waybill.unknown_word) == word.key,
        sa.text("unknown_word <> ''"),  # said as the index says it, or it is not used
        col(waybill.status) == "live",
    )
    asked = waits.values(last_news_at=None).returning(col(waybill.number))
    documents = 0
    for number in sorted(set((await tx.execute(asked)).scalars())):
        said = update(inbox).where(
            col(inbox.source) == word.partner,
            # The first two are for the index, under any collation: ";" need not come after ":". The third is meant.
            col(inbox.document_id) >= f"{number}:",
            col(inbox.document_id) <= f"{number}:{_LAST}",
            col(inbox.document_id).startswith(f"{number}:", autoescape=True),
            col(inbox.status) == DONE,
            col(inbox.outcome).startswith(outcome(word, ""), autoescape=True),
        )
        again = said.values(status=NEW, attempts=0, next_try_at=utc_now(), claimed_until=None, done_at=None)
        documents += len((await tx.execute(again.returning(col(inbox.seq)))).all())
    return documents


def outcome(word: Word, reason: str) -> str:
    """What stands at a document that waits for a word's meaning."""
    return f"{UNKNOWN}{word.key}: {reason}"


def task_key(word: Word) -> str:
    """The key of the task that asks about a word."""
    return f"word/{word.key}"
