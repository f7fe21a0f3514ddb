"""Shops that are asked for their orders."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import respx
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from connectors.errors import DocumentUnreadable, Misconfigured, PartnerError, Throttled, Unavailable
from connectors.ports import PullSource, Window
from connectors.rest import Caller, Refused, RestChannel, RestSettings, ShopAccount
from connectors.rest.documents import order_document, refund_document
from connectors.rest.intake import read_order
from connectors.rest.pulled import read_page
from connectors.rest.refunds import read_refund
from connectors.rest.signing import sign
from domain.news import OrderNews, RefundNews
from domain.order import Channel, ChannelStatus, Order
from domain.refund import Refund

from .conftest import LIMITS, MAIN, order_json, refund_json

URL = "https://till.test/app/orderhub/orders"
START = datetime(2026, 3, 1, 2, 0, 0, 500_000, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(hours=24))


@pytest.fixture
async def tills() -> AsyncIterator[RestChannel]:
    asked = ShopAccount(key_id="k", secret=SecretStr("s"), base_url="https://till.test/app", pull=True)
    silent = ShopAccount(key_id="k2", secret=SecretStr("s"), base_url="https://silent.test")
    channel = RestChannel(Channel.POS, RestSettings(shops={"till": asked, "silent": silent}, limits=LIMITS))
    yield channel
    await channel.close()


def till_order(**changes: Any) -> dict[str, Any]:
    return order_json(shop="till", channel="pos", **changes)


def test_is_a_pull_source(tills: RestChannel) -> None:
    source: PullSource = tills
    assert (source.feed, source.channel, list(source.shops)) == ("pos", Channel.POS, ["till"])
    assert (source.longest_window, source.overlap) == (timedelta(hours=24), timedelta(minutes=5))


@respx.mock
async def test_the_request_is_signed_like_a_shipment(tills: RestChannel) -> None:
    route = respx.get(URL).respond(json={"orders": [], "has_more": False})
    assert await tills.pull("till", WINDOW, None) == (await tills.pull("till", WINDOW, "1"))
    request = route.calls.last.request
    assert dict(request.url.params) == {
        "modified_from": "2026-03-01T02:00:00Z",
        "modified_to": "2026-03-02T02:00:00Z",
        "page": "1",
    }
    headers = request.headers
    stamp, nonce = headers["X-OrderHub-Timestamp"], headers["X-OrderHub-Nonce"]
    assert headers["X-OrderHub-Signature"] == sign("s", "GET", "/app/orderhub/orders", stamp, nonce, b"")


@respx.mock
async def test_page_by_page(tills: RestChannel) -> None:
    route = respx.get(URL)
    route.side_effect = [
        httpx.Response(200, json={"orders": [till_order()], "has_more": True, "refunds": []}),
        httpx.Response(200, json={"orders": [till_order(order_no="SO2")], "has_more": False}),
    ]
    first = await tills.pull("till", WINDOW, None)
    assert first.next_page is not None
    last = await tills.pull("till", WINDOW, first.next_page)
    assert last.next_page is None
    assert [call.request.url.params["page"] for call in route.calls] == ["1", "2"]
    assert [document.order_id for page in (first, last) for document in page.documents] == [
        "pos:till:SO1001",
        "pos:till:SO2",
    ]


@respx.mock
async def test_what_is_pulled_is_the_same_document_as_what_is_pushed(tills: RestChannel) -> None:
    respx.get(URL).respond(json={"orders": [till_order()], "has_more": False})
    (document,) = (await tills.pull("till", WINDOW, None)).documents
    pushed = read_order(till_order(), Caller(Channel.POS, "till"))
    assert isinstance(pushed, Order)
    assert document == order_document(pushed)
    assert await tills.interpret(document) == [OrderNews(pushed)]


@respx.mock
@pytest.mark.parametrize("bad", [till_order(lines=[]), order_json(), "no order", None, {"order_no": "SO\x00\ud800"}])
async def test_a_bad_order_is_quarantined_alone(tills: RestChannel, bad: Any) -> None:
    content = json.dumps({"orders": [till_order(order_no="SO1"), bad, till_order(order_no="SO3")], "has_more": False})
    respx.get(URL).respond(content=content.encode())
    first, odd, third = (await tills.pull("till", WINDOW, None)).documents
    assert [first.order_id, third.order_id] == ["pos:till:SO1", "pos:till:SO3"]
    with pytest.raises(DocumentUnreadable) as caught:
        await tills.interpret(odd)
    refused = read_order(bad, Caller(Channel.POS, "till"))
    assert not isinstance(refused, Order)
    assert caught.value.reason == f"{refused.field} {refused.message}".strip()
    assert odd.body.isascii()
    # once however often it is listed, and again once it was changed
    assert (await tills.pull("till", WINDOW, None)).documents[1] == odd
    respx.get(URL).respond(json={"orders": [till_order(lines=[], version=2)], "has_more": False})
    (changed,) = (await tills.pull("till", WINDOW, None)).documents
    assert changed.document_id != odd.document_id


def till_refund(**changes: Any) -> dict[str, Any]:
    return refund_json(shop="till", channel="pos", **changes)


@respx.mock
async def test_refunds_are_listed_beside_the_orders(tills: RestChannel) -> None:
    content = {"orders": [till_order()], "refunds": [till_refund(), till_refund(version=2)], "has_more": False}
    respx.get(URL).respond(json=content)
    order, first, second = (await tills.pull("till", WINDOW, None)).documents
    pushed = read_refund(till_refund(), Caller(Channel.POS, "till"))
    assert isinstance(pushed, Refund)
    assert first == refund_document(pushed)
    assert await tills.interpret(first) == [RefundNews(pushed)]
    assert (order.kind, first.kind, first.version, second.version) == ("order", "refund", 1, 2)
    assert first.order_id == order.order_id == "pos:till:SO1001"


@respx.mock
@pytest.mark.parametrize("bad", [till_refund(status="paid"), refund_json(), till_order(), "no refund", None, {}])
async def test_a_bad_refund_is_quarantined_alone(tills: RestChannel, bad: Any) -> None:
    refunds = [till_refund(), bad, till_refund(refund_id="RF2")]
    respx.get(URL).respond(json={"orders": [till_order()], "refunds": refunds, "has_more": False})
    order, first, odd, third = (await tills.pull("till", WINDOW, None)).documents
    assert [document.order_id for document in (order, first, third)] == ["pos:till:SO1001"] * 3
    with pytest.raises(DocumentUnreadable) as caught:
        await tills.interpret(odd)
    refused = read_refund(bad, Caller(Channel.POS, "till"))
    assert isinstance(refused, Refused)
    assert caught.value.reason == f"{refused.field} {refused.message}".strip()
    # what is bad as an order and as a refund is two documents
    respx.get(URL).respond(json={"orders": [bad], "refunds": [bad], "has_more": False})
    assert len({document.document_id for document in (await tills.pull("till", WINDOW, None)).documents}) == 2


@respx.mock
async def test_a_page_of_refunds_alone_is_not_empty(tills: RestChannel) -> None:
    respx.get(URL).respond(json={"orders": [], "refunds": [till_refund()], "has_more": True})
    page = await tills.pull("till", WINDOW, None)
    assert (page.next_page, len(page.documents)) == ("2", 1)
    respx.get(URL).respond(json={"orders": [], "refunds": None, "has_more": False})
    assert (await tills.pull("till", WINDOW, "2")).documents == ()


@respx.mock
async def test_a_mini_programs_order_is_unpaid_when_it_is_pulled_too() -> None:
    account = ShopAccount(key_id="k", secret=SecretStr("s"), base_url="https://mini.test", pull=True)
    backend = RestChannel(Channel.WECHAT, RestSettings(shops={"wx1": account}, limits=LIMITS))
    respx.get("https://mini.test/orderhub/orders").respond(json={"orders": [order_json(shop="wx1")], "has_more": False})
    (document,) = (await backend.pull("wx1", WINDOW, None)).documents
    (news,) = await backend.interpret(document)
    assert isinstance(news, OrderNews)
    assert (document.source, news.order.status) == ("wechat_orders", ChannelStatus.UNPAID)
    await backend.close()


@respx.mock
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(401, json={"code": "UNAUTHORIZED"}), Misconfigured),
        (httpx.Response(404, html="<h1>not here</h1>"), Misconfigured),
        (httpx.Response(422, json={"code": "INVALID"}), Misconfigured),
        (httpx.Response(302, headers={"location": "/login"}), Misconfigured),
        (httpx.Response(200, json={"orders": [], "has_more": True}), Misconfigured),
        (httpx.Response(200, html="<h1>welcome</h1>"), Unavailable),
        (httpx.Response(200, json=[]), Unavailable),
        (httpx.Response(200, json={"orders": []}), Unavailable),
        (httpx.Response(200, json={"orders": {}, "has_more": False}), Unavailable),
        (httpx.Response(200, json={"orders": [], "has_more": "false"}), Unavailable),
        (httpx.Response(200, json={"orders": [], "refunds": {}, "has_more": False}), Unavailable),
        (httpx.Response(200, json={"orders": [], "refunds": [], "has_more": True}), Misconfigured),
        (httpx.Response(200, content=b"[" * 100_000), Unavailable),
        (httpx.Response(500), Unavailable),
        (httpx.Response(503), Unavailable),
        (httpx.Response(429), Throttled),
    ],
)
async def test_answers_are_classified(tills: RestChannel, answer: httpx.Response, error: type[PartnerError]) -> None:
    respx.get(URL).mock(return_value=answer)
    with pytest.raises(PartnerError) as caught:
        await tills.pull("till", WINDOW, None)
    assert type(caught.value) is error
    assert caught.value.partner == "pos"


@respx.mock
async def test_a_time_out_took_nothing(tills: RestChannel) -> None:
    respx.get(URL).mock(side_effect=httpx.ReadTimeout)
    with pytest.raises(Unavailable):
        await tills.pull("till", WINDOW, None)


@pytest.mark.parametrize("shop", ["silent", "closed"])
async def test_a_shop_that_is_not_asked(tills: RestChannel, shop: str) -> None:
    with pytest.raises(Misconfigured):
        await tills.pull(shop, WINDOW, None)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
PAGES = JSON | st.fixed_dictionaries({"orders": st.lists(JSON, max_size=3), "has_more": st.booleans()})


@given(st.binary() | PAGES.map(lambda value: json.dumps(value).encode()))
def test_no_page_raises_anything_else(content: bytes) -> None:
    """KeyError, TypeError and ValueError are what the line takes for an answer that cannot be read."""
    try:
        page = read_page(MAIN, "own", 1, httpx.Response(200, content=content))
    except (Misconfigured, ValueError, KeyError, TypeError):
        return
    assert all(document.source == "own" for document in page.documents)
