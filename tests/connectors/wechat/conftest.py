from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import respx
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from pydantic import SecretStr

from connectors.ports import Push, Window
from connectors.transport import Limits
from connectors.wechat import WechatChannel, WechatSettings, WechatShop
from domain.order import (
    Amounts,
    Channel,
    ChannelStatus,
    ClearReceiver,
    Customer,
    Order,
    OrderLine,
    Region,
)

BASE, PAY = "https://api.weixin.test", "https://api.mch.weixin.test"
APPID, MCHID, APIV3_KEY = "wx0000000000000001", "1900000001", "0123456789abcdef0123456789ABCDEF"
ORDER_NO, TRANSACTION, OPENID = "MP202603010001", "4200000000202603010000000001", "oTest0000000000000000000001"
SERIAL, TOKEN = "PUB_KEY_ID_TEST", "testtoken"
NOW = datetime(2026, 3, 1, 2, 20, 31, tzinfo=UTC)
NUMBER = "SF1000000000001"

PLATFORM = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PUBLIC_PEM = PLATFORM.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
MERCHANT = rsa.generate_private_key(public_exponent=65537, key_size=2048)
MERCHANT_PEM = MERCHANT.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
MERCHANT_SERIAL = "4A2B000000000000000000000000000000000001"


def shop(**changes: Any) -> WechatShop:
    values: dict[str, Any] = {
        "app_secret": SecretStr("app-secret"),
        "mchid": MCHID,
        "apiv3_key": SecretStr(APIV3_KEY),
        "platform_keys": {SERIAL: PUBLIC_PEM},
        "message_token": SecretStr(TOKEN),
        "merchant_serial": MERCHANT_SERIAL,
        "merchant_private_key": SecretStr(MERCHANT_PEM),
    }
    return WechatShop(**(values | changes))


def settings(shops: dict[str, WechatShop] | None = None, **changes: Any) -> WechatSettings:
    values: dict[str, Any] = {
        "shops": {APPID: shop()} if shops is None else shops,
        "base_url": BASE,
        "pay_url": PAY,
        "limits": Limits(timeout_s=1, concurrency=10, per_second=500, breaker_failures=3, breaker_open_s=60),
    }
    return WechatSettings(**(values | changes))


class Orders:
    """The mini-programs' own orders, as their backends sent them."""

    def __init__(self) -> None:
        self.known: dict[str, Order] = {}
        self.asked: list[tuple[list[Window], str, int]] = []

    async def find(self, shop: str, out_trade_no: str) -> Order | None:
        found = self.known.get(out_trade_no)
        return found if found is not None and found.shop == shop else None

    async def unpaid(self, shop: str, placed: Sequence[Window], after: str, limit: int) -> Sequence[str]:
        self.asked.append((list(placed), after, limit))
        return [
            number
            for number, known in sorted(self.known.items())
            if known.shop == shop and known.paid_at is None and number > after
        ][:limit]


def order(**changes: Any) -> Order:
    values: dict[str, Any] = {
        "channel": Channel.WECHAT,
        "shop": APPID,
        "channel_order_no": ORDER_NO,
        "version": 3,
        "status": ChannelStatus.UNPAID,
        "placed_at": datetime(2026, 3, 1, 2, 20, tzinfo=UTC),
        "lines": (
            OrderLine(line_no="1", sku="CUP", title="猫粮1.5kg", quantity=2, unit_price_fen=12700, amount_fen=25400),
        ),
        "amounts": Amounts(goods_fen=25400, paid_fen=25400),
        "receiver": ClearReceiver(
            name="测试",
            phone="13800005678",
            region=Region(province="浙江省", city="杭州市", district="余杭区"),
            detail="示例路1号",
        ),
        "customer": Customer(external_id="C1"),
    }
    return Order(**(values | changes))


@pytest.fixture
def orders() -> Orders:
    found = Orders()
    found.known[ORDER_NO] = order()
    return found


@pytest.fixture
async def channel(orders: Orders) -> AsyncIterator[WechatChannel]:
    built = WechatChannel(settings(), orders)
    yield built
    await built.close()


