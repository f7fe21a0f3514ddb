"""What WeChat Pay tells us: verified by the library behind our two guards, opened, understood."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from connectors.errors import DocumentUnreadable, PushRefused, Unavailable
from connectors.ports import Document, Push, SalesChannel
from connectors.wechat import WechatChannel, WechatSettings
from connectors.wechat.inbound import Inbound
from connectors.wechat.merchant import Merchant
from connectors.wechat.payments import Payment, read_payment, read_refund
from connectors.wechat.signing import message_signature
from domain.news import PaymentNews, RefundNews
from domain.order import Channel
from domain.refund import Refund, RefundKind, RefundStatus
from tests.vectors import vector

from .conftest import (
    APPID,
    MCHID,
    MERCHANT_PEM,
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
    shop,
    signed,
    transaction,
)

NOTIFICATION = vector("wechatpay", "notification signature (verify with public key)")["inputs"]
HEADERS = {name.lower(): value for name, value in NOTIFICATION["headers"].items()}
RAW = NOTIFICATION["raw_body"].encode()
VECTOR_NOW = datetime.fromtimestamp(int(HEADERS["wechatpay-timestamp"]) + 2, UTC)
PAID_AT = datetime(2026, 3, 1, 2, 20, 30, tzinfo=UTC)

OTHER_APPID, OTHER_MCHID, OTHER_KEY = "wx0000000000000002", "1900000002", "another-key-of-thirty-two-bytes!"
OTHER_PLATFORM = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_PEM = OTHER_PLATFORM.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
OTHER_SERIAL = "PUB_KEY_ID_OTHER"


def inbound(wanted: WechatSettings) -> Inbound:
    return Inbound(wanted, [Merchant(appid, shop) for appid, shop in wanted.shops.items()])


def vector_push(body: bytes = RAW, **headers: str) -> Push:
    changed = {name.replace("_", "-"): value for name, value in headers.items()}
    return Push("POST", "/hooks/wechat", "", {}, HEADERS | changed, body, VECTOR_NOW)


VECTOR_SETTINGS = settings({APPID: shop(platform_keys={HEADERS["wechatpay-serial"]: NOTIFICATION["public_key_pem"]})})
VECTOR_INBOUND = inbound(VECTOR_SETTINGS)


def test_the_vectors_notification_is_a_payment() -> None:
    (document,) = VECTOR_INBOUND.documents(vector_push())
    assert read_payment(document, VECTOR_SETTINGS) == Payment(
        shop=APPID, out_trade_no=ORDER_NO, transaction_id=TRANSACTION, total_fen=25400, paid_at=PAID_AT
    )


@pytest.mark.parametrize(
    "push",
    [
        *(
            vector_push(RAW[:place] + bytes([RAW[place] ^ 1]) + RAW[place + 1 :])
            for place in (0, 1, len(RAW) // 2, len(RAW) - 1)
        ),
        vector_push(RAW[:-1]),
        vector_push(RAW + b"\n"),
        vector_push(wechatpay_nonce=HEADERS["wechatpay-nonce"] + "\n"),
        vector_push(wechatpay_timestamp=str(int(HEADERS["wechatpay-timestamp"]) + 1)),
    ],
)
def test_a_tampered_byte_fails(push: Push) -> None:
    with pytest.raises(PushRefused):
        VECTOR_INBOUND.documents(push)


def test_the_cipher_vector_opens_with_its_key_only() -> None:
    known = vector("wechatpay", "AES-256-GCM resource")
    given_ = known["inputs"]
    resource = {
        "algorithm": "AEAD_AES_256_GCM",
        "ciphertext": given_["ciphertext"],
        "associated_data": given_["associated_data"],
        "nonce": given_["nonce"],
    }

    def opened(key: str, **changes: str) -> Any:
        body = json.dumps({"resource_type": "encrypt-resource", "resource": resource | changes}).encode()
        push = signed(body)
        return Merchant(APPID, shop(apiv3_key=SecretStr(key))).open(push.headers, body.decode())

    found = opened(given_["apiv3_key"])
    assert found is not None
    assert found["resource"] == json.loads(known["expected"])
    assert opened("x" * 32) is None
    assert opened(given_["apiv3_key"], associated_data="") is None
    assert opened(given_["apiv3_key"], nonce=given_["nonce"][:-1] + "?") is None


def test_the_message_push_vector() -> None:
    known = vector("wechat-mp", "message push signature")
    assert message_signature(**known["inputs"]) == known["expected"]


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


@pytest.fixture
def no_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody may be called: with an unknown serial the library would ask for certificates, at a stranger's wish."""

    def called(*arguments: object, **options: object) -> None:
        raise AssertionError("a call went out")

    monkeypatch.setattr(requests.Session, "request", called)


