"""Versions of rule sets in the store, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.clock import utc_now
from domain.rulesets import What, in_force
from store import rules
from store.database import Database
from store.rules import NoSuchVersion, Version

NOW = utc_now()
MINUTE = timedelta(minutes=1)
CHEAP = Version("freight", "aaaa0000", {"nodes": [], "note": "便宜"}, "command", NOW)
DEAR = replace(CHEAP, version="bbbb0000", content={"nodes": [], "note": "贵"})


async def _drafted(db: Database) -> None:
    async with db.transaction() as tx:
        for version in (CHEAP, DEAR):
            assert await rules.draft(tx, version, "li", "竞品降价")


async def test_a_draft_is_kept_once_and_its_content_never_changes(database: Database) -> None:
    await _drafted(database)
    async with database.transaction() as tx:
        assert not await rules.draft(tx, CHEAP, "wang", "again")
        assert not await rules.keep(tx, CHEAP)
        assert await rules.find(tx, "freight", "aaaa0000") == CHEAP
        with pytest.raises(ValueError, match="has the digest aaaa0000"):
            await rules.keep(tx, replace(CHEAP, content={"nodes": [1]}))
        with pytest.raises(NoSuchVersion):
            await rules.find(tx, "freight", "cccc0000")
    async with database.reading() as tx:
        assert [(event.version, event.what, event.who, event.why) for event in await rules.events(tx)] == [
            ("aaaa0000", What.DRAFTED, "li", "竞品降价"),
            ("bbbb0000", What.DRAFTED, "li", "竞品降价"),
        ]


async def test_publishing_and_taking_back_append_and_do_nothing_the_second_time(database: Database) -> None:
    await _drafted(database)
    async with database.transaction() as tx:
        before = await rules.mark(tx)
        first = await rules.publish(tx, "freight", "aaaa0000", "li", "", NOW)
        assert first is not None
        assert await rules.publish(tx, "freight", "aaaa0000", "li", "", NOW + MINUTE) is None
        second = await rules.publish(tx, "freight", "bbbb0000", "li", "", NOW + MINUTE)
        assert second is not None
        assert await rules.mark(tx) != before
        # The first one decides no more: publishing it anew is news.
        assert await rules.publish(tx, "freight", "aaaa0000", "li", "", NOW + 2 * MINUTE)
        assert await rules.withdraw(tx, second, "wang", "too dear", NOW + 3 * MINUTE)
        assert await rules.withdraw(tx, second, "wang", "too dear", NOW + 4 * MINUTE) is None
    async with database.reading() as tx:
        events = await rules.events(tx, "freight")
        assert await rules.events(tx, "silence") == []
    said = [in_force(events, NOW + minutes * MINUTE) for minutes in (0, 1, 2)]
    assert [event.version for event in said if event] == ["aaaa0000", "bbbb0000", "aaaa0000"]
    assert [event.what for event in events[2:]] == [What.PUBLISHED, What.PUBLISHED, What.PUBLISHED, What.WITHDRAWN]


async def test_the_same_window_is_published_once(database: Database) -> None:
    await _drafted(database)
    begins, ends = NOW + MINUTE, NOW + 5 * MINUTE
    async with database.transaction() as tx:
        assert await rules.publish(tx, "freight", "aaaa0000", "li", "", NOW, begins, ends)
        assert await rules.publish(tx, "freight", "aaaa0000", "li", "", NOW, begins, ends) is None
        assert await rules.publish(tx, "freight", "aaaa0000", "li", "", NOW, begins, ends + MINUTE)


async def test_what_cannot_be_published(database: Database) -> None:
    await _drafted(database)
    async with database.transaction() as tx:
        with pytest.raises(ValueError, match="in the past"):
            await rules.publish(tx, "freight", "aaaa0000", "li", "", NOW, NOW - MINUTE)
        with pytest.raises(ValueError, match="end after it begins"):
            await rules.publish(tx, "freight", "aaaa0000", "li", "", NOW, NOW + MINUTE, NOW + MINUTE)
        with pytest.raises(NoSuchVersion):
            await rules.publish(tx, "freight", "cccc0000", "li", "", NOW)
        with pytest.raises(NoSuchVersion):
            await rules.tested(tx, "freight", "cccc0000", "li", NOW, {})
        assert len(await rules.events(tx)) == 2
