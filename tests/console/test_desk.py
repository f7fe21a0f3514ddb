"""The order desk: who gets in, what they see, what they can do; over HTTP, and in a real browser on a phone."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from playwright.async_api import ViewportSize, expect

from activities.contracts import HoldEnd, HoldFact, Reasoned
from activities.holds import HoldSteps
from console.desk import OrderDesk
from console.sign_in import AT_ONCE, COOKIE, StaffDoor
from domain.clock import utc_now
from domain.golden import GoldenState
from domain.holds import HoldReason
from domain.order import Channel
from domain.review import Flag
from domain.texts import text
from intake.linking import Linker
from store import flags, holds, links
from store.database import Database
from store.orders import take
from store.tables import AddressChangeRow, GiftRow, ParcelRow
from tests.console.browser import browser, serving
from tests.console.desk import SECRET
from tests.gateway.house import STAFF, client_of
from tests.store.samples import NOON, index_row, order, receiver
from workflows.contracts import AddressWish, CancelOrder, Outcome, RecordWaybill, ReleaseHold

ORDER = "own:main:SO1"
PAGE = f"/desk/orders/{ORDER}"
ODD = "24 小时内 3 次退货"
LINKER = Linker(b"test")
ROLES = {"lan": ["service"], "wei": ["operations"]}

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class Desk:
    """Living orders: the workflow's place is taken, its activity is the real one."""

    def __init__(self, db: Database) -> None:
        self._steps = HoldSteps(db)
        self.asked: list[Any] = []
        self.away = False

    async def update(self, order_id: str, name: str, argument: Any) -> Outcome:
        self.asked.append((order_id, name, argument))
        if self.away:
            return Outcome(False, text("order.away"), sure=False)
        if isinstance(argument, ReleaseHold):
            end = HoldEnd(order_id, 1, argument.reason, argument.by, "OPERATOR", why=argument.why)
            await self._steps.close_hold(end)
            return Outcome(True, text("hold.released", badge=text(f"hold.{argument.reason}")))
        return Outcome(True, "好的")


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


@pytest.fixture
async def held(database: Database) -> None:
    """An order that looks odd and is held for it, and another one of the same buyer."""
    one = order("SO1")
    async with database.transaction() as tx:
        for document in (one, order("SO2", channel=Channel.DOUYIN, shop="dy")):
            await take(tx, document)
            await links.keep(tx, document.order_id, LINKER.digests(document))
        row = await index_row(tx, ORDER)
        row.state = GoldenState.PAID
        odd, note = Flag("risk.many", HoldReason.RISK, ODD), Flag("stock.safety", None, "<b>库存</b>不多")
        await flags.keep(tx, row, 1, [odd, note])
    deadline = utc_now() + timedelta(hours=2)
    await HoldSteps(database).open_hold(HoldFact(ORDER, 1, HoldReason.RISK, ODD, deadline))


def _app(db: Database, desk: Desk, **changes: Any) -> FastAPI:
    app = FastAPI()
    door = StaffDoor(SECRET, STAFF, ROLES, **{"pause_s": 0, **changes})
    app.include_router(door.router())
    app.include_router(OrderDesk(db, SECRET, door, desk, LINKER.typed, "http://temporal.test/workflows").router())
    return app


@pytest.fixture
async def http(database: Database, desk: Desk, held: None) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(_app(database, desk)) as client:
        yield client


async def _sign_in(http: httpx.AsyncClient, name: str, to: str = PAGE) -> httpx.Response:
    return await http.post("/staff/sign-in", data={"token": STAFF[name], "to": to})


async def _form(http: httpx.AsyncClient, deed: str, about: str = "", **more: str) -> dict[str, str]:
    """A form of the order's page, filled in."""
    shown = (await http.get(PAGE)).text
    found = {name: re.findall(rf'name="{name}" value="([^"]+)"', shown)[0] for name in ("once", "proof")}
    return {"deed": deed, "about": about, **found, **more}


# ------------------------------------------------------------------------------------------------------ the door


async def test_nobody_sees_anything_before_signing_in(http: httpx.AsyncClient) -> None:
    for path in ("/desk", "/desk/tasks", PAGE):
        shown = await http.get(path)
        assert shown.status_code == 401
        assert "员工令牌" in shown.text
        assert "SO1" not in shown.text.replace(f'value="{PAGE}"', "")
    for path in ("/desk/find", PAGE):
        assert (await http.post(path, data={"words": "SO1", "deed": "cancel", "why": "x"})).status_code == 401


