"""Who may do what with a staff token: the roles in the settings."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack

import httpx
import pytest

from gateway.app import create_app
from store.database import Database
from tests.gateway.house import STAFF, Orders, build_gateway, client_of
from tests.store.samples import taken

ORDER = "/api/v1/staff/orders/own:main:SO1"
ADJUST = {"sku": "MUG", "warehouse": "WH01", "quantity": 2, "key": "k1", "why": "found"}
RECEIPT = {"sku": "MUG", "warehouse": "WH01", "quantity": 2, "note": "N1"}
DEEDS = {
    "service": (f"{ORDER}/cancel", {"reason": "buyer asked"}),
    "operations": ("/api/v1/staff/stock/adjust", ADJUST),
    "rules": ("/api/v1/staff/rules/freight/rollback", {"why": "too dear"}),
}
MAY = {None: {"service", "operations"}, "service": {"service"}, "operations": {"operations"}, "rules": {"rules"}}


@pytest.mark.parametrize("role", MAY)
async def test_a_role_allows_its_own_deeds_and_everybody_may_look(database: Database, role: str | None) -> None:
    await taken(database)
    roles: dict[str, Sequence[str]] = {} if role is None else {"wei": [role]}
    async with AsyncExitStack() as closing:
        gateway = await build_gateway(database, Orders(), closing, roles=roles)
        headers = {"Authorization": f"Bearer {STAFF['wei']}"}
        http: httpx.AsyncClient = await closing.enter_async_context(client_of(create_app(gateway), headers=headers))
        for path in (ORDER, "/api/v1/staff/stock", "/api/v1/staff/rules"):
            assert (await http.get(path)).status_code == 200
        allowed = set()
        for needed, (path, wish) in DEEDS.items():
            answer = await http.post(path, json=wish)
            if answer.status_code != 403:
                assert answer.status_code in (200, 409), answer.text  # nothing is published that could be taken back
                allowed.add(needed)
            else:
                assert needed in answer.json()["detail"]
        assert allowed == MAY[role]


@pytest.mark.parametrize(
    ("path", "wish"),
    [
        ("/api/v1/staff/stock/receive", RECEIPT),
        ("/api/v1/staff/stock/count", {"sku": "MUG", "warehouse": "WH01", "counted": 1, "key": "k", "why": "w"}),
        ("/api/v1/staff/stock/differences/WH01/MUG/adopt", {"difference": 1, "why": "w"}),
        ("/api/v1/staff/replenishments/1/accept", {"number": "PO-1", "expected_at": "2026-03-01T00:00:00+08:00"}),
        ("/api/v1/staff/rules/freight/publish", {"version": "v", "why": "w"}),
    ],
)
async def test_whoever_serves_buyers_moves_neither_stock_nor_rules(
    database: Database, path: str, wish: dict[str, object]
) -> None:
    async with AsyncExitStack() as closing:
        gateway = await build_gateway(database, Orders(), closing, roles={"wei": ["service"]})
        headers = {"Authorization": f"Bearer {STAFF['wei']}"}
        http = await closing.enter_async_context(client_of(create_app(gateway), headers=headers))
        assert (await http.post(path, json=wish)).status_code == 403
