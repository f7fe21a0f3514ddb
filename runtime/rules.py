"""Keeps a process's rules in step with what is published in the store, without a restart."""

from __future__ import annotations

import asyncio
import logging

from domain.clock import utc_now
from domain.extensions import use_fields
from domain.rulesets import RuleEvent, What, in_force
from domain.words import translate_by
from rules import engine
from rules.documents import BadRule, version_of
from rules.engine import Book, Table
from rules.fields import definitions
from rules.statuses import published
from runtime.words import keep_heard
from store import rules
from store.database import Database
from store.rules import FILE, Version

log = logging.getLogger("orderhub.rules")


class RuleKeeper:
    """Looks for what was published, and swaps the process's book for a new one when anything was."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._mark: tuple[int, int] | None = None
        self._built: dict[tuple[str, str], Table] = {}

    async def look(self) -> bool:
        """Take the rules as they are published now. Whether anything had happened to them."""
        async with self._db.reading() as tx:
            mark = await rules.mark(tx)
            if mark == self._mark:
                return False
            events = await rules.events(tx)
            named = {(event.name, event.version) for event in events if event.what is What.PUBLISHED}
            missing = await rules.contents(tx, named - self._built.keys())
        self._build(missing)
        # Withdrawals of what is not in the book say nothing; the others say when it ended.
        counted = [
            event for event in events if event.what is not What.PUBLISHED or (event.name, event.version) in self._built
        ]
        engine.use(Book(counted, self._built.values()))
        translate_by(published)
        use_fields(definitions)
        self._mark = mark
        now = utc_now()
        names = sorted({event.name for event in counted})
        decides = [in_force([event for event in counted if event.name == name], now) for name in names]
        log.info("rules taken", extra={"in_force": [f"{one.name}@{one.version}" for one in decides if one]})
        return True

    async def first_look(self, every_s: float = 2.0) -> None:
        """Keep the files' versions and take what is published; a database that is away is waited for."""
        while True:
            if await self._tried():
                return
            await asyncio.sleep(every_s)

    async def run(self, every_s: float = 2.0) -> None:
        """Look again and again, until cancelled. A database that is away leaves everything as it is."""
        while True:
            await self._tried()
            await asyncio.sleep(every_s)

    async def _tried(self) -> bool:
        try:
            if self._mark is None:
                await keep_defaults(self._db)
            await self.look()
            await keep_heard(self._db)
        except Exception as error:
            log.warning("rules not read", extra={"error": type(error).__name__})
            return False
        return True

    def _build(self, versions: list[Version]) -> None:
        for version in versions:
            try:
                self._built[version.name, version.version] = Table(version.name, version.content)
            except BadRule as error:
                # Published by a build that takes what this one does not: what was in force before it decides here.
                log.error("a published version cannot be used", extra={"rules": version.name, "error": str(error)})


async def keep_defaults(db: Database) -> None:
    """Keep the files' versions, so that what they decided can be explained when a later build brings others."""
    now = utc_now()
    wanted = {(name, version_of(document)): document for name, document in _defaults()}
    async with db.reading() as tx:
        here = {(version.name, version.version) for version in await rules.contents(tx, list(wanted))}
    if here == wanted.keys():
        return
    async with db.transaction() as tx:
        for (name, version), document in sorted(wanted.items(), key=lambda one: one[0]):
            await rules.keep(tx, Version(name, version, document, FILE, now))


def published_book(events: list[RuleEvent], versions: list[Version]) -> Book:
    """A book out of the store's rows, for a command that looks once. Raises BadRule."""
    named = {(event.name, event.version) for event in events if event.what is What.PUBLISHED}
    tables = [Table(one.name, one.content) for one in versions if (one.name, one.version) in named]
    return Book(events, tables)


def _defaults() -> list[tuple[str, dict[str, object]]]:
    return [(name, engine.default(name)) for name in engine.tables()]
