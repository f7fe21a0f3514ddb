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
from connectors.ports import Document, SalesChannel
from connectors.rest import OwnSettings, RestChannel, RestSettings, ShopAccount
from connectors.rest.signing import sign
from domain.order import Channel

from .conftest import API_KEY, SECRETS, channels, order_json, shipment, signed_push


def test_is_a_sales_channel(shop: RestChannel) -> None:
    channel: SalesChannel = shop
    assert (channel.source, channel.channel) == ("own", Channel.OWN)


def test_pushes_do_not_come_by_the_hooks(shop: RestChannel) -> None:
    push = signed_push(order_json(), path="/hooks/own")
    with pytest.raises(PushRefused):
        shop.unpack(push)
    assert shop.refused(push, "").status == 404


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
async def test_a_spoilt_document_is_unreadable(shop: RestChannel, kind: str, body: str) -> None:
    with pytest.raises(DocumentUnreadable):
        await shop.interpret(Document("own", kind, "x", 1, body))


@respx.mock
async def test_write_back_goes_signed_to_the_shop(shop: RestChannel) -> None:
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
    shop: RestChannel, answer: httpx.Response, error: type[PartnerError], code: str
) -> None:
    respx.post("https://outlet.shop.test/orderhub/shipments").mock(return_value=answer)
    with pytest.raises(PartnerError) as caught:
        await shop.write_back(shipment(shop="outlet"))
    assert type(caught.value) is error
    assert caught.value.code == code


@respx.mock
async def test_a_write_back_that_times_out_may_have_happened(shop: RestChannel) -> None:
    respx.post("https://main.shop.test/app/orderhub/shipments").mock(side_effect=httpx.ReadTimeout)
    with pytest.raises(OutcomeUnknown):
        await shop.write_back(shipment())


async def test_a_shop_without_settings(shop: RestChannel) -> None:
    with pytest.raises(Misconfigured, match="closed"):
        await shop.write_back(shipment(shop="closed"))


@respx.mock
async def test_a_shop_that_wants_no_shipments_is_content() -> None:
    tills = RestChannel(Channel.POS, channels()[Channel.POS])
    await tills.write_back(shipment(shop="till"))
    assert not respx.calls
    with pytest.raises(Misconfigured):
        await tills.write_back(shipment(shop="closed"))
    await tills.close()


@respx.mock
async def test_the_error_names_the_channel() -> None:
    account = ShopAccount(key_id="k", secret=SecretStr("s"), base_url="https://till.test")
    tills = RestChannel(Channel.POS, RestSettings(shops={"till": account}))
    respx.post("https://till.test/orderhub/shipments").respond(404, json={"code": "ORDER_NOT_FOUND"})
    with pytest.raises(Rejected) as caught:
        await tills.write_back(shipment(shop="till"))
    assert caught.value.partner == "pos"
    await tills.close()


@pytest.mark.parametrize(
    ("account", "words"),
    [
        ({"key_id": "k"}, "key_id and secret belong together"),
        ({"secret": "s"}, "key_id and secret belong together"),
        ({"key_id": "k", "secret": ""}, "key_id and secret belong together"),
        ({"base_url": "https://a.test"}, "base_url needs key_id and secret"),
        ({"api_key": API_KEY, "base_url": "https://a.test"}, "base_url needs key_id and secret"),
        ({"key_id": "k", "secret": "s", "pull": True}, "pull and stock need base_url"),
        ({"api_key": "too-short"}, "at least 24"),
    ],
)
def test_an_account_that_does_not_fit_together(account: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        ShopAccount.model_validate(account)


def test_an_own_shop_is_always_told_of_shipments() -> None:
    account = ShopAccount(key_id="k", secret=SecretStr("s"))
    with pytest.raises(ValidationError, match="told nowhere"):
        OwnSettings(shops={"a": account})
    RestSettings(shops={"a": account})
