"""What people do with rule sets: look, test, publish, take back. One way for the command line and the staff API."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from domain.clock import utc_now
from domain.rulesets import NoSuchSet, Refused, RuleEvent, SetSeen, State, VersionSeen, What, in_force, state_of
from domain.texts import text
from rules import engine
from rules.documents import BadRule, Document, grids, version_of
from rules.dry_run import DryRun, dry_run
from rules.engine import Book, Table
from rules.lint import lint
from rules.problems import Problem, Verdict
from runtime.rule_trials import things
from runtime.rules import keep_defaults, published_book
from store import rules
from store.database import Database
from store.rules import FILE, NoSuchVersion, Version

Say = Callable[[Problem], str]


class RuleDesk:
    """The desk of those who own rule sets."""

    def __init__(self, db: Database, of_settings: str) -> None:
        """`of_settings` is the code of the only warehouse while none is kept."""
        self.db = db
        self.of_settings = of_settings

    async def overview(self) -> list[SetSeen]:
        """Every rule set."""
        at = utc_now()
        await keep_defaults(self.db)
        async with self.db.reading() as tx:
            events, versions = await rules.events(tx), await rules.versions(tx)
        return [self._seen(name, events, versions, at) for name in engine.tables()]

    async def document(self, name: str, version: str | None = None) -> tuple[str, Document]:
        """A version's document; None: the one in force. Raises Refused."""
        known(name)
        await keep_defaults(self.db)
        async with self.db.reading() as tx:
            if version is None:
                version = _decides(name, await rules.events(tx, name), utc_now())
            return version, (await _find(tx, name, version)).content

    async def history(self, name: str) -> list[RuleEvent]:
        """What happened to a rule set's versions, oldest first. Raises Refused."""
        known(name)
        async with self.db.reading() as tx:
            return await rules.events(tx, name)

    async def draft(
        self, name: str, document: Document, who: str, why: str, origin: str, say: Say = Problem.sentence
    ) -> tuple[str, bool]:
        """Keep a version, and whether it is new. Raises Refused with everything that is wrong with it.

        `say` puts a problem into words: who has a file names its places.
        """
        known(name)
        refuse_problems(lint(name, document), say)
        version = version_of(document)
        async with self.db.transaction() as tx:
            try:
                new = await rules.draft(tx, Version(name, version, document, origin, utc_now()), who, why)
            except ValueError as error:
                raise Refused(str(error)) from None
        return version, new

    async def test(self, name: str, version: str | None, who: str) -> tuple[str, Verdict]:
        """Test a kept version (None: the newest one) and note it when it passes. Raises Refused: no such version."""
        known(name)
        async with self.db.reading() as tx:
            version = version or _newest(await rules.events(tx, name), What.DRAFTED)
            if version is None:
                raise Refused(text("rules.no_draft", name=name))
            found = await _find(tx, name, version)
        verdict = lint(name, found.content)
        if verdict.sound:
            async with self.db.transaction() as tx:
                said = {"rows": verdict.rows, "examples": verdict.examples}
                await rules.tested(tx, name, version, who, utc_now(), said)
        return version, verdict

    async def against(self, name: str, document: Document, count: int) -> DryRun:
        """Try a version on so many of the newest orders, or of whatever else it is asked about. Only reads. Raises
        Refused."""
        known(name)
        draft = _table(name, document)
        async with self.db.reading() as tx:
            book = await self.book(tx)
            found = await things(tx, name, count, book, self.of_settings)
        # It takes seconds of nothing but reckoning: whoever else this process serves is not to wait for it.
        return await asyncio.to_thread(dry_run, draft, found, book)

    async def published(self) -> Book:
        """What is published now, for a question outside of any transaction."""
        async with self.db.reading() as tx:
            return await self.book(tx)

    async def book(self, tx: AsyncSession) -> Book:
        """What is published now."""
        events = await rules.events(tx)
        named = {(event.name, event.version) for event in events if event.what is What.PUBLISHED}
        return published_book(events, await rules.contents(tx, named))

    async def to_publish(self, name: str, version: str | None) -> str:
        """The version that `publish` would publish (None: the one tested last). Raises Refused: it may not be."""
        known(name)
        await keep_defaults(self.db)
        async with self.db.reading() as tx:
            events = await rules.events(tx, name)
            version = version or _newest(events, What.TESTED)
            if version is None:
                raise Refused(text("rules.none_tested", name=name))
            found = await _find(tx, name, version)
        tested = any(event.version == version and event.what is What.TESTED for event in events)
        if not tested and found.origin != FILE:
            raise Refused(text("rules.not_tested", name=name, version=version))
        refuse_problems(lint(name, found.content))
        return version

    async def publish(
        self, name: str, version: str, who: str, why: str, begins: datetime | None, ends: datetime | None
    ) -> RuleEvent | None:
        """Put a version in force. None when it is so already. Raises Refused."""
        version = await self.to_publish(name, version)
        async with self.db.transaction() as tx:
            try:
                return await rules.publish(tx, name, version, who, why, utc_now(), begins, ends)
            except ValueError as error:
                raise Refused(text("rules.bad_time", reason=str(error))) from None

    async def to_withdraw(self, name: str, seq: int | None) -> tuple[RuleEvent, str]:
        """The publication that `withdraw` would take back (None: the one in force), and what decides then."""
        known(name)
        now = utc_now()
        async with self.db.reading() as tx:
            events = await rules.events(tx, name)
        gone = {event.of for event in events if event.what is What.WITHDRAWN}
        standing = {event.seq: event for event in events if event.what is What.PUBLISHED and event.seq not in gone}
        found = in_force(events, now) if seq is None else standing.get(seq)
        if found is None:
            raise Refused(text("rules.nothing_published", name=name))
        rest = [event for event in events if event.seq != found.seq]
        return found, _decides(name, rest, now)

    async def withdraw(self, publication: RuleEvent, who: str, why: str) -> RuleEvent | None:
        """Take a publication back. None when that was done."""
        async with self.db.transaction() as tx:
            return await rules.withdraw(tx, publication, who, why, utc_now())

    def _seen(self, name: str, events: list[RuleEvent], versions: list[Version], at: datetime) -> SetSeen:
        own = [event for event in events if event.name == name]
        now = in_force(own, at)
        kept = {one.version: one for one in versions if one.name == name}
        version = _decides(name, own, at)
        grid = grids(kept[version].content)
        seen = [
            VersionSeen(name, one.version, state_of(one.version, own, at), one.origin, _last(own, one.version))
            for one in kept.values()
            if one.origin != FILE
        ]
        gone = {event.of for event in own if event.what is What.WITHDRAWN}
        waiting = [
            event
            for event in own
            if event.what is What.PUBLISHED and event.seq not in gone and event.begins and event.begins > at
        ]
        return SetSeen(
            name,
            ", ".join(one.title for one in grid),
            version,
            now is None,
            now.begins if now else None,
            now.ends if now else None,
            tuple(waiting),
            tuple(one for one in seen if one.state in {State.DRAFT, State.TESTED}),
            sum(len(one.rows) for one in grid),
        )


