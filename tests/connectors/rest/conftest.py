from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr

from connectors.ports import Push
from connectors.rest import Caller, OwnSettings, RestChannel, RestDoor, RestSettings, ShopAccount
from connectors.rest.signing import sign
from connectors.transport import Limits
from domain.order import Channel
from domain.shipping import Carrier, Shipment

NOW = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
SECRETS = {"main": "main-secret", "outlet": "outlet-secret", "till": "till-secret", "wx1": "wx-secret"}
API_KEY = "api-key-of-b2b-0123456789"
MAIN = Caller(Channel.OWN, "main")
LIMITS = Limits(timeout_s=0.5, concurrency=5, per_second=100, breaker_failures=100, breaker_open_s=1)

MakePush = Callable[..., Push]


def settings() -> OwnSettings:
    return OwnSettings(
        shops={
            "main": ShopAccount(
                key_id="key-main", secret=SecretStr(SECRETS["main"]), base_url="https://main.shop.test/app"
            ),
            "outlet": ShopAccount(
                key_id="key-outlet", secret=SecretStr(SECRETS["outlet"]), base_url="https://outlet.shop.test"
            ),
        },
        limits=LIMITS,
    )


def channels() -> dict[Channel, RestSettings]:
    """Shops of every channel: `till` (pos) and `wx1` (wechat) sign, `direct` (b2b) has an API key, `files` has none."""
    till = ShopAccount(key_id="key-till", secret=SecretStr(SECRETS["till"]))
    direct = ShopAccount(api_key=SecretStr(API_KEY))
    backend = ShopAccount(key_id="key-wx1", secret=SecretStr(SECRETS["wx1"]))
    return {
        Channel.OWN: settings(),
        Channel.POS: RestSettings(shops={"till": till}, limits=LIMITS),
        Channel.B2B: RestSettings(shops={"direct": direct, "files": ShopAccount()}, limits=LIMITS),
        Channel.WECHAT: RestSettings(shops={"wx1": backend}, limits=LIMITS),
    }


@pytest.fixture
async def shop() -> AsyncIterator[RestChannel]:
    own = RestChannel(Channel.OWN, settings())
    yield own
    await own.close()


@pytest.fixture
def door() -> RestDoor:
    return RestDoor(channels())


def signed_push(
    body: Any,
    *,
    shop: str = "main",
    path: str = "/api/v1/orders",
    headers: dict[str, str] | None = None,
    seconds: int | None = None,
    nonce: str = "0123456789abcdef",
) -> Push:
    """A push as the shop would sign it; `body` is bytes, or something to write as JSON."""
    raw = raw_body(body)
    timestamp = str(int(NOW.timestamp()) if seconds is None else seconds)
    signature = sign(SECRETS[shop], "POST", path, timestamp, nonce, raw)
    proof = {
        "x-orderhub-key": f"key-{shop}",
        "x-orderhub-timestamp": timestamp,
        "x-orderhub-nonce": nonce,
        "x-orderhub-signature": signature,
    }
    return _push(path, proof | (headers or {}), raw)


def keyed_push(
    body: Any, *, key: str = API_KEY, path: str = "/api/v1/orders", headers: dict[str, str] | None = None
) -> Push:
    """A push with an API key."""
    return _push(path, {"authorization": f"Bearer {key}"} | (headers or {}), raw_body(body))


def raw_body(body: Any) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()


def _push(path: str, headers: dict[str, str], body: bytes) -> Push:
    return Push(method="POST", path=path, path_secret="", query={}, headers=headers, body=body, received_at=NOW)


def order_json(**changes: Any) -> dict[str, Any]:
    """The order of docs/rest-api.md."""
    order: dict[str, Any] = {
        "shop": "main",
        "order_no": "SO1001",
        "version": 1,
        "status": "paid",
        "placed_at": "2026-03-01T10:20:00+08:00",
        "paid_at": "2026-03-01T10:20:30+08:00",
        "lines": [
            {
                "line_no": "1",
                "sku": "MUG-01",
                "title": "马克杯",
                "quantity": 2,
                "unit_price_fen": 4950,
                "amount_fen": 9000,
                "gift_of": None,
                "warranty_months": 12,
            }
        ],
        "amounts": {"goods_fen": 9900, "freight_fen": 1000, "discount_fen": 900, "paid_fen": 10000},
        "receiver": {
            "name": "测试",
            "phone": "13800000000",
            "province": "浙江省",
            "city": "杭州市",
            "district": "余杭区",
            "town": "",
            "detail": "示例路1号",
        },
        "customer": {"id": "C1", "name": "", "tax_no": "", "terms": "PREPAID"},
        "buyer_note": "",
        "seller_note": "",
        "requirements": ["COLD_CHAIN"],
    }
    return order | changes


def refund_json(**changes: Any) -> dict[str, Any]:
    """The refund of docs/rest-api.md."""
    refund: dict[str, Any] = {
        "channel": "own",
        "shop": "main",
        "order_no": "SO1001",
        "refund_id": "RF1",
        "version": 1,
        "status": "requested",
        "kind": "money",
        "amount_fen": 4500,
        "lines": [{"line_no": "1", "quantity": 1}],
        "asked_at": "2026-03-01T11:00:00+08:00",
    }
    return refund | changes


def shipment(**changes: Any) -> Shipment:
    values: dict[str, Any] = {
        "parcel_id": "own:main:SO1001#1",
        "channel_order_no": "SO1001",
        "shop": "main",
        "carrier": Carrier.SF,
        "number": "SF1000000000001",
        "line_nos": ("1",),
        "whole_order": True,
    }
    return Shipment(**(values | changes))
