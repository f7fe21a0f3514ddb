from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import respx
from pydantic import SecretStr

from connectors.douyin import DouyinApi, DouyinChannel, DouyinSettings, DouyinWaybills, Sender
from connectors.douyin.signing import event_sign
from connectors.ports import AccessToken, Push
from connectors.transport import Limits
from domain.clock import utc_now
from domain.order import Channel

BASE = "https://openapi.douyin.test"
APP_KEY, APP_SECRET = "7000000000000000000", "00000000-0000-0000-0000-000000000000"
SHOP, OTHER_SHOP, ORDER_NO = "123456", "654321", "4800000000000000001"

# 2026-03-01 10:24:20 in Beijing
PAID_AT = 1772331860


class MemoryTokens:
    """A TokenStore for one process."""

    def __init__(self) -> None:
        self.tokens: dict[str, AccessToken] = {}
        self.leases: dict[str, float] = {}

    async def load(self, channel: Channel, shop: str) -> AccessToken | None:
        assert channel is Channel.DOUYIN
        return self.tokens.get(shop)

    async def save(self, channel: Channel, shop: str, token: AccessToken) -> None:
        self.tokens[shop] = token
        self.leases.pop(shop, None)

    async def lease(self, channel: Channel, shop: str, seconds: float) -> bool:
        if self.leases.get(shop, 0.0) > time.monotonic():
            return False
        self.leases[shop] = time.monotonic() + seconds
        return True


def token(
    access: str, *, left: timedelta = timedelta(days=6), refresh_left: timedelta = timedelta(days=13)
) -> AccessToken:
    now = utc_now()
    return AccessToken(access, f"refresh-of-{access}", now + left, now + refresh_left)


def settings(**changes: Any) -> DouyinSettings:
    values: dict[str, Any] = {
        "app_key": APP_KEY,
        "app_secret": SecretStr(APP_SECRET),
        "shops": [SHOP],
        "sender": Sender(
            name="示例仓", mobile="13800000000", province="浙江省", city="杭州市", district="余杭区", detail="示例路1号"
        ),
        "base_url": BASE,
        "limits": Limits(timeout_s=1, concurrency=10, per_second=500, breaker_failures=100, breaker_open_s=1),
        "token_wait_s": 0.3,
    }
    return DouyinSettings(**(values | changes))


@pytest.fixture
def tokens() -> MemoryTokens:
    store = MemoryTokens()
    for shop in (SHOP, OTHER_SHOP):
        store.tokens[shop] = token(f"access-{shop}")
    return store


@pytest.fixture
async def api(tokens: MemoryTokens) -> AsyncIterator[DouyinApi]:
    built = DouyinApi(settings(), tokens)
    yield built
    await built.close()


@pytest.fixture
async def two_shops(tokens: MemoryTokens) -> AsyncIterator[DouyinApi]:
    built = DouyinApi(settings(shops=[SHOP, OTHER_SHOP]), tokens)
    yield built
    await built.close()


@pytest.fixture
def channel(api: DouyinApi) -> DouyinChannel:
    return DouyinChannel(api)


@pytest.fixture
def waybills(api: DouyinApi) -> DouyinWaybills:
    return DouyinWaybills(api)


def route(method: str) -> respx.Route:
    return respx.post(BASE + "/" + method.replace(".", "/"))


def ok(data: dict[str, Any] | None = None) -> httpx.Response:
    return httpx.Response(
        200, json={"code": 10000, "msg": "success", "sub_code": "", "sub_msg": "", "log_id": "L1", "data": data or {}}
    )


def error(code: int, sub_code: str = "", sub_msg: str = "") -> httpx.Response:
    return httpx.Response(
        200, json={"code": code, "msg": "x", "sub_code": sub_code, "sub_msg": sub_msg, "log_id": "L1"}
    )


def new_token(access: str) -> httpx.Response:
    return ok({"access_token": access, "expires_in": 604800, "refresh_token": f"refresh-of-{access}", "shop_id": SHOP})


def sent(call: Any) -> Any:
    """The param_json of a recorded call."""
    return json.loads(call.request.content)


def signed_push(body: Any, headers: dict[str, str] | None = None) -> Push:
    raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    signed = {"app-id": APP_KEY, "event-sign": event_sign(APP_KEY, APP_SECRET, raw)}
    return Push(
        method="POST",
        path="/hooks/douyin",
        path_secret="",
        query={},
        headers=signed | (headers or {}),
        body=raw,
        received_at=datetime(2026, 3, 1, 2, 25, tzinfo=UTC),
    )


