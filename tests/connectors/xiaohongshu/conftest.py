from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import respx
from pydantic import SecretStr

from connectors.ports import Push
from connectors.transport import Limits
from connectors.xiaohongshu import (
    CourierTerms,
    Sender,
    XiaohongshuApi,
    XiaohongshuChannel,
    XiaohongshuSettings,
    XiaohongshuWaybills,
)
from connectors.xiaohongshu.signing import push_sign
from domain.order import Channel
from domain.shipping import Carrier
from tests.connectors.memory_tokens import MemoryTokens, token

BASE = "https://ark.xhs.test"
APP_ID, APP_SECRET = "app-1", "made-up-secret"
SHOP, OTHER_SHOP, ORDER_NO = "5f00000000000000000000a1", "5f00000000000000000000a2", "P700000000000000001"
# 2026-03-01 10:24:20 in Beijing, in milliseconds
PAID_AT = 1772331860000


def settings(**changes: Any) -> XiaohongshuSettings:
    values: dict[str, Any] = {
        "app_id": APP_ID,
        "app_secret": SecretStr(APP_SECRET),
        "shops": [SHOP],
        "seller_name": "示例店",
        "sender": Sender(
            name="示例仓", mobile="13800000000", province="浙江省", city="杭州市", district="余杭区", detail="示例路1号"
        ),
        "couriers": {
            Carrier.SF: CourierTerms(code="shunfeng", template_id=11, customer_code="5710000000"),
            Carrier.ZTO: CourierTerms(code="zto"),
        },
        "base_url": BASE,
        "limits": Limits(timeout_s=1, concurrency=10, per_second=500, breaker_failures=100, breaker_open_s=1),
        "token_wait_s": 0.3,
    }
    return XiaohongshuSettings(**(values | changes))


@pytest.fixture
def tokens() -> MemoryTokens:
    store = MemoryTokens(Channel.XIAOHONGSHU)
    for shop in (SHOP, OTHER_SHOP):
        store.tokens[shop] = token(f"access-{shop}")
    return store


@pytest.fixture
async def api(tokens: MemoryTokens) -> AsyncIterator[XiaohongshuApi]:
    built = XiaohongshuApi(settings(), tokens)
    yield built
    await built.close()


@pytest.fixture
async def two_shops(tokens: MemoryTokens) -> AsyncIterator[XiaohongshuApi]:
    built = XiaohongshuApi(settings(shops=[SHOP, OTHER_SHOP]), tokens)
    yield built
    await built.close()


@pytest.fixture
def channel(api: XiaohongshuApi) -> XiaohongshuChannel:
    return XiaohongshuChannel(api)


@pytest.fixture
def waybills(api: XiaohongshuApi) -> XiaohongshuWaybills:
    return XiaohongshuWaybills(api)


def route(method: str) -> respx.Route:
    """Calls of one method: all methods share one address."""
    return respx.post(f"{BASE}/ark/open_api/v3/common_controller", json__method=method)


def ok(data: Any = None) -> httpx.Response:
    return httpx.Response(200, json={"error_code": 0, "error_msg": "", "success": True, "data": data})


def error(code: int, words: str = "") -> httpx.Response:
    return httpx.Response(200, json={"error_code": code, "error_msg": words, "success": False})


def sent(call: Any) -> dict[str, Any]:
    """The body of a recorded call."""
    body: dict[str, Any] = json.loads(call.request.content)
    return body


def business(call: Any) -> dict[str, Any]:
    """The body of a recorded call without the system fields."""
    system = {"appId", "timestamp", "version", "method", "sign", "accessToken"}
    return {name: value for name, value in sent(call).items() if name not in system}


def signed_push(body: Any, headers: dict[str, str] | None = None, query: dict[str, str] | None = None) -> Push:
    raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    own = {"app-key": APP_ID, "timestamp": "1772331870"}
    sign = push_sign("/hooks/xiaohongshu", query or {}, own, APP_SECRET)
    return Push(
        method="POST",
        path="/hooks/xiaohongshu",
        path_secret="",
        query=query or {},
        headers=own | {"sign": sign} | (headers or {}),
        body=raw,
        received_at=datetime(2026, 3, 1, 2, 25, tzinfo=UTC),
    )


def message(tag: str = "msg_fulfillment_status_change", **data: Any) -> dict[str, Any]:
    return {"msgTag": tag, "sellerId": SHOP, "data": json.dumps({"orderId": ORDER_NO} | data)}


def sku(sku_id: str = "65a000000000000000000001", **changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "skuId": sku_id,
        "skuName": "马克杯",
        "erpcode": "MUG-01",
        "skuSpec": "白色",
        "skuQuantity": 2,
        "totalPaidAmount": 9000,
        "totalMerchantDiscount": 500,
        "totalRedDiscount": 400,
        "skuTag": 0,
        "skuDetailList": [{"skuId": sku_id, "erpCode": "MUG-01-A", "barcode": "690000000001", "quantity": 2}],
    }
    return values | changes


def order_detail(**changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "orderId": ORDER_NO,
        "orderType": 1,
        "orderStatus": 4,
        "orderAfterSalesStatus": 1,
        "cancelStatus": 0,
        "createdTime": PAID_AT - 30_000,
        "paidTime": PAID_AT,
        "updateTime": PAID_AT + 5_123,
        "deliveryTime": 0,
        "userId": "user-1",
        "totalPayAmount": 10000,
        "totalShippingFree": 1000,
        "totalMerchantDiscount": 500,
        "totalRedDiscount": 400,
        "openAddressId": "0123456789abcdef0123456789abcdef",
        "receiverName": None,
        "receiverPhone": None,
        "receiverAddress": None,
        "receiverProvinceName": "浙江省",
        "receiverCityName": "杭州市",
        "receiverDistrictName": "余杭区",
        "customerRemark": "请走冷链",
        "sellerRemark": "易碎品",
        "expressTrackingNo": "",
        "skuList": [sku()],
        "simpleDeliveryOrderList": [],
    }
    return values | changes


def detail_answer(**changes: Any) -> httpx.Response:
    return ok(order_detail(**changes))


def inner(data: Any) -> httpx.Response:
    """An answer of the after-sale family: an envelope in the envelope."""
    return ok({"code": 0, "msg": "", "success": True, "data": data})


def inner_error(code: int, words: str = "") -> httpx.Response:
    return ok({"code": code, "msg": words, "success": False, "data": None})


def after_sale(**changes: Any) -> dict[str, Any]:
    """`afterSaleInfo`: the buyer wants both mugs' money back before they leave."""
    values: dict[str, Any] = {
        "returnsId": "R700000000000000001",
        "returnType": 5,
        "status": 1,
        "orderId": ORDER_NO,
        "userId": "user-1",
        "applyTime": PAID_AT + 60_000,
        "updatedAt": PAID_AT + 61_234,
        "expireTime": -1,
        "desc": "不想要了",
        "expectedRefundAmountYuan": 90.0,
        "refundAmountYuan": 0,
        "refundStatus": 0,
        "cargoStatus": 0,
        "skus": [
            {
                "skuId": "65a000000000000000000001",
                "skuERPCode": "MUG-01",
                "boughtCount": 2,
                "appliedCount": 2,
                "appliedTotalAmountYuan": 90.0,
            }
        ],
        "exchangeSKUs": [],
    }
    return values | changes


def after_sale_answer(**changes: Any) -> httpx.Response:
    return inner({"afterSaleInfo": after_sale(**changes), "logisticsInfo": {"afterSale": {"expressNo": ""}}})
