from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
import respx

from connectors.errors import (
    DocumentUnreadable,
    Misconfigured,
    OutcomeUnknown,
    PartnerError,
    PushRefused,
    Rejected,
    Throttled,
    Unavailable,
)
from connectors.jd import JdChannel, JosApi
from connectors.ports import PullSource, Push, SalesChannel, Window
from domain.holds import HoldReason
from domain.news import CancelNews, OrderNews
from domain.order import Channel, ChannelStatus, ClearReceiver
from domain.review import Dossier, review
from domain.shipping import Carrier, SentParcel, Shipment
from tests.connectors.memory_tokens import MemoryTokens

from .conftest import (
    GET,
    ORDER_NO,
    OTHER_SHOP,
    SEARCH,
    SHIPMENT,
    SHOP,
    detail,
    error,
    item,
    ok,
    order_info,
    page,
    route,
    sent,
    settings,
    shipped,
    unseen,
)

WINDOW = Window(datetime(2026, 3, 1, 2, 0, tzinfo=UTC), datetime(2026, 3, 1, 2, 30, tzinfo=UTC))
NUMBER = "SF1000000000001"


def shipment(**changes: Any) -> Shipment:
    values: dict[str, Any] = {
        "parcel_id": f"jd:{SHOP}:{ORDER_NO}#1",
        "channel_order_no": ORDER_NO,
        "shop": SHOP,
        "carrier": Carrier.SF,
        "number": NUMBER,
        "line_nos": (f"{ORDER_NO}:100001:1",),
        "whole_order": True,
    }
    return Shipment(**(values | changes))


def test_is_a_sales_channel_that_is_pulled(channel: JdChannel) -> None:
    seller: SalesChannel = channel
    pulled: PullSource = channel
    assert (seller.source, pulled.feed, pulled.channel) == ("jd", "jd", Channel.JD)
    assert list(pulled.shops) == [SHOP, OTHER_SHOP]
    assert pulled.overlap >= timedelta(minutes=5)
    assert pulled.longest_window <= timedelta(days=30)


@respx.mock
async def test_a_window_is_asked_by_time_of_change(channel: JdChannel) -> None:
    asked = route(SEARCH).mock(return_value=page([order_info()]))
    found = await channel.pull(SHOP, WINDOW, None)
    business = sent(asked.calls.last)
    assert (business["start_date"], business["end_date"]) == ("2026-03-01 10:00:00", "2026-03-01 10:30:00")
    assert (business["page"], business["page_size"]) == ("1", "100")
    assert "LOCKED" in business["order_state"].split(",")
    assert {"modified", "parentOrderId", "itemInfoList"} <= set(business["optional_fields"].split(","))
    assert "dateType" not in business  # the default is the time of change; 1 would be the time of order
    assert all(isinstance(value, str) for value in business.values())
    assert [document.document_id for document in found.documents] == [f"{SHOP}:{ORDER_NO}"]
    assert found.next_page is None


@respx.mock
async def test_pages_are_read_from_the_last_back(channel: JdChannel) -> None:
    asked = route(SEARCH).mock(return_value=page([order_info()], total=250))
    pages: list[str | None] = []
    turn: str | None = None
    while True:
        turn = (await channel.pull(SHOP, WINDOW, turn)).next_page
        pages.append(turn)
        if turn is None:
            break
    assert pages == ["3", "2", "1", None]
    assert [sent(call)["page"] for call in asked.calls] == ["1", "3", "2", "1"]


@respx.mock
async def test_an_order_that_leaves_the_window_meanwhile_hides_no_other(channel: JdChannel) -> None:
    changed = [order_info(orderId=str(290000000000 + n)) for n in range(250)]

    seen: set[str] = set()
    expected = {f"{SHOP}:{info['orderId']}" for info in changed}

    def answer_page(request: httpx.Request) -> httpx.Response:
        number = int(json.loads(dict(parse_qsl(request.content.decode()))["360buy_param_json"])["page"])
        found = page(changed[100 * (number - 1) : 100 * number], total=len(changed))
        changed.pop(0)
        return found

    route(SEARCH).mock(side_effect=answer_page)
    turn: str | None = None
    while True:
        found = await channel.pull(SHOP, WINDOW, turn)
        seen |= {document.document_id for document in found.documents}
        turn = found.next_page
        if turn is None:
            break
    assert seen == expected


@respx.mock
@pytest.mark.parametrize("success", [True, "true", "True"])
async def test_success_comes_as_bool_or_text(channel: JdChannel, success: Any) -> None:
    route(SEARCH).mock(return_value=page([], success=success))
    assert (await channel.pull(SHOP, WINDOW, None)).documents == ()


