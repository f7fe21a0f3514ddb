from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
import respx
from hypothesis import given
from hypothesis import strategies as st

from connectors.douyin import DouyinApi, DouyinChannel
from connectors.douyin.inbound import documents, read_hint, read_refund_hint
from connectors.errors import (
    DocumentUnreadable,
    Misconfigured,
    OutcomeUnknown,
    PushRefused,
    Rejected,
    Unavailable,
)
from connectors.ports import Document, SalesChannel
from domain.news import CancelNews, OrderNews
from domain.order import Channel, ChannelStatus
from domain.shipping import Carrier, Shipment

from .conftest import (
    ORDER_NO,
    SHOP,
    detail_answer,
    error,
    message,
    ok,
    order_detail,
    route,
    sent,
    settings,
    signed_push,
    sku_order,
)

DETAIL, SHIP, PACK = "order.orderDetail", "order.logisticsAdd", "order.logisticsAddMultiPack"
SECOND = "4800000000000000002"
ALREADY_SHIPPED = error(50002, "isv.business-failed:60110", "订单已发货，不允许再次执行发货")


def shipment(**changes: Any) -> Shipment:
    values: dict[str, Any] = {
        "parcel_id": f"douyin:{SHOP}:{ORDER_NO}#1",
        "channel_order_no": ORDER_NO,
        "shop": SHOP,
        "carrier": Carrier.SF,
        "number": "SF1000000000001",
        "line_nos": (ORDER_NO,),
        "whole_order": True,
    }
    return Shipment(**(values | changes))


def test_is_a_sales_channel(channel: DouyinChannel) -> None:
    port: SalesChannel = channel
    assert (port.source, port.channel) == ("douyin", Channel.DOUYIN)


def test_each_message_is_a_document(channel: DouyinChannel) -> None:
    push = signed_push([message(), message("101", "m2", p_id=SECOND, shop_id=SHOP)])
    first, second = channel.unpack(push)
    assert (first.source, first.kind, first.document_id, first.order_id) == (
        "douyin",
        "order_hint",
        "71000000000001_110_0_1772331860",
        f"douyin:{SHOP}:{ORDER_NO}",
    )
    assert (second.document_id, second.order_id) == ("m2", f"douyin:{SHOP}:{SECOND}")
    assert [channel.unpack(push)] == [[first, second]]  # a re-delivery is the same


def test_data_may_be_an_object_already(channel: DouyinChannel) -> None:
    as_object = message()
    as_object["data"] = json.loads(as_object["data"])
    (document,) = channel.unpack(signed_push([as_object]))
    assert document.order_id == f"douyin:{SHOP}:{ORDER_NO}"


@pytest.mark.parametrize("tag", ["0", "209", "99", "115", 0, 300])
def test_other_messages_are_acknowledged_without_a_document(channel: DouyinChannel, tag: Any) -> None:
    push = signed_push([message(tag)])
    assert channel.unpack(push) == []
    reply = channel.accepted(push)
    assert (reply.status, json.loads(reply.body)) == (200, {"code": 0, "msg": "success"})


@pytest.mark.parametrize("tag", ["100", "114", 110])
def test_order_tags(channel: DouyinChannel, tag: Any) -> None:
    assert len(channel.unpack(signed_push([message(tag)]))) == 1


@pytest.mark.parametrize(
    "headers", [{"app-id": "1"}, {"app-id": ""}, {"event-sign": ""}, {"event-sign": "0" * 32}, {"event-sign": "签"}]
)
def test_a_push_that_is_not_signed_for_us(channel: DouyinChannel, headers: dict[str, str]) -> None:
    push = signed_push([message()], headers)
    with pytest.raises(PushRefused):
        channel.unpack(push)
    reply = channel.refused(push, "internal reason")
    assert reply.status == 400
    assert json.loads(reply.body) == {"code": 40041, "message": "解析推送数据失败"}


@pytest.mark.parametrize("body", [b"", b"{}", b"7", b"\xff", b"[" * 100_000])
def test_a_body_of_another_shape(channel: DouyinChannel, body: bytes) -> None:
    with pytest.raises(DocumentUnreadable):
        channel.unpack(signed_push(body))


