"""Pulling changes: oldest first, nothing lost between pages, cursor and rows together, whatever dies in between."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlmodel import select
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.contracts import PullAsk, Pulled
from activities.pulling import LAG, PullSteps
from activities.shop_state import ASK_AGAIN
from connectors.errors import Misconfigured, Unavailable
from connectors.ports import Document, PulledPage, Window
from domain.order import Channel
from store import orders, shops
from store.database import Database
from store.shops import Shop, ShopState
from store.tables import InboxRow, PullCursorRow, TaskRow
from tests.store.samples import order

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ASK = PullAsk("own", "main", first_s=3 * 3600)


class Listing:
    """A channel's list of changed orders: pages of two, windows of an hour."""

    feed = "own"
    channel = Channel.OWN
    longest_window = timedelta(hours=1)
    overlap = timedelta(minutes=2)

    def __init__(self, changes: dict[str, datetime]) -> None:
        self.changes = changes
        self.asked: list[tuple[Window, str | None]] = []
        self.away = 0
        self.goes_after: int | None = None
        """After so many questions it is away."""
        self.refuses = False
        self.refused = 0

    @property
    def shops(self) -> Sequence[str]:
        return ("main",)

    async def pull(self, shop: str, window: Window, page: str | None) -> PulledPage:
        if self.away:
            self.away -= 1
            raise Unavailable("own", "pull")
        if self.refuses:
            self.refused += 1
            raise Misconfigured("own", "pull", "token refused")
        if self.goes_after is not None and len(self.asked) >= self.goes_after:
            raise Unavailable("own", "pull")
        self.asked.append((window, page))
        inside = sorted((at, no) for no, at in self.changes.items() if window.start <= at < window.end)
        begin = int(page or 0)
        rows = [self._document(no, at) for at, no in inside[begin : begin + 2]]
        return PulledPage(tuple(rows), str(begin + 2) if begin + 2 < len(inside) else None)

    def _document(self, no: str, at: datetime) -> Document:
        return Document("own", "order", f"main:{no}", int(at.timestamp() * 1000), "{}", f"own:main:{no}")


@pytest.fixture(autouse=True)
def at_noon() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


async def _pull(db: Database, listing: Listing, ask: PullAsk = ASK) -> Pulled:
    return await ActivityEnvironment().run(PullSteps(db, {"own": listing}).pull_changes, ask)


async def _inbox(db: Database) -> list[str]:
    async with db.reading() as tx:
        return list((await tx.execute(select(InboxRow.document_id).order_by("seq"))).scalars())


def _changes(count: int, every: timedelta = timedelta(minutes=10)) -> dict[str, datetime]:
    return {f"SO{n:02}": NOW - LAG - every * (count - n) for n in range(count)}


async def test_a_gap_is_caught_up_oldest_first_with_nothing_missing(database: Database) -> None:
    listing = Listing(_changes(16))
    pulled = await _pull(database, listing)
    assert (pulled.fresh, pulled.behind_s) == (16, 0)
    assert await _inbox(database) == [f"main:SO{n:02}" for n in range(16)]
    ends = [window.end for window, _ in listing.asked]
    assert ends == sorted(ends)
    assert all(window.end - window.start <= timedelta(hours=1) for window, _ in listing.asked)


async def test_nothing_new_asks_once_more_and_changes_nothing(database: Database) -> None:
    listing = Listing(_changes(4))
    await _pull(database, listing)
    with time_machine.travel(NOW + timedelta(minutes=1), tick=False):
        again = await _pull(database, listing)
    assert again.fresh == 0
    assert len(await _inbox(database)) == 4


async def test_a_partner_that_goes_away_between_pages_is_taken_up_where_it_was(database: Database) -> None:
    listing = Listing(_changes(12, timedelta(minutes=1)))
    first = await _pull(database, listing, PullAsk("own", "main", pages=4, first_s=3 * 3600))
    assert first.pages == 4
    listing.away = 1
    with pytest.raises(ApplicationError):
        await _pull(database, listing)
    kept = len(await _inbox(database))
    assert 0 < kept < 12
    listing.asked.clear()
    await _pull(database, listing)
    assert listing.asked[0][1] is not None, "it goes on with the page, not with the window"
    assert await _inbox(database) == [f"main:SO{n:02}" for n in range(12)]


