"""The page behind a label's code."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from playwright.async_api import Page, ViewportSize, expect

from console.labels import LabelPages
from domain.clock import utc_now
from domain.order import Requirement
from domain.paper import Size
from store import label_sheets, labels
from store.database import Database
from store.tables import LabelSheetRow
from tests.console.browser import browser, serving
from tests.console.test_clerk import words
from tests.printing.scanner import pages
from tests.store.labelled import ask, change, desk, pack, pid, void
from tests.store.samples import NOON

NARROW = ViewportSize(width=360, height=740)
SINCE = NOON


@pytest.fixture
def site(database: Database) -> FastAPI:
    app = FastAPI()
    app.include_router(LabelPages(database).router())
    return app


@pytest.fixture
async def phone(site: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(site), base_url="http://hub.test") as http:
        yield http


async def printed(db: Database) -> list[str]:
    """Print what there is on one sheet. Returns the paths in its QR codes, as a scanner reads them off the paper."""
    drawn = await desk(db).print_labels(ask(Size.LARGE), "lan")
    assert drawn.pdf is not None
    [page] = pages(drawn.pdf)
    return [address.removeprefix("http://hub.test") for address in page.of("QR Code")]


async def test_any_code_of_a_sheet_shows_all_of_it(phone: httpx.AsyncClient, database: Database) -> None:
    await pack(database, "SO1", requirements=(Requirement.COLD_CHAIN,))
    await pack(database, "SO2", parcels=2)
    paths = await printed(database)
    assert len(paths) == 2
    for path, first, second in zip(paths, ("SO1", "SO2"), ("SO2", "SO1"), strict=True):
        answer = await phone.get(path)
        assert answer.status_code == 200
        page = words(answer)
        assert page.index(f"{first} 刚扫描") < page.index(f"{second} ")
        for shown in (
            "✓ 全部可以发货", "顺丰速运 · 浙江杭州余杭区", "2 单 3 件 · WH01", "测* 138****0000", "冷链",
            "SF100000000011 马克杯 350ml × 2 赠 <b>杯垫</b> × 1 共 3 件商品", "包裹 1/2", "SF100000000022", "打包完成",
        ):  # fmt: skip
            assert shown in page
        for hidden in ("测试", "13800000000", "示例路"):
            assert hidden not in answer.text
        assert answer.headers["cache-control"] == "no-store"


async def test_what_must_not_ship_is_said(phone: httpx.AsyncClient, database: Database) -> None:
    orders = [await pack(database, f"SO{n}") for n in range(1, 5)]
    paths = await printed(database)
    await change(database, orders[0], holds=["REFUND_PENDING"])
    await void(database, pid("SO2"), new_at=NOON + timedelta(minutes=30))
    await void(database, pid("SO3"))
    page = words(await phone.get(paths[3]))
    assert "3 件不能发货，请取出" in page
    assert "✕ 不能发货：退款处理中" in page
    assert "✕ 不能发货：已换单号 新单号 SF200000000021，新面单还没有打印" in page
    assert "✕ 不能发货：单号已作废 顺丰速运" in page
    drawn = await desk(database).print_labels(ask(), "lan")
    [new] = drawn.sheets
    page = words(await phone.get(paths[1]))
    assert f"新单号 SF200000000021，在面单 {new} 上" in page


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_codes_that_open_nothing(phone: httpx.AsyncClient, database: Database) -> None:
    await pack(database)
    [path] = await printed(database)
    for code in ("a" * 24, path[3:].upper(), path[3:-1], "%00", "x" * 3000):
        answer = await phone.get(f"/l/{code}")
        assert (answer.status_code, "面单码无效" in words(answer)) == (404, True)
        assert "SO1" not in answer.text
    async with database.transaction() as tx:
        found = await label_sheets.by_code(tx, path[3:])
        assert found is not None
        row = await tx.get_one(LabelSheetRow, found[0].row.sheet_id)
        row.expires_at = utc_now()
        tx.add(row)
    answer = await phone.get(path)
    assert (answer.status_code, "面单码已过期" in words(answer)) == (410, True)
    assert "SO1" not in answer.text
    async with database.transaction() as tx:
        await labels.prolong(tx, [row.sheet_id], timedelta(hours=1))
    assert (await phone.get(path)).status_code == 200


async def test_while_the_database_is_away() -> None:
    away = Database("postgresql+asyncpg://a:b@127.0.0.1:1/none")
    app = FastAPI()
    app.include_router(LabelPages(away).router())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hub.test") as client:
        answer = await client.get(f"/l/{'a' * 24}")
    await away.close()
    assert (answer.status_code, "系统繁忙" in words(answer)) == (503, True)


@pytest.mark.xdist_group("browser")
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_the_page_on_a_narrow_phone(site: FastAPI, database: Database, tmp_path: Path) -> None:
    complaints: list[str] = []
    await pack(database, "SO1", requirements=tuple(Requirement))
    stopped = await pack(database, "SO2", parcels=2)
    paths = await printed(database)
    async with AsyncExitStack() as opened:
        window = await opened.enter_async_context(browser())
        address = await opened.enter_async_context(serving(site))
        context = await window.new_context(viewport=NARROW, device_scale_factor=2, has_touch=True, locale="zh-CN")
        page = await context.new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on(
            "request",
            lambda asked: complaints.append(asked.url) if not asked.url.startswith((address, "data:")) else None,
        )
        await page.goto(address + paths[0])
        await expect(page.get_by_role("status")).to_have_text("✓ 全部可以发货")
        await expect(page.locator(".order.scanned .order-no")).to_have_text("SO1")
        await page.screenshot(path=tmp_path / "1-clear.png", full_page=True)
        assert await fits(page)

        await change(database, stopped, holds=["CHANNEL_LOCKED"])
        await page.goto(address + paths[1])
        await expect(page.get_by_role("alert")).to_have_text("2 件不能发货，请取出")
        await expect(page.locator(".order.scanned .stop")).to_have_count(2)
        await expect(page.locator(".order")).to_have_count(2)
        await page.screenshot(path=tmp_path / "2-stopped.png", full_page=True)
        assert await fits(page)
    assert complaints == []


async def fits(page: Page) -> bool:
    """Whether nothing sticks out of the screen to the side."""
    return bool(await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))
