from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import respx

from connectors.errors import DocumentUnreadable, Misconfigured, Rejected, Throttled, Unavailable
from connectors.ports import Document, PullSource, Window
from connectors.xiaohongshu import XiaohongshuApi, XiaohongshuChannel
from connectors.xiaohongshu.orders import to_order
from domain.clock import utc_now
from domain.news import News, OrderNews, RefundNews
from domain.order import Channel, ChannelStatus
from domain.refund import Refund, RefundKind, RefundLine, RefundStatus, with_refunds
from tests.connectors.memory_tokens import MemoryTokens

from .conftest import (
    ORDER_NO,
    OTHER_SHOP,
    PAID_AT,
    SHOP,
    after_sale,
    after_sale_answer,
    business,
    detail_answer,
    error,
    inner,
    inner_error,
    message,
    ok,
    order_detail,
    route,
    sent,
    signed_push,
    sku,
)

LIST, DETAIL = "afterSale.listAfterSaleInfos", "afterSale.getAfterSaleInfo"
ORDER, REFRESH = "order.getOrderDetail", "oauth.refreshToken"
RETURNS, SKU, OTHER_SKU = "R700000000000000001", "65a000000000000000000001", "65a000000000000000000002"
START = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(minutes=30))
ROW = {
    "returnsId": RETURNS,
    "returnType": 5,
    "status": 1,
    "orderId": ORDER_NO,
    "userId": "user-1",
    "applyTime": PAID_AT + 60_000,
    "updatedAt": PAID_AT + 61_234,
    "desc": "不想要了",
    "expectedRefundAmountYuan": 90.0,
}


def listed(*rows: Any, total: Any = None) -> httpx.Response:
    found = len(rows) if total is None else total
    return inner({"afterSaleBasicInfos": list(rows), "totalCount": found, "pageNo": 1, "pageSize": 100})


def row_document(version: int = PAID_AT + 61_234) -> Document:
    body = json.dumps({"shop": SHOP, "returnsId": RETURNS, "orderId": ORDER_NO, "updatedAt": version})
    return Document("xiaohongshu", "refund", f"{SHOP}:refund:{RETURNS}", version, body)


async def refund_of(channel: XiaohongshuChannel, **changes: Any) -> Refund:
    route(DETAIL).mock(return_value=after_sale_answer(**changes))
    (news,) = await channel.interpret(row_document())
    return refund_in(news)


def refund_in(news: News) -> Refund:
    assert isinstance(news, RefundNews)
    return news.refund


def applied(sku_id: str = SKU, count: Any = 1, yuan: Any = "45.00") -> dict[str, Any]:
    return {"skuId": sku_id, "appliedCount": count, "appliedTotalAmountYuan": yuan}


def test_is_a_feed_of_its_own(channel: XiaohongshuChannel) -> None:
    feed: PullSource = channel.refunds
    assert (feed.feed, feed.channel, list(feed.shops)) == ("xiaohongshu/refunds", Channel.XIAOHONGSHU, [SHOP])
    assert feed.longest_window == timedelta(minutes=30)
    assert feed.overlap > timedelta(0)


@respx.mock
async def test_a_page_is_asked_for_in_milliseconds(channel: XiaohongshuChannel) -> None:
    asked = route(LIST).mock(return_value=listed(ROW))
    page = await channel.refunds.pull(SHOP, WINDOW, None)
    (document,) = page.documents
    assert page.next_page is None
    assert (document.document_id, document.kind) == (f"{SHOP}:refund:{RETURNS}", "refund")
    assert (document.version, document.order_id) == (PAID_AT + 61_234, f"xiaohongshu:{SHOP}:{ORDER_NO}")
    assert "不想要了" not in document.body
    assert "user-1" not in document.body
    assert business(asked.calls.last) == {
        "timeType": 2,
        "startTime": 1772330400000,
        "endTime": 1772332200000,
        "pageNo": 1,
        "pageSize": 100,
    }
    assert (await channel.refunds.pull(SHOP, WINDOW, None)).documents == page.documents


