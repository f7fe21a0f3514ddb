"""`Idempotency-Key`: worked on once, answered the same every time, on both databases."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import httpx
import pytest
import time_machine
from sqlalchemy import func
from sqlmodel import select

from domain.clock import utc_now
from gateway.app import create_app
from store import idempotency
from store.database import Database
from store.idempotency import InProgress, Kept, Slot, SlotId
from store.tables import IdempotencyKeyRow
from tests.connectors.rest.conftest import keyed_push, order_json
from tests.gateway.house import Orders, build_gateway, client_of, rest_push, send
from tests.gateway.test_hooks import inbox_rows
from tests.gateway.test_orders_api import results

CANCEL = "/api/v1/orders/SO1001/cancel"


def keyed(body: Any, key: str = "key-1", **changes: Any) -> Any:
    return rest_push(body, headers={"idempotency-key": key}, **changes)


async def kept(db: Database) -> int:
    async with db.reading() as tx:
        return int((await tx.execute(select(func.count()).select_from(IdempotencyKeyRow))).scalar_one())


async def test_the_very_same_answer(client: httpx.AsyncClient, database: Database) -> None:
    batch = {"orders": [order_json(), order_json(order_no="SO2", lines=[]), order_json(order_no="测试")]}
    first = await send(client, keyed(batch))
    assert results(first) == [("SO1001", "accepted"), ("SO2", "invalid"), ("测试", "accepted")]
    assert "idempotency-replayed" not in first.headers
    again = await send(client, keyed(batch))
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    assert {row.repeats for row in await inbox_rows(database)} == {0}
    # Without the key, or under another, it is asked anew.
    for push in (rest_push(batch), keyed(batch, "key-2")):
        assert [result for _, result in results(await send(client, push))] == ["duplicate", "invalid", "duplicate"]


async def test_the_same_answer_after_a_restart(database_url: str) -> None:
    contents = []
    for _ in range(2):
        db = Database(database_url)
        async with AsyncExitStack() as closing:
            closing.push_async_callback(db.close)
            gateway = await build_gateway(db, Orders(), closing)
            async with client_of(create_app(gateway)) as client:
                contents.append((await send(client, keyed(order_json()))).content)
    assert contents[0] == contents[1]
    assert b"accepted" in contents[1]


async def test_the_key_of_another_request(client: httpx.AsyncClient, database: Database) -> None:
    await send(client, keyed(order_json()))
    for push in (keyed(order_json(order_no="SO2")), keyed({"shop": "main"}, path=CANCEL)):
        conflict = await send(client, push)
        assert (conflict.status_code, conflict.json()) == (409, {"code": "IDEMPOTENCY_CONFLICT"})
    assert len(await inbox_rows(database)) == 1


async def test_every_shop_has_keys_of_its_own(client: httpx.AsyncClient, database: Database) -> None:
    await send(client, keyed(order_json()))
    outlet = keyed(order_json(shop="outlet"), shop="outlet")
    direct = keyed_push(order_json(shop="direct"), headers={"idempotency-key": "key-1"})
    for push in (outlet, direct):
        assert results(await send(client, push)) == [("SO1001", "accepted")]
    assert await kept(database) == 3


async def test_a_cancellation(client: httpx.AsyncClient, database: Database) -> None:
    for replayed in (False, True):
        answer = await send(client, keyed({"shop": "main", "reason": "不要了"}, path=CANCEL))
        assert (answer.status_code, answer.json()) == (202, {"result": "accepted"})
        assert ("idempotency-replayed" in answer.headers) is replayed
    assert [row.repeats for row in await inbox_rows(database)] == [0]


async def test_what_is_refused_whole_leaves_the_key_free(client: httpx.AsyncClient, database: Database) -> None:
    assert (await send(client, keyed(b"no json"))).status_code == 400
    assert (await send(client, keyed({"orders": [{}] * 501}))).status_code == 413
    forged = keyed(order_json())
    forged.headers["x-orderhub-signature"] = "0" * 64
    assert (await send(client, forged)).status_code == 401
    assert await kept(database) == 0
    assert results(await send(client, keyed(order_json()))) == [("SO1001", "accepted")]


@pytest.mark.parametrize("key", ["", " ", "a b", "k" * 256])
async def test_keys_that_cannot_be_kept(client: httpx.AsyncClient, database: Database, key: str) -> None:
    assert (await send(client, keyed(order_json(), key))).status_code == 400
    assert await inbox_rows(database) == []


async def test_what_fails_on_the_way_keeps_no_key(
    client: httpx.AsyncClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> bool:
        raise OSError("gone")

    with monkeypatch.context() as patched:
        patched.setattr("store.inbox.put_all", away)
        assert (await send(client, keyed(order_json()))).status_code == 503
    assert await kept(database) == 0
    assert results(await send(client, keyed(order_json()))) == [("SO1001", "accepted")]


async def test_the_same_key_at_once_is_worked_on_once(client: httpx.AsyncClient, database: Database) -> None:
    batch = {"orders": [order_json(order_no=f"SO{i}") for i in range(20)]}
    answers = await asyncio.gather(*(send(client, keyed(batch)) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert {result["result"] for result in answers[0].json()["results"]} == {"accepted"}
    assert sorted("idempotency-replayed" in answer.headers for answer in answers) == [False] + [True] * 7
    assert {row.repeats for row in await inbox_rows(database)} == {0}


async def test_two_requests_under_one_key_at_once_are_one_answer_and_conflicts(
    client: httpx.AsyncClient, database: Database
) -> None:
    pushes = [keyed(order_json(order_no=f"SO{i}")) for i in range(6)]
    answers = await asyncio.gather(*(send(client, push) for push in pushes))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 5
    assert len(await inbox_rows(database)) == 1


SLOT = Slot("own", "main", "key-1", "0" * 64)


async def test_whoever_waits_gets_the_key_when_the_first_one_fails(database: Database) -> None:
    holds, ends = asyncio.Event(), asyncio.Event()

    async def fails() -> None:
        async with database.transaction() as tx:
            assert await idempotency.claim(tx, [SLOT]) == {}
            holds.set()
            await ends.wait()
            raise RuntimeError("no answer")

    async def waits() -> dict[SlotId, Kept]:
        await holds.wait()
        async with database.transaction() as tx:
            return await idempotency.claim(tx, [SLOT])

    first, second = asyncio.create_task(fails()), asyncio.create_task(waits())
    await holds.wait()
    ends.set()
    with pytest.raises(RuntimeError):
        await first
    assert await second == {}


async def test_whoever_waits_too_long_is_told(
    database: Database, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On SQLite, where a second writer of this process waits its turn, the first one is played."""
    monkeypatch.setattr(idempotency, "WAIT_S", 0.03)
    push = keyed(order_json())
    if database.is_sqlite:

        async def held(*_: object, **__: object) -> None:
            raise InProgress("key-1")

        monkeypatch.setattr(idempotency, "claim", held)
        answer = await send(client, push)
    else:
        async with database.transaction() as tx:
            assert await idempotency.claim(tx, [SLOT]) == {}
            answer = await send(client, push)
    assert (answer.status_code, answer.json()) == (409, {"code": "IN_PROGRESS"})
    assert int(answer.headers["retry-after"]) > 0
    assert await inbox_rows(database) == []


async def test_an_answer_is_kept_for_three_days(database: Database) -> None:
    kept_one = Kept(SLOT.request_sha256, 200, json.dumps({"result": "测试"}))
    others = [Slot("own", "main", f"old-{i}", "0" * 64) for i in range(3)]
    async with database.transaction() as tx:
        assert await idempotency.claim(tx, [SLOT, *others]) == {}
        await idempotency.keep(tx, {slot.id: kept_one for slot in (SLOT, *others)})
    with time_machine.travel(utc_now() + timedelta(hours=71, minutes=59), tick=False):
        async with database.transaction() as tx:
            assert await idempotency.claim(tx, [SLOT]) == {SLOT.id: kept_one}
    with time_machine.travel(utc_now() + timedelta(hours=72, minutes=1), tick=False):
        async with database.transaction() as tx:
            assert await idempotency.claim(tx, [Slot("own", "main", "key-1", "1" * 64)]) == {}
        assert await kept(database) == 1
