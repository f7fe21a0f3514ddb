from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
import respx
from pydantic import SecretStr, ValidationError

from connectors.errors import (
    DocumentUnreadable,
    Misconfigured,
    OutcomeUnknown,
    PartnerError,
    PushRefused,
    Rejected,
    Throttled,
    Unavailable,
)
from connectors.own import OwnSettings, OwnShop, ShopAccount
from connectors.own.signing import sign
from connectors.ports import Document, SalesChannel
from domain.news import CancelNews, OrderNews
from domain.order import Channel, Order

from .conftest import SECRETS, order_json, shipment, signed_push

CANCEL_PATH = "/api/v1/orders/SO1001/cancel"


def test_is_a_sales_channel(shop: OwnShop) -> None:
    channel: SalesChannel = shop
    assert (channel.source, channel.channel) == ("own", Channel.OWN)


async def test_orders_become_documents_that_mean_the_same_later(shop: OwnShop) -> None:
    push = signed_push({"orders": [order_json(), order_json(order_no="SO2", version=7), order_json(version=None)]})
    documents = shop.unpack(push)
    assert [(d.source, d.kind, d.document_id, d.version, d.order_id) for d in documents] == [
        ("own", "order", "main:SO1001", 1, "own:main:SO1001"),
        ("own", "order", "main:SO2", 7, "own:main:SO2"),
    ]
    first = shop.read_orders(push)[0]
    assert isinstance(first, Order)
    assert await shop.interpret(documents[0]) == [OrderNews(first)]
    assert shop.document(first) == documents[0]


def test_a_redelivery_is_the_same_document_whatever_the_order_of_its_keys(shop: OwnShop) -> None:
    turned = dict(reversed(order_json().items()))
    assert shop.unpack(signed_push(order_json())) == shop.unpack(signed_push(turned))


def test_a_newer_or_other_order_is_another_document(shop: OwnShop) -> None:
    keys = {
        (document.document_id, document.version)
        for change in ({}, {"version": 2}, {"order_no": "SO2"})
        for document in shop.unpack(signed_push(order_json(**change)))
    }
    assert len(keys) == 3


async def test_a_cancellation(shop: OwnShop) -> None:
    push = signed_push({"shop": "main", "reason": "买错了"}, path=CANCEL_PATH)
    (document,) = shop.unpack(push)
    assert (document.kind, document.document_id, document.order_id) == (
        "cancel",
        "main:SO1001/cancel",
        "own:main:SO1001",
    )
    assert await shop.interpret(document) == [CancelNews(Channel.OWN, "main", "SO1001", "买错了")]
    assert shop.accepted(push).status == 202
    assert json.loads(shop.accepted(push).body) == {"result": "accepted"}


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"shop": "outlet", "reason": ""}, CANCEL_PATH),
        ({"reason": ""}, CANCEL_PATH),
        ({"shop": "main"}, "/api/v1/orders/a%3Ab/cancel"),
        ({"shop": "main"}, "/api/v1/orders/%00/cancel"),
        (order_json(version=None), "/api/v1/orders"),
        (order_json(), "/api/v1/other"),
    ],
)
def test_nothing_to_take(shop: OwnShop, body: Any, path: str) -> None:
    push = signed_push(body, path=path)
    with pytest.raises(DocumentUnreadable):
        shop.unpack(push)
    assert shop.refused(push, "whatever").status == 400


def test_unsigned_requests_are_refused_everywhere(shop: OwnShop) -> None:
    push = signed_push(order_json(), headers={"x-orderhub-signature": "0" * 64})
    for ask in (shop.verify, shop.read_orders, shop.unpack):
        with pytest.raises(PushRefused):
            ask(push)
    reply = shop.refused(push, "internal reason")
    assert reply.status == 401
    assert b"internal reason" not in reply.body


def test_too_many_orders_answer_413(shop: OwnShop) -> None:
    assert shop.refused(signed_push({"orders": [{}] * 501}), "").status == 413


