"""The hub is down while every channel sells: started again, it has each order once, in its newest version.

Real processes, the sandbox over real HTTP. What is proved here is arriving; that orders go on from there is the demo's.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from pathlib import Path

import httpx
import pytest
from sqlmodel import func, select

from domain.ids import order_id
from domain.order import Channel
from embedded.environment import Home, open_home
from embedded.supervisor import Supervisor
from settings import load_settings
from store import orders
from store.database import Database
from store.tables import OrderRow

ORDERS = int(os.environ.get("TEST_GAP_ORDERS", "100"))
"""Of each channel. `TEST_GAP_ORDERS=500 make test ARGS=tests/e2e/test_gap.py` takes five times as long."""
CHANGED = 10
"""Of each channel, changed twice."""
LAST_WORDS = "第二次备注"
PATIENCE_S = 900

pytestmark = [pytest.mark.timeout(PATIENCE_S + 120), pytest.mark.xdist_group("e2e-sqlite")]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    for name in [name for name in os.environ if name.startswith("ORDERHUB_")]:
        monkeypatch.delenv(name)
    home = open_home(tmp_path / "home")
    pace = {"ORDERHUB_SWEEPS__PULLS_S": "5", "ORDERHUB_INTAKE__START_WINDOW": "1"}
    for name, value in {**home.variables, **pace}.items():
        monkeypatch.setenv(name, value)
    return home


async def test_what_every_channel_sold_while_the_hub_was_down_arrives_once_and_newest(home: Home) -> None:
    settings = load_settings()
    db = Database(settings.database_url.get_secret_value())
    try:
        async with (
            Supervisor(home, settings, lambda line: None) as supervisor,
            httpx.AsyncClient(base_url=home.sandbox_url, timeout=60) as sandbox,
        ):
            async with supervisor.down(supervisor.gateway, supervisor.worker):
                sold = {channel: await _sell(sandbox, channel) for channel in Channel}
            wanted = {number for numbers in sold.values() for number in numbers}
            changed = {number for numbers in sold.values() for number in numbers[:CHANGED]}
            await _until_arrived(db, wanted, changed)
            async with db.reading() as tx:
                counted = Counter((await tx.execute(select(OrderRow.channel))).scalars())
            assert counted == {str(channel): ORDERS for channel in Channel}
    finally:
        await db.close()


async def _sell(sandbox: httpx.AsyncClient, channel: Channel) -> list[str]:
    """Orders of one channel, some of them changed twice; their ids."""
    crowd = {"orders": ORDERS, "seed": 3, "channels": [channel]}
    placed = (await sandbox.post("/control/buyers", json=crowd)).raise_for_status().json()
    for order in placed[:CHANGED]:
        for words in ("第一次备注", LAST_WORDS):
            path = f"/control/{channel}/{order['order_no']}/remark"
            (await sandbox.post(path, json={"seller_words": words})).raise_for_status()
    return [order_id(order["channel"], order["shop"], order["order_no"]) for order in placed]


async def _until_arrived(db: Database, wanted: set[str], changed: set[str]) -> None:
    try:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                if await _count(db) >= len(wanted) and not await _old(db, changed):
                    break
                await asyncio.sleep(1)
    except TimeoutError:
        async with db.reading() as tx:
            here = set((await tx.execute(select(OrderRow.order_id))).scalars())
        missing = Counter(oid.split(":")[0] for oid in wanted - here)
        raise AssertionError(f"missing: {missing}; not newest: {await _old(db, changed & here)}") from None
    async with db.reading() as tx:
        assert set((await tx.execute(select(OrderRow.order_id))).scalars()) == wanted


async def _count(db: Database) -> int:
    async with db.reading() as tx:
        return int((await tx.execute(select(func.count()).select_from(OrderRow))).scalar_one())


async def _old(db: Database, changed: set[str]) -> list[str]:
    """The changed orders that are not here as they were changed last."""
    async with db.reading() as tx:
        bodies = {oid: await orders.body(tx, oid) for oid in changed}
    return [oid for oid, order in bodies.items() if LAST_WORDS not in order.notes.seller]
