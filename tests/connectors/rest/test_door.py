"""The one door of all shops: who speaks, what they sent, how they are refused."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr

from connectors.errors import DocumentUnreadable, PushRefused
from connectors.ports import Push
from connectors.rest import Caller, Keys, RestChannel, RestDoor, RestSettings, ShopAccount, TooManyOrders
from connectors.rest.documents import order_document
from connectors.rest.signing import sign
from domain.news import CancelNews, OrderNews
from domain.order import Channel, Order

from .conftest import API_KEY, MAIN, NOW, channels, keyed_push, order_json, settings, signed_push

CANCEL_PATH = "/api/v1/orders/SO1001/cancel"


@pytest.mark.parametrize(
    ("push", "caller"),
    [
        (signed_push({}), MAIN),
        (signed_push({}, shop="outlet"), Caller(Channel.OWN, "outlet")),
        (signed_push({}, shop="till"), Caller(Channel.POS, "till")),
        (signed_push({}, shop="wx1"), Caller(Channel.WECHAT, "wx1")),
        (keyed_push({}), Caller(Channel.B2B, "direct")),
        (keyed_push({}, headers={"authorization": f"bearer  {API_KEY} "}), Caller(Channel.B2B, "direct")),
    ],
)
def test_a_key_tells_channel_and_shop(door: RestDoor, push: Push, caller: Caller) -> None:
    assert door.caller(push) == caller


@pytest.mark.parametrize(
    "push",
    [
        keyed_push({}, key=API_KEY[:-1]),
        keyed_push({}, key=""),
        keyed_push({}, key="钥匙"),
        keyed_push({}, headers={"authorization": f"Basic {API_KEY}"}),
        keyed_push({}, headers={"authorization": API_KEY}),
        # a secret is no API key
        keyed_push({}, key="main-secret"),
        # a wrong signature is not made good by a key
        signed_push({}, headers={"x-orderhub-signature": "0" * 64, "authorization": f"Bearer {API_KEY}"}),
        signed_push({}, headers={"x-orderhub-key": "", "authorization": f"Bearer {API_KEY}"}),
    ],
)
def test_without_a_good_proof_nobody_speaks(door: RestDoor, push: Push) -> None:
    with pytest.raises(PushRefused) as caught:
        door.caller(push)
    reply = door.refused(caught.value)
    assert (reply.status, reply.body) == (401, b'{"code":"UNAUTHORIZED"}')


@pytest.mark.parametrize("account", [ShopAccount(), ShopAccount(key_id="", secret=SecretStr(""))])
def test_an_account_without_a_secret_signs_nothing(account: ShopAccount) -> None:
    door = RestDoor({Channel.B2B: RestSettings(shops={"files": account})})
    nothing = sign("", "POST", "/api/v1/orders", str(int(NOW.timestamp())), "0123456789abcdef", b"{}")
    for headers in ({"x-orderhub-key": ""}, {"x-orderhub-key": "files"}):
        with pytest.raises(PushRefused):
            door.caller(signed_push({}, headers=headers | {"x-orderhub-signature": nothing}))


@pytest.mark.parametrize(
    "other",
    [
        RestSettings(shops={"till": ShopAccount(key_id="key-main", secret=SecretStr("s"))}),
        RestSettings(shops=dict.fromkeys("ab", ShopAccount(api_key=SecretStr(API_KEY)))),
    ],
)
def test_shops_need_keys_of_their_own_across_all_channels(other: RestSettings) -> None:
    with pytest.raises(ValueError, match=r"pos/.* share a .*key") as caught:
        Keys({Channel.OWN: settings(), Channel.POS: other})
    assert API_KEY not in str(caught.value)


@pytest.mark.parametrize("shop", ["main", "till", "wx1"])
async def test_orders_become_documents_that_mean_the_same_later(door: RestDoor, shop: str) -> None:
    push = signed_push(order_json(shop=shop, version=7), shop=shop)
    caller = door.caller(push)
    (order,) = door.read_orders(push, caller)
    assert isinstance(order, Order)
    document = order_document(order)
    source = {"main": "own", "till": "pos", "wx1": "wechat_orders"}[shop]
    channel = {"main": "own", "till": "pos", "wx1": "wechat"}[shop]
    assert (document.source, document.kind, document.document_id, document.version, document.order_id) == (
        source,
        "order",
        f"{shop}:SO1001",
        7,
        f"{channel}:{shop}:SO1001",
    )
    shops = RestChannel(caller.channel, channels()[caller.channel])
    assert await shops.interpret(document) == [OrderNews(order)]
    await shops.close()


def test_a_redelivery_is_the_same_document_whatever_the_order_of_its_keys(door: RestDoor) -> None:
    turned = dict(reversed(order_json().items()))
    (one,), (other,) = (door.read_orders(signed_push(body), MAIN) for body in (order_json(), turned))
    assert isinstance(one, Order)
    assert isinstance(other, Order)
    assert order_document(one) == order_document(other)


@pytest.mark.parametrize(("shop", "channel"), [("main", Channel.OWN), ("till", Channel.POS), ("wx1", Channel.WECHAT)])
async def test_a_cancellation(door: RestDoor, shop: str, channel: Channel) -> None:
    push = signed_push({"shop": shop, "reason": "买错了"}, path=CANCEL_PATH, shop=shop)
    document = door.read_cancellation(push, door.caller(push))
    assert (document.kind, document.document_id, document.order_id) == (
        "cancel",
        f"{shop}:SO1001/cancel",
        f"{channel}:{shop}:SO1001",
    )
    shops = RestChannel(channel, channels()[channel])
    assert await shops.interpret(document) == [CancelNews(channel, shop, "SO1001", "买错了")]
    await shops.close()


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"shop": "outlet", "reason": ""}, CANCEL_PATH),
        ({"shop": "main", "channel": "pos"}, CANCEL_PATH),
        ({"reason": ""}, CANCEL_PATH),
        (b"", CANCEL_PATH),
        ({"shop": "main"}, "/api/v1/orders/a%3Ab/cancel"),
        ({"shop": "main"}, "/api/v1/orders/%00/cancel"),
        ({"shop": "main"}, "/api/v1/orders"),
    ],
)
def test_cancellations_that_are_not_taken(door: RestDoor, body: Any, path: str) -> None:
    with pytest.raises(DocumentUnreadable) as caught:
        door.read_cancellation(signed_push(body, path=path), MAIN)
    assert door.refused(caught.value).status == 400


def test_too_many_orders_answer_413(door: RestDoor) -> None:
    with pytest.raises(TooManyOrders) as caught:
        door.read_orders(signed_push({"orders": [{}] * 501}), MAIN)
    assert door.refused(caught.value).status == 413


def test_why_a_request_is_refused_stays_with_us(door: RestDoor) -> None:
    for error in (PushRefused("rest", "internal reason"), DocumentUnreadable("rest", "internal reason")):
        assert b"internal" not in door.refused(error).body
