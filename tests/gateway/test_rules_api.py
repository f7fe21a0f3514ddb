"""Rule sets over the staff API."""

from __future__ import annotations

from datetime import timedelta

import httpx

from domain.clock import utc_now
from gateway.deps import Gateway
from rules import engine
from rules.documents import version_of
from store import rules
from store.database import Database
from store.rules import Version
from tests.gateway.house import STAFF
from tests.rules.documents import changed
from tests.store.samples import taken

PATH = "/api/v1/staff/rules"
NAME, TOKEN = next(iter(STAFF.items()))
HEADERS = {"Authorization": f"Bearer {TOKEN}"}
DRAFT = changed("freight", "sf_city", base="801")
VERSION, DEFAULT = version_of(DRAFT), version_of(engine.default("freight"))


async def _drafted(db: Database, *, tested: bool) -> None:
    async with db.transaction() as tx:
        await rules.draft(tx, Version("freight", VERSION, DRAFT, "xlsx", utc_now()), "li", "")
        if tested:
            await rules.tested(tx, "freight", VERSION, "li", utc_now(), {})


async def _in_force(client: httpx.AsyncClient) -> str:
    answer = await client.get(PATH, headers=HEADERS)
    [found] = [one for one in answer.json()["rules"] if one["name"] == "freight"]
    return str(found["version"])


async def test_a_tested_version_is_published_and_taken_back(
    client: httpx.AsyncClient, gateway: Gateway, database: Database
) -> None:
    await _drafted(database, tested=True)
    assert await _in_force(client) == DEFAULT
    wish = {"version": VERSION, "why": "涨价"}
    for changes in (True, False):
        answer = await client.post(f"{PATH}/freight/publish", json=wish, headers=HEADERS)
        assert (answer.status_code, answer.json()["changed"]) == (200, changes)
    assert await _in_force(client) == VERSION
    shown = (await client.get(f"{PATH}/freight", headers=HEADERS)).json()
    assert (shown["version"], shown["document"]) == (VERSION, DRAFT)
    answer = await client.post(f"{PATH}/freight/rollback", json={"why": "太贵"}, headers=HEADERS)
    assert (answer.json()["changed"], answer.json()["then"]) == (True, DEFAULT)
    assert await _in_force(client) == DEFAULT
    events = (await client.get(f"{PATH}/freight/history", headers=HEADERS)).json()["events"]
    assert [(one["what"], one["who"]) for one in events[2:]] == [("published", NAME), ("withdrawn", NAME)]


async def test_a_draft_is_tested_and_tried_on_orders(client: httpx.AsyncClient, database: Database) -> None:
    await _drafted(database, tested=False)
    answer = await client.post(f"{PATH}/freight/test", json={"against": 500}, headers=HEADERS)
    said = answer.json()
    assert (answer.status_code, said["version"], said["sound"], said["problems"]) == (200, VERSION, True, [])
    assert (said["against"]["tried"], said["against"]["text"][0][:8]) == (0, "还没有订单，无从")
    await taken(database, "SO1")
    answer = await client.post(f"{PATH}/freight/test", json={"version": VERSION, "against": 1}, headers=HEADERS)
    assert answer.json()["against"]["tried"] == 1
    assert answer.json()["against"]["text"][0].startswith("在 1 个最近的订单上试算")
    wish = {"version": VERSION, "why": "涨价"}
    assert (await client.post(f"{PATH}/freight/publish", json=wish, headers=HEADERS)).status_code == 200
    for bad, status in (({"against": 10_000}, 422), ({"version": "00000000"}, 404)):
        assert (await client.post(f"{PATH}/freight/test", json=bad, headers=HEADERS)).status_code == status
    stranger = {"Authorization": f"Bearer {STAFF['wei']}"}
    assert (await client.post(f"{PATH}/freight/test", json={}, headers=stranger)).status_code == 403


async def test_what_is_refused_is_said_in_words(client: httpx.AsyncClient, database: Database) -> None:
    await _drafted(database, tested=False)
    wish = {"version": VERSION, "why": "涨价"}
    answer = await client.post(f"{PATH}/freight/publish", json=wish, headers=HEADERS)
    assert answer.status_code == 409
    assert answer.json()["problems"][0].startswith(f"freight 的版本 {VERSION} 未测试")
    past = {"version": DEFAULT, "why": "-", "begins": (utc_now() - timedelta(days=1)).isoformat()}
    assert (await client.post(f"{PATH}/freight/publish", json=past, headers=HEADERS)).status_code == 409
    assert (await client.post(f"{PATH}/freight/rollback", json={"why": "-"}, headers=HEADERS)).status_code == 409
    assert (await client.get(f"{PATH}/weather", headers=HEADERS)).status_code == 404
    assert (await client.get(f"{PATH}/freight?version=00000000", headers=HEADERS)).status_code == 404
    assert (await client.post(f"{PATH}/freight/publish", json={"version": VERSION}, headers=HEADERS)).status_code == 422
    async with database.reading() as tx:
        assert len(await rules.events(tx)) == 1


async def test_nobody_without_a_token_sees_or_does_anything(client: httpx.AsyncClient, database: Database) -> None:
    for path in ("", "/freight", "/freight/history"):
        assert (await client.get(PATH + path)).status_code == 401
    for path in ("publish", "rollback", "test"):
        wish = {"version": DEFAULT, "why": "-"}
        assert (await client.post(f"{PATH}/freight/{path}", json=wish)).status_code in {401, 422}
    async with database.reading() as tx:
        assert await rules.events(tx) == []


async def test_a_basket_is_priced_by_what_is_published(client: httpx.AsyncClient) -> None:
    path = "/api/v1/staff/promotions/try"
    basket = {"shop": "示例店铺", "lines": [{"sku": "CUP", "unit_price_fen": 30000}]}
    answer = await client.post(path, json=basket, headers=HEADERS)
    assert (answer.status_code, answer.json()["due_fen"]) == (200, 25000)
    assert [step["text"] for step in answer.json()["steps"]] == ["满300减50：减 50.00 元 × 1 次，共减 50.00 元"]
    answer = await client.post(path, json={"lines": [{"sku": "CUP"}]}, headers=HEADERS)
    assert (answer.status_code, "没有价格" in answer.json()["text"]) == (409, True)
    assert (await client.post(path, json=basket)).status_code == 401
