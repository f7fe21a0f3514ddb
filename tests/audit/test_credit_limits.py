"""Credit that does not add up."""

from __future__ import annotations

from typing import Any

import pytest

from domain.clock import utc_now
from store.tables import CreditEntryRow, CreditLimitRow
from tests.audit.clean import CREDIT
from tests.audit.conftest import Serve
from tests.audit.planting import Damage, Planted, assert_found
from tests.audit.world import World

PLANTED = Planted()


async def _kept(world: World, reserved: int, *entries: dict[str, Any]) -> None:
    who: dict[str, Any] = {"channel": "own", "customer_id": "B1"}
    async with world.db.transaction() as tx:
        tx.add(CreditLimitRow(**who, limit_fen=100, reserved_fen=reserved, updated_at=utc_now()))
        for n, entry in enumerate(entries):
            tx.add(CreditEntryRow(**{**who, "key": str(n), "by": "x", "at": utc_now(), "limit_fen": 100, **entry}))


@PLANTED.damage("credit_limits_kept", "own:B1", "not what its entries sum up to")
async def a_figure_that_nobody_booked(world: World) -> None:
    await _kept(world, 50)


@PLANTED.damage("credit_limits_kept", CREDIT.order_id, "over the limit of 100 fen: 101 fen")
async def an_order_over_the_limit(world: World) -> None:
    moved = {"order_id": CREDIT.order_id, "kind": "reserve", "reserved_delta": 101, "after_fen": 101}
    await _kept(world, 0, moved, {**moved, "kind": "release", "reserved_delta": -101, "after_fen": 0})


@PLANTED.damage("credit_limits_kept", CREDIT.order_id, "60 fen of credit are still reserved")
async def a_closed_order_that_reserves(world: World) -> None:
    moved = {"order_id": CREDIT.order_id, "kind": "reserve", "reserved_delta": 60, "after_fen": 60}
    await _kept(world, 60, moved)


@pytest.mark.parametrize("planted", PLANTED.params())
async def test_the_damage_is_found(world: World, serve: Serve, planted: Damage) -> None:
    await assert_found(world, serve, planted)
