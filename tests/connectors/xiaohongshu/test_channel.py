from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import respx
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import (
    DocumentUnreadable,
    Misconfigured,
    OutcomeUnknown,
    PushRefused,
    Rejected,
    Throttled,
    Unavailable,
)
from connectors.ports import Document, PullSource, SalesChannel, Window
from connectors.xiaohongshu import XiaohongshuApi, XiaohongshuChannel
from connectors.xiaohongshu.inbound import hints, is_test, read_document, read_page
from domain.clock import utc_now
from domain.news import CancelNews, OrderNews
from domain.order import Channel, ChannelStatus
from domain.shipping import Carrier, Shipment

from .conftest import (
    ORDER_NO,
    OTHER_SHOP,
    SHOP,
    business,
    detail_answer,
    error,
    message,
    ok,
    order_detail,
    route,
    signed_push,
)

LIST, DETAIL, SHIP = "order.getOrderList", "order.getOrderDetail", "order.orderDeliver"
NUMBER, SKU = "SF1000000000001", "65a000000000000000000001"
START = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(minutes=30))
ROW = {"orderId": ORDER_NO, "orderStatus": 4, "updateTime": 1772331865123}


def shipment(**changes: Any) -> Shipment:
    values: dict[str, Any] = {
        "parcel_id": f"xiaohongshu:{SHOP}:{ORDER_NO}#1",
        "channel_order_no": ORDER_NO,
        "shop": SHOP,
        "carrier": Carrier.SF,
        "number": NUMBER,
        "line_nos": (SKU,),
        "whole_order": True,
    }
    return Shipment(**(values | changes))


def listed(*rows: Any, last: int = 1, total: int | None = None) -> httpx.Response:
    found = len(rows) if total is None else total
    return ok({"total": found, "pageNo": 1, "pageSize": 100, "maxPageNo": last, "orderList": list(rows)})


def test_is_a_sales_channel_that_is_pulled(channel: XiaohongshuChannel, two_shops: XiaohongshuApi) -> None:
    port: SalesChannel = channel
    pulled: PullSource = XiaohongshuChannel(two_shops)
    assert (port.source, port.channel) == ("xiaohongshu", Channel.XIAOHONGSHU)
    assert (pulled.longest_window, list(pulled.shops)) == (timedelta(minutes=30), [SHOP, OTHER_SHOP])
    assert pulled.overlap > timedelta(0)


def test_each_message_is_a_hint(channel: XiaohongshuChannel) -> None:
    push = signed_push([message(), message("msg_fulfillment_receiver_change", orderId="P2")])
    first, second = channel.unpack(push)
    assert (first.source, first.kind, first.order_id) == (
        "xiaohongshu",
        "order_hint",
        f"xiaohongshu:{SHOP}:{ORDER_NO}",
    )
    assert second.order_id == f"xiaohongshu:{SHOP}:P2"
    assert channel.unpack(push) == [first, second]  # a re-delivery is the same
    (later,) = channel.unpack(signed_push([message(other=1)]))
    assert later.document_id != first.document_id


def test_the_query_is_signed_and_the_body_is_not(channel: XiaohongshuChannel) -> None:
    assert len(channel.unpack(signed_push([message()], query={"canshu": "测试"}))) == 1
    with pytest.raises(PushRefused):
        channel.unpack(signed_push([message()], headers={"sign": signed_push([], query={"a": "1"}).headers["sign"]}))


@pytest.mark.parametrize(
    "headers", [{"app-key": "1"}, {"app-key": ""}, {"sign": ""}, {"sign": "0" * 32}, {"sign": "签"}, {"timestamp": "1"}]
)
def test_a_push_that_is_not_signed_for_us(channel: XiaohongshuChannel, headers: dict[str, str]) -> None:
    push = signed_push([message()], headers)
    with pytest.raises(PushRefused):
        channel.unpack(push)
    assert channel.refused(push, "internal reason").status == 400