def transaction(**changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "appid": APPID,
        "mchid": MCHID,
        "out_trade_no": ORDER_NO,
        "transaction_id": TRANSACTION,
        "trade_type": "JSAPI",
        "trade_state": "SUCCESS",
        "success_time": "2026-03-01T10:20:30+08:00",
        "payer": {"openid": OPENID},
        "amount": {"total": 25400, "payer_total": 25400, "currency": "CNY", "payer_currency": "CNY"},
    }
    return values | changes


def refund(**changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "mchid": MCHID,
        "out_trade_no": ORDER_NO,
        "transaction_id": TRANSACTION,
        "out_refund_no": "R1",
        "refund_id": "50000000382019052709732678859",
        "refund_status": "SUCCESS",
        "success_time": "2026-03-01T12:20:30+08:00",
        "amount": {"total": 25400, "refund": 25400, "payer_total": 25400, "payer_refund": 25400},
    }
    return values | changes


def notice(
    opened: Any, event: str = "TRANSACTION.SUCCESS", *, key: str = APIV3_KEY, aad: str = "transaction", **changes: Any
) -> bytes:
    """The body of a notification."""
    plain = opened if isinstance(opened, bytes) else json.dumps(opened, ensure_ascii=False).encode()
    sealed = AESGCM(key.encode()).encrypt(b"fdasflkja484", plain, b"transaction")
    body = {
        "id": "EV-1",
        "create_time": "2026-03-01T10:20:31+08:00",
        "resource_type": "encrypt-resource",
        "event_type": event,
        "summary": "支付成功",
        "resource": {
            "original_type": "transaction",
            "algorithm": "AEAD_AES_256_GCM",
            "ciphertext": base64.b64encode(sealed).decode(),
            "associated_data": aad,
            "nonce": "fdasflkja484",
        },
    }
    return json.dumps(body | changes, ensure_ascii=False).encode()


def signature_headers(
    body: bytes, timestamp: int, *, key: rsa.RSAPrivateKey = PLATFORM, serial: str = SERIAL
) -> dict[str, str]:
    """What WeChat Pay signs its notifications and its answers with."""
    nonce = "5K8264ILTKCH16CQ2502SI8ZNMTM67VS"
    signature = key.sign(f"{timestamp}\n{nonce}\n".encode() + body + b"\n", PKCS1v15(), SHA256())
    return {
        "wechatpay-timestamp": str(timestamp),
        "wechatpay-nonce": nonce,
        "wechatpay-serial": serial,
        "wechatpay-signature-type": "WECHATPAY2-SHA256-RSA2048",
        "wechatpay-signature": base64.b64encode(signature).decode(),
    }


def signed(
    body: bytes, *, age: int = 0, signer: rsa.RSAPrivateKey = PLATFORM, serial: str = SERIAL, **headers: str
) -> Push:
    """A push as WeChat Pay signs it, `age` seconds ago."""
    values = signature_headers(body, int(NOW.timestamp()) - age, key=signer, serial=serial)
    changed = {name.replace("_", "-"): value for name, value in headers.items()}
    return Push("POST", "/hooks/wechat", "", {}, values | changed, body, NOW)


def route(operation: str) -> respx.Route:
    return respx.post(f"{BASE}/wxa/sec/order/{operation}")


def token_route() -> respx.Route:
    answer = httpx.Response(200, json={"access_token": "t1", "expires_in": 7200})
    return respx.post(f"{BASE}/cgi-bin/stable_token").mock(return_value=answer)


def ok(**values: Any) -> httpx.Response:
    return httpx.Response(200, json={"errcode": 0, "errmsg": "ok", **values})


def error(code: int, words: str = "failed") -> httpx.Response:
    return httpx.Response(200, json={"errcode": code, "errmsg": words})


def known(*numbers: str, **changes: Any) -> httpx.Response:
    """An answer of get_order."""
    parcels = [{"tracking_no": number, "express_company": "SF"} for number in numbers]
    values = {
        "merchant_trade_no": ORDER_NO,
        "openid": OPENID,
        "order_state": 2 if numbers else 1,
        "shipping": {"delivery_mode": 1, "shipping_list": parcels},
    }
    return ok(order=values | changes)