@pytest.mark.usefixtures("no_calls")
@pytest.mark.parametrize(
    "push",
    [
        signed(notice(transaction()), wechatpay_signature="WECHATPAY/SIGNTEST/" + "A" * 300),
        signed(notice(transaction()), wechatpay_signature=""),
        signed(notice(transaction()), wechatpay_signature="签"),
        signed(notice(transaction()), wechatpay_nonce="another"),
        signed(notice(transaction()), wechatpay_nonce=""),
        signed(notice(transaction()), wechatpay_serial="PUB_KEY_ID_UNKNOWN"),
        signed(notice(transaction()), wechatpay_serial="5157F09EFDC096DE15EBE81A47057A7232F1B8E1"),
        signed(notice(transaction()), wechatpay_serial=""),
        signed(notice(transaction()), wechatpay_signature_type="WECHATPAY2-SM2-WITH-SM3"),
        signed(notice(transaction()), wechatpay_timestamp="now"),
        signed(notice(transaction()), wechatpay_timestamp="٣٣"),
        signed(notice(transaction()), age=301),
        signed(notice(transaction()), age=-301),
        signed(notice(transaction(), aad="refund")),
        signed(notice(transaction(), key=OTHER_KEY)),
        signed(notice(transaction()), signer=OTHER_PLATFORM),
        signed(b"\xff"),
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


def test_the_signature_type_may_go_without_saying(channel: WechatChannel) -> None:
    push = signed(notice(transaction()))
    headers = {name: value for name, value in push.headers.items() if name != "wechatpay-signature-type"}
    assert len(channel.unpack(Push("POST", push.path, "", {}, headers, push.body, NOW))) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"7",
        b"[" * 100_000,
        notice(transaction(), "COUPON.USE"),
        notice(transaction(), ""),
        notice(transaction(), event_type=7),
        notice(b"no json"),
        notice(b"[]"),
        notice(b"\xff"),
        notice({}),
        notice(b"[" * 100_000),
    ],
)
def test_a_genuine_notification_that_says_nothing_known(channel: WechatChannel, body: bytes) -> None:
    with pytest.raises(DocumentUnreadable):
        channel.unpack(signed(body))


@pytest.mark.parametrize("name", ["a\nb", "", None, "x" * 65, 7.5])
async def test_a_payment_without_a_usable_name_is_quarantined(channel: WechatChannel, name: Any) -> None:
    (document,) = channel.unpack(signed(notice(transaction(transaction_id=name))))
    assert document.document_id.startswith("payment:sha256-")
    with pytest.raises(DocumentUnreadable):
        await channel.interpret(document)


async def paid_news(channel: WechatChannel, **changes: Any) -> PaymentNews:
    (document,) = channel.unpack(signed(notice(transaction(**changes))))
    (news,) = await channel.interpret(document)
    assert isinstance(news, PaymentNews)
    return news


async def test_a_payment_is_news_of_its_order(channel: WechatChannel) -> None:
    assert await paid_news(channel) == PaymentNews(Channel.WECHAT, APPID, ORDER_NO, 25400, PAID_AT)


@pytest.mark.parametrize(
    "changes",
    [
        {"trade_state": "NOTPAY"},
        {"trade_state": "REFUND"},
        {"amount": {"total": "25400"}},
        {"amount": {"total": 254.0}},
        {"amount": {"total": -1}},
        {"amount": {"total": True}},
        {"amount": {"total": 25400, "currency": "USD"}},
        {"amount": None},
        {"success_time": "2026-03-01T10:20:30"},
        {"success_time": "0001-01-01 00:00:00"},
        {"success_time": None},
        {"out_trade_no": "a:b"},
        {"out_trade_no": "x" * 33},
        {"appid": "wx9"},
    ],
)
async def test_a_payment_that_is_not_understood_or_not_ours(channel: WechatChannel, changes: dict[str, Any]) -> None:
    with pytest.raises(DocumentUnreadable) as caught:
        await paid_news(channel, **changes)
    assert OPENID not in str(caught.value)


# ----------------------------------------------------------------------------------------- several mini-programs


def two_merchants() -> WechatSettings:
    """Two mini-programs, each with a merchant of its own."""
    other = shop(
        mchid=OTHER_MCHID,
        apiv3_key=SecretStr(OTHER_KEY),
        platform_keys={OTHER_SERIAL: OTHER_PEM},
        message_token=SecretStr("other-token"),
    )
    return settings({APPID: shop(), OTHER_APPID: other})