@respx.mock
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (page([], success="false", words="参数错误"), Rejected),
        (page([], success=False, words="系统繁忙，请稍后"), Unavailable),
        (page([], success=False, words="限流"), Throttled),
        (page([], success=None), Unavailable),
        (ok(SEARCH, {}), Unavailable),
        (error("7"), Rejected),
        (httpx.Response(500), Unavailable),
    ],
)
async def test_what_a_pull_may_end_in(channel: JdChannel, answer: httpx.Response, expected: type[PartnerError]) -> None:
    route(SEARCH).mock(return_value=answer)
    with pytest.raises(PartnerError) as caught:
        await channel.pull(SHOP, WINDOW, None)
    assert type(caught.value) is expected


@respx.mock
async def test_an_unreadable_order_goes_to_quarantine_alone(channel: JdChannel) -> None:
    bad = order_info(modified="soon")
    route(SEARCH).mock(return_value=page([7, bad, order_info()]))
    number, spoilt, good = (await channel.pull(SHOP, WINDOW, None)).documents
    for document in (number, spoilt):
        assert document.order_id is None
        with pytest.raises(DocumentUnreadable):
            await channel.interpret(document)
    (news,) = await channel.interpret(good)
    assert isinstance(news, OrderNews)
    assert news.order.order_id == f"jd:{SHOP}:{ORDER_NO}"


@respx.mock
async def test_receivers_are_read_in_clear_text_only_where_the_settings_say_so(tokens: MemoryTokens) -> None:
    api = JosApi(settings(encrypted=False), tokens)
    clear = "jingdong.pop.order.search"
    body = {
        "searchorderinfo_result": {"apiResult": {"success": True}, "orderTotal": 1, "orderInfoList": [order_info()]}
    }
    route(clear).mock(return_value=ok(clear, body))
    (document,) = (await JdChannel(api).pull(SHOP, WINDOW, None)).documents
    (news,) = await JdChannel(api).interpret(document)
    assert isinstance(news, OrderNews)
    assert isinstance(news.order.receiver, ClearReceiver)
    await api.close()


async def interpreted(channel: JdChannel, **changes: Any) -> list[Any]:
    with respx.mock:
        route(SEARCH).mock(return_value=page([order_info(**changes)]))
        (document,) = (await channel.pull(SHOP, WINDOW, None)).documents
    return list(await channel.interpret(document))


async def test_amounts_may_be_json_numbers(channel: JdChannel) -> None:
    (news,) = await interpreted(channel, orderTotalPrice=99.0, itemInfoList=[item(jdPrice=49.5, itemTotal=2)])
    assert news.order.amounts.paid_fen == 10000


async def test_a_child_drops_its_parent(channel: JdChannel) -> None:
    child, parent = await interpreted(channel, parentOrderId="290000000000", directParentOrderId="290000000000")
    assert child.order.channel_order_no == ORDER_NO
    assert child.order.parent_no == "290000000000"
    assert parent == CancelNews(Channel.JD, SHOP, "290000000000", "split", may_never_come=True)


async def test_a_locked_order_is_held(channel: JdChannel) -> None:
    (news,) = await interpreted(channel, orderState="LOCKED")
    assert not news.order.paid
    assert [flag.hold for flag in review(Dossier(news.order))] == [HoldReason.CHANNEL_LOCKED]


async def test_a_cancelled_order(channel: JdChannel) -> None:
    (news,) = await interpreted(channel, orderState="TRADE_CANCELED")
    assert news.order.status is ChannelStatus.CANCELLED
    unreadable = await interpreted(channel, orderState="TRADE_CANCELED", orderTotalPrice="1.00")
    assert unreadable == [CancelNews(Channel.JD, SHOP, ORDER_NO, "cancelled")]