def test_the_connectivity_test_needs_no_signature(channel: XiaohongshuChannel) -> None:
    push = signed_push({"test": True}, {"sign": "", "app-key": ""})
    assert channel.unpack(push) == []
    reply = channel.accepted(push)
    assert (reply.status, json.loads(reply.body)) == (200, {"success": True, "error_code": 0, "error_msg": ""})


@pytest.mark.parametrize("tag", ["msg_item_create", "msg_item_buyable", "something_new"])
def test_other_messages_are_acknowledged_without_a_document(channel: XiaohongshuChannel, tag: str) -> None:
    assert channel.unpack(signed_push([message(tag)])) == []


@pytest.mark.parametrize("data", [{"order_id": ORDER_NO}, {"packageId": ORDER_NO}])
def test_data_is_read_leniently(channel: XiaohongshuChannel, data: dict[str, str]) -> None:
    as_object = {"msgTag": "msg_fulfillment_status_change", "sellerId": SHOP, "data": data}
    (document,) = channel.unpack(signed_push([as_object]))
    assert document.order_id == f"xiaohongshu:{SHOP}:{ORDER_NO}"


@pytest.mark.parametrize("body", [b"", b"{}", b"7", b"\xff", b"[" * 100_000])
def test_a_body_of_another_shape(channel: XiaohongshuChannel, body: bytes) -> None:
    with pytest.raises(DocumentUnreadable):
        channel.unpack(signed_push(body))


@pytest.mark.parametrize(
    "bad",
    [
        7,
        {"msgTag": "msg_fulfillment_status_change"},
        {"msgTag": "msg_fulfillment_status_change", "sellerId": SHOP, "data": "{"},
        {"msgTag": "msg_fulfillment_status_change", "sellerId": SHOP, "data": "{}"},
        {"msgTag": "msg_fulfillment_status_change", "sellerId": "a:b", "data": {"orderId": "P1"}},
        {"sellerId": SHOP},
    ],
)
async def test_an_unreadable_message_goes_to_quarantine_alone(channel: XiaohongshuChannel, bad: Any) -> None:
    spoilt, good = channel.unpack(signed_push([bad, message()]))
    assert spoilt.order_id is None
    with pytest.raises(DocumentUnreadable):
        await channel.interpret(spoilt)
    assert read_document(good) == (SHOP, ORDER_NO)


@respx.mock
async def test_one_page_of_changed_orders(channel: XiaohongshuChannel) -> None:
    asked = route(LIST).mock(return_value=listed(ROW))
    page = await channel.pull(SHOP, WINDOW, None)
    (document,) = page.documents
    assert page.next_page is None
    assert (document.kind, document.document_id, document.version, document.order_id) == (
        "order",
        f"{SHOP}:{ORDER_NO}",
        1772331865123,
        f"xiaohongshu:{SHOP}:{ORDER_NO}",
    )
    assert business(asked.calls.last) == {
        "timeType": 2,
        "startTime": 1772330400,
        "endTime": 1772332200,
        "orderType": 0,
        "orderStatus": 0,
        "pageNo": 1,
        "pageSize": 100,
    }
    assert asked.call_count == 1
    assert (await channel.pull(SHOP, WINDOW, None)).documents == page.documents  # what did not change is the same


@respx.mock
async def test_pages_are_read_from_the_last_to_the_first(channel: XiaohongshuChannel) -> None:
    asked = route(LIST).mock(return_value=listed(ROW, last=3))
    first = await channel.pull(SHOP, WINDOW, None)
    second = await channel.pull(SHOP, WINDOW, first.next_page)
    third = await channel.pull(SHOP, WINDOW, second.next_page)
    assert [business(c)["pageNo"] for c in asked.calls] == [1, 3, 2, 1]
    assert third.next_page is None