async def test_the_cursor_does_not_move_without_its_rows(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    listing = Listing(_changes(2))

    async def broken(*_: object) -> bool:
        raise RuntimeError("the database went away in the middle of the page")

    with monkeypatch.context() as patch:
        patch.setattr("activities.pulling.put_document", broken)
        with pytest.raises(RuntimeError):
            await _pull(database, Listing({"SO00": NOW - timedelta(hours=3)}))
    async with database.reading() as tx:
        cursor = await tx.get_one(PullCursorRow, ("own", "main"))
    assert cursor.until == NOW - LAG - timedelta(hours=3)
    assert (await _pull(database, listing)).fresh == 2


async def test_what_a_push_brought_already_is_not_taken_again(database: Database) -> None:
    changed = NOW - timedelta(minutes=30)
    async with database.transaction() as tx:
        await orders.take(tx, order("SO00", version=int(changed.timestamp() * 1000)))
    pulled = await _pull(database, Listing({"SO00": changed, "SO01": changed}))
    assert pulled.fresh == 1
    assert await _inbox(database) == ["main:SO01"]


async def test_a_refund_is_taken_whatever_version_its_order_has(database: Database) -> None:
    changed = NOW - timedelta(minutes=30)
    async with database.transaction() as tx:
        await orders.take(tx, order("SO00", version=int(NOW.timestamp() * 1000)))

    class Refunds(Listing):
        def _document(self, no: str, at: datetime) -> Document:
            return replace(super()._document(no, at), kind="refund", document_id=f"main:refund:{no}")

    assert (await _pull(database, Refunds({"SO00": changed}))).fresh == 1


async def _shop(db: Database) -> Shop:
    async with db.reading() as tx:
        kept = await shops.find(tx, "own", "main")
    assert kept is not None
    return kept


async def test_a_paused_shop_is_not_asked_and_catches_up_when_it_is_resumed(database: Database) -> None:
    listing = Listing(_changes(3))
    async with database.transaction() as tx:
        await shops.put(tx, "own", "main", "", "command")
        await shops.move(tx, "own", "main", to=ShopState.PAUSED)
    assert await _pull(database, listing) == Pulled(0, 0, 0)
    assert listing.asked == []
    async with database.transaction() as tx:
        await shops.move(tx, "own", "main", to=ShopState.ACTIVE)
    assert (await _pull(database, listing)).fresh == 3


async def test_a_shop_that_refuses_us_rests_and_goes_on_when_it_is_authorised_again(database: Database) -> None:
    listing = Listing(_changes(3))
    async with database.transaction() as tx:
        await shops.put(tx, "own", "main", "", "command")
    listing.refuses = True
    await _pull(database, listing)
    assert (await _shop(database)).state is ShopState.UNAUTHORISED
    await _pull(database, listing)  # never a storm: it is not asked again at once
    assert listing.refused == 1
    async with database.reading() as tx:
        task = await tx.get_one(TaskRow, "shop_unauthorised/own/main")
    assert (task.closed_at, task.severity) == (None, "alert")
    listing.refuses = False
    with time_machine.travel(NOW + ASK_AGAIN + timedelta(seconds=1), tick=False):
        assert (await _pull(database, listing)).fresh == 3
    assert (await _shop(database)).state is ShopState.ACTIVE
    async with database.reading() as tx:
        assert (await tx.get_one(TaskRow, "shop_unauthorised/own/main")).closed_at is not None


async def test_a_shop_that_was_removed_meanwhile_is_not_asked(database: Database) -> None:
    listing = Listing(_changes(3))
    assert await _pull(database, listing, PullAsk("own", "other")) == Pulled(0, 0, 0)
    assert listing.asked == []


async def test_a_partner_that_fails_now_and_then_costs_no_longer_pauses(database: Database) -> None:
    listing = Listing(_changes(16))
    listing.goes_after = 2
    first = await _pull(database, listing)
    assert first.pages == 2, "what came is kept, and the next try is at once"
    assert first.behind_s > 0
    with pytest.raises(ApplicationError):  # away at the first question: now its pauses grow
        await _pull(database, listing)
    listing.goes_after = None
    assert (await _pull(database, listing)).behind_s == 0
    assert await _inbox(database) == [f"main:SO{n:02}" for n in range(16)]
