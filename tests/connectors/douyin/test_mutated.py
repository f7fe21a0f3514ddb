"""Whatever Douyin sends, nothing but the connectors' own errors comes out, and what is understood can be kept."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
import respx
from hypothesis import HealthCheck, given
from hypothesis import settings as examples

from connectors.douyin import DouyinApi, DouyinChannel, DouyinWaybills
from connectors.ports import Document, Window
from connectors.transport import Limits
from domain.clock import from_epoch_seconds
from domain.order import Channel
from domain.shipping import VoidOutcome, Waybill
from tests.connectors.kept import check_documents, check_news, check_page, known
from tests.connectors.memory_tokens import MemoryTokens, token
from tests.connectors.mutations import KNOWN_ERRORS, as_bytes, mutated, mutated_bytes

from .conftest import (
    BASE,
    PAID_AT,
    SHOP,
    after_sale,
    error,
    message,
    new_token,
    order_detail,
    refund_message,
    settings,
    signed_push,
    sku_order,
)
from .test_channel import shipment
from .test_waybills import WAYBILL, bill, request

pytestmark = pytest.mark.filterwarnings("error")
MANY = examples(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
WINDOW = Window(from_epoch_seconds(PAID_AT), from_epoch_seconds(PAID_AT) + timedelta(hours=1))

TWO = [
    sku_order(),
    sku_order("4800000000000000002", pay_amount=0, given_product_type="FREE", master_sku_order_id_list=[1]),
]
DETAIL = {"shop_order_detail": order_detail(sku_order_list=TWO)}
ORDERS = {"shop_order_list": [{"order_id": "6917", "update_time": PAID_AT}] * 2, "total": 2, "page": 0, "size": 100}
DONE = after_sale(aftersale_status=12, refund_status=3)
REFUNDS = {"items": [after_sale(), DONE], "total": 2, "has_more": False}
BACK = {"process_info": {"after_sale_info": {"real_refund_amount": 8900}}}
ANSWERS: dict[str, Any] = {
    "order.searchList": ORDERS,
    "order.orderDetail": DETAIL,
    "order.logisticsAdd": {},
    "order.logisticsAddMultiPack": {"pack_list": [{"pack_id": "1"}]},
    "afterSale.List": REFUNDS,
    "afterSale.Detail": BACK,
    "logistics.newCreateOrder": {"ebill_infos": [bill()], "err_infos": []},
    "logistics.listEbill": {"ebill_infos": [bill()]},
    "logistics.cancelOrder": {"cancel_result": {"success": True}},
}


def enveloped(data: Any) -> dict[str, Any]:
    return {"code": 10000, "msg": "success", "sub_code": "", "sub_msg": "", "log_id": "L1", "data": data}


@pytest.fixture
async def api() -> AsyncIterator[DouyinApi]:
    """A line that no number of failures opens the breaker of."""
    tokens = MemoryTokens(Channel.DOUYIN)
    tokens.tokens[SHOP] = token(f"access-{SHOP}")
    built = DouyinApi(settings(limits=Limits(timeout_s=1, per_second=100_000, breaker_failures=10**9)), tokens)
    yield built
    await built.close()


def serve(**spoilt: bytes) -> None:
    """Answer every method as it should be, but for those that are spoilt ("order.searchList" as order_searchList)."""

    def answer(call: httpx.Request) -> httpx.Response:
        method = call.url.params["method"]
        if method.startswith("token."):
            return new_token("access-2")
        good = as_bytes(enveloped(ANSWERS[method]))
        return httpx.Response(200, content=spoilt.get(method.replace(".", "_"), good))

    respx.post(url__startswith=BASE).mock(side_effect=answer)


@MANY
@given(raw=mutated_bytes(enveloped(ORDERS)))
async def test_pages_of_orders(api: DouyinApi, raw: bytes) -> None:
    channel = DouyinChannel(api)
    with respx.mock:
        serve(order_searchList=raw)
        await check_page(channel, await known(channel.pull(SHOP, WINDOW, None)))


@MANY
@given(raw=mutated_bytes(enveloped(REFUNDS)), back=mutated_bytes(enveloped(BACK), most=1))
async def test_pages_of_refunds(api: DouyinApi, raw: bytes, back: bytes) -> None:
    channel = DouyinChannel(api)
    with respx.mock:
        serve(afterSale_List=raw, afterSale_Detail=back)
        await check_page(channel, await known(channel.refunds.pull(SHOP, WINDOW, None)))


@MANY
@given(raw=mutated_bytes(enveloped(DETAIL)))
async def test_an_order(api: DouyinApi, raw: bytes) -> None:
    channel = DouyinChannel(api)
    (hint,) = channel.unpack(signed_push([message()]))
    with respx.mock:
        serve(order_orderDetail=raw)
        for news in await known(channel.interpret(hint)) or ():
            check_news(news)


@MANY
@given(raw=mutated_bytes(enveloped({"items": [DONE]})))
async def test_a_refund(api: DouyinApi, raw: bytes) -> None:
    channel = DouyinChannel(api)
    (hint,) = channel.unpack(signed_push([refund_message()]))
    with respx.mock:
        serve(afterSale_List=raw)
        for news in await known(channel.interpret(hint)) or ():
            check_news(news)


@MANY
@given(raw=mutated_bytes([message(), refund_message(), {**message("101"), "data": {"p_id": 1, "shop_id": int(SHOP)}}]))
async def test_pushes(api: DouyinApi, raw: bytes) -> None:
    channel = DouyinChannel(api)
    try:
        documents = channel.unpack(signed_push(raw))
    except KNOWN_ERRORS:
        return
    with respx.mock:
        serve()
        await check_documents(channel, documents)


@MANY
@given(raw=mutated_bytes(enveloped({"pack_list": []})), looked=mutated_bytes(enveloped(DETAIL)))
async def test_answers_to_a_shipment(api: DouyinApi, raw: bytes, looked: bytes) -> None:
    channel = DouyinChannel(api)
    with respx.mock:
        serve(order_logisticsAdd=raw, order_logisticsAddMultiPack=raw, order_orderDetail=looked)
        await known(channel.write_back(shipment()))
        await known(channel.write_back(shipment(whole_order=False)))


@MANY
@given(
    made=mutated_bytes(enveloped(ANSWERS["logistics.newCreateOrder"])),
    found=mutated_bytes(enveloped(ANSWERS["logistics.listEbill"])),
    voided=mutated_bytes(enveloped(ANSWERS["logistics.cancelOrder"])),
)
async def test_answers_about_waybills(api: DouyinApi, made: bytes, found: bytes, voided: bytes) -> None:
    waybills = DouyinWaybills(api)
    with respx.mock:
        serve(logistics_newCreateOrder=made, logistics_listEbill=found, logistics_cancelOrder=voided)
        for waybill in (await known(waybills.create(request())), await known(waybills.find(request()))):
            assert waybill is None or (isinstance(waybill, Waybill) and waybill.number)
        outcome = await known(waybills.void(WAYBILL))
        assert outcome is None or isinstance(outcome, VoidOutcome)


@MANY
@given(raw=mutated_bytes(error(50002, "isv.business-failed:60040", "有退款申请需要处理").json()))
async def test_errors(api: DouyinApi, raw: bytes) -> None:
    channel = DouyinChannel(api)
    with respx.mock:
        serve(order_searchList=raw, order_logisticsAdd=raw)
        assert await known(channel.pull(SHOP, WINDOW, None)) is None
        await known(channel.write_back(shipment()))


@MANY
@given(
    order=mutated(message()),
    back=mutated({"data": {"aftersale_id": "7000000000000000001", "shop_id": SHOP}, "row": DONE}),
)
async def test_stored_documents(api: DouyinApi, order: Any, back: Any) -> None:
    channel = DouyinChannel(api)
    with respx.mock:
        serve()
        for kind, body in (("order_hint", order), ("refund", back)):
            document = Document("douyin", kind, "x", 0, as_bytes(body).decode())
            for news in await known(channel.interpret(document)) or ():
                check_news(news)


@MANY
@given(raw=mutated_bytes(json.loads(new_token("access-2").content)))
async def test_tokens(raw: bytes) -> None:
    api = DouyinApi(
        settings(limits=Limits(timeout_s=1, per_second=100_000, breaker_failures=10**9)), MemoryTokens(Channel.DOUYIN)
    )
    with respx.mock:
        respx.post(f"{BASE}/token/create").mock(return_value=httpx.Response(200, content=raw))
        respx.post(f"{BASE}/order/searchList").mock(
            return_value=httpx.Response(200, content=as_bytes(enveloped(ORDERS)))
        )
        await known(DouyinChannel(api).pull(SHOP, WINDOW, None))
    await api.close()