@respx.mock
async def test_a_token_that_dies_between_pages_is_renewed_and_the_page_read(channel: XiaohongshuChannel) -> None:
    soon = int(utc_now().timestamp() * 1000) + 10**9
    pair = {"accessToken": "new", "refreshToken": "r", "accessTokenExpiresAt": soon, "refreshTokenExpiresAt": soon}
    route("oauth.refreshToken").mock(return_value=ok(pair))
    second, refused = listed(ROW | {"orderId": "P2"}, last=2), error(401, "token 失效")
    route(LIST).mock(side_effect=[listed(last=2), second, refused, listed(ROW, last=2)])
    last = await channel.pull(SHOP, WINDOW, None)
    first = await channel.pull(SHOP, WINDOW, last.next_page)
    assert [each.order_id for page in (last, first) for each in page.documents] == [
        f"xiaohongshu:{SHOP}:P2",
        f"xiaohongshu:{SHOP}:{ORDER_NO}",
    ]


@respx.mock
async def test_a_page_that_fails_is_read_later_from_where_it_was(channel: XiaohongshuChannel) -> None:
    troubles = [httpx.Response(429, headers={"retry-after": "3"}), httpx.Response(200, html="<h1>hello</h1>")]
    full = listed(ROW, total=250, last=3)
    asked = route(LIST).mock(side_effect=[full, full, *troubles, full])
    last = await channel.pull(SHOP, WINDOW, None)
    for expected in (Throttled, Unavailable):
        with pytest.raises(expected):
            await channel.pull(SHOP, WINDOW, last.next_page)
    assert len((await channel.pull(SHOP, WINDOW, last.next_page)).documents) == 1
    assert [business(c)["pageNo"] for c in asked.calls] == [1, 3, 2, 2, 2]


@respx.mock
async def test_a_total_that_grows_while_pages_are_read_begins_anew(channel: XiaohongshuChannel) -> None:
    asked = route(LIST).mock(
        side_effect=[listed(total=201, last=3), listed(total=201, last=3), *[listed(total=301, last=4)] * 3]
    )
    last = await channel.pull(SHOP, WINDOW, None)
    again = await channel.pull(SHOP, WINDOW, last.next_page)
    assert again.next_page is not None
    assert [business(c)["pageNo"] for c in asked.calls] == [1, 3, 2, 1, 4]


@respx.mock
async def test_a_window_with_more_pages_than_are_given_out_is_halved(channel: XiaohongshuChannel) -> None:
    asked = route(LIST).mock(side_effect=[listed(total=10_500, last=105), listed(ROW, total=1)])
    first = await channel.pull(SHOP, WINDOW, None)
    assert first.next_page is not None
    spans = [(business(c)["startTime"], business(c)["endTime"]) for c in asked.calls]
    assert spans == [(1772330400, 1772332200), (1772330400, 1772331300)]
    route(LIST).mock(return_value=listed(ROW, total=1))
    assert (await channel.pull(SHOP, WINDOW, first.next_page)).next_page is None


@respx.mock
async def test_an_order_that_appears_vanishes_and_appears_again_is_one(channel: XiaohongshuChannel) -> None:
    route(LIST).mock(side_effect=[listed(ROW), listed(), listed(ROW)])
    (first,), (), (again,) = [(await channel.pull(SHOP, WINDOW, None)).documents for _ in range(3)]
    assert first == again, "the inbox knows it"
    route(DETAIL).mock(side_effect=[detail_answer(), error(-2000101, "订单不存在"), detail_answer()])
    before = await channel.interpret(first)
    with pytest.raises(Rejected):  # no answer about the order: it is asked for again later
        await channel.interpret(first)
    assert await channel.interpret(first) == before


@respx.mock
@pytest.mark.parametrize(
    "bad",
    [
        *(7, None, {}, {"orderId": "P1"}),
        *({"orderId": number, "updateTime": 1} for number in ("a:b", "P" * 65)),
    ],
)
async def test_an_unreadable_row_goes_to_quarantine_alone(channel: XiaohongshuChannel, bad: Any) -> None:
    route(LIST).mock(return_value=listed(bad, ROW))
    spoilt, good = (await channel.pull(SHOP, WINDOW, None)).documents
    assert spoilt.order_id is None
    with pytest.raises(DocumentUnreadable):
        await channel.interpret(spoilt)
    assert read_document(good) == (SHOP, ORDER_NO)


