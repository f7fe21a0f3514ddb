from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from connectors.errors import DocumentUnreadable, PushRefused, Unavailable
from connectors.ports import Document, Push, SalesChannel
from connectors.wechat import Payment, WechatChannel
from connectors.wechat.inbound import Inbound
from connectors.wechat.payments import read_payment, read_refund
from connectors.wechat.signing import message_signature, notification_is_signed, open_resource
from domain.news import CancelNews, OrderNews
from domain.order import Amounts, Channel, ChannelStatus
from tests.vectors import vector

from .conftest import (
    APPID,
    NOW,
    OPENID,
    ORDER_NO,
    PUBLIC_PEM,
    SERIAL,
    TOKEN,
    TRANSACTION,
    Orders,
    notice,
    order,
    refund,
    settings,
    signed,
    transaction,
)

NOTIFICATION = vector("wechatpay", "notification signature (verify with public key)")["inputs"]
HEADERS = {name.lower(): value for name, value in NOTIFICATION["headers"].items()}
RAW = NOTIFICATION["raw_body"].encode()
VECTOR_NOW = datetime.fromtimestamp(int(HEADERS["wechatpay-timestamp"]) + 2, UTC)


def vector_push(body: bytes = RAW, **headers: str) -> Push:
    changed = {name.replace("_", "-"): value for name, value in headers.items()}
    return Push("POST", "/hooks/wechat", "", {}, HEADERS | changed, body, VECTOR_NOW)


def vector_channel() -> WechatChannel:
    return WechatChannel(settings(platform_keys={HEADERS["wechatpay-serial"]: NOTIFICATION["public_key_pem"]}))


def vector_signed(body: bytes = RAW, **changes: str) -> bool:
    key = load_pem_public_key(NOTIFICATION["public_key_pem"].encode())
    assert isinstance(key, RSAPublicKey)
    values = {
        "timestamp": HEADERS["wechatpay-timestamp"],
        "nonce": HEADERS["wechatpay-nonce"],
        "signature": HEADERS["wechatpay-signature"],
    } | changes
    return notification_is_signed(key, values["timestamp"], values["nonce"], body, values["signature"])


def test_the_signature_vector() -> None:
    assert vector_signed()


@pytest.mark.parametrize("place", [0, 1, len(RAW) // 2, len(RAW) - 1])
def test_a_tampered_byte_fails(place: int) -> None:
    assert not vector_signed(RAW[:place] + bytes([RAW[place] ^ 1]) + RAW[place + 1 :])


def test_a_missing_or_another_line_end_fails() -> None:
    assert not vector_signed(RAW[:-1])
    assert not vector_signed(RAW + b"\n")
    assert not vector_signed(nonce=HEADERS["wechatpay-nonce"] + "\n")


def test_the_cipher_vector() -> None:
    known = vector("wechatpay", "AES-256-GCM resource")
    given_ = known["inputs"]
    plain = open_resource(given_["apiv3_key"], given_["nonce"], given_["associated_data"], given_["ciphertext"])
    assert plain.decode() == known["expected"]
    for changes in ({"associated_data": ""}, {"nonce": "fdasflkja485"}, {"ciphertext": "AAAA"}, {"ciphertext": "é"}):
        wrong = given_ | changes
        with pytest.raises(ValueError, match=r"APIv3|contain only ASCII"):
            open_resource(wrong["apiv3_key"], wrong["nonce"], wrong["associated_data"], wrong["ciphertext"])


def test_the_message_push_vector() -> None:
    known = vector("wechat-mp", "message push signature")
    assert message_signature(**known["inputs"]) == known["expected"]


async def test_the_vectors_notification_is_a_payment() -> None:
    channel = vector_channel()
    (document,) = channel.unpack(vector_push())
    assert channel.payment(document) == Payment(
        out_trade_no=ORDER_NO,
        transaction_id=TRANSACTION,
        openid=OPENID,
        total_fen=25400,
        paid_at=datetime(2026, 3, 1, 2, 20, 30, tzinfo=UTC),
    )
    await channel.close()


def test_is_a_sales_channel(channel: WechatChannel) -> None:
    port: SalesChannel = channel
    assert (port.source, port.channel) == ("wechat", Channel.WECHAT)


def test_a_payment_is_named_by_its_transaction(channel: WechatChannel) -> None:
    (document,) = channel.unpack(signed(notice(transaction())))
    (again,) = channel.unpack(signed(notice(transaction(), id="EV-2"), age=9))
    assert document == again
    assert (document.kind, document.document_id) == ("order_hint", f"payment:{TRANSACTION}")
    reply = channel.accepted(signed(b""))
    assert (reply.status, json.loads(reply.body)["code"]) == (200, "SUCCESS")


@pytest.mark.parametrize(
    "push",
    [
        signed(notice(transaction()), wechatpay_signature="WECHATPAY/SIGNTEST/" + "A" * 300),
        signed(notice(transaction()), wechatpay_signature=""),
        signed(notice(transaction()), wechatpay_signature="签"),
        signed(notice(transaction()), wechatpay_nonce="another"),
        signed(notice(transaction()), wechatpay_serial="PUB_KEY_ID_UNKNOWN"),
        signed(notice(transaction()), wechatpay_signature_type="WECHATPAY2-SM2-WITH-SM3"),
        signed(notice(transaction()), wechatpay_timestamp="now"),
        signed(notice(transaction()), age=301),
        signed(notice(transaction()), age=-301),
        signed(notice(transaction(), aad="refund")),
        signed(notice(transaction(), key="another-key-of-thirty-two-bytes!")),
        Push("POST", "/hooks/wechat", "", {}, {}, b"{}", NOW),
    ],
)
def test_what_is_not_genuine_is_refused_with_a_status_that_says_so(channel: WechatChannel, push: Push) -> None:
    with pytest.raises(PushRefused):
        channel.unpack(push)
    reply = channel.refused(push, "internal reason")
    assert reply.status == 401
    assert json.loads(reply.body) == {"code": "FAIL", "message": "失败"}


@pytest.mark.parametrize("age", [300, -300])
def test_five_minutes_are_allowed(channel: WechatChannel, age: int) -> None:
    assert len(channel.unpack(signed(notice(transaction()), age=age))) == 1


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b"\xff", b"[" * 100_000, notice({}, "COUPON.USE"), notice({}, resource={}), notice({}, "")],
)
def test_a_genuine_notification_that_says_nothing_known(channel: WechatChannel, body: bytes) -> None:
    with pytest.raises(DocumentUnreadable):
        channel.unpack(signed(body))