async def test_signing_in_leads_to_where_one_wanted_to_go(http: httpx.AsyncClient) -> None:
    led = await _sign_in(http, "lan")
    assert (led.status_code, led.headers["location"]) == (303, PAGE)
    [cookie] = led.headers.get_list("set-cookie")
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
    assert STAFF["lan"] not in cookie
    assert (await http.get(PAGE)).status_code == 200
    for to in ("https://elsewhere.test/desk", "//elsewhere.test", "/desk/../api", "/desk?x=1", ""):
        assert (await _sign_in(http, "lan", to)).headers["location"] == "/desk"
    await http.post("/staff/sign-out", data={"to": "/desk"})
    assert (await http.get(PAGE)).status_code == 401


async def test_the_cookie_goes_over_https_only_where_the_house_is_reached_so(database: Database, desk: Desk) -> None:
    async with client_of(_app(database, desk, https=True)) as http:
        assert "Secure" in (await _sign_in(http, "lan")).headers["set-cookie"].split("; ")


async def test_wrong_tokens_are_refused_slowly_and_few_at_once(
    database: Database, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    async with client_of(_app(database, desk, pause_s=0.05)) as http:
        wrong = [http.post("/staff/sign-in", data={"token": f"guess-{n}"}) for n in range(AT_ONCE + 2)]
        answers = await asyncio.gather(*wrong, _sign_in(http, "lan"))
    assert sorted(answer.status_code for answer in answers) == [303, *[401] * AT_ONCE, *[429] * 2]
    assert "guess" not in caplog.text
    assert all("guess" not in answer.text for answer in answers)


async def test_a_forged_an_old_and_a_taken_away_session_open_nothing(database: Database, desk: Desk) -> None:
    async with client_of(_app(database, desk)) as http:
        await _sign_in(http, "lan")
        good = http.cookies[COOKIE]
    name, until, signed = good.split(".")
    later = f"{name}.{int(until) + 1}.{signed}"
    door = StaffDoor(SECRET, {**STAFF, "lan": "another"}, {})
    other = StaffDoor(b"another secret", STAFF, {})
    async with client_of(_app(database, desk)) as http:
        for bad in (later, f"{name}.{until}.", "", "x", "..", f"{name}.-1.{signed}"):
            assert (await http.get("/desk", headers={"Cookie": f"{COOKIE}={bad}"})).status_code == 401
    request: Any = type("Request", (), {"cookies": {COOKIE: good}})
    assert (door.who(request), other.who(request), StaffDoor(SECRET, STAFF, {}).who(request)) == ("", "", "lan")


# ---------------------------------------------------------------------------------------------------- what is seen


async def test_an_order_is_shown_with_all_that_is_wrong_and_no_more_of_its_buyer(http: httpx.AsyncClient) -> None:
    await _sign_in(http, "lan")
    shown = await http.get(PAGE)
    page = shown.text
    assert page.index("已拦截：风险") < page.index("质控处理：运营放行") < page.index(ODD)
    assert "risk.many" in page
    assert page.partition('id="events"')[0].count(ODD) == 1, "a hold and its finding say the same thing"
    assert "&lt;b&gt;库存" in page
    assert "测* 138****0000" in page
    assert "13800000000" not in page
    assert "示例路" not in page
    assert "余杭" not in page
    assert "同一电话" in page
    assert 'href="/desk/orders/douyin:dy:SO2"' in page
    assert 'href="http://temporal.test/workflows/own%3Amain%3ASO1"' in page
    assert shown.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in shown.headers["Content-Security-Policy"]
    assert (await http.get("/desk/orders/own:main:NONE")).status_code == 404


async def test_lists_show_what_is_wrong_and_count_it(http: httpx.AsyncClient) -> None:
    await _sign_in(http, "lan")
    everything = (await http.get("/desk")).text
    assert "SO1" in everything
    assert "dy" in everything
    assert re.search(r'href="/desk\?hold=RISK">\S+ <b>1</b>', everything)
    held = (await http.get("/desk", params={"hold": "RISK"})).text
    assert (PAGE in held, "douyin:dy" in held) == (True, False)
    assert "douyin:dy" in (await http.get("/desk", params={"channel": "douyin", "state": "none"})).text
    assert "没有符合条件的订单" in (await http.get("/desk", params={"late": "1"})).text
    assert re.search(rf">风险待核</span> {ODD}\s", (await http.get("/desk/tasks")).text)


async def test_a_number_leads_to_its_order_and_a_phone_stands_in_no_address(http: httpx.AsyncClient) -> None:
    await _sign_in(http, "lan")
    led = await http.post("/desk/find", data={"words": "SO1"})
    assert (led.status_code, led.headers["location"]) == (303, PAGE)
    found = await http.post("/desk/find", data={"words": "13800000000"})
    assert found.status_code == 200
    assert "找到 2 个订单" in found.text
    assert "13800000000" not in str(found.url)
    assert (await http.post("/desk/find", data={"words": "139"})).status_code == 404


# ------------------------------------------------------------------------------------------------- what can be done


async def test_a_hold_is_released_once_however_often_the_form_is_sent(
    http: httpx.AsyncClient, desk: Desk, database: Database
) -> None:
    await _sign_in(http, "lan")
    empty = await http.post(PAGE, data=await _form(http, "release", "RISK/1", why=" "))
    assert (empty.status_code, desk.asked) == (422, [])
    form = await _form(http, "release", "RISK/1", why="已电话\n核实")
    first, second = [await http.post(PAGE, data=form) for _ in range(2)]
    assert [first.status_code, second.status_code] == [200, 200]
    assert "✓ 已放行" in first.text
    assert "✓ 已放行" in second.text
    assert desk.asked == [(ORDER, "release_hold", ReleaseHold("RISK", "lan", "已电话 核实"))]
    other = await http.post(PAGE, data={**form, "deed": "cancel"})
    assert other.status_code == 409
    assert len(desk.asked) == 1
    async with database.reading() as tx:
        assert await holds.open_holds(tx, ORDER) == []
        [flag, _] = await flags.of_order(tx, ORDER)
    assert (flag.released_by, flag.released_why) == ("lan", "已电话 核实")


async def test_a_page_from_before_releases_no_other_hold_of_that_reason(
    http: httpx.AsyncClient, desk: Desk, database: Database
) -> None:
    await _sign_in(http, "lan")
    form = await _form(http, "release", "RISK/1", why="x")
    await HoldSteps(database).close_hold(HoldEnd(ORDER, 1, "RISK", "channel", "DOCUMENT"))
    await HoldSteps(database).open_hold(HoldFact(ORDER, 2, "RISK", "另一件事", utc_now()))
    stale = await http.post(PAGE, data=form)
    assert stale.status_code == 409
    assert "这项拦截已解除" in stale.text
    assert desk.asked == []


async def test_what_nobody_knows_the_end_of_may_be_sent_again(http: httpx.AsyncClient, desk: Desk) -> None:
    await _sign_in(http, "lan")
    form = await _form(http, "release", "RISK/1", why="x")
    desk.away = True
    assert (await http.post(PAGE, data=form)).status_code == 503
    desk.away = False
    done = await http.post(PAGE, data=form)
    assert done.status_code == 200
    assert "✓ 已放行" in done.text
    assert len(desk.asked) == 2


async def test_only_the_pages_own_forms_are_taken(http: httpx.AsyncClient, desk: Desk) -> None:
    await _sign_in(http, "lan")
    form = await _form(http, "release", "RISK/1", why="x")
    for wrong in ({"proof": ""}, {"proof": "é"}, {"once": "another"}):
        assert (await http.post(PAGE, data={**form, **wrong})).status_code == 403
    assert (await http.post("/desk/orders/douyin:dy:SO2", data=form)).status_code == 403
    assert (await http.post(PAGE, data=form, headers={"Sec-Fetch-Site": "cross-site"})).status_code == 403
    await _sign_in(http, "wei")
    assert (await http.post(PAGE, data=form)).status_code == 403
    assert desk.asked == []


async def test_whoever_does_not_serve_buyers_may_look_only(http: httpx.AsyncClient, desk: Desk) -> None:
    await _sign_in(http, "wei")
    shown = await http.get(PAGE)
    assert "风险" in shown.text
    assert 'name="deed"' not in shown.text
    refused = await http.post(PAGE, data={"deed": "cancel", "why": "x", "once": "x", "proof": "x"})
    assert refused.status_code == 403
    assert "service" in refused.text
    assert desk.asked == []


async def test_what_else_can_be_done(http: httpx.AsyncClient, desk: Desk, database: Database) -> None:
    there = receiver("示例路 8 号 301").model_dump()
    async with database.transaction() as tx:
        tx.add(AddressChangeRow(order_id=ORDER, n=2, receiver=there, status="wished", asked_by="wei", at=NOON))
        box = ParcelRow(parcel_id=f"{ORDER}#1", order_id=ORDER, n=1, package_code="B", items=[], status="packed")
        gift = GiftRow(order_id=ORDER, line_no="9", sku="TOY", quantity=1, gift_of="1", status="pending")
        gift.updated_at = NOON
        tx.add_all([box, gift])
        row = await index_row(tx, ORDER)
        for n, reason in ((2, HoldReason.ADDRESS_CHANGE), (3, HoldReason.WAYBILL_BY_PERSON)):
            await holds.open_hold(tx, row, n, reason, "x", NOON)
    await _sign_in(http, "lan")
    shown = (await http.get(PAGE)).text
    assert "新地址：测* 138****0000 浙江省杭州市<" in shown
    assert 'value="gift"' not in shown  # nothing has left yet
    bad = await _form(http, "waybill", "1", number="SF1", carrier="SF")
    assert (await http.post(PAGE, data=bad)).status_code == 422
    for form in (
        await _form(http, "address", "2"),
        await _form(http, "waybill", "1", number="SF1000000000001", carrier="SF"),
        await _form(http, "cancel", why="买家来电"),
        await _form(http, "gift", "9", why="漏放"),
        await _form(http, "address", "x"),
        await _form(http, "nothing"),
    ):
        await http.post(PAGE, data=form)
    assert [(name, wish) for _, name, wish in desk.asked] == [
        ("confirm_address", AddressWish(2, "lan")),
        ("record_waybill", RecordWaybill(f"{ORDER}#1", "SF", "SF1000000000001", "lan")),
        ("cancel", CancelOrder("买家来电", "lan")),
    ]
    async with database.transaction() as tx:
        (await index_row(tx, ORDER)).state = GoldenState.WAYBILL_RETURNED
    sent = await http.post(PAGE, data=await _form(http, "gift", "9", why="漏放"))
    assert "own:main:SO1-G1" in sent.text
    assert 'value="cancel"' not in sent.text


async def test_an_order_that_left_says_who_ended_it_and_why(
    http: httpx.AsyncClient, desk: Desk, database: Database
) -> None:
    await _sign_in(http, "lan")
    await HoldSteps(database).close_hold(HoldEnd(ORDER, 1, "RISK", "lan", "CANCEL"))
    await HoldSteps(database).record_cancelled(Reasoned(ORDER, "买家来电取消", "lan"))
    shown = (await http.get(PAGE)).text
    assert re.search(r'已取消</p>\s*<p class="does">→ lan：买家来电取消<', shown)
    assert "订单已结束" in shown
    assert "待处理" not in shown
    assert 'name="deed"' not in shown


# -------------------------------------------------------------------------------------------------- in a browser


@pytest.mark.xdist_group("browser")
async def test_on_a_phone(database: Database, desk: Desk, held: None, tmp_path: Path) -> None:
    async with AsyncExitStack() as opened:
        address = await opened.enter_async_context(serving(_app(database, desk)))
        window = await opened.enter_async_context(browser())
        phone = await window.new_context(viewport=ViewportSize(width=390, height=844), has_touch=True, locale="zh-CN")
        page = await phone.new_page()
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda sent: None if sent.url.startswith(address) else complaints.append(sent.url[:40]))
        page.on("console", lambda said: complaints.append(said.text) if "Security Policy" in said.text else None)

        await page.goto(f"{address}{PAGE}")
        await page.get_by_label("员工令牌").fill(STAFF["lan"])
        await page.get_by_role("button", name="登录").tap()
        await expect(page.locator("#verdict")).to_contain_text("已拦截")
        await page.screenshot(path=tmp_path / "1-held.png", full_page=True)
        assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        top = await page.locator("#hold-RISK").bounding_box()
        assert top is not None
        assert top["y"] < 844, "what is wrong is not on the first screen"
        await page.get_by_placeholder("放行原因").fill("已电话核实")
        await page.get_by_role("button", name="放行").tap()
        await expect(page.locator("#said")).to_contain_text("已放行")
        await expect(page.locator("#verdict")).to_contain_text("正常进行中")
        await page.get_by_role("link", name="订单台").tap()
        await expect(page.locator("#orders li")).to_have_count(2)
        assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        await page.get_by_role("searchbox").or_(page.get_by_placeholder("手机号")).fill("SO2")
        await page.get_by_role("button", name="查找").tap()
        await expect(page.get_by_role("heading", name="SO2")).to_be_visible()
        assert [one for one in complaints if not one.startswith("data:")] == []
    assert len(desk.asked) == 1
