from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
import time_machine
from google.protobuf.json_format import MessageToDict, ParseDict
from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadConverter

from gateway.app import create_app
from gateway.codec_access import COOKIE, SESSION_S
from gateway.deps import Gateway
from runtime.codec import EncryptionCodec
from store.database import Database
from tests.gateway.house import CODEC_TOKEN, UI, Orders, build_gateway, client_of, new_ring

TOKEN = {"authorization": f"Bearer {CODEC_TOKEN}"}


@pytest.fixture
def database() -> Database:
    """The codec needs none: it answers while the database is away."""
    return Database("sqlite+aiosqlite:////nowhere/none.db")


def clear() -> list[Payload]:
    return list(PayloadConverter.default.to_payloads([{"order_id": "own:main:SO1"}, "测试"]))


def as_json(payloads: Sequence[Payload]) -> dict[str, Any]:
    return {"payloads": [MessageToDict(payload) for payload in payloads]}


def from_json(answer: httpx.Response) -> list[Payload]:
    assert answer.status_code == 200, answer.text
    return [ParseDict(payload, Payload()) for payload in answer.json()["payloads"]]


async def sealed(gateway: Gateway) -> dict[str, Any]:
    return as_json(await gateway.codec.encode(clear()))


async def test_payloads_are_opened_and_sealed(client: httpx.AsyncClient, gateway: Gateway) -> None:
    headers = TOKEN | {"x-namespace": "default"}
    there = await client.post("/codec/encode", json=as_json(clear()), headers=headers)
    assert [payload.metadata["encoding"] for payload in from_json(there)] == [b"binary/encrypted"] * 2
    assert list(await gateway.codec.decode(from_json(there))) == clear()
    back = await client.post("/codec/decode", json=there.json(), headers=headers)
    assert from_json(back) == clear()


async def test_nothing_to_do(client: httpx.AsyncClient) -> None:
    answer = await client.post("/codec/decode", json={}, headers=TOKEN)
    assert answer.json() == {"payloads": []}


@pytest.mark.parametrize("body", [b"", b"7", b"{", b'{"payloads":[{"data":1}]}', b"\xff"])
async def test_what_is_no_payload(client: httpx.AsyncClient, body: bytes) -> None:
    assert (await client.post("/codec/decode", content=body, headers=TOKEN)).status_code == 400


async def test_payloads_of_a_key_that_is_gone(client: httpx.AsyncClient) -> None:
    foreign = as_json(await EncryptionCodec(new_ring()).encode(clear()))
    answer = await client.post("/codec/decode", json=foreign, headers=TOKEN)
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer wrong"},
        {"authorization": CODEC_TOKEN},
        {"cookie": f"{COOKIE}={CODEC_TOKEN}"},
        {"cookie": f"{COOKIE}=9999999999.{'0' * 64}"},
        {"cookie": f"{COOKIE}=²."},
    ],
)
@pytest.mark.parametrize("what", ["decode", "encode"])
async def test_strangers_read_nothing(
    client: httpx.AsyncClient, gateway: Gateway, what: str, headers: dict[str, str]
) -> None:
    raw = {name.encode(): value.encode() for name, value in headers.items()}
    answer = await client.post(f"/codec/{what}", json=await sealed(gateway), headers=raw)
    assert answer.status_code == 401


async def test_a_session_in_a_browser(client: httpx.AsyncClient, gateway: Gateway) -> None:
    form = await client.get("/codec/session")
    assert 'name="token"' in form.text
    wrong = await client.post("/codec/session", data={"token": "wrong"})
    assert wrong.status_code == 401
    assert "set-cookie" not in wrong.headers
    assert "令牌不对" in wrong.text

    right = await client.post("/codec/session", data={"token": CODEC_TOKEN})
    assert right.status_code == 200
    cookie = right.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=strict", "Path=/codec", f"Max-Age={SESSION_S}"} <= set(cookie.split("; "))
    assert CODEC_TOKEN not in cookie
    assert from_json(await client.post("/codec/decode", json=await sealed(gateway))) == clear()

    with time_machine.travel(1_900_000_000 + SESSION_S):
        assert (await client.post("/codec/decode", json=await sealed(gateway))).status_code == 401


async def test_a_session_ends_with_its_token(client: httpx.AsyncClient, orders: Orders, database: Database) -> None:
    await client.post("/codec/session", data={"token": CODEC_TOKEN})
    async with AsyncExitStack() as closing:
        changed = await build_gateway(database, orders, closing, codec_tokens=("another",))
        async with client_of(create_app(changed)) as later:
            later.cookies = client.cookies
            assert (await later.post("/codec/decode", json=await sealed(changed))).status_code == 401


async def test_the_cookie_is_for_https_only_where_there_is_https(gateway: Gateway) -> None:
    transport = httpx.ASGITransport(create_app(gateway))
    async with httpx.AsyncClient(transport=transport, base_url="https://hub.test") as client:
        answer = await client.post("/codec/session", data={"token": CODEC_TOKEN})
    assert "Secure" in answer.headers["set-cookie"].split("; ")


async def test_a_page_of_the_ui_may_ask(client: httpx.AsyncClient, gateway: Gateway) -> None:
    preflight = await client.options(
        "/codec/decode",
        headers={
            "origin": UI,
            "access-control-request-method": "POST",
            "access-control-request-headers": "authorization,content-type,x-namespace",
        },
    )
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == UI
    assert preflight.headers["access-control-allow-credentials"] == "true"
    assert "x-namespace" in preflight.headers["access-control-allow-headers"]
    answer = await client.post("/codec/decode", json=await sealed(gateway), headers=TOKEN | {"origin": UI})
    assert from_json(answer) == clear()
    assert answer.headers["access-control-allow-origin"] == UI
    assert answer.headers["access-control-allow-credentials"] == "true"


async def test_no_other_page_may(client: httpx.AsyncClient, gateway: Gateway) -> None:
    origin = {"origin": "https://evil.test"}
    preflight = await client.options("/codec/decode", headers=origin | {"access-control-request-method": "POST"})
    assert preflight.status_code == 400
    assert "access-control-allow-origin" not in preflight.headers
    answer = await client.post("/codec/decode", json=await sealed(gateway), headers=TOKEN | origin)
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers


async def test_the_uis_origin_opens_no_other_route(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v1/staff/orders/x", headers={"origin": UI})
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    ("is_open", "host", "headers", "status"),
    [
        (True, "127.0.0.1", {}, 200),
        (True, "::1", {"origin": UI}, 200),
        (True, "127.0.0.1", {"origin": "http://hub.test"}, 403),
        (True, "127.0.0.1", {"x-forwarded-for": "127.0.0.1"}, 401),
        (True, "127.0.0.1", {"forwarded": "for=127.0.0.1"}, 401),
        (True, "203.0.113.9", {}, 401),
        (False, "127.0.0.1", {}, 401),
    ],
)
async def test_callers_on_this_machine(
    database: Database, orders: Orders, is_open: bool, host: str, headers: dict[str, str], status: int
) -> None:
    async with AsyncExitStack() as closing:
        gateway = await build_gateway(database, orders, closing, codec_open_on_loopback=is_open)
        async with client_of(create_app(gateway), host, headers) as client:
            answer = await client.post("/codec/decode", json=await sealed(gateway))
    assert answer.status_code == status
