from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import httpx
import pytest

from gateway.app import create_app
from gateway.deps import Gateway
from store.database import Database
from tests.gateway.house import Orders, build_gateway, client_of


@pytest.fixture
def orders() -> Orders:
    return Orders()


@pytest.fixture
async def gateway(database: Database, orders: Orders) -> AsyncIterator[Gateway]:
    async with AsyncExitStack() as closing:
        yield await build_gateway(database, orders, closing)


@pytest.fixture
async def client(gateway: Gateway) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(create_app(gateway)) as http:
        yield http