def known(name: str) -> None:
    """Raise NoSuchSet for a rule set that there is not."""
    if name not in engine.tables():
        raise NoSuchSet(text("rules.no_such_set", name=name, names=", ".join(engine.tables())))


def refuse_problems(verdict: Verdict, say: Say = Problem.sentence) -> None:
    """Raise Refused with everything that was found."""
    if not verdict.sound:
        raise Refused(*(say(problem) for problem in verdict.problems))


def _table(name: str, document: Document) -> Table:
    try:
        return Table(name, document)
    except BadRule as error:
        raise Refused(str(error)) from None


def _decides(name: str, events: list[RuleEvent], at: datetime) -> str:
    found = in_force(events, at)
    return found.version if found else version_of(engine.default(name))


def _newest(events: list[RuleEvent], what: What) -> str | None:
    return next((event.version for event in reversed(events) if event.what is what), None)


def _last(events: list[RuleEvent], version: str) -> RuleEvent | None:
    return next((event for event in reversed(events) if event.version == version), None)


async def _find(tx: AsyncSession, name: str, version: str) -> Version:
    try:
        return await rules.find(tx, name, version)
    except NoSuchVersion:
        have = ", ".join(one.version for one in await rules.versions(tx, name)) or "-"
        raise NoSuchSet(text("rules.no_such_version", name=name, version=version, versions=have)) from None
