"""Whatever Xiaohongshu answers or pushes, nothing but the connectors' own errors comes out, and what is understood can
be kept."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import respx
from hypothesis import HealthCheck, given, settings

from connectors.ports import Document, Window
from connectors.transport import Limits
from connectors.xiaohongshu import XiaohongshuApi, XiaohongshuChannel, XiaohongshuWaybills
from domain.clock import utc_now
from domain.shipping import Carrier, Shipment, VoidOutcome, Waybill
from tests.connectors.kept import check_documents, check_page, known
from tests.connectors.memory_tokens import MemoryTokens
from tests.connectors.mutations import KNOWN_ERRORS, as_bytes, mutated, mutated_bytes

from .conftest import ORDER_NO, PAID_AT, SHOP, after_sale, message, order_detail, signed_push, sku
from .conftest import settings as xhs_settings
from .test_waybills import KEY, NUMBER, WAYBILL, request

WINDOW = Window(datetime(2026, 3, 1, 2, 0, tzinfo=UTC), datetime(2026, 3, 1, 2, 30, tzinfo=UTC))
MANY = settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
RETURNS = "R700000000000000001"


def outer(data: Any) -> dict[str, Any]:
    return {"error_code": 0, "error_msg": "", "success": True, "data": data}


def double(data: Any) -> dict[str, Any]:
    return outer({"code": 0, "msg": "", "success": True, "data": data})


GIFT = sku(totalPaidAmount=0, totalMerchantDiscount=0, totalRedDiscount=0, skuTag=1)
ROWS = [{"orderId": ORDER_NO, "orderStatus": 4, "updateTime": PAID_AT}, {"orderId": "P2", "updateTime": PAID_AT}]
RETURN_ROWS = [{"returnsId": RETURNS, "orderId": ORDER_NO, "updatedAt": PAID_AT}] * 2
BILL = {"objectId": KEY, "waybillCode": NUMBER, "printData": "{}", "success": True, "errorCode": 0, "errorMsg": ""}

ANSWERS: dict[str, Any] = {
    "order.getOrderList": outer({"total": 2, "pageNo": 1, "pageSize": 100, "maxPageNo": 1, "orderList": ROWS}),
    "order.getOrderDetail": outer(order_detail(skuList=[sku(), GIFT])),
    "order.orderDeliver": outer("success"),
    "afterSale.listAfterSaleInfos": double({"afterSaleBasicInfos": RETURN_ROWS, "totalCount": 2}),
    "afterSale.getAfterSaleInfo": double({"afterSaleInfo": after_sale()}),
    "express.createEbillOrders": outer({"wayBillList": [BILL]}),
    "express.cancelEbillOrder": outer(None),
    "oauth.refreshToken": outer({"accessToken": "a", "refreshToken": "r", "accessTokenExpiresAt": PAID_AT}),
}
SENDING = Shipment(f"xiaohongshu:{SHOP}:{ORDER_NO}#1", ORDER_NO, SHOP, Carrier.SF, NUMBER, ("65a",), whole_order=True)


@pytest.fixture
async def line(tokens: MemoryTokens) -> AsyncIterator[XiaohongshuApi]:
    """A line that no number of failures opens the breaker of."""
    limits = Limits(timeout_s=1, per_second=100_000, breaker_failures=10**9)
    api = XiaohongshuApi(xhs_settings(limits=limits, token_wait_s=0), tokens)
    yield api
    await api.close()


def serve(spoilt: dict[str, bytes]) -> None:
    """Answer every method as it should be, but for those that are spoilt."""

    def answer(call: httpx.Request) -> httpx.Response:
        method = json.loads(call.content)["method"]
        return httpx.Response(200, content=spoilt.get(method, as_bytes(ANSWERS[method])))

    respx.post().mock(side_effect=answer)


@MANY
@given(orders=mutated_bytes(ANSWERS["order.getOrderList"]), back=mutated_bytes(ANSWERS["afterSale.listAfterSaleInfos"]))
async def test_pages(line: XiaohongshuApi, orders: bytes, back: bytes) -> None:
    channel = XiaohongshuChannel(line)
    with respx.mock:
        serve({"order.getOrderList": orders, "afterSale.listAfterSaleInfos": back})
        for feed in (channel, channel.refunds):
            await check_page(channel, await known(feed.pull(SHOP, WINDOW, None)))


@MANY
@given(raw=mutated_bytes(ANSWERS["order.getOrderDetail"]))
async def test_an_order(line: XiaohongshuApi, raw: bytes) -> None:
    document = Document("xiaohongshu", "order", f"{SHOP}:{ORDER_NO}", 1, json.dumps({"orderId": ORDER_NO}))
    with respx.mock:
        serve({"order.getOrderDetail": raw})
        await check_documents(XiaohongshuChannel(line), [document])
        await known(XiaohongshuChannel(line).write_back(SENDING))


@MANY
@given(
    raw=mutated_bytes(ANSWERS["afterSale.getAfterSaleInfo"]),
    rows=mutated_bytes(ANSWERS["afterSale.listAfterSaleInfos"]),
)
async def test_an_after_sale(line: XiaohongshuApi, raw: bytes, rows: bytes) -> None:
    bodies = [{"shop": SHOP, "returnsId": RETURNS, "updatedAt": PAID_AT}, {"shop": SHOP, "orderId": ORDER_NO}]
    documents = [Document("xiaohongshu", "refund", "x", 0, json.dumps(body)) for body in bodies]
    with respx.mock:
        serve({"afterSale.getAfterSaleInfo": raw, "afterSale.listAfterSaleInfos": rows})
        await check_documents(XiaohongshuChannel(line), documents)


@MANY
@given(sent=mutated_bytes(ANSWERS["order.orderDeliver"]))
async def test_the_answer_to_a_shipment(line: XiaohongshuApi, sent: bytes) -> None:
    with respx.mock:
        serve({"order.orderDeliver": sent})
        await known(XiaohongshuChannel(line).write_back(SENDING))


@MANY
@given(made=mutated_bytes(ANSWERS["express.createEbillOrders"]), voided=mutated_bytes(outer({})))
async def test_answers_about_waybills(line: XiaohongshuApi, made: bytes, voided: bytes) -> None:
    waybills = XiaohongshuWaybills(line)
    with respx.mock:
        serve({"express.createEbillOrders": made, "express.cancelEbillOrder": voided})
        for waybill in (await known(waybills.create(request())), await known(waybills.find(request()))):
            assert waybill is None or (isinstance(waybill, Waybill) and waybill.key == KEY and waybill.number)
        outcome = await known(waybills.void(WAYBILL))
        assert outcome is None or isinstance(outcome, VoidOutcome)


@MANY
@given(
    body=mutated_bytes(
        [
            message(),
            message("msg_after_sale_create", returnsId=RETURNS),
            {"msgTag": "msg_after_sale_transfer", "sellerId": SHOP, "data": {"returnsId": RETURNS, "orderId": "P2"}},
        ]
    ),
    data=mutated({"orderId": ORDER_NO, "returnsId": RETURNS, "status": 1}),
)
async def test_pushes(line: XiaohongshuApi, body: bytes, data: Any) -> None:
    channel = XiaohongshuChannel(line)
    inside = [{"msgTag": "msg_after_sale_create", "sellerId": SHOP, "data": as_bytes(data).decode()}]
    with respx.mock:
        serve({})
        for raw in (body, as_bytes(inside)):
            try:
                documents = channel.unpack(signed_push(raw))
            except KNOWN_ERRORS:
                continue
            await check_documents(channel, documents)


@MANY
@given(raw=mutated_bytes({"error_code": -2000101, "error_msg": "订单不存在", "success": False}))
async def test_errors(line: XiaohongshuApi, raw: bytes) -> None:
    with respx.mock:
        serve({"order.getOrderList": raw})
        await known(XiaohongshuChannel(line).pull(SHOP, WINDOW, None))


@MANY
@given(raw=mutated_bytes(ANSWERS["oauth.refreshToken"]))
async def test_the_answer_to_a_refresh(line: XiaohongshuApi, tokens: MemoryTokens, raw: bytes) -> None:
    old = tokens.tokens[SHOP]
    tokens.tokens[SHOP] = type(old)(old.access, old.refresh, utc_now() - timedelta(seconds=1), old.refresh_expires_at)
    with respx.mock:
        serve({"oauth.refreshToken": raw})
        await known(XiaohongshuChannel(line).pull(SHOP, WINDOW, None))
    tokens.leases.clear()


@MANY
@given(
    row=mutated({"orderId": ORDER_NO, "updateTime": PAID_AT}),
    back=mutated({"shop": SHOP, "returnsId": RETURNS, "orderId": ORDER_NO, "updatedAt": PAID_AT}),
    hint=mutated(message()),
)
async def test_stored_documents(line: XiaohongshuApi, row: Any, back: Any, hint: Any) -> None:
    kinds = {"order": row, "refund": back, "order_hint": hint}
    documents = [
        Document("xiaohongshu", kind, f"{SHOP}:{ORDER_NO}", 0, as_bytes(body).decode()) for kind, body in kinds.items()
    ]
    with respx.mock:
        serve({})
        await check_documents(XiaohongshuChannel(line), documents)
