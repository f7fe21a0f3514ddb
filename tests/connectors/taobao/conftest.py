from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
import respx
from pydantic import SecretStr

from connectors.taobao import Agreement, Sender, Shop, TaobaoChannel, TaobaoSettings, TaobaoWaybills, TopApi
from connectors.transport import Limits
from domain.shipping import Carrier

ROUTER = "https://top.test/router/rest"
APP_KEY, APP_SECRET = "12345678", "helloworld"
SHOP, OTHER_SHOP, TID, SECOND = "测试店", "tmall-shop", "2125000000000000001", "2125000000000000002"


def settings(**changes: Any) -> TaobaoSettings:
    values: dict[str, Any] = {
        "app_key": APP_KEY,
        "app_secret": SecretStr(APP_SECRET),
        "shops": {SHOP: Shop(session=SecretStr("session-1"))},
        "user_id": 42,
        "sender": Sender(
            name="测试仓",
            phone="13800000000",
            province="浙江省",
            city="杭州市",
            district="余杭区",
            town="示例街道",
            detail="示例路1号",
        ),
        "agreements": {
            Carrier.ZTO: Agreement(template_url="http://cloudprint.test/zto"),
            Carrier.SF: Agreement(
                template_url="http://cloudprint.test/sf",
                customer_code="7551234567",
                product_code="2",
                cold_chain_services='{"COLD":{"value":"1"}}',
            ),
        },
        "base_url": ROUTER,
        "limits": Limits(timeout_s=1, per_second=500, breaker_failures=100),
    }
    return TaobaoSettings(**(values | changes))


@pytest.fixture
async def api() -> AsyncIterator[TopApi]:
    built = TopApi(settings())
    yield built
    await built.close()


@pytest.fixture
async def two_shops() -> AsyncIterator[TopApi]:
    tmall = Shop(session=SecretStr("session-2"), platform="TM")
    built = TopApi(settings(shops={SHOP: Shop(session=SecretStr("session-1")), OTHER_SHOP: tmall}))
    yield built
    await built.close()


@pytest.fixture
def channel(api: TopApi) -> TaobaoChannel:
    return TaobaoChannel(api)


@pytest.fixture
def waybills(api: TopApi) -> TaobaoWaybills:
    return TaobaoWaybills(api, api.settings)


def route(method: str) -> respx.Route:
    """Calls of one method: all go to the same address, the form tells."""
    return respx.post(ROUTER, data__contains={"method": method})


def form_of(request: httpx.Request) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(request.content.decode(), strict_parsing=True).items()}


def sent(call: Any) -> dict[str, str]:
    """The form of a recorded call."""
    return form_of(call.request)


def ok(method: str, **body: Any) -> httpx.Response:
    name = method.removeprefix("taobao.").replace(".", "_") + "_response"
    return httpx.Response(200, json={name: body | {"request_id": "r1"}})


def error(code: int, sub_code: str = "", sub_msg: str = "", msg: str = "Remote service error") -> httpx.Response:
    body = {"code": code, "msg": msg, "sub_code": sub_code, "sub_msg": sub_msg, "request_id": "r1"}
    return httpx.Response(200, json={"error_response": body})


def sub_order(oid: str = TID, **changes: Any) -> dict[str, Any]:
    order: dict[str, Any] = {
        "oid": int(oid),
        "status": "WAIT_SELLER_SEND_GOODS",
        "title": "马克杯",
        "num_iid": 600000000001,
        "sku_id": "500000000001",
        "outer_iid": "MUG",
        "outer_sku_id": "MUG-01",
        "num": 2,
        "price": "49.50",
        "total_fee": "99.00",
        "payment": "100.00",
        "discount_fee": "0.00",
        "adjust_fee": "0.00",
        "divide_order_fee": "90.00",
        "part_mjz_discount": "9.00",
        "refund_status": "NO_REFUND",
    }
    return order | changes


def trade(**changes: Any) -> dict[str, Any]:
    """A trade with one sub order: its `payment` holds the postage."""
    values: dict[str, Any] = {
        "tid": int(TID),
        "tid_str": TID,
        "status": "WAIT_SELLER_SEND_GOODS",
        "type": "guarantee_trade",
        "created": "2026-03-01 10:23:50",
        "pay_time": "2026-03-01 10:24:20",
        "modified": "2026-03-01 10:24:25",
        "payment": "100.00",
        "post_fee": "10.00",
        "total_fee": "99.00",
        "discount_fee": "9.00",
        "buyer_open_uid": "AAE-buyer-1",
        "buyer_nick": "测**",
        "buyer_message": "请走冷链",
        "seller_memo": "易碎品",
        "oaid": "oaid-1",
        "receiver_state": "浙江省",
        "receiver_city": "杭州市",
        "receiver_district": "余杭区",
        "receiver_town": "示例街道",
        "receiver_address": "示例***",
        "receiver_name": "测**",
        "receiver_mobile": "138****0000",
        "orders": {"order": [sub_order()]},
    }
    return values | changes


def two_orders(**changes: Any) -> dict[str, Any]:
    """A trade with two sub orders: the postage is not in their payments."""
    first = sub_order(payment="99.00", divide_order_fee="90.00")
    second = sub_order(
        SECOND,
        outer_sku_id="CUP-02",
        num=1,
        price="20.00",
        payment="20.00",
        divide_order_fee=None,
        part_mjz_discount=None,
    )
    return trade(**({"payment": "120.00", "orders": {"order": [first, second]}} | changes))


def refund(**changes: Any) -> dict[str, Any]:
    """A refund of the second sub order of `two_orders`."""
    values: dict[str, Any] = {
        "refund_id": 900001,
        "tid": int(TID),
        "oid": int(SECOND),
        "status": "WAIT_SELLER_AGREE",
        "created": "2026-03-01 10:28:00",
        "modified": "2026-03-01 10:30:00",
        "refund_fee": "20.00",
        "payment": "0.00",
        "total_fee": "20.00",
        "dispute_type": "REFUND",
        "has_good_return": False,
        "refund_phase": "onsale",
        "good_status": "BUYER_NOT_RECEIVED",
        "num": 1,
        "reason": "不想要了",
    }
    return values | changes
