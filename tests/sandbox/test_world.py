"""The world's pushes: for ever by default, on the partner's own schedule where it has one."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import Response

from sandbox.world import PushRequest, World
from tests.sandbox.stage import HUB, Hub, make_settings, until


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World(make_settings())
    yield world
    await world.close()


def answering(world: World, *statuses: int) -> Hub:
    hub = Hub([Response(status_code=status) for status in statuses])
    world._hub = httpx.AsyncClient(transport=httpx.ASGITransport(hub.app()), base_url=HUB)
    return hub


def push(world: World, waits: list[float] | None = None) -> None:
    request = PushRequest("/hooks/shop", b"{}", {})
    world.push("shop", "news", lambda: request, lambda response: response.status_code == 200, waits=waits)


async def test_a_push_goes_on_until_it_is_taken(world: World) -> None:
    hub = answering(world, 404, 503, 404, 200)
    push(world)
    await until(lambda: world.pending == 0)
    assert len(hub.pushed) == 4
    assert world.pushes == {"shop.news": 4, "shop.news.refused": 3}


@pytest.mark.parametrize(("waits", "tries"), [([], 1), ([0.01], 2), ([0.01, 0.01], 3)])
async def test_a_partner_with_a_schedule_gives_up_at_its_end(world: World, waits: list[float], tries: int) -> None:
    hub = answering(world, 503)
    push(world, waits)
    await until(lambda: world.pending == 0)
    assert len(hub.pushed) == tries
    assert world.pushes["shop.news.given_up"] == 1


async def test_a_schedule_ends_when_the_push_is_taken(world: World) -> None:
    hub = answering(world, 503, 200)
    push(world, [0.01, 0.01, 0.01])
    await until(lambda: world.pending == 0)
    assert len(hub.pushed) == 2
    assert "shop.news.given_up" not in world.pushes
