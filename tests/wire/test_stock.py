"""Every connector that tells stock figures against its counterpart in the sandbox, which keeps the last one."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connectors.errors import Misconfigured, Rejected
from connectors.ports import Push, Reply, StockTaker
from domain.listing import StockFigure
from domain.order import Channel
from embedded.credentials import CONSENTS, Ports, new_secrets, settings_tree
from runtime.partners import Outside, build_partners, takes_stock
from sandbox.settings import SandboxSettings
from settings import Settings
from store.database import Database
from store.migrate import upgrade
from tests.wire.wire import Wire, wire

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
    tree: dict[str, Any], line: Wire, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> AsyncIterator[Outside]:
    for name in [name for name in os.environ if name.upper().startswith("ORDERHUB_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    url = f"sqlite+aiosqlite:///{tmp_path / 'store.db'}"
    await upgrade(url)
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


async def test_numbers_that_are_none_go_nowhere(line: Wire, outside: Outside) -> None:
    for channel in (Channel.DOUYIN, Channel.TAOBAO, Channel.JD, Channel.PDD):
        taker = outside.partners.channels[channel]
        assert isinstance(taker, StockTaker)
        shop = next(row["shop"] for row in await line.get("/control/listings") if row["channel"] == channel)
        with pytest.raises(Rejected, match="not a number"):
            await taker.tell_stock(StockFigure(channel, shop, "12;rm", "MUG-01", "MUG-01", 1, "k/1"))


async def test_an_item_of_taobao_with_skus_takes_no_figure_of_its_own(line: Wire, outside: Outside) -> None:
    taker = outside.partners.channels[Channel.TAOBAO]
    assert isinstance(taker, StockTaker)
    row = next(row for row in await line.get("/control/listings") if row["channel"] == "taobao")
    with pytest.raises(Rejected):
        await taker.tell_stock(StockFigure(Channel.TAOBAO, row["shop"], row["item_id"], "", row["sku"], 1, "k/1"))
