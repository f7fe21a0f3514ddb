from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from sqlmodel import col, select

from connectors.ports import Push
from gateway.app import create_app
from gateway.deps import Gateway
from store.database import Database
from store.inbox import NEW, QUARANTINED
from store.tables import InboxRow
from tests.connectors.douyin import conftest as douyin
from tests.connectors.kdniao import conftest as kdniao
from tests.connectors.qimen import conftest as qimen
from tests.connectors.rest.conftest import order_json
from tests.connectors.sf import conftest as sf
from tests.gateway.house import MAX_BODY, Orders, build_gateway, client_of, rest_push, send


async def inbox_rows(db: Database) -> list[InboxRow]:
    async with db.transaction() as tx:
        return list((await tx.execute(select(InboxRow).order_by(col(InboxRow.seq)))).scalars())


def routes(*numbers: str) -> bytes:
    nodes = [{"mailno": number, **sf.route("50")} for number in numbers]
    return json.dumps({"Body": {"WaybillRoute": nodes}}, ensure_ascii=False).encode()


def other_entry(number: str) -> dict[str, object]:
    return kdniao.ENTRY | {"LogisticCode": number}


GENUINE: dict[str, tuple[Push, set[str], str]] = {
    "qimen": (qimen.push(qimen.confirm()), {"OB-1"}, "<flag>success</flag>"),
    "kdniao": (
        kdniao.signed(kdniao.batch(kdniao.ENTRY, other_entry("YT2826000000002"))),
        {"YT2826000000001", "YT2826000000002"},
        '"Success":true',
    ),
    "sf": (sf.push(routes(sf.NUMBER)), {sf.NUMBER}, '"return_code":"0000"'),
    "douyin": (douyin.signed_push([douyin.message()]), {"71000000000001_110_0_1772331860"}, '"code":0'),
}


@pytest.mark.parametrize("source", GENUINE)
async def test_a_push_is_in_the_inbox_when_it_is_acknowledged(
    client: httpx.AsyncClient, database: Database, source: str
) -> None:
    push, ids, words = GENUINE[source]
    for _ in range(2):
        answer = await send(client, push)
        assert answer.status_code == 200
        assert words in answer.text
    rows = await inbox_rows(database)
    assert {row.document_id.partition(":")[0] for row in rows} == ids
    assert {(row.source, row.status, row.repeats) for row in rows} == {(source, NEW, 1)}


FORGED: dict[str, tuple[Push, int, str]] = {
    "qimen": (replace(qimen.push(qimen.confirm()), body=qimen.confirm(status="X").encode()), 200, "sign-check-failure"),
    "kdniao": (kdniao.signed(kdniao.batch(kdniao.ENTRY), key="wrong"), 200, '"Success":false'),
    "sf": (sf.push(routes(sf.NUMBER), secret="0123456789abcdef-no"), 200, '"return_code":"1000"'),
    "douyin": (douyin.signed_push([douyin.message()], {"event-sign": "0" * 32}), 400, "40041"),
}


@pytest.mark.parametrize("source", FORGED)
async def test_a_forged_push_changes_nothing(
    client: httpx.AsyncClient, database: Database, source: str, caplog: pytest.LogCaptureFixture
) -> None:
    push, status, words = FORGED[source]
    with caplog.at_level(logging.INFO, "gateway"):
        answer = await send(client, push)
    assert answer.status_code == status
    assert words in answer.text
    assert await inbox_rows(database) == []
    [line] = [record for record in caplog.records if record.name == "gateway.hooks"]
    assert (line.levelname, line.__dict__["source"]) == ("WARNING", source)
    assert line.__dict__["reason"]


async def test_a_push_without_its_path_secret_is_refused(client: httpx.AsyncClient, database: Database) -> None:
    answer = await client.post(f"/hooks/sf?secret={sf.SECRET}", content=routes(sf.NUMBER))
    assert '"return_code":"1000"' in answer.text
    assert await inbox_rows(database) == []


async def test_a_genuine_push_that_nobody_can_read_is_kept_and_acknowledged(
    client: httpx.AsyncClient, database: Database
) -> None:
    push = douyin.signed_push(b"\xff\x00{")
    for _ in range(2):
        answer = await send(client, push)
        assert (answer.status_code, answer.json()["code"]) == (200, 0)
    [row] = await inbox_rows(database)
    assert (row.source, row.status, row.repeats) == ("douyin", QUARANTINED, 1)
    assert row.document_id == hashlib.sha256(push.body).hexdigest()
    assert row.body == "\ufffd\ufffd{"
    assert row.outcome


async def test_one_bad_document_keeps_all_of_its_push_out(
    gateway: Gateway, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = gateway.sources["kdniao"].unpack(kdniao.signed(kdniao.batch(kdniao.ENTRY)))[0]
    unstorable = replace(good, document_id="Z", body=None)  # type: ignore[arg-type]
    monkeypatch.setattr(gateway.sources["kdniao"], "unpack", lambda push: [good, unstorable])
    async with client_of(create_app(gateway)) as client:
        answer = await send(client, kdniao.signed(kdniao.batch(kdniao.ENTRY)))
    assert answer.status_code == 503
    assert await inbox_rows(database) == []


@pytest.mark.parametrize("path", ["/hooks/nobody", "/hooks/nobody/secret"])
async def test_an_unknown_source(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.post(path)).status_code == 404


async def test_the_own_shop_has_another_door(client: httpx.AsyncClient, database: Database) -> None:
    answer = await send(client, rest_push(order_json(), path="/hooks/own"))
    assert answer.status_code == 404
    assert await inbox_rows(database) == []


async def test_a_body_that_is_too_long(client: httpx.AsyncClient, database: Database) -> None:
    declared = await client.post("/hooks/qimen", content=b"x" * (MAX_BODY + 1))
    assert declared.status_code == 413

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(MAX_BODY // 1000 + 1):
            yield b"x" * 1000

    streamed = await client.post("/hooks/qimen", content=chunks())
    assert streamed.status_code == 413
    assert await inbox_rows(database) == []
    assert (await client.post("/hooks/qimen", content=b"x" * MAX_BODY)).status_code == 200


@pytest.mark.parametrize("url", ["sqlite+aiosqlite:///{path}/none.db", "postgresql+asyncpg://a:b@127.0.0.1:1/none"])
async def test_nothing_is_acknowledged_while_the_database_is_away(
    url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    away = Database(url.format(path=tmp_path))
    async with AsyncExitStack() as closing:
        closing.push_async_callback(away.close)
        gateway = await build_gateway(away, Orders(), closing)
        async with client_of(create_app(gateway)) as client:
            for push in (GENUINE["qimen"][0], douyin.signed_push(b"no array"), rest_push(order_json())):
                answer = await send(client, push)
                assert answer.status_code == 503
                assert answer.headers["retry-after"]
    assert "测试" not in caplog.text
    assert "示例路" not in caplog.text


async def test_health(client: httpx.AsyncClient) -> None:
    answer = await client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "database": True})


async def test_health_without_a_database() -> None:
    away = Database("postgresql+asyncpg://a:b@127.0.0.1:1/none")
    async with AsyncExitStack() as closing:
        closing.push_async_callback(away.close)
        async with client_of(create_app(await build_gateway(away, Orders(), closing))) as client:
            answer = await client.get("/healthz")
    assert (answer.status_code, answer.json()) == (503, {"status": "degraded", "database": False})