@pytest.mark.parametrize(
    ("changes", "words"), [({"orderState": "NEW"}, "NEW"), ({"orderTotalPrice": "1.00"}, "100 fen")]
)
async def test_what_is_not_understood_is_quarantined(channel: JdChannel, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(DocumentUnreadable, match=words):
        await interpreted(channel, **changes)


def test_nothing_is_ever_pushed(channel: JdChannel) -> None:
    push = Push("POST", "/hooks/jd", "", {}, {}, b"{}", WINDOW.end)
    with pytest.raises(PushRefused):
        channel.unpack(push)
    assert channel.refused(push, "x").status == 404
    assert channel.accepted(push).body == b""


@respx.mock
async def test_an_order_is_shipped(channel: JdChannel) -> None:
    asked = route(SHIPMENT).mock(return_value=shipped("true"))
    await channel.write_back(shipment())
    assert sent(asked.calls.last) == {
        "orderId": ORDER_NO,
        "logiCoprId": "467",
        "logiNo": NUMBER,
        "installId": "",
        "venderTaskAddressId": "",
    }


@respx.mock
@pytest.mark.parametrize(
    ("carrier", "code"),
    [
        (Carrier.ZTO, "1499"),
        (Carrier.YUNDA, "1327"),
        (Carrier.STO, "470"),
        (Carrier.YTO, "463"),
        (Carrier.EMS, "465"),
        (Carrier.DEPPON, "3046"),
        (Carrier.JD, "2087"),
    ],
)
async def test_carriers(channel: JdChannel, carrier: Carrier, code: str) -> None:
    asked = route(SHIPMENT).mock(return_value=shipped())
    await channel.write_back(shipment(carrier=carrier))
    assert sent(asked.calls.last)["logiCoprId"] == code


@respx.mock
async def test_several_parcels_are_told_at_once_with_the_last_of_them(channel: JdChannel) -> None:
    asked = route(SHIPMENT).mock(return_value=shipped())
    await channel.write_back(shipment(whole_order=False, numberless=1))
    assert not asked.called
    first = SentParcel(Carrier.ZTO, "7000000000001", (f"{ORDER_NO}:100002:1",))
    await channel.write_back(shipment(whole_order=False, others=(first,)))
    assert (sent(asked.calls.last)["logiCoprId"], sent(asked.calls.last)["logiNo"]) == (
        "467|1499",
        f"{NUMBER}|7000000000001",
    )


async def test_a_carrier_without_an_id(channel: JdChannel) -> None:
    with pytest.raises(Rejected, match="JTSD"):
        await channel.write_back(shipment(carrier=Carrier.JTSD))


@respx.mock
async def test_a_carrier_of_the_settings(tokens: MemoryTokens) -> None:
    api = JosApi(settings(carrier_ids={Carrier.JTSD: "773574"}), tokens)
    asked = route(SHIPMENT).mock(return_value=shipped())
    await JdChannel(api).write_back(shipment(carrier=Carrier.JTSD))
    assert sent(asked.calls.last)["logiCoprId"] == "773574"
    await api.close()


@respx.mock
@pytest.mark.parametrize("words", ["订单已出库", "请勿重复出库"])
@pytest.mark.parametrize("waybill", [NUMBER, f"SF0|{NUMBER}", "", None])
async def test_shipped_already_is_well(channel: JdChannel, words: str, waybill: Any) -> None:
    route(SHIPMENT).mock(return_value=shipped(False, words))
    asked = route(GET).mock(return_value=detail(waybill))
    await channel.write_back(shipment())
    assert sent(asked.calls.last)["order_id"] == ORDER_NO


@respx.mock
async def test_shipped_already_and_not_the_apps_to_read_is_well(channel: JdChannel) -> None:
    route(SHIPMENT).mock(return_value=shipped("false", "订单已出库"))
    route(GET).mock(return_value=unseen("订单不存在"))
    await channel.write_back(shipment())


@respx.mock
async def test_shipped_already_and_a_refused_look_is_refused(channel: JdChannel) -> None:
    route(SHIPMENT).mock(return_value=shipped("false", "订单已出库"))
    route(GET).mock(return_value=unseen("商家已冻结"))
    with pytest.raises(Rejected, match="商家已冻结"):
        await channel.write_back(shipment())


@respx.mock
async def test_shipped_already_with_another_number_is_refused(channel: JdChannel) -> None:
    route(SHIPMENT).mock(return_value=shipped("false", "订单已出库"))
    route(GET).mock(return_value=detail("SF9"))
    with pytest.raises(Rejected, match="已出库"):
        await channel.write_back(shipment())


@respx.mock
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (shipped(False, "订单已锁定，不允许出库"), Rejected),
        (shipped(False, "系统繁忙"), OutcomeUnknown),
        (ok(SHIPMENT, {}), OutcomeUnknown),
        (error("13", "签名错误"), Misconfigured),
        (httpx.Response(502), OutcomeUnknown),
    ],
)
async def test_what_a_write_back_may_end_in(
    channel: JdChannel, answer: httpx.Response, expected: type[PartnerError]
) -> None:
    route(SHIPMENT).mock(return_value=answer)
    looked = route(GET)
    with pytest.raises(PartnerError) as caught:
        await channel.write_back(shipment())
    assert type(caught.value) is expected
    assert not looked.called


@respx.mock
async def test_a_write_back_that_times_out_may_have_happened(channel: JdChannel) -> None:
    route(SHIPMENT).mock(side_effect=httpx.ReadTimeout)
    with pytest.raises(OutcomeUnknown):
        await channel.write_back(shipment())
