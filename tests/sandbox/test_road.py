from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence

import httpx
import pytest
from fastapi import FastAPI

from sandbox.road import Node, NodeKind, Outcome, Road
from sandbox.world import World
from tests.sandbox.stage import make_settings, until

TO_THE_DOOR = [NodeKind.COLLECTED, NodeKind.IN_TRANSIT, NodeKind.AT_STATION, NodeKind.OUT_FOR_DELIVERY]


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World(make_settings())
    yield world
    await world.close()


def kinds(nodes: Sequence[Node]) -> list[NodeKind]:
    return [node.kind for node in nodes]


def ends(road: Road, number: str, kind: NodeKind) -> bool:
    return kind in kinds(road.nodes(number))


async def test_a_parcel_travels_to_the_signature(world: World) -> None:
    road = Road(world)
    world.hand_over("YTO", "YT0000000000001")
    assert road.nodes("YT0000000000001") == ()
    assert road.carrier("YT0000000000001") == "YTO"

    await until(lambda: ends(road, "YT0000000000001", NodeKind.SIGNED))

    nodes = road.nodes("YT0000000000001")
    assert kinds(nodes) == [*TO_THE_DOOR, NodeKind.SIGNED]
    assert [node.at for node in nodes] == sorted(node.at for node in nodes)
    out = nodes[3]
    assert re.fullmatch(r"1380000\d{4}", out.courier_phone)
    assert out.courier_phone in out.text
    assert not any(node.courier_phone for node in nodes if node is not out)


async def test_a_number_handed_over_twice_travels_once(world: World) -> None:
    road = Road(world)
    seen: list[tuple[str, str, int]] = []
    road.subscribe(lambda number, carrier, nodes: seen.append((number, carrier, len(nodes))))

    world.hand_over("ZTO", "75000000000001")
    world.hand_over("ZTO", "75000000000001")
    await until(lambda: ends(road, "75000000000001", NodeKind.SIGNED))

    assert seen == [("75000000000001", "ZTO", n) for n in range(1, 6)]


async def test_an_unknown_number_has_no_news(world: World) -> None:
    road = Road(world)
    assert road.nodes("nothing") == ()
    assert road.carrier("nothing") is None


async def test_a_refused_parcel_goes_all_the_way_back(world: World) -> None:
    road = Road(world)
    assert road.set_outcome("A1", Outcome.REFUSED)
    world.hand_over("STO", "A1")
    await until(lambda: ends(road, "A1", NodeKind.RETURNED))
    assert kinds(road.nodes("A1")) == [*TO_THE_DOOR, NodeKind.REFUSED, NodeKind.RETURNED]


async def test_a_lost_parcel_never_reaches_the_door(world: World) -> None:
    road = Road(world)
    assert road.set_outcome("A2", Outcome.LOST)
    world.hand_over("STO", "A2")
    await until(lambda: ends(road, "A2", NodeKind.LOST))
    assert kinds(road.nodes("A2")) == [NodeKind.COLLECTED, NodeKind.IN_TRANSIT, NodeKind.AT_STATION, NodeKind.LOST]


async def test_the_outcome_may_change_until_the_last_moment() -> None:
    world = World(make_settings(transit_s=0.4))
    road = Road(world)
    world.hand_over("STO", "A3")
    await until(lambda: ends(road, "A3", NodeKind.OUT_FOR_DELIVERY))
    assert not road.set_outcome("A3", Outcome.LOST)
    assert road.set_outcome("A3", Outcome.REFUSED)
    await until(lambda: ends(road, "A3", NodeKind.REFUSED))
    assert not road.set_outcome("A3", Outcome.SIGNED)
    await world.close()


async def test_control_sets_outcomes_over_http(world: World) -> None:
    road = Road(world)
    app = FastAPI()
    app.include_router(road.router())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sandbox.test") as http:
        set_ = await http.post("/control/road/A4", json={"outcome": "refused"})
        assert (set_.status_code, set_.json()) == (200, {"number": "A4", "outcome": "refused"})
        assert (await http.post("/control/road/A4", json={"outcome": "eaten"})).status_code == 422

        world.hand_over("STO", "A4")
        await until(lambda: ends(road, "A4", NodeKind.REFUSED))
        assert (await http.post("/control/road/A4", json={"outcome": "signed"})).status_code == 409

        # A parcel of which no channel is told leaves the warehouse as well.
        assert (await http.post("/control/road/A5/collect", json={"carrier": "SF"})).status_code == 204
        await until(lambda: ends(road, "A5", NodeKind.SIGNED))
        assert road.carrier("A5") == "SF"


@pytest.mark.parametrize(
    ("kind", "rest"),
    [
        (NodeKind.FORWARDED, [*TO_THE_DOOR[1:], NodeKind.SIGNED]),
        (NodeKind.TURNED_BACK, [NodeKind.RETURNED]),
    ],
)
async def test_a_diverted_parcel_goes_another_way(world: World, kind: NodeKind, rest: list[NodeKind]) -> None:
    road = Road(world)
    assert not road.divert("A1", kind)
    world.hand_over("SF", "A1")
    await until(lambda: len(road.nodes("A1")) == 1)
    assert road.divert("A1", kind)
    assert not road.divert("A1", kind)
    await until(lambda: len(road.nodes("A1")) == 2 + len(rest))
    assert kinds(road.nodes("A1")) == [NodeKind.COLLECTED, kind, *rest]
    assert not road.divert("A1", kind)
