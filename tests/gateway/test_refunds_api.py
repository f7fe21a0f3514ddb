"""POST /api/v1/refunds: an answer for each refund, once it is safe."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest

from connectors.ports import Document, Push
from domain.news import RefundNews
from gateway.app import create_app
from gateway.deps import Gateway
from store.database import Database
from tests.connectors.rest.conftest import keyed_push, order_json, refund_json
from tests.gateway.house import Orders, build_gateway, client_of, rest_push, send
from tests.gateway.test_hooks import inbox_rows

PATH = "/api/v1/refunds"


def push_of(body: Any, **changes: Any) -> Push:
    return rest_push(body, PATH, **changes)


def results(answer: httpx.Response) -> list[tuple[str, str]]:
    assert answer.status_code == 200
    return [(result["refund_id"], result["result"]) for result in answer.json()["results"]]


async def test_one_refund(client: httpx.AsyncClient, database: Database, gateway: Gateway) -> None:
    answer = await send(client, push_of(refund_json()))
    result = {"refund_id": "RF1", "order_no": "SO1001", "order_id": "own:main:SO1001", "result": "accepted"}
    assert answer.json() == {"results": [{**result, "error": None}]}
    [row] = await inbox_rows(database)
    document = Document("own", row.kind, row.document_id, row.version, row.body)
    [news] = await gateway.sources["own"].interpret(document)
    assert isinstance(news, RefundNews)
    assert news.refund.order_id == row.order_id == "own:main:SO1001"


async def test_the_same_version_again(client: httpx.AsyncClient, database: Database) -> None:
    await send(client, push_of(refund_json()))
    assert results(await send(client, push_of(refund_json()))) == [("RF1", "duplicate")]
    conflict = await send(client, push_of(refund_json(status="refunded")))
    assert results(conflict) == [("RF1", "conflict")]
    assert conflict.json()["results"][0]["error"]["field"] == "version"
    assert results(await send(client, push_of(refund_json(status="refunded", version=2)))) == [("RF1", "accepted")]
    assert [(row.version, row.repeats) for row in await inbox_rows(database)] == [(1, 2), (2, 0)]


async def test_an_order_and_a_refund_of_one_number_are_two_documents(
    client: httpx.AsyncClient, database: Database
) -> None:
    await send(client, rest_push(order_json(order_no="N1")))
    assert results(await send(client, push_of(refund_json(order_no="N1", refund_id="N1")))) == [("N1", "accepted")]
    assert [row.kind for row in await inbox_rows(database)] == ["order", "refund"]


async def test_a_batch_gets_an_answer_for_each_refund_in_the_order_sent(
    client: httpx.AsyncClient, database: Database
) -> None:
    batch: list[Any] = [
        refund_json(refund_id="RF9"),
        refund_json(refund_id="RF3", amount_fen=-1),
        refund_json(refund_id="RF1"),
        "no refund at all",
        refund_json(refund_id="RF9"),
        refund_json(refund_id="RF9", kind="return"),
    ]
    answer = await send(client, push_of({"refunds": batch}))
    assert results(answer) == [
        ("RF9", "accepted"),
        ("RF3", "invalid"),
        ("RF1", "accepted"),
        ("", "invalid"),
        ("RF9", "duplicate"),
        ("RF9", "conflict"),
    ]
    invalid = answer.json()["results"][1]
    assert (invalid["order_no"], invalid["order_id"], invalid["error"]["field"]) == ("SO1001", None, "amount_fen")
    assert {row.document_id for row in await inbox_rows(database)} == {"main:refund:RF9", "main:refund:RF1"}


async def test_a_shop_with_an_api_key(client: httpx.AsyncClient, database: Database) -> None:
    refund = refund_json(channel="b2b", shop="direct")
    assert results(await send(client, keyed_push(refund, path=PATH))) == [("RF1", "accepted")]
    assert [row.order_id for row in await inbox_rows(database)] == ["b2b:direct:SO1001"]


async def test_a_mini_program_tells_no_refunds(client: httpx.AsyncClient, database: Database) -> None:
    answer = await send(client, push_of(refund_json(channel="wechat", shop="wx1"), shop="wx1"))
    assert results(answer) == [("RF1", "invalid")]
    assert answer.json()["results"][0]["error"]["field"] == "channel"
    assert await inbox_rows(database) == []


async def test_an_idempotency_key_works_once(client: httpx.AsyncClient, database: Database) -> None:
    def keyed(body: Any, path: str = PATH) -> Push:
        return rest_push(body, path, headers={"idempotency-key": "key-1"})

    batch = {"refunds": [refund_json(), refund_json(refund_id="RF2", lines=None)]}
    first = await send(client, keyed(batch))
    again = await send(client, keyed(batch))
    assert results(first) == [("RF1", "accepted"), ("RF2", "invalid")]
    assert (again.content, again.headers["idempotency-replayed"]) == (first.content, "true")
    for other in (keyed(refund_json()), keyed(batch, "/api/v1/orders")):
        conflict = await send(client, other)
        assert (conflict.status_code, conflict.json()) == (409, {"code": "IDEMPOTENCY_CONFLICT"})
    assert [row.repeats for row in await inbox_rows(database)] == [0]


@pytest.mark.parametrize(
    ("body", "changes", "status"),
    [
        (refund_json(), {"headers": {"x-orderhub-signature": "0" * 64}}, 401),
        (refund_json(), {"headers": {"x-orderhub-key": "nobody"}}, 401),
        (refund_json(), {"headers": {"idempotency-key": "a b"}}, 400),
        (b"no json", {}, 400),
        ([], {}, 400),
        ({"refunds": [{}] * 501}, {}, 413),
    ],
)
async def test_what_is_not_taken_at_all(
    client: httpx.AsyncClient, database: Database, body: Any, changes: dict[str, Any], status: int
) -> None:
    answer = await send(client, push_of(body, **changes))
    assert answer.status_code == status
    assert answer.json()["code"]
    assert await inbox_rows(database) == []


async def test_without_a_shop_there_is_no_door(database: Database) -> None:
    async with AsyncExitStack() as closing:
        gateway = await build_gateway(database, Orders(), closing, rest=None)
        async with client_of(create_app(gateway)) as client:
            assert (await send(client, push_of(refund_json()))).status_code == 404


async def test_two_batches_with_the_same_refunds_at_once(client: httpx.AsyncClient, database: Database) -> None:
    batch = [refund_json(refund_id=f"RF{i}") for i in range(30)]
    answers = await asyncio.gather(
        send(client, push_of({"refunds": batch})), send(client, push_of({"refunds": batch[::-1]}))
    )
    outcomes = sorted(result["result"] for answer in answers for result in answer.json()["results"])
    assert outcomes == ["accepted"] * 30 + ["duplicate"] * 30
    assert len(await inbox_rows(database)) == 30