@pytest.mark.parametrize("plain", [b"no json", b"[]", b"{}", b"\xff", {"transaction_id": "a\nb"}])
async def test_a_resource_of_another_shape_is_quarantined(channel: WechatChannel, plain: Any) -> None:
    (document,) = channel.unpack(signed(notice(plain)))
    assert document.document_id.startswith("payment:sha256-")
    with pytest.raises(DocumentUnreadable):
        await channel.interpret(document)


async def paid_news(channel: WechatChannel, **changes: Any) -> OrderNews:
    (document,) = channel.unpack(signed(notice(transaction(**changes))))
    (news,) = await channel.interpret(document)
    assert isinstance(news, OrderNews)
    return news


async def test_a_payment_marks_the_order_paid(channel: WechatChannel, orders: Orders) -> None:
    found = (await paid_news(channel)).order
    assert found.paid
    assert found == order(status=ChannelStatus.PAID, paid_at=datetime(2026, 3, 1, 2, 20, 30, tzinfo=UTC))
    orders.known[ORDER_NO] = found
    assert (await paid_news(channel)).order == found  # WeChat likes to say it twice


@pytest.mark.parametrize("status", [ChannelStatus.CANCELLED, ChannelStatus.SHIPPED, ChannelStatus.FINISHED])
async def test_a_payment_takes_no_order_back(channel: WechatChannel, orders: Orders, status: ChannelStatus) -> None:
    orders.known[ORDER_NO] = order(status=status)
    assert (await paid_news(channel)).order.status is status


async def test_the_payment_of_an_unknown_order_waits(channel: WechatChannel, orders: Orders) -> None:
    orders.known.clear()
    with pytest.raises(Unavailable) as caught:
        await paid_news(channel)
    assert caught.value.operator_text == "微信小程序不可用：the order of this payment is not known yet"
    orders.known[ORDER_NO] = order()
    assert (await paid_news(channel)).order.paid


async def test_without_a_lookup_every_payment_waits() -> None:
    channel = WechatChannel(settings())
    with pytest.raises(Unavailable):
        await paid_news(channel)
    await channel.close()


@pytest.mark.parametrize("fen", [25399, 25401, 0])
async def test_another_amount_is_for_a_person(channel: WechatChannel, fen: int) -> None:
    with pytest.raises(DocumentUnreadable, match=f"{fen} fen were paid for an order of 25400 fen"):
        await paid_news(channel, amount={"total": fen, "currency": "CNY"})


@pytest.mark.parametrize(
    "changes",
    [
        {"trade_state": "NOTPAY"},
        {"amount": {"total": "25400"}},
        {"amount": {"total": 254.0}},
        {"amount": {"total": 25400, "currency": "USD"}},
        {"success_time": "2026-03-01T10:20:30"},
        {"success_time": None},
        {"payer": {}},
        {"out_trade_no": "a:b"},
        {"appid": "wx9"},
        {"mchid": "1"},
    ],
)
async def test_a_payment_that_is_not_understood_or_not_ours(channel: WechatChannel, changes: dict[str, Any]) -> None:
    with pytest.raises(DocumentUnreadable) as caught:
        await paid_news(channel, **changes)
    assert OPENID not in str(caught.value)


