"""Orders whose rules change while they are under way."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from domain.clock import utc_now
from rules import engine
from rules.documents import version_of
from runtime.rules import RuleKeeper
from store import rules
from store.rules import Version
from tests.rules.documents import changed
from tests.workflows.stage import Living, Stage
from workflows.contracts import OrderEnd

SF_ONLY = changed("courier_plan", "clear", steps='"sf:SF"')


@pytest.fixture(autouse=True)
def _files_again() -> Iterator[None]:
    yield
    engine.use(engine.Book())


async def _plans(order: Living) -> set[str]:
    """The versions of the courier plan by which the order was decided, over all its steps."""
    found = [rule for event in await order.events() for rule in event.rules or ()]
    return {rule.partition("/")[0] for rule in found if rule.startswith("courier_plan@")}


async def test_a_version_published_under_way_decides_what_is_still_to_decide(stage: Stage) -> None:
    keeper = RuleKeeper(stage.db)
    await keeper.first_look()
    before = await stage.start()
    await before.packed()
    await before.signed()
    assert await before.end() == OrderEnd("WARRANTY_ACTIVATED")
    version = version_of(SF_ONLY)
    async with stage.db.transaction() as tx:
        await rules.draft(tx, Version("courier_plan", version, SF_ONLY, "xlsx", utc_now()), "li", "")
        await rules.publish(tx, "courier_plan", version, "li", "大促", utc_now())
    await keeper.look()
    after = await stage.start()
    await after.packed()
    await after.signed()
    assert await after.end() == OrderEnd("WARRANTY_ACTIVATED")
    assert await _plans(before) == {f"courier_plan@{version_of(engine.default('courier_plan'))}"}
    assert await _plans(after) == {f"courier_plan@{version}"}
    for order in (before, after):
        for event in await order.events():
            tables = [rule.partition("/")[0] for rule in event.rules or ()]
            assert len({table.partition("@")[0] for table in tables}) == len(set(tables)), event.step
