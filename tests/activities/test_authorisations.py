"""Authorisations: renewed ahead, announced before they end, refused ones rest; nobody is asked twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from temporalio.testing import ActivityEnvironment

from activities.authorisations import REMIND_BEFORE, AuthorisationSteps
from activities.contracts import Batch, Renewed
from activities.shop_state import ASK_AGAIN
from connectors.errors import Misconfigured, PartnerError, Unavailable
from domain.order import Channel
from store import shops
from store.database import Database
from store.shops import ShopState
from store.tables import TaskRow

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Platform:
    """A channel with two shops."""

    channel = Channel.OWN

    def __init__(self) -> None:
        self.ends: dict[str, datetime | None] = {"one": NOON + timedelta(days=90), "two": None}
        self.fails: dict[str, PartnerError] = {}
        self.refreshed: list[str] = []

    @property
    def shops(self) -> Sequence[str]:
        return ("one", "two")

    async def authorised_until(self, shop: str) -> datetime | None:
        return self.ends[shop]

    async def refresh(self, shop: str) -> None:
        self.refreshed.append(shop)
        if shop in self.fails:
            raise self.fails[shop]


@pytest.fixture(autouse=True)
def at_noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
async def platform(database: Database) -> Platform:
    async with database.transaction() as tx:
        for shop in ("one", "two"):
            await shops.put(tx, "own", shop, "", "command")
    return Platform()


async def _turn(db: Database, platform: Platform) -> Renewed:
    steps = AuthorisationSteps(db, {Channel.OWN: platform})  # type: ignore[dict-item]
    return await ActivityEnvironment().run(steps.renew_authorisations, Batch(0))


async def _task(db: Database, key: str) -> TaskRow | None:
    async with db.reading() as tx:
        return await tx.get(TaskRow, key)


async def test_all_shops_are_renewed_and_nobody_is_asked(database: Database, platform: Platform) -> None:
    assert await _turn(database, platform) == Renewed(looked=2, refused=0, ending=0)
    assert platform.refreshed == ["one", "two"]


async def test_a_refused_shop_rests_alone_and_goes_on_when_it_is_good_again(
    database: Database, platform: Platform
) -> None:
    platform.fails["one"] = Misconfigured("own", "token.refresh", "refused")
    assert await _turn(database, platform) == Renewed(looked=2, refused=1, ending=0)
    assert await _turn(database, platform) == Renewed(looked=1, refused=0, ending=0)
    assert platform.refreshed == ["one", "two", "two"]
    del platform.fails["one"]
    with time_machine.travel(NOON + ASK_AGAIN + timedelta(seconds=1), tick=False):
        assert (await _turn(database, platform)).refused == 0
    async with database.reading() as tx:
        kept = await shops.find(tx, "own", "one")
    assert kept is not None
    assert kept.state is ShopState.ACTIVE
    task = await _task(database, "shop_unauthorised/own/one")
    assert task is not None
    assert task.closed_at is not None


async def test_a_second_refusal_after_a_good_time_is_a_task_again(database: Database, platform: Platform) -> None:
    refusal = Misconfigured("own", "token.refresh", "refused")
    for turn, fails in enumerate((True, False, True)):
        platform.fails = {"one": refusal} if fails else {}
        with time_machine.travel(NOON + turn * (ASK_AGAIN + timedelta(seconds=1)), tick=False):
            await _turn(database, platform)
    task = await _task(database, "shop_unauthorised/own/one")
    assert task is not None
    assert task.closed_at is None


async def test_a_platform_that_is_away_refuses_nobody(database: Database, platform: Platform) -> None:
    platform.fails = {shop: Unavailable("own", "token.refresh") for shop in ("one", "two")}
    assert await _turn(database, platform) == Renewed(looked=2, refused=0, ending=0)


async def test_a_person_is_reminded_before_it_ends_for_good_and_no_more_once_it_is_renewed(
    database: Database, platform: Platform
) -> None:
    platform.ends["one"] = NOON + REMIND_BEFORE - timedelta(hours=1)
    for _ in range(2):
        assert (await _turn(database, platform)).ending == 1
    task = await _task(database, "reauthorise/own/one")
    assert task is not None
    assert (task.closed_at, task.severity) == (None, "alert")
    platform.ends["one"] = NOON + timedelta(days=90)
    assert (await _turn(database, platform)).ending == 0
    task = await _task(database, "reauthorise/own/one")
    assert task is not None
    assert task.closed_at is not None


async def test_a_paused_shop_is_left_alone(database: Database, platform: Platform) -> None:
    async with database.transaction() as tx:
        await shops.move(tx, "own", "one", to=ShopState.PAUSED)
    await _turn(database, platform)
    assert platform.refreshed == ["two"]