@pytest.mark.parametrize(
    "bad",
    [
        7,
        {"msg_id": "m"},
        {"tag": "110", "msg_id": "m"},
        {"tag": "110", "data": "{"},
        {"tag": "110", "data": {"p_id": 1}},
        {"tag": "110", "data": {"p_id": "a:b", "shop_id": 1}},
        {"tag": "110", "data": {"p_id": True, "shop_id": 1}},
    ],
)
async def test_an_unreadable_message_goes_to_quarantine_alone(channel: DouyinChannel, bad: Any) -> None:
    spoilt, good = channel.unpack(signed_push([bad, message()]))
    assert spoilt.order_id is None
    assert spoilt.document_id
    with pytest.raises(DocumentUnreadable):
        await channel.interpret(spoilt)
    assert read_hint(good).order_no == ORDER_NO


@given(
    st.binary()
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["tag", "msg_id", "data", "p_id", "shop_id", "aftersale_id", "row"])
                | st.text(max_size=3),
                inner | st.sampled_from(["110", "206"]),
            )
        ),
        max_leaves=10,
    ).map(lambda value: json.dumps([value]).encode())
)
def test_no_body_raises_anything_else(body: bytes) -> None:
    try:
        found = documents(settings(), body)
    except DocumentUnreadable:
        return
    for document in found:
        document.body.encode("ascii")
        document.document_id.encode("ascii")
        try:
            (read_refund_hint if document.kind == "refund" else read_hint)(document)
        except DocumentUnreadable:
            assert document.kind == "refund" or document.order_id is None


@respx.mock
async def test_a_hint_makes_us_ask(channel: DouyinChannel) -> None:
    asked = route(DETAIL).mock(return_value=detail_answer())
    (document,) = channel.unpack(signed_push([message()]))
    (news,) = await channel.interpret(document)
    assert sent(asked.calls.last) == {"shop_order_id": ORDER_NO}
    assert isinstance(news, OrderNews)
    assert news.order.order_id == document.order_id
    assert news.order.status is ChannelStatus.PAID


@respx.mock
async def test_a_cancelled_order_is_order_news(channel: DouyinChannel) -> None:
    route(DETAIL).mock(return_value=detail_answer(order_status=4, main_status=4))
    (document,) = channel.unpack(signed_push([message("106")]))
    (news,) = await channel.interpret(document)
    assert isinstance(news, OrderNews)
    assert news.order.status is ChannelStatus.CANCELLED


@respx.mock
async def test_a_cancellation_comes_through_when_the_order_is_unreadable(channel: DouyinChannel) -> None:
    route(DETAIL).mock(
        return_value=detail_answer(order_status=4, main_status=21, pay_amount=1, cancel_reason="不想要了")
    )
    (document,) = channel.unpack(signed_push([message("106")]))
    assert await channel.interpret(document) == [CancelNews(Channel.DOUYIN, SHOP, ORDER_NO, "不想要了")]


@respx.mock
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (detail_answer(pay_amount=1), DocumentUnreadable),
        (detail_answer(order_status=77, main_status=77), DocumentUnreadable),
        (ok({}), Unavailable),
        (error(40004, "isv.parameter-invalid:20014"), Rejected),
        (error(20000), Unavailable),
    ],
)
async def test_what_a_hint_may_end_in(
    channel: DouyinChannel, answer: httpx.Response, expected: type[Exception]
) -> None:
    route(DETAIL).mock(return_value=answer)
    (document,) = channel.unpack(signed_push([message()]))
    with pytest.raises(expected):
        await channel.interpret(document)


async def test_a_hint_about_a_shop_without_settings_waits_for_a_person(channel: DouyinChannel) -> None:
    (document,) = channel.unpack(signed_push([message(shop_id=99)]))
    with pytest.raises(Misconfigured):
        await channel.interpret(document)


async def test_a_spoilt_document_is_unreadable(channel: DouyinChannel) -> None:
    with pytest.raises(DocumentUnreadable):
        await channel.interpret(Document("douyin", "order_hint", "x", 0, "no json"))


@respx.mock
async def test_a_whole_order_is_shipped(channel: DouyinChannel) -> None:
    asked = route(SHIP).mock(return_value=ok())
    await channel.write_back(shipment())
    assert sent(asked.calls.last) == {
        "order_id": ORDER_NO,
        "company_code": "shunfeng",
        "logistics_code": "SF1000000000001",
    }