def message(tag: str = "110", msg_id: str = "71000000000001_110_0_1772331860", **data: Any) -> dict[str, Any]:
    values = {"p_id": int(ORDER_NO), "s_ids": [int(ORDER_NO)], "shop_id": int(SHOP), "order_status": 2, "biz": 2}
    return {"tag": tag, "msg_id": msg_id, "data": json.dumps(values | data)}


def sku_order(order_id: str = ORDER_NO, **changes: Any) -> dict[str, Any]:
    item: dict[str, Any] = {
        "order_id": order_id,
        "parent_order_id": ORDER_NO,
        "order_status": 2,
        "product_id_str": "3500000000000000001",
        "product_name": "马克杯",
        "sku_id": 1700000000000001,
        "code": "MUG-01",
        "out_sku_id": "OUT-01",
        "item_num": 2,
        "origin_amount": 4950,
        "sum_amount": 9900,
        "pay_amount": 9000,
        "given_product_type": "",
        "master_sku_order_id_list": [],
    }
    return item | changes


def order_detail(**changes: Any) -> dict[str, Any]:
    detail: dict[str, Any] = {
        "order_id": ORDER_NO,
        "shop_id": int(SHOP),
        "open_id": "open-id-1",
        "order_status": 2,
        "main_status": 2,
        "create_time": PAID_AT - 30,
        "pay_time": PAID_AT,
        "update_time": PAID_AT + 5,
        "finish_time": 0,
        "ship_time": 0,
        "buyer_words": "请走冷链",
        "seller_words": "易碎品",
        "order_amount": 10900,
        "pay_amount": 10000,
        "post_amount": 1000,
        "promotion_amount": 900,
        "promotion_pay_amount": 100,
        "encrypt_post_tel": "$tel-cipher$",
        "encrypt_post_receiver": "#name-cipher#",
        "mask_post_tel": "138****0000",
        "mask_post_receiver": "测*",
        "mask_post_addr": {
            "province": {"name": "浙江省", "id": "33"},
            "city": {"name": "杭州市", "id": "330100"},
            "town": {"name": "余杭区", "id": "330110"},
            "street": {"name": "示例街道", "id": "330110001"},
            "detail": "示例路*号",
        },
        "post_addr": {
            "province": {"name": "浙江省", "id": "33"},
            "city": {"name": "杭州市", "id": "330100"},
            "town": {"name": "余杭区", "id": "330110"},
            "street": {"name": "示例街道", "id": "330110001"},
            "encrypt_detail": "#detail-cipher#",
        },
        "logistics_info": [],
        "sku_order_list": [sku_order()],
    }
    return detail | changes


def detail_answer(**changes: Any) -> httpx.Response:
    return ok({"shop_order_detail": order_detail(**changes)})


REFUND_ID = "7000000000000000001"


def after_sale(*, orders: Any = None, related: Any = None, **changes: Any) -> dict[str, Any]:
    """A row of afterSale.List. `changes` go into aftersale_info."""
    info: dict[str, Any] = {
        "aftersale_id": int(REFUND_ID),
        "aftersale_type": 2,
        "aftersale_status": 6,
        "related_id": int(ORDER_NO),
        "apply_time": PAID_AT + 100,
        "update_time": PAID_AT + 200,
        "refund_amount": 9000,
        "refund_post_amount": 0,
        "refund_status": 0,
        "aftersale_num": 2,
    }
    if related is None:
        related = [{"sku_order_id": int(ORDER_NO), "order_status": 2, "pay_amount": 9000, "aftersale_item_num": 2}]
    order = {"shop_order_id": int(ORDER_NO), "related_order_info": related}
    return {
        "aftersale_info": info | changes,
        "order_info": order if orders is None else orders,
        "text_part": {"reason_text": "多拍/错拍/不想要"},
        "seller_logs": [],
    }


def refund_message(tag: str = "200", msg_id: str = "m-refund", **data: Any) -> dict[str, Any]:
    values = {
        "aftersale_id": int(REFUND_ID),
        "aftersale_status": 6,
        "aftersale_type": 2,
        "apply_time": PAID_AT + 100,
        "p_id": int(ORDER_NO),
        "s_id": int(ORDER_NO),
        "refund_amount": 9000,
        "shop_id": int(SHOP),
        "update_time": PAID_AT + 200,
    }
    return {"tag": tag, "msg_id": msg_id, "data": json.dumps(values | data)}
