from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
import respx
from pydantic import SecretStr

from connectors.jd import JdChannel, JdSettings, JdShop, JdWaybills, JosApi
from connectors.transport import Limits
from domain.order import Channel
from domain.shipping import Carrier
from tests.connectors.memory_tokens import MemoryTokens, token

BASE, OAUTH = "https://api.jd.test", "https://open-oauth.jd.test"
APP_KEY, APP_SECRET = "app-key", "app-secret"
SHOP, OTHER_SHOP, ORDER_NO = "10001", "10002", "290000000001"
SEARCH, GET = "jingdong.pop.order.enSearch", "jingdong.pop.order.enGet"
SHIPMENT = "jingdong.pop.order.shipment"
REFUNDS = "jingdong.pop.afs.soa.refundapply.queryPageList"


def settings(**changes: Any) -> JdSettings:
    values: dict[str, Any] = {
        "app_key": APP_KEY,
        "app_secret": SecretStr(APP_SECRET),
        "shops": {SHOP: JdShop(), OTHER_SHOP: JdShop()},
        "base_url": BASE,
        "oauth_url": OAUTH,
        "limits": Limits(timeout_s=1, concurrency=10, per_second=500, breaker_failures=100, breaker_open_s=1),
        "token_wait_s": 0.3,
        "sender": {
            "name": "示例仓",
            "mobile": "13800000000",
            "province": "浙江省",
            "city": "杭州市",
            "district": "余杭区",
            "detail": "示例路1号",
        },
        "couriers": {Carrier.SF: {"settlement_code": "755"}, Carrier.YTO: {"branch_code": "YTO1"}},
    }
    return JdSettings(**(values | changes))


@pytest.fixture
def tokens() -> MemoryTokens:
    store = MemoryTokens(Channel.JD)
    for shop in (SHOP, OTHER_SHOP):
        store.tokens[shop] = token(f"access-{shop}")
    return store


@pytest.fixture
async def api(tokens: MemoryTokens) -> AsyncIterator[JosApi]:
    built = JosApi(settings(), tokens)
    yield built
    await built.close()


@pytest.fixture
def waybills(api: JosApi) -> JdWaybills:
    return JdWaybills(api)


@pytest.fixture
def channel(api: JosApi) -> JdChannel:
    return JdChannel(api)


def form(call: Any) -> dict[str, str]:
    """The form of a recorded call."""
    return dict(parse_qsl(call.request.content.decode(), keep_blank_values=True))


def sent(call: Any) -> Any:
    """The business parameters of a recorded call."""
    return json.loads(form(call)["360buy_param_json"])


def route(method: str) -> respx.Route:
    return respx.post(BASE + "/routerjson", data__contains={"method": method})


def ok(method: str, body: dict[str, Any]) -> httpx.Response:
    return httpx.Response(200, json={method.replace(".", "_") + "_responce": {"code": "0", **body}})


def error(code: str, zh: str = "", en: str = "") -> httpx.Response:
    return httpx.Response(200, json={"error_response": {"zh_desc": zh, "code": code, "en_desc": en}})


def page(orders: list[Any], total: int | None = None, success: Any = True, words: str = "") -> httpx.Response:
    result = {
        "apiResult": {"success": success, "englishErrCode": "", "chineseErrCode": words},
        "orderTotal": len(orders) if total is None else total,
        "orderInfoList": orders,
    }
    return ok(SEARCH, {"searchorderinfo_result": result})


def detail(waybill: Any) -> httpx.Response:
    info = {"orderId": ORDER_NO, "orderState": "WAIT_GOODS_RECEIVE_CONFIRM", "waybill": waybill}
    return ok(GET, {"orderDetailInfo": {"apiResult": {"success": "true"}, "orderInfo": info}})


def unseen(words: str) -> httpx.Response:
    """An order that may not be read."""
    result = {"success": "false", "errorCode": "", "chineseErrCode": words}
    return ok(GET, {"orderDetailInfo": {"apiResult": result}})


def shipped(success: Any = True, words: str = "") -> httpx.Response:
    result = {"success": success, "errorCode": "" if success is True else "10400010", "chineseErrCode": words}
    return ok(SHIPMENT, {"sopjosshipment_result": result})


def item(sku_id: str = "100001", **changes: Any) -> dict[str, Any]:
    values = {
        "skuId": sku_id,
        "outerSkuId": "MUG-01",
        "skuName": "马克杯",
        "jdPrice": "49.50",
        "itemTotal": "2",
        "productNo": "P-1",
    }
    return values | changes


def order_info(**changes: Any) -> dict[str, Any]:
    info: dict[str, Any] = {
        "orderId": ORDER_NO,
        "venderId": SHOP,
        "orderType": "22",
        "payType": "4-在线支付",
        "orderTotalPrice": "99.00",
        "orderSellerPrice": "90.00",
        "freightPrice": "10.00",
        "sellerDiscount": "9.00",
        "actualPay": "0.00",
        "orderState": "WAIT_SELLER_STOCK_OUT",
        "orderStartTime": "2026-03-01 10:20:00",
        "paymentConfirmTime": "2026-03-01 10:20:30",
        "modified": "2026-03-01 10:20:35",
        "consigneeInfo": {
            "fullname": "name-cipher",
            "mobile": "mobile-cipher",
            "telephone": "",
            "fullAddress": "address-cipher",
            "province": "浙江",
            "city": "杭州市",
            "county": "余杭区",
            "town": "示例街道",
        },
        "itemInfoList": [item()],
        "couponDetailList": [],
        "orderRemark": "请走冷链",
        "venderRemark": "易碎品",
        "waybill": "",
        "parentOrderId": "0",
        "directParentOrderId": "",
        "pin": "",
        "open_id_seller": "open-id-1",
    }
    return info | changes


def refund_row(**changes: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": 7001,
        "orderId": int(ORDER_NO),
        "buyerId": "buyer-1",
        "buyerName": "测试",
        "applyTime": "2026-03-01 10:25:00",
        "checkTime": "0001-01-01 00:00:00",
        "modified": "2026-03-01 10:25:00",
        "applyRefundSum": 10000,
        "status": 0,
        "checkUserName": "",
        "checkRemark": "",
        "reason": "不想要了",
    }
    return row | changes


def refund_page(rows: Any, total: Any = None, success: Any = True, words: str = "") -> httpx.Response:
    count = total if total is not None else len(rows or [])
    result = {"success": success, "totalCount": count, "result": rows, "errorCode": "", "errorMsg": words}
    return ok(REFUNDS, {"queryResult": result})