@respx.mock
async def test_pages_are_read_from_the_last_to_the_first(channel: XiaohongshuChannel) -> None:
    asked = route(LIST).mock(return_value=listed(ROW, total=201))
    first = await channel.refunds.pull(SHOP, WINDOW, None)
    second = await channel.refunds.pull(SHOP, WINDOW, first.next_page)
    third = await channel.refunds.pull(SHOP, WINDOW, second.next_page)
    assert [business(c)["pageNo"] for c in asked.calls] == [1, 3, 2, 1]
    assert third.next_page is None


@respx.mock
async def test_an_after_sale_as_it_is_now(channel: XiaohongshuChannel) -> None:
    asked = route(DETAIL).mock(return_value=after_sale_answer())
    assert await channel.interpret(row_document(1)) == [
        RefundNews(
            Refund(
                channel=Channel.XIAOHONGSHU,
                shop=SHOP,
                channel_order_no=ORDER_NO,
                refund_id=RETURNS,
                version=PAID_AT + 61_234,
                status=RefundStatus.REQUESTED,
                kind=RefundKind.MONEY,
                amount_fen=9000,
                lines=(RefundLine(line_no=SKU, quantity=2),),
                asked_at=datetime(2026, 3, 1, 2, 25, 20, tzinfo=UTC),
            )
        )
    ]
    assert business(asked.calls.last) == {"returnsId": RETURNS, "needNegotiateRecord": False}


@respx.mock
async def test_one_envelope_is_read_as_well(channel: XiaohongshuChannel) -> None:
    route(LIST).mock(return_value=ok({"afterSaleBasicInfos": [ROW], "totalCount": 1}))
    route(DETAIL).mock(return_value=ok({"afterSaleInfo": after_sale()}))
    (document,) = (await channel.refunds.pull(SHOP, WINDOW, None)).documents
    (news,) = await channel.interpret(document)
    assert refund_in(news).amount_fen == 9000


@respx.mock
@pytest.mark.parametrize(
    ("status", "money", "expected"),
    [
        (1, 0, RefundStatus.REQUESTED),
        (2, None, RefundStatus.REQUESTED),
        (3, None, RefundStatus.REQUESTED),
        (4, 2, RefundStatus.REFUNDED),
        (4, "2", RefundStatus.REFUNDED),
        (4, None, RefundStatus.REFUNDED),
        (4, 1, RefundStatus.REQUESTED),
        (4, 3, RefundStatus.REQUESTED),
        (5, None, RefundStatus.CLOSED),
        (6, 99, RefundStatus.CLOSED),
        (9, None, RefundStatus.REFUSED),
        (9001, None, RefundStatus.REFUSED),
        (12, None, RefundStatus.REQUESTED),
        (13, None, RefundStatus.REQUESTED),
        (14, None, RefundStatus.REQUESTED),
        ("14", None, RefundStatus.REQUESTED),
    ],
)
async def test_statuses(channel: XiaohongshuChannel, status: Any, money: Any, expected: RefundStatus) -> None:
    assert (await refund_of(channel, status=status, refundStatus=money)).status is expected


@respx.mock
@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (1, RefundKind.RETURN),
        (2, RefundKind.EXCHANGE),
        (4, RefundKind.MONEY),
        (5, RefundKind.MONEY),
        (6, RefundKind.MONEY),
        ("1", RefundKind.RETURN),
    ],
)
async def test_kinds(channel: XiaohongshuChannel, code: Any, expected: RefundKind) -> None:
    assert (await refund_of(channel, returnType=code)).kind is expected


@respx.mock
async def test_an_exchange_ends_without_money(channel: XiaohongshuChannel) -> None:
    assert (await refund_of(channel, returnType=2, status=4, refundStatus=0)).status is RefundStatus.CLOSED
    assert (await refund_of(channel, returnType=2, status=12)).status is RefundStatus.REQUESTED


