"""The approver's page: over HTTP, and on a phone in a real browser."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from playwright.async_api import ViewportSize, expect

from activities import contracts as c
from activities.approvals import ApprovalSteps
from activities.partners import HubConfig
from activities.review import ReviewSteps
from console.approver import ApproverPages
from domain.clock import utc_now
from domain.links import approval_code
from gateway.app import create_app
from gateway.deps import InWords, Wish
from store import approvals, approvers
from store.approvers import Changes
from store.database import Database
from store.orders import take
from tests.activities.test_approvals import LARGE, costs
from tests.console.browser import browser, serving
from tests.console.desk import SECRET
from tests.gateway.house import build_gateway, client_of
from tests.store.samples import order
from workflows.contracts import Decide, Outcome

ORDER = "own:main:SO1"
LI, WANG = approval_code(SECRET, ORDER, 1), approval_code(SECRET, ORDER, 2)
PHONE = ViewportSize(width=360, height=640)


class Desk:
    """Living orders: the workflow's place is taken, its activity is the real one."""

    def __init__(self, db: Database) -> None:
        self._steps = ApprovalSteps(db, HubConfig(link_secret=SECRET))
        self.asked = 0

    async def update(self, order_id: str, name: str, argument: Wish) -> Outcome:
        assert isinstance(argument, Decide)
        assert name == "approve"
        self.asked += 1
        one = argument
        said = await self._steps.decide_approval(
            c.Decision(order_id, one.n, one.verdict, one.by, one.way, one.why, one.amount_fen)
        )
        return Outcome(said.done, said.text)


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


@pytest.fixture
async def asked(database: Database) -> None:
    """An order that two directors are asked about, each with a link."""
    async with database.transaction() as tx:
        for who, role in (("li", "sales_director"), ("wang", "technical_director")):
            await approvers.put(tx, who, Changes(roles=(role,)), "test")
        await take(tx, order("SO1", **costs(LARGE)))
    await ReviewSteps(database, 0).accept_order(c.OrderAt(ORDER, 1))
    await ApprovalSteps(database, HubConfig(link_secret=SECRET)).chase_approvers(c.Chase(ORDER, utc_now()))


@pytest.fixture
async def client(database: Database, desk: Desk, asked: None) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.include_router(ApproverPages(database, SECRET, desk).router())
    async with client_of(app) as http:
        yield http


async def _decided(db: Database) -> list[tuple[str, str, str, str]]:
    async with db.reading() as tx:
        return [(one.who, one.verdict, one.way, one.why) for one in await approvals.decisions(tx, ORDER)]


async def test_looking_changes_nothing_and_tells_no_buyer(client: httpx.AsyncClient, database: Database) -> None:
    shown = await client.get(f"/a/{LI}")
    assert shown.status_code == 200
    assert "68000.00 元" in shown.text
    assert "销售总监 · li" in shown.text
    assert "13800000000" not in shown.text
    assert "示例路" not in shown.text
    assert shown.headers["Referrer-Policy"] == "no-referrer"
    assert await _decided(database) == []


async def test_a_refusal_needs_a_reason_and_is_taken_back(client: httpx.AsyncClient, database: Database) -> None:
    wish = {"verdict": "refuse", "amount_fen": str(LARGE)}
    assert (await client.post(f"/a/{LI}", data=wish)).status_code == 422
    assert (await client.post(f"/a/{LI}", data={**wish, "verdict": "perhaps"})).status_code == 422
    assert await _decided(database) == []
    refused = await client.post(f"/a/{LI}", data={**wish, "why": "毛利\n太低"})
    assert "已驳回" in refused.text
    other = await client.post(f"/a/{WANG}", data={"verdict": "approve", "amount_fen": str(LARGE)})
    assert other.status_code == 409
    back = await client.post(f"/a/{LI}", data={"verdict": "withdraw", "amount_fen": str(LARGE)})
    assert "已撤回" in back.text
    assert await _decided(database) == [("li", "refuse", "sms", "毛利 太低"), ("li", "withdraw", "sms", "")]


