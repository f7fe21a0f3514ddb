"""Parcels that a courier was asked to stop, and what the order says of it."""

from __future__ import annotations

import pytest

from domain.clock import utc_now
from domain.ids import parcel_id
from store.tables import InterceptionRow
from tests.audit.clean import CLEAR
from tests.audit.conftest import Serve
from tests.audit.planting import Damage, Planted, assert_found
from tests.audit.world import World

PLANTED = Planted()
NUMBER = "SF1000000000001"
PARCEL = parcel_id(CLEAR.order_id, 1)


async def stopped(world: World, status: str = "done", how: str = "returning", n: int = 1) -> None:
    """A wish to stop the parcel of the clear order."""
    now = utc_now()
    async with world.db.transaction() as tx:
        tx.add(
            InterceptionRow(
                parcel_id=PARCEL,
                n=n,
                order_id=CLEAR.order_id,
                kind="stop",
                status=status,
                how=how,
                number=NUMBER,
                asked_by="orderhub",
                asked_at=now,
                decided_at=now,
            )
        )


def _took(world: World, times: int = 1, number: str = NUMBER, kind: str = "RETURN") -> None:
    world.books["sf"]["interceptions"] = [{"number": number, "kind": kind, "times": times}]


@PLANTED.damage("intercepted_once", NUMBER, "asked 2 times, for 1 wishes")
async def a_courier_asked_twice(world: World) -> None:
    await stopped(world)
    _took(world, times=2)


@PLANTED.damage("intercepted_once", NUMBER, "that nobody wished to stop")
async def a_parcel_that_nobody_wished_to_stop(world: World) -> None:
    _took(world)


@PLANTED.damage("intercepted_once", PARCEL, "of which sf knows nothing")
async def a_stop_of_which_the_courier_knows_nothing(world: World) -> None:
    await stopped(world)


@PLANTED.damage("intercepted_once", NUMBER, "took RETURN, but no wish says so")
async def an_outcome_that_was_taken_for_a_no(world: World) -> None:
    await stopped(world, "refused", "refused")
    _took(world)


@PLANTED.damage("intercepted_once", PARCEL, "wish 1 to stop it is still unknown")
async def a_wish_that_was_never_settled(world: World) -> None:
    await stopped(world, "unknown", "")


@pytest.mark.parametrize("planted", PLANTED.params())
async def test_a_damage_is_found(world: World, serve: Serve, planted: Damage) -> None:
    await assert_found(world, serve, planted)