async def refunded(channel: WechatChannel, **changes: Any) -> list[Any]:
    (document,) = channel.unpack(signed(notice(refund(**changes), "REFUND.SUCCESS")))
    assert document.document_id == f"refund:{refund()['refund_id']}"
    return list(await channel.interpret(document))


async def test_a_whole_refund_cancels(channel: WechatChannel, orders: Orders) -> None:
    assert await refunded(channel) == [CancelNews(Channel.WECHAT, APPID, ORDER_NO, "refunded")]
    orders.known.clear()
    with pytest.raises(Unavailable):
        await refunded(channel)


async def test_a_part_refunded_changes_nothing(channel: WechatChannel) -> None:
    assert await refunded(channel, amount={"total": 25400, "refund": 100}) == []


async def test_a_refund_that_is_not_understood(channel: WechatChannel) -> None:
    with pytest.raises(DocumentUnreadable, match=r"amount\.refund"):
        await refunded(channel, amount={"total": 1})


@pytest.mark.parametrize("event", ["REFUND.ABNORMAL", "REFUND.CLOSED"])
def test_a_refund_that_failed_changes_nothing(channel: WechatChannel, event: str) -> None:
    assert channel.unpack(signed(notice(refund(refund_status="ABNORMAL"), event))) == []


def message(signature: str | None = None, **query: str) -> Push:
    values = {"timestamp": "1772331631", "nonce": "123456789"}
    values["signature"] = message_signature(TOKEN, **values) if signature is None else signature
    return Push("POST", "/hooks/wechat", "", values | query, {}, b"<xml/>", NOW)


def test_a_message_of_the_mini_program_is_acknowledged_in_its_words(channel: WechatChannel) -> None:
    assert channel.unpack(message()) == []
    assert channel.accepted(message()).body == b"success"


@pytest.mark.parametrize("push", [message(""), message("0" * 40), message("签"), message(nonce="1")])
def test_a_message_that_is_not_signed(channel: WechatChannel, push: Push) -> None:
    with pytest.raises(PushRefused):
        channel.unpack(push)


def test_without_a_token_messages_are_refused() -> None:
    with pytest.raises(PushRefused):
        Inbound(settings(message_token=None)).documents(message())


def _ec_key() -> str:
    key = generate_private_key(SECP256R1()).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"apiv3_key": SecretStr("short")}, "32 bytes"),
        ({"platform_keys": {SERIAL: "no pem"}}, "no public key"),
        ({"platform_keys": {SERIAL: _ec_key()}}, "no RSA key"),
        ({"platform_keys": {}}, "at least 1"),
    ],
)
def test_wrong_settings_are_found_at_the_start(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        settings(**changes)


def test_two_keys_serve_while_one_is_being_changed() -> None:
    both = settings(platform_keys={SERIAL: PUBLIC_PEM, HEADERS["wechatpay-serial"]: NOTIFICATION["public_key_pem"]})
    assert Inbound(both).documents(signed(notice(transaction()))) == Inbound(both).documents(
        signed(notice(transaction(), id="EV-9"))
    )
    assert len(Inbound(both).documents(vector_push())) == 1


_INBOUND = Inbound(settings())
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*transaction(), *refund(), "total", "refund", "event_type", "resource", "nonce"])
            | st.text(max_size=3),
            inner,
        )
    ),
    max_leaves=10,
)


@given(st.binary() | _VALUES.map(lambda value: json.dumps(value).encode()))
def test_no_body_raises_anything_else(body: bytes) -> None:
    with contextlib.suppress(PushRefused, DocumentUnreadable):
        _INBOUND.documents(signed(body))


@given(
    _VALUES | _VALUES.map(lambda value: transaction(amount=value)) | _VALUES.map(lambda value: refund(amount=value)),
    st.sampled_from(["TRANSACTION.SUCCESS", "REFUND.SUCCESS"]),
)
def test_no_resource_raises_anything_else(resource: Any, event: str) -> None:
    (document,) = _INBOUND.documents(signed(notice(resource, event)))
    document.body.encode("ascii")
    document.document_id.encode("ascii")
    for read in (read_payment, read_refund):
        with contextlib.suppress(DocumentUnreadable):
            read(document, settings())


@given(st.text())
def test_no_stored_text_raises_anything_else(body: str) -> None:
    for read in (read_payment, read_refund):
        with pytest.raises(DocumentUnreadable):
            read(Document("wechat", "order_hint", "x", 0, body), settings())


async def test_amounts_are_compared_with_what_is_due(channel: WechatChannel, orders: Orders) -> None:
    amounts = Amounts(goods_fen=25400, freight_fen=1000, discount_fen=1000, paid_fen=25400)
    orders.known[ORDER_NO] = order(amounts=amounts)
    assert (await paid_news(channel)).order.amounts == amounts