@respx.mock
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (error(-5, "限流"), "Throttled"),
        (error(-1), "Unavailable"),
        (ok({"orderList": []}), "Unavailable"),
        (listed(last=10**12), "Unavailable"),
        (httpx.Response(200, html="<h1>hello</h1>"), "Unavailable"),
    ],
)
async def test_a_pull_that_fails(channel: XiaohongshuChannel, answer: httpx.Response, expected: str) -> None:
    route(LIST).mock(return_value=answer)
    with pytest.raises(Exception, match=expected):
        await channel.pull(SHOP, WINDOW, None)


@respx.mock
async def test_pushes_and_rows_make_us_ask(channel: XiaohongshuChannel) -> None:
    route(LIST).mock(return_value=listed(ROW))
    asked = route(DETAIL).mock(return_value=detail_answer())
    documents = [*channel.unpack(signed_push([message()])), *(await channel.pull(SHOP, WINDOW, None)).documents]
    for document in documents:
        (news,) = await channel.interpret(document)
        assert isinstance(news, OrderNews)
        assert news.order.order_id == document.order_id
        assert news.order.status is ChannelStatus.PAID
    assert [business(c) for c in asked.calls] == [{"orderId": ORDER_NO}] * 2


@respx.mock
async def test_a_cancellation_comes_through_when_the_order_is_unreadable(channel: XiaohongshuChannel) -> None:
    route(DETAIL).mock(return_value=detail_answer(orderStatus=9, totalPayAmount=1))
    (document,) = channel.unpack(signed_push([message()]))
    assert await channel.interpret(document) == [
        CancelNews(Channel.XIAOHONGSHU, SHOP, ORDER_NO, "cancelled on the platform")
    ]


@respx.mock
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (detail_answer(totalPayAmount=1), DocumentUnreadable),
        (detail_answer(orderStatus=77), DocumentUnreadable),
        (detail_answer(orderId="P9"), DocumentUnreadable),
        (ok({}), Unavailable),
        (ok(), Unavailable),
        (error(-2000101, "订单不存在"), Rejected),
        (error(-1), Unavailable),
    ],
)
async def test_what_a_hint_may_end_in(
    channel: XiaohongshuChannel, answer: httpx.Response, expected: type[Exception]
) -> None:
    route(DETAIL).mock(return_value=answer)
    (document,) = channel.unpack(signed_push([message()]))
    with pytest.raises(expected):
        await channel.interpret(document)


async def test_a_hint_about_a_shop_without_settings_waits_for_a_person(channel: XiaohongshuChannel) -> None:
    (document,) = channel.unpack(signed_push([message() | {"sellerId": OTHER_SHOP}]))
    with pytest.raises(Misconfigured):
        await channel.interpret(document)


@respx.mock
async def test_a_whole_order_is_shipped(channel: XiaohongshuChannel) -> None:
    route(DETAIL).mock(return_value=detail_answer())
    asked = route(SHIP).mock(return_value=ok("success"))
    await channel.write_back(shipment())
    body = business(asked.calls.last)
    assert abs(body.pop("deliveringTime") / 1000 - utc_now().timestamp()) < 60
    assert body == {"orderId": ORDER_NO, "expressNo": NUMBER, "expressCompanyCode": "shunfeng", "unpack": False}


@respx.mock
async def test_a_part_of_an_order_names_its_skus(channel: XiaohongshuChannel) -> None:
    route(DETAIL).mock(return_value=detail_answer())
    asked = route(SHIP).mock(return_value=ok())
    await channel.write_back(shipment(whole_order=False, line_nos=(SKU, f"{SKU}-2", "65b"), carrier=Carrier.ZTO))
    body = business(asked.calls.last)
    assert (body["unpack"], body["skuIdList"], body["expressCompanyCode"]) == (True, [SKU, "65b"], "zto")


@respx.mock
@pytest.mark.parametrize(
    "shipped",
    [
        {"expressTrackingNo": NUMBER},
        {"expressTrackingNo": None, "simpleDeliveryOrderList": [{"expressTrackingNo": NUMBER}]},
        {"expressTrackingNo": NUMBER, "orderAfterSalesStatus": 2},
    ],
)
async def test_an_order_that_has_this_number_is_content(channel: XiaohongshuChannel, shipped: dict[str, Any]) -> None:
    route(DETAIL).mock(return_value=detail_answer(orderStatus=6, **shipped))
    asked = route(SHIP)
    await channel.write_back(shipment())
    assert not asked.called


