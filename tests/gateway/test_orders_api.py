from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest

from connectors.ports import Document
from domain.news import CancelNews, OrderNews
from gateway.app import create_app
from gateway.deps import Gateway
from store.database import Database
from tests.connectors.rest.conftest import order_json
from tests.gateway.house import Orders, build_gateway, client_of, rest_push, send
from tests.gateway.test_hooks import inbox_rows


def results(answer: httpx.Response) -> list[tuple[str, str]]:
    assert answer.status_code == 200
    return [(result["order_no"], result["result"]) for result in answer.json()["results"]]


async def test_one_order(client: httpx.AsyncClient, database: Database, gateway: Gateway) -> None:
    answer = await send(client, rest_push(order_json()))
    assert answer.json() == {
        "results": [{"order_no": "SO1001", "order_id": "own:main:SO1001", "result": "accepted", "error": None}]
    }
    [row] = await inbox_rows(database)
    document = Document("own", row.kind, row.document_id, row.version, row.body)
    [news] = await gateway.sources["own"].interpret(document)
    assert isinstance(news, OrderNews)
    assert news.order.order_id == row.order_id == "own:main:SO1001"


async def test_the_same_version_again(client: httpx.AsyncClient, database: Database) -> None:
    await send(client, rest_push(order_json()))
    assert results(await send(client, rest_push(order_json()))) == [("SO1001", "duplicate")]
    conflict = await send(client, rest_push(order_json(buyer_note="other")))
    assert results(conflict) == [("SO1001", "conflict")]
    assert conflict.json()["results"][0]["error"]["field"] == "version"
    assert results(await send(client, rest_push(order_json(buyer_note="other", version=2)))) == [("SO1001", "accepted")]
    assert [row.version for row in await inbox_rows(database)] == [1, 2]


async def test_a_batch_gets_an_answer_for_each_order_in_the_order_sent(
    client: httpx.AsyncClient, database: Database
) -> None:
    await send(client, rest_push(order_json(order_no="SO2")))
    batch: list[Any] = [
        order_json(order_no="SO9"),
        order_json(order_no="SO2"),
        order_json(order_no="SO3", lines=[]),
        order_json(order_no="SO1"),
        "no order at all",
        order_json(order_no="SO9"),
        order_json(order_no="SO9", seller_note="other"),
    ]
    answer = await send(client, rest_push({"orders": batch}))
    assert results(answer) == [
        ("SO9", "accepted"),
        ("SO2", "duplicate"),
        ("SO3", "invalid"),
        ("SO1", "accepted"),
        ("", "invalid"),
        ("SO9", "duplicate"),
        ("SO9", "conflict"),
    ]
    invalid = answer.json()["results"][2]
    assert invalid["order_id"] is None
    assert invalid["error"]["field"] == "lines"
    assert {row.order_id for row in await inbox_rows(database)} == {
        "own:main:SO1",
        "own:main:SO2",
        "own:main:SO9",
    }


async def test_an_empty_batch(client: httpx.AsyncClient) -> None:
    assert results(await send(client, rest_push({"orders": []}))) == []


async def test_a_cancellation(client: httpx.AsyncClient, database: Database, gateway: Gateway) -> None:
    path, body = "/api/v1/orders/SO1001/cancel", {"shop": "main", "reason": "不要了"}
    for _ in range(2):
        answer = await send(client, rest_push(body, path))
        assert (answer.status_code, answer.json()) == (202, {"result": "accepted"})
    [row] = await inbox_rows(database)
    document = Document("own", row.kind, row.document_id, row.version, row.body)
    [news] = await gateway.sources["own"].interpret(document)
    assert isinstance(news, CancelNews)
    assert (news.channel_order_no, news.reason, row.repeats) == ("SO1001", "不要了", 1)


async def test_a_cancellation_whose_path_is_percent_encoded_is_signed_as_it_was_written(
    client: httpx.AsyncClient, database: Database
) -> None:
    path = "/api/v1/orders/%E5%8D%951/cancel"
    answer = await send(client, rest_push({"shop": "main", "reason": ""}, path))
    assert answer.status_code == 202
    assert [row.order_id for row in await inbox_rows(database)] == ["own:main:单1"]


@pytest.mark.parametrize(
    ("body", "changes", "status"),
    [
        (order_json(), {"headers": {"x-orderhub-signature": "0" * 64}}, 401),
        (order_json(), {"headers": {"x-orderhub-key": "nobody"}}, 401),
        (order_json(), {"seconds": 1_700_000_000}, 401),
        (b"no json", {}, 400),
        ([], {}, 400),
        ({"orders": [{}] * 501}, {}, 413),
    ],
)
async def test_what_is_not_taken_at_all(
    client: httpx.AsyncClient, database: Database, body: Any, changes: dict[str, Any], status: int
) -> None:
    answer = await send(client, rest_push(body, **changes))
    assert answer.status_code == status
    assert answer.json()["code"]
    assert await inbox_rows(database) == []


@pytest.mark.parametrize(
    ("body", "changes", "status"),
    [
        ({"shop": "main", "reason": "x"}, {"headers": {"x-orderhub-signature": "0" * 64}}, 401),
        ({"shop": "outlet", "reason": "x"}, {}, 400),
        (b"", {}, 400),
    ],
)
async def test_cancellations_that_are_not_taken(
    client: httpx.AsyncClient, database: Database, body: Any, changes: dict[str, Any], status: int
) -> None:
    answer = await send(client, rest_push(body, "/api/v1/orders/SO1/cancel", **changes))
    assert answer.status_code == status
    assert await inbox_rows(database) == []


async def test_without_a_shop_there_is_no_door(database: Database) -> None:
    async with AsyncExitStack() as closing:
        gateway = await build_gateway(database, Orders(), closing, rest=None)
        async with client_of(create_app(gateway)) as client:
            assert (await send(client, rest_push(order_json()))).status_code == 404


async def test_two_batches_with_the_same_orders_at_once(client: httpx.AsyncClient, database: Database) -> None:
    batch = [order_json(order_no=f"SO{i}") for i in range(30)]
    answers = await asyncio.gather(
        send(client, rest_push({"orders": batch})), send(client, rest_push({"orders": batch[::-1]}))
    )
    outcomes = sorted(result["result"] for answer in answers for result in answer.json()["results"])
    assert outcomes == ["accepted"] * 30 + ["duplicate"] * 30
    assert len(await inbox_rows(database)) == 30