def read(wanted: WechatSettings, push: Push) -> Payment:
    (document,) = inbound(wanted).documents(push)
    return read_payment(document, wanted)


def test_a_notification_is_its_mini_programs() -> None:
    assert read(two_merchants(), signed(notice(transaction()))).shop == APPID
    theirs = notice(transaction(appid=OTHER_APPID, mchid=OTHER_MCHID), key=OTHER_KEY)
    assert read(two_merchants(), signed(theirs, signer=OTHER_PLATFORM, serial=OTHER_SERIAL)).shop == OTHER_APPID


@pytest.mark.parametrize("appid", [APPID, OTHER_APPID])
def test_mini_programs_of_one_merchant_are_told_apart_by_appid(appid: str) -> None:
    shared = settings({APPID: shop(), OTHER_APPID: shop()})
    assert read(shared, signed(notice(transaction(appid=appid)))).shop == appid


@pytest.mark.parametrize("appid", [APPID, OTHER_APPID])
def test_merchants_may_share_a_platform_key_and_not_a_secret(appid: str) -> None:
    shared = settings({APPID: shop(), OTHER_APPID: shop(mchid=OTHER_MCHID, apiv3_key=SecretStr(OTHER_KEY))})
    body = (
        notice(transaction())
        if appid == APPID
        else notice(transaction(appid=OTHER_APPID, mchid=OTHER_MCHID), key=OTHER_KEY)
    )
    assert read(shared, signed(body)).shop == appid


def test_one_merchant_cannot_speak_for_another() -> None:
    """Whoever holds one merchant's keys must not be able to mark the orders of another as paid."""
    wanted = two_merchants()
    for claim in ({"mchid": OTHER_MCHID, "appid": OTHER_APPID}, {"mchid": OTHER_MCHID}, {"mchid": None}):
        with pytest.raises(DocumentUnreadable, match="another merchant"):
            inbound(wanted).documents(signed(notice(transaction(**claim))))
    (document,) = inbound(wanted).documents(signed(notice(transaction(appid=OTHER_APPID))))
    with pytest.raises(DocumentUnreadable, match="another mini-program"):
        read_payment(document, wanted)


def test_two_keys_serve_while_one_is_being_changed() -> None:
    both = shop(platform_keys={OTHER_SERIAL: OTHER_PEM, SERIAL: PUBLIC_PEM})
    reader = inbound(settings({APPID: both}))
    old = reader.documents(signed(notice(transaction())))
    assert old == reader.documents(signed(notice(transaction(), id="EV-9"), signer=OTHER_PLATFORM, serial=OTHER_SERIAL))
    with pytest.raises(PushRefused):  # each serial goes with its own key
        reader.documents(signed(notice(transaction()), serial=OTHER_SERIAL))


# ------------------------------------------------------------------------------------------------------- refunds


async def refunded(channel: WechatChannel, event: str = "REFUND.SUCCESS", **changes: Any) -> Refund:
    (document,) = channel.unpack(signed(notice(refund(**changes), event)))
    assert (document.kind, document.document_id) == ("refund", f"refund:{refund()['refund_id']}")
    (news,) = await channel.interpret(document)
    assert isinstance(news, RefundNews)
    assert news.refund.version == document.version
    return news.refund


async def test_a_refund_of_the_whole_order(channel: WechatChannel) -> None:
    assert await refunded(channel) == Refund(
        channel=Channel.WECHAT,
        shop=APPID,
        channel_order_no=ORDER_NO,
        refund_id=refund()["refund_id"],
        version=3,
        status=RefundStatus.REFUNDED,
        kind=RefundKind.MONEY,
        amount_fen=25400,
        asked_at=datetime(2026, 3, 1, 4, 20, 30, tzinfo=UTC),
    )


async def test_a_refund_of_a_part(channel: WechatChannel) -> None:
    assert (await refunded(channel, amount={"total": 25400, "refund": 100})).amount_fen == 100


async def test_a_refund_that_does_not_get_through_stops_the_order_until_it_does(channel: WechatChannel) -> None:
    failed = await refunded(channel, "REFUND.ABNORMAL", refund_status="ABNORMAL", success_time=None)
    assert (failed.status, failed.asked_at) == (RefundStatus.REQUESTED, datetime(2026, 3, 1, 2, 20, 31, tzinfo=UTC))
    closed = await refunded(channel, "REFUND.CLOSED", refund_status="CLOSED", success_time=None)
    assert closed.status is RefundStatus.CLOSED
    done = await refunded(channel)
    assert failed.version < closed.version < done.version