@respx.mock
@pytest.mark.parametrize(
    ("changes", "fen"),
    [
        ({}, 9000),
        ({"expectedRefundAmountYuan": "90.005"}, 9001),
        ({"expectedRefundAmountYuan": 0.1}, 10),
        ({"status": 4, "refundStatus": 2, "refundAmountYuan": 89.5}, 8950),
        ({"status": 4, "refundStatus": 2, "refundAmountYuan": None}, 9000),
        ({"status": 4, "refundStatus": 1, "refundAmountYuan": 0}, 9000),
        ({"expectedRefundAmountYuan": None}, 9000),
        ({"returnType": 2, "expectedRefundAmountYuan": None, "skus": [{"skuId": SKU}]}, 0),
    ],
)
async def test_amounts_are_yuan(channel: XiaohongshuChannel, changes: dict[str, Any], fen: int) -> None:
    assert (await refund_of(channel, **changes)).amount_fen == fen


@respx.mock
async def test_lines_are_numbered_as_the_orders_are(channel: XiaohongshuChannel) -> None:
    free: dict[str, Any] = {"totalPaidAmount": 0, "totalMerchantDiscount": 0, "totalRedDiscount": 0, "skuTag": 1}
    order = to_order(order_detail(skuList=[sku(), sku(**free)]), SHOP, ORDER_NO)
    found = await refund_of(channel, skus=[applied(count=2, yuan="90"), applied(count=2, yuan="0")])
    assert [line.line_no for line in found.lines] == [line.line_no for line in order.lines] == [SKU, f"{SKU}-2"]


@respx.mock
async def test_a_part_of_a_line_goes_by_its_pieces(channel: XiaohongshuChannel) -> None:
    order = to_order(order_detail(), SHOP, ORDER_NO)
    done: dict[str, Any] = {"status": 4, "refundStatus": 2}
    half = await refund_of(channel, **done, refundAmountYuan=45, skus=[applied()])
    left = with_refunds(order, [half])
    assert [(line.quantity, line.amount_fen) for line in left.lines] == [(1, 4500)]
    assert left.amounts.paid_fen == 5500
    whole = await refund_of(channel, **done, refundAmountYuan=90)
    assert with_refunds(order, [whole]).status is ChannelStatus.CANCELLED


@respx.mock
async def test_a_protected_price_takes_no_goods(channel: XiaohongshuChannel) -> None:
    order = to_order(order_detail(), SHOP, ORDER_NO)
    found = await refund_of(channel, returnType=6, status=4, refundStatus=2, refundAmountYuan=5)
    assert found.lines == (RefundLine(line_no=SKU),)
    assert [(line.quantity, line.amount_fen) for line in with_refunds(order, [found]).lines] == [(2, 8500)]


@respx.mock
@pytest.mark.parametrize("count", [None, "", 0])
async def test_pieces_that_are_not_told_are_left_open(channel: XiaohongshuChannel, count: Any) -> None:
    assert (await refund_of(channel, skus=[applied(count=count)])).lines == (RefundLine(line_no=SKU),)


@respx.mock
async def test_no_sku_is_the_whole_order(channel: XiaohongshuChannel) -> None:
    found = await refund_of(channel, skus=None, status=4, refundStatus=2, refundAmountYuan="100.00")
    assert found.lines == ()
    assert with_refunds(to_order(order_detail(), SHOP, ORDER_NO), [found]).status is ChannelStatus.CANCELLED


@respx.mock
async def test_the_row_tells_when_the_detail_does_not(channel: XiaohongshuChannel) -> None:
    assert (await refund_of(channel, updatedAt=None)).version == PAID_AT + 61_234


