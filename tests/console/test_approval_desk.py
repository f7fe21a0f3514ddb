"""The page of everything that waits for one approver: over HTTP, and on a phone and a desk in a real browser."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from playwright.async_api import ViewportSize, expect

from activities import contracts as c
from activities.approvals import ApprovalSteps
from activities.holds import HoldSteps
from activities.partners import HubConfig
from activities.review import ReviewSteps
from console.approval_desk import ApprovalDesk
from console.approver import ApproverPages
from console.sessions import LIVES, Sessions, form_token
from console.sign_in import StaffDoor
from domain.clock import utc_now
from domain.links import approval_code
from domain.order import Channel, Customer
from store import approvals, approvers
from store.approvers import Changes
from store.database import Database
from store.orders import take
from tests.activities.test_approvals import LARGE, costs
from tests.console.browser import browser, serving
from tests.console.desk import SECRET
from tests.console.test_approval_page import Desk
from tests.gateway.house import client_of
from tests.store.samples import order

FIRST, SECOND = "own:main:SO1", "b2b:main:PO2"
LI = f"/a/{approval_code(SECRET, FIRST, 1)}/mine"
STAFF = {"li": "a-token-of-li", "zhao": "a-token-of-zhao"}
WIDTHS = {"phone": ViewportSize(width=390, height=844), "desk": ViewportSize(width=1280, height=800)}
COMPANY = {"channel": Channel.B2B, "customer": Customer(external_id="C7", name="示例贸易有限公司", tax_no="0")}


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


async def _review(db: Database, order_id: str, revision: int = 1) -> None:
    await ReviewSteps(db, 0).accept_order(c.OrderAt(order_id, revision))
    await ApprovalSteps(db, HubConfig(link_secret=SECRET)).chase_approvers(c.Chase(order_id, utc_now()))


@pytest.fixture
async def asked(database: Database) -> None:
    """Two orders that two directors are asked about; one of a person, one of a company."""
    buyer = Customer(external_id="B1", name="测试用")
    async with database.transaction() as tx:
        for who, name, role in (("li", "李总", "sales_director"), ("wang", "王总", "technical_director")):
            await approvers.put(tx, who, Changes(name, (role,)), "test")
        await take(tx, order("SO1", **costs(LARGE, customer=buyer)))
        await take(tx, order("PO2", **costs(LARGE + 100, **COMPANY)))
    for order_id in (FIRST, SECOND):
        await _review(database, order_id)


def _app(db: Database, desk: Desk) -> FastAPI:
    app = FastAPI()
    app.include_router(ApproverPages(db, SECRET, desk).router())
    door = StaffDoor(SECRET, STAFF, {}, pause_s=0)
    app.include_router(door.router())
    app.include_router(ApprovalDesk(db, SECRET, door, desk).router())
    return app


@pytest.fixture
async def client(database: Database, desk: Desk, asked: None) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(_app(database, desk)) as http:
        yield http


def _form(page: str, order_id: str, verdict: str, why: str = "") -> dict[str, str]:
    """The form of an order, as a browser would send it."""
    [found] = [form for form in re.findall(r"<form.*?</form>", page, re.DOTALL) if f'value="{order_id}"' in form]
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', found))
    assert set(hidden) == {"order_id", "n", "amount_fen", "token"}
    return {**hidden, "verdict": verdict, "why": why}


async def _decided(db: Database, order_id: str = FIRST) -> list[tuple[str, str, str, str]]:
    async with db.reading() as tx:
        return [(one.who, one.verdict, one.way, one.why) for one in await approvals.decisions(tx, order_id)]


async def test_everything_that_waits_for_one_person_and_nothing_personal(
    client: httpx.AsyncClient, database: Database
) -> None:
    page = await client.get(LI)
    assert page.status_code == 200
    for shown in (
        "SO1",
        "PO2",
        "68000.00 元",
        "68001.00 元",
        "示例贸易有限公司",
        "测**",
        "会签",
        "服务器",
        "李总 · 销售总监",
    ):
        assert shown in page.text, shown
    for hidden in ("测试用", "13800000000", "示例路", "wang"):
        assert hidden not in page.text, hidden
    assert page.text.count("<form") == 2
    assert await _decided(database) == []
    code = approval_code(SECRET, FIRST, 1)
    assert f'href="/a/{code}/mine"' in (await client.get(f"/a/{code}")).text
    assert (await client.get(f"/a/{'b' * 24}/mine")).status_code == 404


async def test_a_form_is_taken_once(client: httpx.AsyncClient, desk: Desk, database: Database) -> None:
    form = _form((await client.get(LI)).text, FIRST, "approve", "可以")
    done = await client.post(LI, data=form)
    assert "订单 SO1：已同意" in done.text
    assert "您已处理：同意" in done.text
    again = await client.post(LI, data=form)
    assert (again.status_code, desk.asked) == (200, 1), "sent twice, it is done"
    assert "订单 SO1：已同意" in again.text
    back = await client.post(LI, data=_form(again.text, FIRST, "withdraw"))
    assert "订单 SO1：已撤回" in back.text
    late = await client.post(LI, data=form)
    assert late.status_code == 409
    assert "已有变化" in late.text
    assert await _decided(database) == [("li", "approve", "sms", "可以"), ("li", "withdraw", "sms", "")]


async def test_a_form_of_somebody_else_decides_nothing(
    client: httpx.AsyncClient, desk: Desk, database: Database
) -> None:
    form = _form((await client.get(LI)).text, FIRST, "approve")
    of_wang = f"/a/{approval_code(SECRET, FIRST, 2)}/mine"
    tries: tuple[tuple[str, dict[str, str], dict[str, str]], ...] = (
        (of_wang, form, {}),
        (LI, {**form, "token": ""}, {}),
        (LI, {**form, "token": "ä"}, {}),
        (LI, {**form, "amount_fen": "1"}, {}),
        (LI, {**form, "order_id": SECOND}, {}),
        (LI, form, {"Sec-Fetch-Site": "cross-site"}),
    )
    for path, sent, headers in tries:
        assert (await client.post(path, data=sent, headers=headers)).status_code in (403, 409), (sent, headers)
    assert (await client.post(LI, data={**form, "verdict": "perhaps"})).status_code == 422
    assert (desk.asked, await _decided(database)) == (0, [])


async def test_a_refusal_without_a_reason_keeps_the_rest_in_sight(client: httpx.AsyncClient, desk: Desk) -> None:
    answer = await client.post(LI, data=_form((await client.get(LI)).text, SECOND, "refuse"))
    assert answer.status_code == 422
    assert answer.text.count("驳回请写明原因") == 2  # above, and where it is to be mended
    assert desk.asked == 0
    refused = await client.post(LI, data=_form(answer.text, SECOND, "refuse", "毛利太低"))
    assert "订单 PO2：已驳回" in refused.text
    assert "毛利太低" in refused.text


async def test_what_is_over_is_shown_as_such(client: httpx.AsyncClient, database: Database) -> None:
    async with database.transaction() as tx:
        await take(tx, order("SO1", 2, **costs(LARGE + 1)))
    await _review(database, FIRST, 2)
    page = (await client.get(LI)).text
    assert "金额变化，已重新发起" in page
    assert page.count("<form") == 2
    await HoldSteps(database).record_cancelled(c.Reasoned(SECOND, "不要了", "staff"))
    page = (await client.get(LI)).text
    assert "订单已取消" in page
    assert page.count("<form") == 1
    async with database.transaction() as tx:
        await approvers.put(tx, "li", Changes(roles=()), "test")
    page = (await client.get(LI)).text
    assert "已不归您处理" in page
    assert "没有等您审批的订单" in page
    assert "您没有审批角色" in page


async def test_who_signs_in_decides_under_their_own_name(
    client: httpx.AsyncClient, desk: Desk, database: Database
) -> None:
    assert "员工令牌" in (await client.get("/approvals")).text
    assert (await client.post("/staff/sign-in", data={"token": "no"})).status_code == 401
    abroad = {"Sec-Fetch-Site": "cross-site"}
    signing = {"token": STAFF["li"], "to": "/approvals"}
    assert (await client.post("/staff/sign-in", data=signing, headers=abroad)).status_code == 401
    answer = await client.post("/staff/sign-in", data=signing)
    assert (answer.status_code, answer.headers["location"]) == (303, "/approvals")
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(answer.headers["set-cookie"].split("; "))
    page = (await client.get("/approvals")).text
    assert "68001.00 元" in page
    form = _form(page, FIRST, "approve")
    await client.post("/approvals", data=form)
    assert await _decided(database) == [("li", "approve", "console", "")]
    await client.post("/staff/sign-out")
    assert (await client.post("/approvals", data=form)).status_code == 401
    await client.post("/staff/sign-in", data={"token": STAFF["zhao"]})
    assert "您没有审批角色" in (await client.get("/approvals")).text
    assert desk.asked == 1


def test_a_session_ends_by_its_time_and_with_its_token() -> None:
    sessions, now = Sessions(SECRET, STAFF), utc_now()
    session = sessions.sign_in(" a-token-of-li ", now)
    assert sessions.who(session, now) == "li"
    assert sessions.who(session, now + LIVES) == ""
    assert Sessions(SECRET, {**STAFF, "li": "another"}).who(session, now) == ""
    assert Sessions(SECRET, {"zhao": "x"}).who(session, now) == ""
    assert Sessions(b"other", STAFF).who(session, now) == ""
    name, until, signed = session.split(".")
    assert sessions.who(f"{name}.{int(until) + 1}.{signed}", now) == ""
    for bad in ("", ".", "..", f"{name}.x.{signed}", f"{name}.{until}.ä"):
        assert sessions.who(bad, now) == ""
    assert form_token(SECRET, "li", "a", 1) != form_token(SECRET, "li", "a", 2)
    assert Sessions(SECRET, {"x": ""}).sign_in("", now) == ""


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.xdist_group("browser")
async def test_in_a_browser(database: Database, desk: Desk, asked: None, tmp_path: Path) -> None:
    async with AsyncExitStack() as opened:
        window = await opened.enter_async_context(browser())
        address = await opened.enter_async_context(serving(_app(database, desk)))
        complaints: list[str] = []
        for name, size in WIDTHS.items():
            visit = await window.new_context(viewport=size, has_touch=name == "phone", locale="zh-CN")
            page = await visit.new_page()
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
            await page.goto(f"{address}{LI}")
            await expect(page.get_by_role("heading", name="待我审批")).to_be_visible()
            await page.screenshot(path=tmp_path / f"1-{name}.png", full_page=True)
            assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name
            for button in await page.get_by_role("button").all():
                box = await button.bounding_box()
                assert box is not None
                assert box["height"] >= 48  # a thumb's size
            await visit.close()
        phone = await window.new_context(viewport=WIDTHS["phone"], has_touch=True, locale="zh-CN")
        page = await phone.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.goto(f"{address}/approvals")
        await page.get_by_label("员工令牌").fill(STAFF["li"])
        await page.get_by_role("button", name="登录").tap()
        card = page.get_by_role("region", name="SO1")
        await card.get_by_role("button", name="驳回").tap()
        await expect(page.get_by_role("region", name="SO1").get_by_text("驳回请写明原因")).to_be_visible()
        await page.get_by_role("region", name="SO1").get_by_label("意见").fill("客户信用良好")
        await page.get_by_role("region", name="SO1").get_by_role("button", name="同意").tap()
        await expect(page.locator("#done")).to_contain_text("订单 SO1：已同意")
        await page.get_by_role("region", name="PO2").get_by_role("button", name="同意").tap()
        await expect(page.locator("#none")).to_contain_text("没有等您审批的订单")
        await page.screenshot(path=tmp_path / "2-empty.png", full_page=True)
        assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        await page.get_by_role("button", name="退出").tap()
        await expect(page.get_by_label("员工令牌")).to_be_visible()
        assert complaints == []
    assert await _decided(database) == [("li", "approve", "console", "客户信用良好")]
