"""`orderhub stock compare` and `adopt`, and the staff API that does the same."""

from __future__ import annotations

import json

import httpx
import pytest
from pydantic import SecretStr
from sqlmodel import col, select

from commands import stock_compare as command
from domain.clock import utc_now
from domain.shelves import Quality, ShelfChange
from gateway.app import create_app
from gateway.deps import Gateway
from settings import CompanySettings, Settings
from store import counts, stock
from store.database import Database
from store.tables import ShelfCountRow, StockLedgerRow
from tests.gateway.conftest import gateway, orders  # noqa: F401 - fixtures
from tests.gateway.house import client_of

PATH = "/api/v1/staff/stock/differences"


@pytest.fixture
def settings(database: Database) -> Settings:
    url = SecretStr(database.url)
    return Settings.model_construct(database_url=url, language="zh", company=CompanySettings())


@pytest.fixture(autouse=True)
async def compared(database: Database) -> None:
    """One article of which the warehouse has two too few, and one that agrees."""
    now = utc_now()
    async with database.transaction() as tx:
        for sku, missing in (("MUG", 2), ("CUP", 0)):
            await stock.receive(tx, sku, "WH01", 10, stock.Movement(f"receive/{sku}", "receive", "test"))
            row = ShelfCountRow(
                warehouse="WH01",
                sku=sku,
                known=True,
                available=7 - missing,
                locked=3,
                on_hand=10,
                told=3,
                doubtful=0,
                difference=-missing,
                looks=2,
                since=now,
                asked_at=now,
            )
            await counts.record(tx, [row.model_dump()])
        await counts.keep_changes(tx, [ShelfChange("SC-1", "WH01", "MUG", Quality.GOOD, -2, order_type="QTCK")])


async def ledger(database: Database) -> list[tuple[int, str]]:
    async with database.reading() as tx:
        query = select(StockLedgerRow).where(col(StockLedgerRow.key).startswith("count/"))
        return [(row.on_hand_delta, row.reason) for row in (await tx.execute(query)).scalars()]


async def test_differences_are_shown_and_adopted(
    settings: Settings, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await command.compare(settings, every=False, as_json=True) == 0
    (article,) = json.loads(capsys.readouterr().out)["articles"]
    assert (article["sku"], article["available"], article["on_hand"], article["difference"]) == ("MUG", 5, 10, -2)
    assert await command.compare(settings, every=True, as_json=False) == 0
    shown = capsys.readouterr().out
    assert "CUP" in shown
    assert "-2" in shown
    assert await command.adopt(settings, "MUG", "", -1, "盘亏") == 1
    assert "-2" in capsys.readouterr().err
    assert await command.adopt(settings, "PLATE", "", -1, "盘亏") == 1
    assert await ledger(database) == []
    assert await command.adopt(settings, "MUG", "", -2, "盘亏") == 0
    assert "现在库 8" in capsys.readouterr().out
    assert await ledger(database) == [(-2, "count: 盘亏")]


async def test_staff_see_and_adopt_differences(gateway: Gateway, database: Database) -> None:  # noqa: F811
    async with client_of(create_app(gateway)) as stranger:
        assert (await stranger.get(PATH)).status_code == 401
    async with client_of(create_app(gateway), headers={"authorization": "Bearer token-of-wei"}) as staff:
        (seen,) = (await staff.get(PATH)).json()["differences"]
        assert (seen["sku"], seen["difference"], seen["told"]) == ("MUG", -2, 3)
        assert [(told["code"], told["quantity"]) for told in seen["changes"]] == [("SC-1", -2)]
        assert await status(staff, "WH01/MUG", -1) == 409
        assert await status(staff, "WH02/MUG", -2) == 404
        assert await status(staff, "WH01/CUP", 0) == 409
        done = await staff.post(f"{PATH}/WH01/MUG/adopt", json={"difference": -2, "why": "盘亏"})
        assert (done.status_code, done.json()["on_hand"]) == (200, 8)
        assert (await staff.get(PATH)).json() == {"differences": []}
        assert await status(staff, "WH01/MUG", -2) == 409, "once"
    assert await ledger(database) == [(-2, "count: 盘亏")]


async def test_staff_cannot_count_away_what_orders_hold(gateway: Gateway, database: Database) -> None:  # noqa: F811
    async with database.transaction() as tx:
        await stock.reserve(tx, "own:main:X", {"MUG": 9}, "WH01", "test")
    async with client_of(create_app(gateway), headers={"authorization": "Bearer token-of-wei"}) as staff:
        assert await status(staff, "WH01/MUG", -2) == 409
    assert await ledger(database) == []


async def status(staff: httpx.AsyncClient, place: str, difference: int) -> int:
    return (await staff.post(f"{PATH}/{place}/adopt", json={"difference": difference, "why": "盘亏"})).status_code