def test_the_answer_tells_of_each_order(shop: OwnShop) -> None:
    reply = shop.accepted(signed_push({"orders": [order_json(), order_json(order_no="SO2", version=None)]}))
    assert reply.status == 200
    assert json.loads(reply.body) == {
        "results": [
            {"order_no": "SO1001", "order_id": "own:main:SO1001", "result": "accepted", "error": None},
            {
                "order_no": "SO2",
                "order_id": None,
                "result": "invalid",
                "error": {"field": "version", "message": "should be a valid integer"},
            },
        ]
    }


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("order", "{}"),
        ("order", "no json"),
        ("cancel", "{}"),
        ("cancel", "[]"),
        ("cancel", "["),
        ("else", "{}"),
    ],
)
async def test_a_spoilt_document_is_unreadable(shop: OwnShop, kind: str, body: str) -> None:
    with pytest.raises(DocumentUnreadable):
        await shop.interpret(Document("own", kind, "x", 1, body))


@respx.mock
async def test_write_back_goes_signed_to_the_shop(shop: OwnShop) -> None:
    route = respx.post("https://main.shop.test/app/orderhub/shipments").respond(json={"code": 0})
    await shop.write_back(shipment())
    request = route.calls.last.request
    assert json.loads(request.content) == {
        "order_no": "SO1001",
        "parcel_no": "own:main:SO1001#1",
        "carrier": "SF",
        "number": "SF1000000000001",
        "line_nos": ["1"],
        "whole_order": True,
    }
    headers = request.headers
    assert headers["X-OrderHub-Key"] == "key-main"
    assert headers["X-OrderHub-Signature"] == sign(
        SECRETS["main"],
        "POST",
        "/app/orderhub/shipments",
        headers["X-OrderHub-Timestamp"],
        headers["X-OrderHub-Nonce"],
        request.content,
    )


@respx.mock
@pytest.mark.parametrize(
    ("answer", "error", "code"),
    [
        (httpx.Response(404, json={"code": "ORDER_NOT_FOUND"}), Rejected, "ORDER_NOT_FOUND"),
        (
            httpx.Response(409, json={"code": "PARCEL_HAS_OTHER_NUMBER", "number": "SF2"}),
            Rejected,
            "PARCEL_HAS_OTHER_NUMBER",
        ),
        (httpx.Response(422, json={"code": "INVALID", "message": "line_nos"}), Rejected, "INVALID"),
        (httpx.Response(404, html="<h1>not here</h1>"), Misconfigured, "404"),
        (httpx.Response(401, json={"code": "UNAUTHORIZED"}), Misconfigured, "401"),
        (httpx.Response(302, headers={"location": "/login"}), Misconfigured, "302"),
        (httpx.Response(200, html="<h1>welcome</h1>"), OutcomeUnknown, ""),
        (httpx.Response(200, json={"code": 1}), OutcomeUnknown, ""),
        (httpx.Response(200, json=[0]), OutcomeUnknown, ""),
        (httpx.Response(500), OutcomeUnknown, "500"),
        (httpx.Response(503), Unavailable, "503"),
        (httpx.Response(429), Throttled, "429"),
    ],
)
async def test_write_back_answers_are_classified(
    shop: OwnShop, answer: httpx.Response, error: type[PartnerError], code: str
) -> None:
    respx.post("https://outlet.shop.test/orderhub/shipments").mock(return_value=answer)
    with pytest.raises(PartnerError) as caught:
        await shop.write_back(shipment(shop="outlet"))
    assert type(caught.value) is error
    assert caught.value.code == code


@respx.mock
async def test_a_write_back_that_times_out_may_have_happened(shop: OwnShop) -> None:
    respx.post("https://main.shop.test/app/orderhub/shipments").mock(side_effect=httpx.ReadTimeout)
    with pytest.raises(OutcomeUnknown):
        await shop.write_back(shipment())


async def test_a_shop_without_settings(shop: OwnShop) -> None:
    with pytest.raises(Misconfigured, match="closed"):
        await shop.write_back(shipment(shop="closed"))


def test_shops_need_keys_of_their_own() -> None:
    account = ShopAccount(key_id="k", secret=SecretStr("s"), base_url="https://a.test")
    with pytest.raises(ValidationError, match="share a key_id"):
        OwnSettings(shops={"a": account, "b": account})
