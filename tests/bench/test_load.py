"""What the benchmark's shop sends is what a shop sends: the real door takes it, and it has the promised mix."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bench.load import NEWEST, OF, PATH, REPEATS, STALE, LoadFailed, Shop, send
from connectors.contract.stage import listening
from connectors.errors import PushRefused
from connectors.ports import Push
from connectors.rest import OwnSettings, RestDoor, ShopAccount
from domain.clock import utc_now
from domain.order import Channel, Order

DOOR = RestDoor(
    {Channel.OWN: OwnSettings(shops={"main": ShopAccount(key_id="k", secret="s", base_url="https://shop.test")})}
)


def push_of(request: bytes) -> Push:
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    assert first == f"POST {PATH} HTTP/1.1"
    assert int(headers["content-length"]) == len(body)
    return Push("POST", PATH, "", {}, headers, body, utc_now())


def taken(requests: list[bytes]) -> list[list[Order]]:
    """The orders in each request, through the gateway's own door."""
    batches = []
    for request in requests:
        push = push_of(request)
        orders = DOOR.read_orders(push, DOOR.caller(push))
        assert all(isinstance(order, Order) and order.paid for order in orders)
        batches.append([order for order in orders if isinstance(order, Order)])
    return batches


def test_the_real_door_takes_every_request_and_finds_the_promised_mix() -> None:
    batches = taken(Shop("main", "k", "s").requests(2000, 50))
    assert {len(batch) for batch in batches[:-1]} == {50}
    documents = [order for batch in batches for order in batch]
    seen: dict[tuple[str, int], Order] = {}
    repeats = 0
    for order in documents:
        before = seen.setdefault((order.order_id, order.version), order)
        assert before == order, "a version has one content"
        repeats += before is not order
    versions = Counter(version for _, version in seen)
    assert versions[NEWEST] == 2000
    assert repeats / len(documents) == pytest.approx(REPEATS / OF, rel=0.3)
    assert versions[1] / len(documents) == pytest.approx(STALE / OF, rel=0.3)
    assert set(versions) == {1, NEWEST}
    order_of_newest = [order.order_id for order in documents if order.version == NEWEST]
    for i, order in enumerate(documents):
        if order.version == 1:
            assert order.order_id in {earlier.order_id for earlier in documents[:i]}
    assert len(set(order_of_newest)) == 2000


def test_no_two_bursts_have_an_order_in_common() -> None:
    shop = Shop("main", "k", "s")
    first, second = ({order.order_id for batch in taken(shop.requests(100, 1)) for order in batch} for _ in range(2))
    assert len(first) == len(second) == 100
    assert not first & second


def test_a_request_with_a_changed_body_is_refused() -> None:
    (request,) = Shop("main", "k", "s").requests(1, 1)
    with pytest.raises(PushRefused):
        DOOR.caller(push_of(request[:-1] + b" "))


@asynccontextmanager
async def serving(answer: bytes) -> AsyncIterator[tuple[int, list[bytes]]]:
    """The port of a server that answers every request the same (b"": it hangs up), and the requests that it got."""
    got: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readline():
            while (line := await reader.readline()) != b"\r\n":
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            got.append(head + await reader.readexactly(length))
            writer.write(answer)
            if not answer:
                break

    async with listening(serve) as port:
        yield port, got


def answer(status: str, body: Any) -> bytes:
    raw = json.dumps(body).encode()
    return f"HTTP/1.1 {status}\r\ncontent-length: {len(raw)}\r\n\r\n".encode() + raw


async def test_every_request_is_sent_once_and_every_answer_counted() -> None:
    requests = Shop("main", "k", "s").requests(60, 2)
    both = answer("200 OK", {"results": [{"result": "accepted"}, {"result": "duplicate"}]})
    async with serving(both) as (port, got):
        burst = await send(port, requests, 4, 60)
    assert len(got) == len(requests) == len(burst.acks_s)
    assert burst.results() == {"accepted": len(requests), "duplicate": len(requests)}
    assert burst.seconds > 0


async def test_any_other_answer_ends_it() -> None:
    async with serving(answer("401 Unauthorized", {"code": "UNAUTHORIZED"})) as (port, _):
        with pytest.raises(LoadFailed, match="401 Unauthorized"):
            await send(port, Shop("main", "k", "s").requests(3, 1), 1, 60)


async def test_a_gateway_that_breaks_off_is_no_result() -> None:
    async with serving(b"") as (port, _):
        with pytest.raises(LoadFailed, match="broke off"):
            await send(port, Shop("main", "k", "s").requests(3, 1), 1, 60)
