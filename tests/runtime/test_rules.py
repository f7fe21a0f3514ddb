"""What is published takes effect without a restart, and no decision mixes versions."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from itertools import cycle

import pytest
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import select

from activities.contracts import OrderAt
from activities.couriers import CourierSteps
from activities.partners import HubConfig
from domain.clock import utc_now
from domain.order import Region
from domain.rulesets import in_force
from domain.shipping import Carrier
from domain.warehouses import Warehouse
from rules import engine
from rules.documents import version_of
from rules.zones import way
from runtime.rules import RuleKeeper, keep_defaults
from store import orders, rules
from store.database import Database
from store.rules import Version
from store.steps import Done, run_step
from store.tables import OrderEventRow, OrderRow
from tests.rules.documents import changed
from tests.store.samples import order, taken

SF_ONLY = changed("courier_plan", "clear", steps='"sf:SF"')
TABLES = ("freight", "courier_days", "region_zones")


@pytest.fixture(autouse=True)
def _files_again() -> Iterator[None]:
    yield
    engine.use(engine.Book())


async def _draft(db: Database, name: str, document: dict[str, object]) -> str:
    version = version_of(document)
    async with db.transaction() as tx:
        await rules.draft(tx, Version(name, version, document, "command", utc_now()), "li", "")
    return version


async def _publish(db: Database, name: str, version: str) -> None:
    async with db.transaction() as tx:
        await rules.publish(tx, name, version, "li", "", utc_now())


async def _rules(db: Database, step: str) -> list[list[str]]:
    async with db.reading() as tx:
        return [
            list(found or [])
            for found in (await tx.execute(select(OrderEventRow.rules).where(OrderEventRow.step == step))).scalars()
        ]


async def test_a_publication_takes_effect_and_is_taken_back(database: Database) -> None:
    steps = CourierSteps(database, HubConfig())
    keeper = RuleKeeper(database)
    await keeper.first_look()
    assert not await keeper.look()
    plans = [await steps.plan_couriers(OrderAt(await taken(database, "SO1"), 1))]
    version = await _draft(database, "courier_plan", SF_ONLY)
    assert await keeper.look()
    await _publish(database, "courier_plan", version)
    plans.append(await steps.plan_couriers(OrderAt(await taken(database, "SO2"), 1)))  # nobody has looked yet
    assert await keeper.look()
    plans.append(await steps.plan_couriers(OrderAt(await taken(database, "SO3"), 1)))
    async with database.transaction() as tx:
        found = in_force(await rules.events(tx, "courier_plan"), utc_now())
        assert found is not None
        await rules.withdraw(tx, found, "wang", "too slow", utc_now())
    assert await keeper.look()
    plans.append(await steps.plan_couriers(OrderAt(await taken(database, "SO4"), 1)))
    default = version_of(engine.default("courier_plan"))
    assert [len(plan.steps) for plan in plans] == [3, 3, 2, 3]
    assert [plan.rule for plan in plans] == [
        f"courier_plan@{which}/clear" for which in (default, default, version, default)
    ]
    decided = [rule for step in await _rules(database, "plan/1") for rule in step if rule.startswith("courier_plan@")]
    assert decided == [plan.rule for plan in plans]


async def test_a_worker_takes_what_is_published_by_itself_within_five_seconds(database: Database) -> None:
    version = await _draft(database, "courier_plan", SF_ONLY)
    keeping = asyncio.create_task(RuleKeeper(database).run(every_s=0.05))
    await _publish(database, "courier_plan", version)
    async with asyncio.timeout(5):
        while engine.current().table("courier_plan", utc_now()).version != version:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    keeping.cancel()


async def test_a_window_ends_without_anybody_looking(database: Database) -> None:
    version = await _draft(database, "courier_plan", SF_ONLY)
    now = utc_now()
    async with database.transaction() as tx:
        await rules.publish(tx, "courier_plan", version, "li", "", now, now, now + timedelta(hours=2))
    await RuleKeeper(database).look()
    book = engine.current()
    assert book.table("courier_plan", now + timedelta(seconds=7199)).version == version
    assert book.table("courier_plan", now + timedelta(hours=2)).version != version


async def test_a_published_version_that_this_build_cannot_use_leaves_the_others_in_force(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    good = await _draft(database, "courier_plan", SF_ONLY)
    bad = await _draft(database, "freight", changed("freight", "special", base="foo("))
    await _publish(database, "courier_plan", good)
    await _publish(database, "freight", bad)
    await RuleKeeper(database).look()
    assert "cannot be used" in caplog.text
    assert engine.current().table("courier_plan", utc_now()).version == good
    assert engine.current().table("freight", utc_now()).version == version_of(engine.default("freight"))


async def test_the_files_versions_are_kept_once(database: Database) -> None:
    await keep_defaults(database)
    await keep_defaults(database)
    async with database.reading() as tx:
        kept = {(one.name, one.version) for one in await rules.versions(tx)}
        assert await rules.events(tx) == []
    assert kept == {(name, version_of(engine.default(name))) for name in engine.tables()}


async def test_rules_published_while_200_orders_decide_mix_in_none_of_them(database: Database) -> None:
    """Every step asks three tables, each several times, with pauses; meanwhile they are published again and again."""
    drafts = {
        "freight": [changed("freight", "special", base=str(fen)) for fen in (2999, 2998)],
        "courier_days": [changed("courier_days", "special", days=str(days)) for days in (8, 9)],
        "region_zones": [changed("region_zones", "tibet", region=f'"west{n}"') for n in (1, 2)],
    }
    versions = {name: [await _draft(database, name, one) for one in found] for name, found in drafts.items()}
    keeper = RuleKeeper(database)
    await keeper.first_look()
    ids = []
    async with database.transaction() as tx:
        for number in range(200):
            ids.append(order(f"SO{number}").order_id)
            await orders.take(tx, order(f"SO{number}"))
    warehouses = [Warehouse("HZ", province="浙江省", city="杭州市"), Warehouse("LS", province="西藏自治区")]
    room = asyncio.Semaphore(8)

    async def decide(order_id: str) -> None:
        async def work(tx: AsyncSession, row: OrderRow) -> Done:
            for warehouse in warehouses:
                way(warehouse, Region(province="西藏自治区", city="拉萨市"), Carrier.SF)
                await tx.execute(select(OrderRow.order_id).limit(1))  # others get their turn here
                await asyncio.sleep(0)
            return Done("decided")

        async with room:
            await run_step(database, order_id, "decide", "rules", work)

    async def publish() -> None:
        which = cycle([0, 1])
        while True:
            n = next(which)
            for name in TABLES:
                await _publish(database, name, versions[name][n])
            await keeper.look()

    publishing = asyncio.create_task(publish())
    await asyncio.gather(*(decide(order_id) for order_id in ids))
    publishing.cancel()
    await asyncio.gather(publishing, return_exceptions=True)
    decided = await _rules(database, "decide")
    assert len(decided) == 200
    used = set()
    for found in decided:
        names = {rule.partition("/")[0] for rule in found}
        assert len(names) == 4, found  # freight, days, regions, distances: one version of each
        used |= names
    # Several versions were used, so that mixing was possible.
    assert len({name for name in used if name.startswith("freight@")}) > 1
