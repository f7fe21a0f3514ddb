"""Stages whose deadline is open though their order is beyond them."""

from __future__ import annotations

from typing import Any

import pytest
from sqlmodel import and_, col

from domain.deadlines import Stage
from store.tables import StageDeadlineRow
from tests.audit.clean import CLEAR
from tests.audit.conftest import Serve
from tests.audit.planting import Damage, Planted, assert_found, change
from tests.audit.world import World

PLANTED = Planted()


@PLANTED.damage("deadlines_follow", CLEAR.order_id, "REVIEW is open, but the order is WARRANTY_ACTIVATED")
async def a_stage_that_nobody_ended(world: World) -> None:
    which: Any = and_(col(StageDeadlineRow.order_id) == CLEAR.order_id, col(StageDeadlineRow.stage) == Stage.REVIEW)
    await change(world, StageDeadlineRow, which, ended_at=None)


@pytest.mark.parametrize("planted", PLANTED.params())
async def test_the_damage_is_found(world: World, serve: Serve, planted: Damage) -> None:
    await assert_found(world, serve, planted)
