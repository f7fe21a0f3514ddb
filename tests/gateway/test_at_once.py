"""Many requests at the same moment share transactions, and each is answered for itself; on both databases."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import replace
from itertools import chain
from typing import Any

import httpx
import pytest
from sqlalchemy.exc import OperationalError

from connectors.ports import Document, Push
from connectors.rest.documents import order_document
from domain.order import Order
from gateway.app import create_app
from store import idempotency, inbox
from store.database import Database
from store.idempotency import Slot
from tests.conftest import TEMPLATE, PostgresCluster
from tests.connectors.rest.conftest import order_json
from tests.gateway.house import Orders, build_gateway, client_of, rest_push, send
from tests.gateway.test_hooks import inbox_rows
from tests.gateway.test_orders_api import results


def single(number: int, **changes: Any) -> Push:
    return rest_push(order_json(order_no=f"SO{number}", **changes))


async def at_once(client: httpx.AsyncClient, *pushes: Push) -> list[httpx.Response]:
    return list(await asyncio.gather(*(send(client, push) for push in pushes)))


@pytest.fixture
def transactions(database: Database, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many documents were kept in each transaction."""
    sizes: list[int] = []
    put_all = inbox.put_all

    async def counted(tx: Any, documents: Any) -> Any:
        sizes.append(len(documents))
        return await put_all(tx, documents)

    monkeypatch.setattr(inbox, "put_all", counted)
    return sizes


async def test_single_orders_at_once_share_transactions(
    client: httpx.AsyncClient, database: Database, transactions: list[int]
) -> None:
    answers = await at_once(client, *(single(n) for n in range(60)))
    assert [results(answer) for answer in answers] == [[(f"SO{n}", "accepted")] for n in range(60)]
    assert sum(transactions) == len(await inbox_rows(database)) == 60
    assert len(transactions) < 20, transactions


async def test_neighbours_of_every_kind_are_answered_each_for_itself(
    client: httpx.AsyncClient, database: Database
) -> None:
    await send(client, single(0))
    forged = single(9)
    forged.headers["x-orderhub-signature"] = "0" * 64  # type: ignore[index]
    answers = await at_once(
        client,
        single(0),
        single(1),
        single(0, buyer_note="other"),
        forged,
        single(2, lines=[]),
        rest_push(b"no json"),
        rest_push({"orders": [order_json(order_no="SO3"), order_json(order_no="SO1")]}),
        rest_push({"shop": "main", "reason": ""}, "/api/v1/orders/SO1/cancel"),
        single(4),
    )
    assert [answer.status_code for answer in answers] == [200, 200, 200, 401, 200, 400, 200, 202, 200]
    said = Counter(result for i in (0, 1, 2, 4, 6, 8) for result in results(answers[i]))
    assert said == Counter(
        [
            ("SO0", "duplicate"),
            ("SO0", "conflict"),
            ("SO1", "accepted"),
            ("SO1", "duplicate"),
            ("SO2", "invalid"),
            ("SO3", "accepted"),
            ("SO4", "accepted"),
        ]
    )
    rows = {row.document_id: row.repeats for row in await inbox_rows(database)}
    assert rows == {"main:SO0": 2, "main:SO1": 1, "main:SO1/cancel": 0, "main:SO3": 0, "main:SO4": 0}


