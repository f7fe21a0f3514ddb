from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
import respx
from pydantic import SecretStr

from connectors.pdd import CourierTerms, PddApi, PddChannel, PddSettings, PddWaybills, Sender
from connectors.transport import Limits
from domain.order import Channel
from domain.shipping import Carrier
from tests.connectors.memory_tokens import MemoryTokens, token

BASE = "https://gw.pdd.test"
CLIENT_ID, CLIENT_SECRET = "client-1", "made-up-secret"
SHOP, OTHER_SHOP, ORDER_SN = "100001", "100002", "260301-100000000000001"


def settings(**changes: Any) -> PddSettings:
    values: dict[str, Any] = {
        "client_id": CLIENT_ID,
        "client_secret": SecretStr(CLIENT_SECRET),
        "shops": [SHOP],
        "sender": Sender(
            name="示例仓", mobile="13800000000", province="浙江省", city="杭州市", district="余杭区", detail="示例路1号"
        ),
        "couriers": {
            Carrier.SF: CourierTerms(logistics_id=44, wp_code="SF", template_url="https://print.pdd.test/sf"),
            Carrier.ZTO: CourierTerms(logistics_id=115),
        },
        "base_url": BASE,
        "limits": Limits(timeout_s=1, concurrency=10, per_second=500, breaker_failures=100, breaker_open_s=1),
        "token_wait_s": 0.3,
    }
    return PddSettings(**(values | changes))


@pytest.fixture
def tokens() -> MemoryTokens:
    store = MemoryTokens(Channel.PDD)
    for shop in (SHOP, OTHER_SHOP):
        store.tokens[shop] = token(f"access-{shop}")
    return store


@pytest.fixture
async def api(tokens: MemoryTokens) -> AsyncIterator[PddApi]:
    built = PddApi(settings(), tokens)
    yield built
    await built.close()


@pytest.fixture
async def two_shops(tokens: MemoryTokens) -> AsyncIterator[PddApi]:
    built = PddApi(settings(shops=[SHOP, OTHER_SHOP]), tokens)
    yield built
    await built.close()


@pytest.fixture
def channel(api: PddApi) -> PddChannel:
    return PddChannel(api)


@pytest.fixture
def waybills(api: PddApi) -> PddWaybills:
    return PddWaybills(api)


def route(method: str) -> respx.Route:
    """Calls of one method: all methods share one address."""
    return respx.post(f"{BASE}/api/router", data__contains={"type": method})


def ok(data: dict[str, Any], key: str = "some_response") -> httpx.Response:
    return httpx.Response(200, json={key: data | {"request_id": "R1"}})


def error(code: int, sub_msg: str = "", error_msg: str = "") -> httpx.Response:
    body = {"error_code": code, "error_msg": error_msg, "sub_code": None, "sub_msg": sub_msg, "request_id": "R1"}
    return httpx.Response(200, json={"error_response": body})


def sent(call: Any) -> dict[str, str]:
    """The form of a recorded call."""
    return dict(parse_qsl(call.request.content.decode(), keep_blank_values=True))


def item(**changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "goods_id": 9001,
        "goods_name": "马克杯",
        "sku_id": 7001,
        "goods_spec": "白色",
        "goods_price": 49.5,
        "goods_count": 2,
        "outer_goods_id": "MUG",
        "outer_id": "MUG-01",
    }
    return values | changes


def order_info(**changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "order_sn": ORDER_SN,
        "order_status": 1,
        "refund_status": 1,
        "confirm_status": 1,
        "group_status": 1,
        "risk_control_status": 0,
        "trade_type": 0,
        "created_time": "2026-03-01 10:23:50",
        "pay_time": "2026-03-01 10:24:20",
        "confirm_time": "2026-03-01 10:24:20",
        "updated_at": "2026-03-01 10:24:25",
        "goods_amount": 99,
        "discount_amount": 9.01,
        "platform_discount": 4,
        "seller_discount": 5.01,
        "capital_free_discount": 0,
        "postage": 10.0,
        "pay_amount": 99.99,
        "tracking_number": "",
        "receiver_name": "~AgAAA-name~",
        "receiver_phone": "~AgAAA-phone~",
        "receiver_address": "~AgAAA-address~",
        "receiver_name_mask": "测*",
        "receiver_phone_mask": "138****0000",
        "receiver_address_mask": "示例路*号",
        "province": "浙江省",
        "city": "杭州市",
        "town": "余杭区",
        "buyer_memo": "请走冷链",
        "remark": "易碎品",
        "item_list": [item()],
    }
    return values | changes


def detail_answer(**changes: Any) -> httpx.Response:
    return ok({"order_info": order_info(**changes)}, "order_info_get_response")


REFUND_ID = "9900000000001"


def refund_row(**changes: Any) -> dict[str, Any]:
    """A row of pdd.refund.list.increment.get."""
    values: dict[str, Any] = {
        "id": int(REFUND_ID),
        "order_sn": ORDER_SN,
        "after_sales_status": 2,
        "after_sales_type": 2,
        "after_sale_reason": "不想要了",
        "refund_amount": "99.99",
        "order_amount": "99.99",
        "discount_amount": "9.01",
        "goods_id": 9001,
        "sku_id": "7001",
        "outer_id": "MUG-01",
        "goods_number": "2",
        "tracking_number": "",
        "created_time": "2026-03-01 10:30:00",
        "updated_time": "2026-03-01 10:31:00",
        "user_shipping_status": "0",
    }
    return values | changes