@respx.mock
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"status": 77}, "unknown status 77"),
        ({"status": None}, "unknown status None"),
        ({"status": "完成"}, "status is no integer"),
        ({"status": 4, "refundStatus": 77}, "unknown refundStatus 77"),
        ({"returnType": 3}, "unknown returnType 3"),
        ({"returnType": None}, "unknown returnType None"),
        ({"returnsId": "R2"}, "another after-sale"),
        ({"orderId": ""}, "no orderId"),
        ({"orderId": "P" * 65}, "no orderId"),
        ({"expectedRefundAmountYuan": "很多"}, "expectedRefundAmountYuan is no amount"),
        ({"expectedRefundAmountYuan": -1}, "negative"),
        ({"expectedRefundAmountYuan": None, "skus": []}, "no expectedRefundAmountYuan"),
        ({"expectedRefundAmountYuan": None, "skus": [{"skuId": SKU}]}, "appliedTotalAmountYuan"),
        ({"skus": ["x"]}, "skus"),
        ({"skus": [applied("")]}, "without skuId"),
        ({"skus": [applied(count=-1)]}, "pieces"),
        ({"skus": [applied(count="一")]}, "appliedCount"),
        ({"applyTime": 0}, "applyTime"),
        ({"applyTime": None}, "applyTime"),
        ({"applyTime": 10**15}, "applyTime"),
        ({"updatedAt": -1}, "updatedAt"),
    ],
)
async def test_what_is_not_known_is_never_guessed(
    channel: XiaohongshuChannel, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(DocumentUnreadable, match=words):
        await refund_of(channel, **changes)


@respx.mock
@pytest.mark.parametrize(
    "bad",
    [
        *(7, None, {}, {"returnsId": "R1"}, {"returnsId": "R1", "updatedAt": -1}),
        *({"returnsId": number, "updatedAt": 1} for number in ("a:b", "R" * 65)),
    ],
)
async def test_an_unreadable_row_goes_to_quarantine_alone(channel: XiaohongshuChannel, bad: Any) -> None:
    route(LIST).mock(return_value=listed(bad, ROW))
    route(DETAIL).mock(return_value=after_sale_answer())
    spoilt, good = (await channel.refunds.pull(SHOP, WINDOW, None)).documents
    with pytest.raises(DocumentUnreadable):
        await channel.interpret(spoilt)
    assert len(await channel.interpret(good)) == 1


@respx.mock
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (inner_error(-1, "系统异常"), Unavailable),
        (inner_error(500, "接口被限流"), Throttled),
        (inner_error(-2000400, "参数错误"), Rejected),
        (inner_error(0), Rejected),
        (ok({"code": 7, "success": True, "data": {}}), Rejected),
        (ok({"code": 0, "success": "maybe", "data": {}}), Unavailable),
        (ok({"code": 0, "success": "false", "data": {}}), Rejected),
        (ok({"code": "0", "success": "true", "data": {}}), Unavailable),
        (ok({"code": 0, "success": True, "data": None}), Unavailable),
        (ok({"code": 0, "success": True, "data": {}}), Unavailable),
        (inner({"totalCount": 10**12, "afterSaleBasicInfos": []}), Unavailable),
        (ok({"success": True}), Unavailable),
        (ok({}), Unavailable),
        (ok("done"), Unavailable),
        (error(-5, "限流"), Throttled),
        (error(-1), Unavailable),
        (httpx.Response(429), Throttled),
        (httpx.Response(200, html="<h1>hello</h1>"), Unavailable),
    ],
)
async def test_both_envelopes_must_be_a_success(
    channel: XiaohongshuChannel, answer: httpx.Response, expected: type[Exception]
) -> None:
    route(LIST).mock(return_value=answer)
    route(DETAIL).mock(return_value=answer)
    with pytest.raises(expected):
        await channel.refunds.pull(SHOP, WINDOW, None)
    with pytest.raises(expected):
        await channel.interpret(row_document())


@respx.mock
async def test_a_token_refused_in_the_inner_envelope_is_renewed(api: XiaohongshuApi, tokens: MemoryTokens) -> None:
    now = int(utc_now().timestamp() * 1000)
    fresh = {"accessToken": "new", "refreshToken": "r", "accessTokenExpiresAt": now + 10**9}
    route(REFRESH).mock(return_value=ok(fresh | {"refreshTokenExpiresAt": now + 10**9}))
    asked = route(DETAIL).mock(side_effect=[inner_error(401, "token 失效"), after_sale_answer()])
    (news,) = await XiaohongshuChannel(api).interpret(row_document())
    assert refund_in(news).refund_id == RETURNS
    assert [sent(c)["accessToken"] for c in asked.calls] == [f"access-{SHOP}", "new"]


# ------------------------------------------------------------------------------------------------------ pushes


def after_sale_message(data: Any, tag: str = "msg_after_sale_create") -> dict[str, Any]:
    return {"msgTag": tag, "sellerId": SHOP, "data": data if isinstance(data, dict) else json.dumps(data)}