async def test_a_request_that_the_store_refuses_takes_no_neighbour_with_it(
    client: httpx.AsyncClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_body(order: Order) -> Document:
        document = order_document(order)
        return replace(document, body=None) if order.channel_order_no == "SO5" else document  # type: ignore[arg-type]

    monkeypatch.setattr("gateway.orders_api.order_document", no_body)
    answers = await at_once(client, *(single(n) for n in range(12)))
    assert [answer.status_code for answer in answers] == [200] * 5 + [503] + [200] * 6
    assert len(await inbox_rows(database)) == 11
    monkeypatch.undo()
    assert results(await send(client, single(5))) == [("SO5", "accepted")]


async def test_a_store_that_is_away_is_told_to_all(
    client: httpx.AsyncClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = 0

    async def away(*_: Any) -> Any:
        nonlocal calls
        calls += 1
        raise OperationalError("INSERT", {}, Exception("database is locked"))

    with monkeypatch.context() as patched:
        patched.setattr(inbox, "put_all", away)
        answers = await at_once(client, *(single(n) for n in range(20)))
    assert {answer.status_code for answer in answers} == {503}
    assert calls < 10, "it is not asked again for each"
    assert await inbox_rows(database) == []
    answers = await at_once(client, *(single(n) for n in range(20)))
    assert {answer.status_code for answer in answers} == {200}


async def test_a_client_that_goes_away_disturbs_nobody(client: httpx.AsyncClient, database: Database) -> None:
    tasks = [asyncio.create_task(send(client, single(n))) for n in range(12)]
    await asyncio.sleep(0.001)
    for task in tasks[::3]:
        task.cancel()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    stayed = [answer for answer in answers if isinstance(answer, httpx.Response)]
    assert len(stayed) >= 8
    assert {answer.status_code for answer in stayed} == {200}
    # Whoever asks again learns what became of it.
    again = await at_once(client, *(single(n) for n in range(12)))
    assert {result for answer in again for _, result in results(answer)} <= {"accepted", "duplicate"}
    assert len(await inbox_rows(database)) == 12


async def test_two_gateways_and_the_same_orders(database_url: str) -> None:
    async with AsyncExitStack() as closing:
        clients = []
        for _ in range(2):
            db = Database(database_url)
            closing.push_async_callback(db.close)
            gateway = await build_gateway(db, Orders(), closing)
            clients.append(await closing.enter_async_context(client_of(create_app(gateway))))
        pushes = [single(n) for n in range(40)]
        answers = await asyncio.gather(at_once(clients[0], *pushes), at_once(clients[1], *reversed(pushes)))
        said = Counter(result for answer in chain(*answers) for _, result in results(answer))
        assert said == {"accepted": 40, "duplicate": 40}
        rows = await inbox_rows(db)
        assert [row.repeats for row in rows] == [1] * 40


async def test_keys_among_neighbours(client: httpx.AsyncClient, database: Database) -> None:
    def keyed(number: int, key: str) -> Push:
        return rest_push(order_json(order_no=f"SO{number}"), headers={"idempotency-key": key})

    pushes = [keyed(1, "a"), single(2), keyed(1, "a"), keyed(3, "a"), keyed(4, "b"), single(1), keyed(4, "b")]
    answers = await at_once(client, *pushes)
    assert [answer.status_code for answer in answers] == [200, 200, 200, 409, 200, 200, 200]
    assert answers[0].content == answers[2].content
    assert answers[4].content == answers[6].content
    assert sorted("idempotency-replayed" in answer.headers for answer in answers) == [False] * 5 + [True] * 2
    assert sorted(row.document_id for row in await inbox_rows(database)) == ["main:SO1", "main:SO2", "main:SO4"]


async def test_a_key_that_is_held_elsewhere_holds_up_no_neighbour(
    postgres_cluster: PostgresCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On PostgreSQL: on SQLite another writer holds up everybody, whatever it writes."""
    monkeypatch.setattr(idempotency, "WAIT_S", 0.05)
    monkeypatch.setattr("gateway.keeping._WAIT_TOGETHER_S", 0.02)
    waiting = rest_push(order_json(order_no="SO0"), headers={"idempotency-key": "held"})
    async with AsyncExitStack() as closing:
        db = Database(postgres_cluster.url(postgres_cluster.create(TEMPLATE)))
        closing.push_async_callback(db.close)
        gateway = await build_gateway(db, Orders(), closing)
        client = await closing.enter_async_context(client_of(create_app(gateway)))
        async with db.transaction() as tx:
            assert await idempotency.claim(tx, [Slot("own", "main", "held", "0" * 64)]) == {}
            answers = await at_once(client, single(1), waiting, *(single(n) for n in range(2, 8)))
        assert [answer.status_code for answer in answers] == [200, 409, *[200] * 6]
        assert answers[1].json() == {"code": "IN_PROGRESS"}
        assert len(await inbox_rows(db)) == 7