@respx.mock
async def test_an_order_that_was_shipped_meanwhile_is_looked_at(channel: XiaohongshuChannel) -> None:
    route(DETAIL).mock(side_effect=[detail_answer(), detail_answer(orderStatus=6, expressTrackingNo=NUMBER)])
    route(SHIP).mock(return_value=error(-5, "包裹已发货"))
    await channel.write_back(shipment())


@respx.mock
@pytest.mark.parametrize("number", ["", "SF9999999999999"])
async def test_a_refusal_with_another_number_stands(channel: XiaohongshuChannel, number: str) -> None:
    route(DETAIL).mock(return_value=detail_answer(expressTrackingNo=number))
    route(SHIP).mock(return_value=error(-5, "订单已关闭"))
    with pytest.raises(Rejected, match="订单已关闭"):
        await channel.write_back(shipment())


@respx.mock
@pytest.mark.parametrize("changes", [{"cancelStatus": 1}, {"orderAfterSalesStatus": 2}, {"cancelStatus": "?"}])
async def test_an_order_under_refund_is_not_shipped(channel: XiaohongshuChannel, changes: dict[str, Any]) -> None:
    route(DETAIL).mock(return_value=detail_answer(**changes))
    asked = route(SHIP)
    with pytest.raises(Rejected):
        await channel.write_back(shipment())
    assert not asked.called


@respx.mock
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (error(-1), OutcomeUnknown),
        (httpx.Response(200, html="<h1>hello</h1>"), OutcomeUnknown),
        (httpx.Response(500), OutcomeUnknown),
        (httpx.Response(503), Unavailable),
    ],
)
async def test_a_write_back_that_fails(
    channel: XiaohongshuChannel, answer: httpx.Response, expected: type[Exception]
) -> None:
    route(DETAIL).mock(return_value=detail_answer())
    route(SHIP).mock(return_value=answer)
    with pytest.raises(expected):
        await channel.write_back(shipment())


@respx.mock
async def test_a_time_out_may_have_shipped(channel: XiaohongshuChannel) -> None:
    route(DETAIL).mock(return_value=detail_answer())
    route(SHIP).mock(side_effect=httpx.ReadTimeout)
    with pytest.raises(OutcomeUnknown):
        await channel.write_back(shipment())


async def test_a_carrier_without_a_code(channel: XiaohongshuChannel) -> None:
    with pytest.raises(Rejected, match="no code"):
        await channel.write_back(shipment(carrier=Carrier.OTHER))


KEYS = ["msgTag", "sellerId", "data", "orderId", "updateTime", *order_detail()]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=10,
)


@given(st.binary() | JSON.map(lambda value: json.dumps([value]).encode()))
def test_no_push_raises_anything_unforeseen(body: bytes) -> None:
    assert not is_test(body)
    try:
        found = hints(signed_push(body))
    except DocumentUnreadable:
        return
    for document in found:
        document.body.encode("ascii")
        try:
            read_document(document)
        except DocumentUnreadable:
            assert document.order_id is None


@given(st.lists(JSON, max_size=3))
def test_every_row_becomes_a_document_that_can_be_stored(rows: list[Any]) -> None:
    page = read_page(SHOP, {"maxPageNo": 1, "orderList": rows})
    assert len(page.documents) == len(rows)
    for document in page.documents:
        document.body.encode("ascii")
        document.document_id.encode()


@given(st.text() | JSON.map(json.dumps), st.sampled_from(["order", "order_hint"]), st.text())
def test_no_document_raises_anything_unforeseen(body: str, kind: str, number: str) -> None:
    for document_id in (number, f"{SHOP}:{ORDER_NO}"):
        try:
            assert read_document(Document("xiaohongshu", kind, document_id, 0, body))[1]
        except DocumentUnreadable:
            continue
