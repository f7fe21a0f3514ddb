"""Keeps the words without a meaning that a process met, so that people are asked about them."""

from __future__ import annotations

import logging

from domain.words import take_heard
from store import words
from store.database import Database

log = logging.getLogger("orderhub.words")


async def keep_heard(db: Database) -> None:
    """Keep what was met since the last time. What cannot be kept now is met again: documents that wait for a word are
    kept with it by the dispatcher."""
    heard = take_heard()
    if not heard:
        return
    async with db.transaction() as tx:
        for word in sorted(heard, key=lambda one: one.key):
            await words.keep(tx, word, heard[word])
    log.warning("words without a meaning", extra={"words": sorted(word.key for word in heard)})
