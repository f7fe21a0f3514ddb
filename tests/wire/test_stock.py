"""Every connector that tells stock figures against its counterpart in the sandbox, which keeps the last one."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connectors.errors import Misconfigured, Rejected
from connectors.ports import Document, Push, Reply, StockTaker
from connectors.qimen import QimenPush, QimenSettings, QimenWarehouse
from domain.listing import StockFigure
from domain.news import StockChangeNews
from domain.order import Channel
from domain.shelves import Quality, Shelf
from embedded.credentials import CONSENTS, Ports, new_secrets, settings_tree
from runtime.partners import Outside, build_partners, takes_stock
from sandbox.settings import SandboxSettings
from settings import Settings
from store.database import Database
from tests.connectors.contract.peers import hasten
from tests.wire.wire import Heard, Wire, wire

TAKERS = [channel for channel in Channel if takes_stock(channel)]


async def nobody_calls(push: Push) -> Reply:
    raise AssertionError("nothing was ordered")


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Settings of both sides, as an embedded installation has them."""
    return settings_tree(tmp_path_factory.mktemp("home"), Ports(1, 2, 3, 4), new_secrets())


@pytest.fixture
async def line(tree: dict[str, Any]) -> AsyncIterator[Wire]:
    async with wire(SandboxSettings.model_validate(tree["sandbox"]), nobody_calls) as line:
        yield line


@pytest.fixture
async def outside(
    tree: dict[str, Any], line: Wire, migrated_sqlite: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> AsyncIterator[Outside]:
    for name in [name for name in os.environ if name.upper().startswith("ORDERHUB_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    url = f"sqlite+aiosqlite:///{tmp_path / 'store.db'}"
    shutil.copy(migrated_sqlite, tmp_path / "store.db")
    hasten(monkeypatch)
    given = {name: part for name, part in tree.items() if name != "sandbox"}
    settings, db = Settings(**{**given, "database_url": url}), Database(url)
    outside = build_partners(settings, db)
    for channel, shop in CONSENTS.items():
        code = (await line.control(f"/{channel}/authorise"))["code"]
        await outside.authorise[channel](shop, code)
    yield outside
    await outside.close()
    await db.close()


def test_six_platforms_shops_tills_and_b2b_take_figures() -> None:
    assert set(Channel) - set(TAKERS) == {Channel.WECHAT}


async def test_each_channel_keeps_the_last_figure(line: Wire, outside: Outside) -> None:
    listings = await line.get("/control/listings")
    assert {row["channel"] for row in listings} == set(TAKERS)
    for channel in TAKERS:
        taker = outside.partners.channels[channel]
        assert isinstance(taker, StockTaker)
        row = next(row for row in listings if (row["channel"], row["sku"]) == (channel, "FAN-01"))
        place = (channel, row["shop"], row["item_id"], row["sku_id"])
        first = StockFigure(*place, "FAN-01", 42, f"{channel}:fan/1", 1)
        for figure in (first, first, replace(first, pieces=0, key=f"{channel}:fan/2", n=2)):
            await taker.tell_stock(figure)
        [told] = (await line.book(channel))["stock"]
        assert (told["item_id"], told["sku_id"], told["pieces"]) == (row["item_id"], row["sku_id"], 0)
        with pytest.raises(Rejected):
            await taker.tell_stock(replace(first, item_id="1", sku_id="2", key=f"{channel}:other/1"))
        with pytest.raises(Misconfigured):
            await taker.tell_stock(replace(first, shop="another"))
        assert len((await line.book(channel))["stock"]) == 1


async def test_listings_that_were_entered_wrongly_are_refused(line: Wire, outside: Outside) -> None:
    for channel in (Channel.DOUYIN, Channel.TAOBAO, Channel.JD, Channel.PDD):
        taker = outside.partners.channels[channel]
        assert isinstance(taker, StockTaker)
        shop = next(row["shop"] for row in await line.get("/control/listings") if row["channel"] == channel)
        with pytest.raises(Rejected, match="not a number"):
            await taker.tell_stock(StockFigure(channel, shop, "12;rm", "MUG-01", "MUG-01", 1, "k/1"))
    # Taobao takes a figure of an item without SKUs only.
    taker = outside.partners.channels[Channel.TAOBAO]
    assert isinstance(taker, StockTaker)
    row = next(row for row in await line.get("/control/listings") if row["channel"] == "taobao")
    with pytest.raises(Rejected):
        await taker.tell_stock(StockFigure(Channel.TAOBAO, row["shop"], row["item_id"], "", row["sku"], 1, "k/1"))


async def test_the_warehouses_own_figures_and_what_it_tells_of_them(tree: dict[str, Any]) -> None:
    settings = QimenSettings.model_validate(tree["qimen"])
    warehouse, source, heard, kept = QimenWarehouse(settings), QimenPush(settings), Heard(), list[Document]()

    async def take(push: Push) -> Reply:
        kept.extend(source.unpack(push))
        heard.one()
        return source.accepted(push)

    played = SandboxSettings.model_validate(tree["sandbox"] | {"hub_url": "http://hub.test"})
    async with wire(played, take) as line:
        (await line.http.put("/control/qimen/stock", json={"FAN-01": 40})).raise_for_status()
        lost = {"sku": "FAN-01", "quantity": -3, "order_type": "QTCK"}
        code = (await line.control("/qimen/stock", lost))["out_biz_code"]
        await line.control("/qimen/stock", {"sku": "FAN-01", "quantity": 1, "condition": "CC", "quiet": True})
        await line.control(f"/qimen/stock/{code}/again")
        assert await line.control("/qimen/count", {"sku": "FAN-01", "found": 35}) == {"difference": -2}
        assert list(await warehouse.shelves("WH01", ["FAN-01", "UNKNOWN"])) == [
            Shelf("WH01", "FAN-01", Quality.GOOD, 35, 0),
            Shelf("WH01", "FAN-01", Quality.DEFECTIVE, 1, 0),
        ]
        await heard.until(lambda: heard.count >= 3)
    await warehouse.close()
    news = [each for document in kept for each in await source.interpret(document)]
    changes = [change for each in news if isinstance(each, StockChangeNews) for change in each.changes]
    told = sorted((change.quantity, change.order_type) for change in changes)
    assert told == [(-3, "QTCK"), (-3, "QTCK"), (-2, "CHECK")]
    assert {change.code for change in changes if change.quantity == -3} == {code}
    assert {(change.warehouse, change.sku, change.quality) for change in changes} == {("WH01", "FAN-01", Quality.GOOD)}
