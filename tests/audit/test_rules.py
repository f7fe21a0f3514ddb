"""Steps that were decided by two versions, or by none that is named."""

from __future__ import annotations

from typing import Any

import pytest
from sqlmodel import and_, col

from audit.run import run_audit
from store.tables import OrderEventRow
from tests.audit.clean import CLEAR
from tests.audit.conftest import Serve
from tests.audit.planting import Damage, Planted, assert_found, change
from tests.audit.world import World

PLANTED = Planted()


async def _decided(world: World, *rules: str) -> None:
    step: Any = and_(col(OrderEventRow.order_id) == CLEAR.order_id, col(OrderEventRow.step) == "pass_review")
    await change(world, OrderEventRow, step, rules=list(rules))


@PLANTED.damage(
    "rules_unmixed", CLEAR.order_id, "step pass_review was decided by two versions of freight: aaaaaaaa and b"
)
async def a_decision_that_mixes_versions(world: World) -> None:
    await _decided(world, "freight@aaaaaaaa/sf_city", "silence@cccccccc/usual", "freight@bbbbbbbb/sf_far")


@PLANTED.damage("rules_unmixed", CLEAR.order_id, "names no version and row")
async def a_decision_without_a_row(world: World) -> None:
    await _decided(world, "freight@aaaaaaaa/")


@pytest.mark.parametrize("planted", PLANTED.params())
async def test_the_damage_is_found(world: World, serve: Serve, planted: Damage) -> None:
    await assert_found(world, serve, planted)


async def test_several_rows_of_one_version_are_fine(world: World, serve: Serve) -> None:
    await _decided(world, "freight@aaaaaaaa/sf_city", "freight@aaaaaaaa/sf_far", "silence@cccccccc/usual")
    report = await run_audit(world.db, serve(world.books))
    assert report.clean
    assert [check.looked_at for check in report.checks if check.name == "rules_unmixed"] == [1]
