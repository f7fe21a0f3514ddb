"""A worker that freezes goods, and is killed while it sends them (run by test_stock_concurrency.py)."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from store import stock
from store.database import Database
from tests.store.pool import NORTH, SOUTH
from tests.store.test_stock_transfers import NOON


async def main(url: str) -> None:
    """Freeze for good, send without ever coming to the commit."""
    db = Database(url)
    async with db.transaction() as tx:
        await stock.freeze(tx, "T1", {"MUG": 9}, NORTH, SOUTH, "worker", now=NOON)
    async with db.transaction() as tx:
        assert (await stock.send(tx, "T1", "worker", now=NOON)).ok
        print("in the middle", flush=True)  # noqa: T201
        await asyncio.sleep(60)


asyncio.run(main(sys.argv[1]))