async def test_a_form_that_was_shown_before_another_decision_decides_nothing(
    client: httpx.AsyncClient, desk: Desk, database: Database
) -> None:
    form = {"verdict": "approve", "amount_fen": str(LARGE), "seen": "0"}
    assert 'name="seen" value="0"' in (await client.get(f"/a/{LI}")).text
    for _ in range(2):
        assert "已同意" in (await client.post(f"/a/{LI}", data=form)).text
    assert desk.asked == 1
    await client.post(f"/a/{LI}", data={"verdict": "withdraw", "amount_fen": str(LARGE)})
    late = await client.post(f"/a/{LI}", data=form)
    assert late.status_code == 409
    assert [one[1] for one in await _decided(database)] == ["approve", "withdraw"]


async def test_only_the_amount_that_was_in_sight_is_approved(client: httpx.AsyncClient, database: Database) -> None:
    answer = await client.post(f"/a/{LI}", data={"verdict": "approve", "amount_fen": str(LARGE - 1)})
    assert answer.status_code == 409
    assert "金额已变化" in answer.text
    assert await _decided(database) == []


async def test_links_that_lead_nowhere(client: httpx.AsyncClient, database: Database) -> None:
    assert (await client.get(f"/a/{'b' * 24}")).status_code == 404
    assert (await client.get("/a/x")).status_code == 404
    old, forged = approval_code(SECRET, ORDER, 8), approval_code(b"another secret", ORDER, 9)
    async with database.transaction() as tx:
        values = {"order_id": ORDER, "request": 1, "approver": "li", "way": "sms", "told_at": None}
        past, later = utc_now() - timedelta(seconds=1), utc_now() + timedelta(hours=1)
        await approvals.keep_link(tx, {**values, "n": 8, "code": old, "sent_on": "8", "expires_at": past})
        await approvals.keep_link(tx, {**values, "n": 9, "code": forged, "sent_on": "9", "expires_at": later})
    assert (await client.get(f"/a/{old}")).status_code == 410
    assert (await client.get(f"/a/{forged}")).status_code == 404


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.xdist_group("browser")
async def test_on_a_phone(database: Database, desk: Desk, asked: None, tmp_path: Path) -> None:
    async with AsyncExitStack() as opened:
        gateway = await build_gateway(database, desk, opened, link_secret=SECRET)
        app = create_app(gateway)
        app.include_router(ApproverPages(database, gateway.link_secret, InWords(gateway.orders)).router())
        window = await opened.enter_async_context(browser())
        address = await opened.enter_async_context(serving(app))
        phone = await window.new_context(viewport=PHONE, has_touch=True, locale="zh-CN")
        page = await phone.new_page()
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda sent: None if sent.url.startswith(address) else complaints.append(sent.url[:40]))

        await page.goto(f"{address}/a/{LI}")
        await expect(page.get_by_role("heading", name="订单审批")).to_be_visible()
        await page.screenshot(path=tmp_path / "1-question.png", full_page=True)
        assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        for button in await page.get_by_role("button").all():
            box = await button.bounding_box()
            assert box is not None
            assert box["height"] >= 48  # a thumb's size
        await page.get_by_role("button", name="驳回").tap()
        await expect(page.get_by_role("alert")).to_have_text("驳回请写明原因")
        await page.get_by_label("意见").fill("客户信用良好")
        await page.get_by_role("button", name="同意").tap()
        await expect(page.locator("#done")).to_contain_text("已同意")
        await expect(page.locator("#mine")).to_have_text("您已处理：同意")
        await expect(page.get_by_text("客户信用良好")).to_be_visible()
        await page.screenshot(path=tmp_path / "2-agreed.png", full_page=True)
        assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        await page.get_by_role("button", name="撤回我的意见").tap()
        await expect(page.locator("#done")).to_contain_text("已撤回")
        await expect(page.get_by_role("button", name="同意")).to_be_visible()
        assert [one for one in complaints if not one.startswith("data:")] == []
    assert [one[:3] for one in await _decided(database)] == [("li", "approve", "sms"), ("li", "withdraw", "sms")]