@respx.mock
@pytest.mark.parametrize(
    ("carrier", "code"),
    [
        (Carrier.ZTO, "zhongtong"),
        (Carrier.YTO, "yuantong"),
        (Carrier.STO, "shentong"),
        (Carrier.YUNDA, "yunda"),
        (Carrier.EMS, "ems"),
        (Carrier.JD, "jd"),
        (Carrier.DEPPON, "debangkuaidi"),
        (Carrier.JTSD, "jtexpress"),
    ],
)
async def test_carriers(channel: DouyinChannel, carrier: Carrier, code: str) -> None:
    asked = route(SHIP).mock(return_value=ok())
    await channel.write_back(shipment(carrier=carrier))
    assert sent(asked.calls.last)["company_code"] == code


async def test_a_carrier_that_the_platform_has_no_code_for(channel: DouyinChannel) -> None:
    with pytest.raises(Rejected, match="OTHER"):
        await channel.write_back(shipment(carrier=Carrier.OTHER))


@respx.mock
async def test_a_part_of_an_order_is_shipped_as_a_pack(channel: DouyinChannel) -> None:
    two = [sku_order(), sku_order(SECOND, item_num=3, pay_amount=0)]
    route(DETAIL).mock(return_value=detail_answer(sku_order_list=two))
    asked = route(PACK).mock(return_value=ok({"pack_list": [{"pack_id": "1"}]}))
    part = shipment(line_nos=(SECOND,), whole_order=False)
    await channel.write_back(part)
    await channel.write_back(part)
    await channel.write_back(shipment(line_nos=(SECOND,), whole_order=False, number="SF2"))
    bodies = [sent(call) for call in asked.calls]
    assert bodies[0] == {
        "order_id": ORDER_NO,
        "request_id": bodies[0]["request_id"],
        "pack_list": [
            {
                "shipped_order_info": [{"shipped_order_id": SECOND, "shipped_num": 3}],
                "company_code": "shunfeng",
                "logistics_code": "SF1000000000001",
            }
        ],
    }
    assert bodies[1] == bodies[0]
    assert bodies[2]["request_id"] != bodies[0]["request_id"]


@respx.mock
async def test_a_part_that_the_platform_has_already_is_left_alone(channel: DouyinChannel) -> None:
    route(DETAIL).mock(return_value=detail_answer(logistics_info=[{"tracking_no": "SF1000000000001"}]))
    asked = route(PACK).mock(return_value=ok())
    await channel.write_back(shipment(whole_order=False))
    assert not asked.called


@respx.mock
@pytest.mark.parametrize(
    ("lines", "detail"),
    [((SECOND,), order_detail()), ((ORDER_NO,), order_detail(sku_order_list=[]))],
)
async def test_a_part_of_an_order_that_has_no_such_lines(
    channel: DouyinChannel, lines: tuple[str, ...], detail: dict[str, Any]
) -> None:
    route(DETAIL).mock(return_value=ok({"shop_order_detail": detail}))
    with pytest.raises(Rejected):
        await channel.write_back(shipment(line_nos=lines, whole_order=False))


@respx.mock
async def test_shipped_already_with_this_number_is_content(channel: DouyinChannel) -> None:
    route(SHIP).mock(return_value=ALREADY_SHIPPED)
    shipped = [{"tracking_no": "SF0"}, {"tracking_no": "SF1000000000001"}]
    route(DETAIL).mock(return_value=detail_answer(logistics_info=shipped))
    await channel.write_back(shipment())


@respx.mock
@pytest.mark.parametrize("info", [[], None, [7], [{"tracking_no": "SF9"}]])
async def test_shipped_already_with_another_number_is_refused(channel: DouyinChannel, info: Any) -> None:
    route(SHIP).mock(return_value=ALREADY_SHIPPED)
    route(DETAIL).mock(return_value=detail_answer(logistics_info=info))
    with pytest.raises(Rejected, match="已发货"):
        await channel.write_back(shipment())


@respx.mock
async def test_other_refusals_are_not_looked_into(channel: DouyinChannel) -> None:
    route(SHIP).mock(return_value=error(40004, "isv.parameter-invalid:60017", "物流单号不符合规则"))
    asked = route(DETAIL)
    with pytest.raises(Rejected):
        await channel.write_back(shipment())
    assert not asked.called


@respx.mock
async def test_a_write_back_that_times_out_may_have_happened(channel: DouyinChannel, api: DouyinApi) -> None:
    route(SHIP).mock(side_effect=httpx.ReadTimeout)
    with pytest.raises(OutcomeUnknown):
        await channel.write_back(shipment())
