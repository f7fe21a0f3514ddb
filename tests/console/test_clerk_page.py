"""The clerk's form on a phone, in a real browser."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from playwright.async_api import ConsoleMessage, Error, Page, Request, ViewportSize, expect

from console.clerk import ClerkPages
from domain.order import ClearReceiver, Region
from gateway.app import create_app
from gateway.deps import InWords
from store.database import Database
from tests.console.browser import browser, serving
from tests.console.desk import CODE, NUMBER, SECRET, Desk, lay_out
from tests.gateway.house import build_gateway

PHONE = ViewportSize(width=390, height=844)
NARROW = ViewportSize(width=360, height=640)

pytestmark = [
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),  # the pages' look does not depend on it
    pytest.mark.xdist_group("browser"),
]


class Stage:
    """The whole gateway with the clerk's pages, served, and a phone to look at it."""

    def __init__(self, address: str, page: Page, without_script: Page, complaints: list[str]) -> None:
        self.form = f"{address}/f/{CODE}"
        self.page = page
        self.without_script = without_script
        self.complaints = complaints
        self.address = address


@pytest.fixture
async def stage(database: Database, desk: Desk) -> AsyncIterator[Stage]:
    complaints: list[str] = []
    async with AsyncExitStack() as opened:
        gateway = await build_gateway(database, desk, opened, link_secret=SECRET)
        app = create_app(gateway)
        app.include_router(ClerkPages(database, gateway.link_secret, InWords(gateway.orders)).router())
        window = await opened.enter_async_context(browser())
        address = await opened.enter_async_context(serving(app))
        phone = await window.new_context(viewport=PHONE, device_scale_factor=2, has_touch=True, locale="zh-CN")
        plain = await window.new_context(viewport=PHONE, java_script_enabled=False)
        page = await phone.new_page()

        def on_console(message: ConsoleMessage) -> None:
            if message.type == "error":
                complaints.append(message.text)

        def on_error(error: Error) -> None:
            complaints.append(str(error))

        def on_request(asked: Request) -> None:
            if not asked.url.startswith((address, "data:")):
                complaints.append(asked.url)

        page.on("console", on_console)
        page.on("pageerror", on_error)
        page.on("request", on_request)
        yield Stage(address, page, await plain.new_page(), complaints)


async def fits(page: Page) -> bool:
    """Whether nothing sticks out of the screen to the side."""
    return bool(await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


async def test_from_the_link_to_the_number(stage: Stage, database: Database, desk: Desk, tmp_path: Path) -> None:
    await lay_out(database, parcels=2)
    page = stage.page
    await page.goto(stage.form)
    await expect(page.get_by_role("heading", name="补录运单号")).to_be_visible()
    await page.screenshot(path=tmp_path / "1-form.png", full_page=True)
    assert await fits(page)

    number, carrier = page.get_by_label("运单号", exact=True), page.get_by_label("快递公司")
    await number.fill("yt 1234567890123")
    await expect(carrier).to_have_value("YTO")  # proposed
    await carrier.select_option("SF")
    await number.fill("YT1234567890124")
    await expect(carrier).to_have_value("SF")  # the clerk's own choice stands
    await page.get_by_role("button", name="提交单号").tap()
    await expect(page.get_by_role("alert")).to_have_text("这不像顺丰速运的单号，请核对单号和快递公司")
    await expect(number).to_have_value("YT1234567890124")
    await expect(number).to_be_focused()
    await expect(carrier).to_have_value("SF")
    await page.screenshot(path=tmp_path / "2-wrong.png", full_page=True)
    assert desk.asked == []
    stage.complaints[:] = [words for words in stage.complaints if "422" not in words]

    await number.fill(NUMBER.lower())
    await page.get_by_role("button", name="提交单号").tap()
    await expect(page.get_by_role("heading", name="单号已录入")).to_be_visible()
    await expect(page.locator("#taken")).to_have_text(NUMBER)
    await page.screenshot(path=tmp_path / "3-taken.png", full_page=True)
    assert await fits(page)

    await page.goto(stage.form)
    await expect(page.get_by_role("heading", name="该包裹已有单号")).to_be_visible()
    await expect(page.locator("form")).to_have_count(0)
    assert stage.complaints == []
    assert len(desk.asked) == 1


async def test_without_script(stage: Stage, database: Database) -> None:
    await lay_out(database)
    page = stage.without_script
    await page.goto(stage.form)
    await page.get_by_label("运单号", exact=True).fill(NUMBER)
    await page.get_by_role("button", name="提交单号").click()
    await expect(page.get_by_role("alert")).to_have_text("请选择快递公司")
    await page.get_by_label("快递公司").select_option(label="顺丰速运")
    await page.get_by_role("button", name="提交单号").click()
    await expect(page.locator("#taken")).to_have_text(NUMBER)


async def test_two_taps_and_the_back_button(stage: Stage, database: Database, desk: Desk) -> None:
    await lay_out(database)
    page = stage.page
    await page.goto(stage.form)
    await page.get_by_label("运单号", exact=True).fill(NUMBER)
    button = page.get_by_role("button", name="提交单号")
    await button.evaluate("button => { button.click(); button.click(); }")
    await expect(page.locator("#taken")).to_have_text(NUMBER)
    assert len(desk.asked) == 1
    await page.go_back()
    await expect(page.locator("#taken")).to_have_text(NUMBER)
    assert stage.complaints == []


async def test_the_narrowest_phone(stage: Stage, database: Database, tmp_path: Path) -> None:
    long = Region(province="新疆维吾尔自治区", city="伊犁哈萨克自治州", district="察布查尔锡伯自治县", town="示例镇")
    await lay_out(database, to=ClearReceiver(name="测试", phone="13800000000", region=long, detail="示例路1号"))
    page = stage.page
    await page.set_viewport_size(NARROW)
    await page.goto(stage.form)
    await page.screenshot(path=tmp_path / "4-narrow.png", full_page=True)
    assert await fits(page)
    for target in (page.get_by_label("运单号", exact=True), page.get_by_label("快递公司"), page.get_by_role("button")):
        box = await target.bounding_box()
        assert box is not None
        assert box["height"] >= 48  # a thumb's size
    await page.get_by_role("button").tap()
    await expect(page.get_by_role("alert")).to_have_count(2)
    assert await fits(page)
    await page.screenshot(path=tmp_path / "5-empty.png", full_page=True)


async def test_links_that_lead_nowhere(stage: Stage, database: Database, tmp_path: Path) -> None:
    await lay_out(database)
    await stage.page.goto(f"{stage.address}/f/{'b' * 24}")
    await expect(stage.page.get_by_role("heading", name="链接无效")).to_be_visible()
    await stage.page.screenshot(path=tmp_path / "6-unknown.png", full_page=True)


async def test_the_codecs_page(stage: Stage, tmp_path: Path) -> None:
    page = stage.page
    await page.goto(f"{stage.address}/codec/session")
    await page.get_by_label("令牌").fill("wrong")
    await page.get_by_role("button").tap()
    await expect(page.get_by_role("alert")).to_have_text("令牌不对")
    await page.screenshot(path=tmp_path / "7-codec.png", full_page=True)
    await page.get_by_label("令牌").fill("token-of-codec")
    await page.get_by_role("button").tap()
    await expect(page.get_by_text("已打开")).to_be_visible()