async def test_a_refund_names_no_mini_program(orders: Orders) -> None:
    shared = WechatChannel(settings({OTHER_APPID: shop(), APPID: shop()}), orders)
    assert (await refunded(shared)).shop == APPID  # of the two, this one has the order
    orders.known.clear()
    with pytest.raises(Unavailable) as caught:
        await refunded(shared)
    assert caught.value.operator_text == "微信小程序不可用：the order of this refund is not known yet"
    orders.known[ORDER_NO] = order(shop=OTHER_APPID)
    assert (await refunded(shared)).shop == OTHER_APPID
    await shared.close()


@pytest.mark.parametrize(
    "changes",
    [
        {"refund_status": "PROCESSING"},
        {"refund_status": None},
        {"amount": {"total": 1}},
        {"amount": {"total": 25400, "refund": "100"}},
        {"out_trade_no": "a:b"},
        {"transaction_id": None},
    ],
)
async def test_a_refund_that_is_not_understood(channel: WechatChannel, changes: dict[str, Any]) -> None:
    with pytest.raises(DocumentUnreadable):
        await refunded(channel, **changes)


async def test_a_refund_without_any_moment(channel: WechatChannel) -> None:
    (document,) = channel.unpack(signed(notice(refund(success_time=None), "REFUND.SUCCESS", create_time=None)))
    with pytest.raises(DocumentUnreadable, match="moment"):
        await channel.interpret(document)


# ------------------------------------------------------------------------------------ the mini-programs' messages


def message(signature: str | None = None, token: str = TOKEN, **query: str) -> Push:
    values = {"timestamp": "1772331631", "nonce": "123456789"}
    values["signature"] = message_signature(token, **values) if signature is None else signature
    return Push("POST", "/hooks/wechat", "", values | query, {}, b"<xml/>", NOW)


def test_a_message_of_the_mini_program_is_acknowledged_in_its_words(channel: WechatChannel) -> None:
    assert channel.unpack(message()) == []
    assert channel.accepted(message()).body == b"success"


def test_each_mini_program_signs_with_its_own_token() -> None:
    reader = inbound(two_merchants())
    assert reader.documents(message()) == reader.documents(message(token="other-token")) == []
    with pytest.raises(PushRefused):
        reader.documents(message(token="third"))


@pytest.mark.parametrize("push", [message(""), message("0" * 40), message("签"), message(nonce="1")])
def test_a_message_that_is_not_signed(channel: WechatChannel, push: Push) -> None:
    with pytest.raises(PushRefused):
        channel.unpack(push)


def test_without_a_token_messages_are_refused() -> None:
    with pytest.raises(PushRefused):
        inbound(settings({APPID: shop(message_token=None)})).documents(message())


# ------------------------------------------------------------------------------------------------------ settings


def _ec_key() -> str:
    key = generate_private_key(SECP256R1()).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"apiv3_key": SecretStr("short")}, "32 bytes"),
        ({"platform_keys": {SERIAL: "no pem"}}, "no public key"),
        ({"platform_keys": {SERIAL: ""}}, "no RSA key"),
        ({"platform_keys": {SERIAL: _ec_key()}}, "no RSA key"),
        ({"platform_keys": {}}, "at least 1"),
        ({"mchid": "m1"}, "pattern"),
        ({"merchant_private_key": SecretStr("no pem")}, "no private key"),
        ({"merchant_private_key": None}, "belong together"),
        ({"merchant_serial": ""}, "belong together"),
    ],
)
def test_wrong_settings_are_found_at_the_start(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        shop(**changes)


def test_wrong_settings_do_not_quote_the_key() -> None:
    with pytest.raises(ValidationError) as caught:
        shop(merchant_private_key=SecretStr(MERCHANT_PEM[:-200]))
    assert MERCHANT_PEM[40:80] not in str(caught.value)


# ---------------------------------------------------------------------------------------------- whatever may come

_SETTINGS = settings()
_INBOUND = inbound(_SETTINGS)
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
    if isinstance(resource, dict):
        resource = resource | {"mchid": MCHID}
    try:
        (document,) = _INBOUND.documents(signed(notice(resource, event)))
    except DocumentUnreadable:
        return
    document.body.encode("ascii")
    document.document_id.encode("ascii")
    for understand in (read_payment, read_refund):
        with contextlib.suppress(DocumentUnreadable):
            understand(document, _SETTINGS)


@given(st.text())
def test_no_stored_text_raises_anything_else(body: str) -> None:
    for understand in (read_payment, read_refund):
        with pytest.raises(DocumentUnreadable):
            understand(Document("wechat", "order_hint", "x", 0, body), _SETTINGS)