@respx.mock
@pytest.mark.parametrize("tag", ["msg_after_sale_create", "msg_after_sale_transfer"])
@pytest.mark.parametrize("data", [{"returnsId": RETURNS}, {"returns_id": RETURNS, "status": 1}, {"returnId": RETURNS}])
async def test_a_message_is_a_hint_of_an_after_sale(
    channel: XiaohongshuChannel, tag: str, data: dict[str, Any]
) -> None:
    push = signed_push([after_sale_message(data, tag)])
    (document,) = channel.unpack(push)
    assert (document.kind, document.order_id) == ("refund", None)
    assert channel.unpack(push) == [document]
    asked = route(DETAIL).mock(return_value=after_sale_answer())
    (news,) = await channel.interpret(document)
    assert refund_in(news).refund_id == RETURNS
    assert business(asked.calls.last)["returnsId"] == RETURNS


@respx.mock
async def test_a_message_that_names_the_order_too_is_a_hint_of_both(channel: XiaohongshuChannel) -> None:
    route(ORDER).mock(return_value=detail_answer(cancelStatus=1))
    route(DETAIL).mock(return_value=after_sale_answer())
    about_order, about_refund = channel.unpack(
        signed_push([after_sale_message({"returnsId": RETURNS, "orderId": ORDER_NO})])
    )
    (order_news,) = await channel.interpret(about_order)
    assert isinstance(order_news, OrderNews)
    assert order_news.order.status is ChannelStatus.LOCKED
    (refund_news,) = await channel.interpret(about_refund)
    assert refund_in(refund_news).order_id == order_news.order.order_id
    assert about_order.document_id != about_refund.document_id


@respx.mock
async def test_a_message_that_names_the_order_only_asks_for_all_its_after_sales(channel: XiaohongshuChannel) -> None:
    listing = route(LIST).mock(return_value=listed(ROW, ROW | {"returnsId": "R2"}))
    answers = [after_sale_answer(), after_sale_answer(returnsId="R2", status=5)]
    route(DETAIL).mock(side_effect=answers)
    *_, about_refund = channel.unpack(signed_push([message("msg_after_sale_transfer")]))
    news = await channel.interpret(about_refund)
    assert [(refund_in(each).refund_id, refund_in(each).status) for each in news] == [
        (RETURNS, RefundStatus.REQUESTED),
        ("R2", RefundStatus.CLOSED),
    ]
    assert business(listing.calls.last) == {"orderId": ORDER_NO, "pageNo": 1, "pageSize": 100}


@respx.mock
@pytest.mark.parametrize(
    ("answer", "expected"),
    [(listed({"returnsId": ""}), Unavailable), (listed(7), Unavailable), (inner({"totalCount": 1}), Unavailable)],
)
async def test_an_unclear_list_is_not_taken_for_none(
    channel: XiaohongshuChannel, answer: httpx.Response, expected: type[Exception]
) -> None:
    route(LIST).mock(return_value=answer)
    *_, about_refund = channel.unpack(signed_push([message("msg_after_sale_transfer")]))
    with pytest.raises(expected):
        await channel.interpret(about_refund)


@pytest.mark.parametrize("data", [{}, {"returnsId": "a b"}, {"other": 1}, "{", 7])
def test_a_message_that_names_nothing_is_left_to_polling(channel: XiaohongshuChannel, data: Any) -> None:
    assert channel.unpack(signed_push([after_sale_message(data)])) == []


async def test_a_hint_about_a_shop_without_settings_waits_for_a_person(channel: XiaohongshuChannel) -> None:
    foreign = after_sale_message({"returnsId": RETURNS}) | {"sellerId": OTHER_SHOP}
    (document,) = channel.unpack(signed_push([foreign]))
    with pytest.raises(Misconfigured):
        await channel.interpret(document)


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"shop":"","returnsId":"R1"}', '{"shop":"s","returnsId":7.5}'])
async def test_a_body_of_another_shape_goes_to_quarantine(channel: XiaohongshuChannel, body: str) -> None:
    with pytest.raises(DocumentUnreadable):
        await channel.interpret(Document("xiaohongshu", "refund", "x", 0, body))
