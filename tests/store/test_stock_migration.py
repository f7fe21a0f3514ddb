"""What orders had locked before there were plans, purchases and channels is still locked afterwards."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import select

import store.migrate
from store import stock
from store.database import Database
from store.migrate import upgrade
from store.tables import ChannelStockRow, StockLedgerRow, StockRow

BEFORE = (
    "INSERT INTO stock VALUES ('MUG', 'WH1', 9, 5)",
    "INSERT INTO stock_ledger (key, sku, warehouse, on_hand_delta, reserved_delta, on_hand_after, reserved_after,"
    " reason, who, order_id, at) VALUES ('own:main:A/reserve', 'MUG', 'WH1', 0, 3, 9, 3, 'reserve', 'orderhub',"
    " 'own:main:A', CURRENT_TIMESTAMP)",
    "INSERT INTO reservations VALUES ('own:main:A', 'MUG', 'WH1', 3, 'locked')",
    "INSERT INTO reservations VALUES ('douyin:7:B', 'MUG', 'WH1', 2, 'locked')",
    "INSERT INTO reservations VALUES ('own:main:C', 'MUG', 'WH1', 1, 'released')",
)


async def test_old_reservations_live_on(
    empty_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripts = tmp_path / "migrations"
    shutil.copytree(store.migrate.SCRIPTS, scripts, ignore=shutil.ignore_patterns("__pycache__"))
    late = {path for path in (scripts / "versions").glob("r*.py") if int(path.name[1:5]) > 8}
    for path in late:
        path.unlink()
    with monkeypatch.context() as patch:
        patch.setattr(store.migrate, "SCRIPTS", scripts)
        await upgrade(empty_database_url)
    db = Database(empty_database_url)
    async with db.transaction() as tx:
        for statement in BEFORE:
            await tx.execute(text(statement))
    await db.close()

    await upgrade(empty_database_url)
    db = Database(empty_database_url)
    async with db.transaction() as tx:
        assert [row.order_id for row in await stock.reservations(tx, "own:main:A")] == ["own:main:A"]
        held = {(row.channel, row.reserved) for row in (await tx.execute(select(ChannelStockRow))).scalars()}
        assert held == {("own", 3), ("douyin", 2)}
        assert (await tx.execute(select(StockLedgerRow.channel))).scalars().all() == ["own"]
        token = await stock.reservation_token(tx, "own:main:A")
        assert await stock.reservation_token(tx, "own:main:C") == ""
        assert await stock.ship(tx, "own:main:A", "warehouse", token=token) == 1
        assert await stock.release(tx, "douyin:7:B", "orderhub") == 1
        row = (await tx.execute(select(StockRow))).scalars().one()
        assert (row.on_hand, row.reserved, row.version) == (6, 0, 2)
    await db.close()
