from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
import respx
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import DocumentUnreadable, Misconfigured, OutcomeUnknown, PushRefused, Rejected, Unavailable
from connectors.fields import load_json
from connectors.pdd import PddApi, PddChannel
from connectors.pdd.pulled import read_document, read_page
from connectors.ports import Document, PullSource, Push, SalesChannel, Window
from domain.news import CancelNews, OrderNews
from domain.order import Channel, ChannelStatus
from domain.shipping import Carrier, Shipment

from .conftest import ORDER_SN, OTHER_SHOP, SHOP, detail_answer, error, ok, order_info, route, sent

LIST, DETAIL = "pdd.order.number.list.increment.get", "pdd.order.information.get"
REFUND, SHIP, EXTRA = "pdd.refund.status.check", "pdd.logistics.online.send", "pdd.order.upload.extra.logistics"
NUMBER = "SF1000000000001"
START = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(minutes=30))


def shipment(**changes: Any) -> Shipment:
    values: dict[str, Any] = {
        "parcel_id": f"pdd:{SHOP}:{ORDER_SN}#1",
        "channel_order_no": ORDER_SN,
        "shop": SHOP,
        "carrier": Carrier.SF,
        "number": NUMBER,
        "line_nos": ("7001",),
        "whole_order": True,
    }
    return Shipment(**(values | changes))


def listed(*rows: Any, total: int | None = None) -> httpx.Response:
    data = {"total_count": len(rows) if total is None else total, "order_sn_list": list(rows)}
    return ok(data, "order_sn_increment_get_response")


class Listing:
    """The platform's list, which rows leave (for a later window) or come into (its index lags) while it is read."""

    def __init__(self, count: int, *, leave: int = 0, come: int = 0) -> None:
        self.rows = [order_info(order_sn=f"260301-{n:015}") for n in range(count)]
        self.leave = leave
        self.come = come

    def answer(self, request: httpx.Request) -> httpx.Response:
        number = int(dict(parse_qsl(request.content.decode()))["page"])
        shown = self.rows[(number - 1) * 100 : number * 100]
        answer = listed(*shown, total=len(self.rows))
        self.rows = self.rows[self.leave :]
        if self.come:
            late = [order_info(order_sn=f"260302-{n:015}") for n in range(self.come)]
            self.rows, self.come = [*late, *self.rows], 0
        return answer


async def all_of(channel: PddChannel) -> set[str]:
    """The orders of all pages of a window."""
    seen: set[str] = set()
    page: str | None = None
    for _ in range(30):
        found = await channel.pull(SHOP, WINDOW, page)
        seen |= {document.document_id for document in found.documents}
        page = found.next_page
        if page is None:
            return seen
    raise AssertionError("the pages have no end")


def no_refund() -> None:
    route(REFUND).mock(return_value=ok({"order_sns_exists_refund": []}, "refund_status_check_response"))


def test_is_a_sales_channel_that_is_pulled(channel: PddChannel, two_shops: PddApi) -> None:
    port: SalesChannel = channel
    pulled: PullSource = PddChannel(two_shops)
    assert (port.source, port.channel) == ("pdd", Channel.PDD)
    assert (pulled.longest_window, list(pulled.shops)) == (timedelta(minutes=30), [SHOP, OTHER_SHOP])
    assert pulled.overlap >= timedelta(minutes=3)


def test_every_push_is_a_strangers(channel: PddChannel) -> None:
    push = Push("POST", "/hooks/pdd", "", {}, {}, b"{}", START)
    with pytest.raises(PushRefused):
        channel.unpack(push)
    assert channel.refused(push, "x").status == 404
    assert json.loads(channel.accepted(push).body) == {"success": True}


@respx.mock
async def test_one_page_of_changed_orders(channel: PddChannel) -> None:
    asked = route(LIST).mock(return_value=listed(order_info()))
    page = await channel.pull(SHOP, WINDOW, None)
    (document,) = page.documents
    assert page.next_page is None
    assert (document.source, document.kind, document.document_id, document.version, document.order_id) == (
        "pdd",
        "order",
        f"{SHOP}:{ORDER_SN}",
        1772331865000,
        f"pdd:{SHOP}:{ORDER_SN}",
    )
    form = sent(asked.calls.last)
    wanted = ("start_updated_at", "end_updated_at", "order_status", "refund_status", "is_lucky_flag", "trade_type")
    assert [form[name] for name in wanted] == ["1772330400", "1772332200", "5", "5", "0", "0"]
    assert (form["page"], form["page_size"], form["use_has_next"]) == ("1", "100", "false")
    assert asked.call_count == 1
    assert (await channel.pull(SHOP, WINDOW, None)).documents == page.documents  # what did not change is the same


@respx.mock
async def test_pages_are_read_from_the_last_to_the_first(channel: PddChannel) -> None:
    listing = Listing(201)
    asked = route(LIST).mock(side_effect=listing.answer)
    assert len(await all_of(channel)) == 201
    assert [sent(c)["page"] for c in asked.calls] == ["1", "3", "2", "1"]


@respx.mock
async def test_totals_that_change_while_pages_are_read_hide_no_order(channel: PddChannel) -> None:
    leaving = Listing(350, leave=30)
    stay = {f"{SHOP}:{row['order_sn']}" for row in leaving.rows[30 * 8 :]}  # of what leaves, a later window knows
    route(LIST).mock(side_effect=leaving.answer)
    assert stay <= await all_of(channel)
    coming = Listing(250, come=60)
    route(LIST).mock(side_effect=coming.answer)
    assert {f"{SHOP}:{row['order_sn']}" for row in coming.rows} <= await all_of(channel)


@respx.mock
@pytest.mark.parametrize("rows", [[], [order_info()]])
async def test_half_of_a_page_is_no_page(channel: PddChannel, rows: list[Any]) -> None:
    route(LIST).mock(return_value=listed(*rows, total=2))
    with pytest.raises(Unavailable):
        await channel.pull(SHOP, WINDOW, None)


@respx.mock
async def test_an_order_that_appears_vanishes_and_appears_again_is_a_document_per_change(channel: PddChannel) -> None:
    later = order_info(updated_at="2026-03-01 10:28:00")
    route(LIST).mock(side_effect=[listed(order_info()), listed(), listed(order_info()), listed(later)])
    seen = [(await channel.pull(SHOP, WINDOW, None)).documents for _ in range(4)]
    assert seen[0] == seen[2]
    assert seen[1] == ()
    assert (seen[3][0].document_id, seen[3][0].version) == (seen[0][0].document_id, seen[0][0].version + 215_000)


@respx.mock
async def test_an_empty_window(channel: PddChannel) -> None:
    route(LIST).mock(return_value=listed())
    assert (await channel.pull(SHOP, WINDOW, None)).documents == ()


@respx.mock
@pytest.mark.parametrize(
    "bad",
    [
        *(7, None, {}, {"order_sn": "1"}),
        *({"order_sn": number, "updated_at": "2026-03-01 10:24:25"} for number in ("a:b", "9" * 65)),
    ],
)
async def test_an_unreadable_row_goes_to_quarantine_alone(channel: PddChannel, bad: Any) -> None:
    route(LIST).mock(return_value=listed(bad, order_info()))
    spoilt, good = (await channel.pull(SHOP, WINDOW, None)).documents
    assert spoilt.order_id is None
    with pytest.raises(DocumentUnreadable):
        await channel.interpret(spoilt)
    assert len(await channel.interpret(good)) == 1


@respx.mock
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (error(52101), "Throttled"),
        (error(52002), "Unavailable"),
        (ok({"order_sn_list": []}), "Unavailable"),
        (error(20004), "Misconfigured"),
    ],
)
async def test_a_pull_that_fails(channel: PddChannel, answer: httpx.Response, expected: str) -> None:
    route(LIST).mock(return_value=answer)
    with pytest.raises(Exception, match=expected):
        await channel.pull(SHOP, WINDOW, None)


async def test_a_shop_that_is_not_in_the_settings(channel: PddChannel) -> None:
    with pytest.raises(Misconfigured):
        await channel.pull("9", WINDOW, None)


async def pulled(channel: PddChannel, **changes: Any) -> Document:
    route(LIST).mock(return_value=listed(order_info(**changes)))
    (document,) = (await channel.pull(SHOP, WINDOW, None)).documents
    return document


@respx.mock
async def test_a_whole_row_is_read_without_asking(channel: PddChannel) -> None:
    asked = route(DETAIL)
    (news,) = await channel.interpret(await pulled(channel))
    assert isinstance(news, OrderNews)
    assert news.order.status is ChannelStatus.PAID
    assert news.order.amounts.paid_fen == 9999
    assert not asked.called


@respx.mock
async def test_a_row_that_lacks_amounts_makes_us_ask(channel: PddChannel) -> None:
    asked = route(DETAIL).mock(return_value=detail_answer())
    (news,) = await channel.interpret(await pulled(channel, pay_amount=None, item_list=None))
    assert sent(asked.calls.last)["order_sn"] == ORDER_SN
    assert isinstance(news, OrderNews)
    assert news.order.amounts.paid_fen == 9999


@respx.mock
async def test_a_cancellation_comes_through_when_the_order_is_unreadable(channel: PddChannel) -> None:
    document = await pulled(channel, confirm_status=2, pay_amount=1)
    assert await channel.interpret(document) == [CancelNews(Channel.PDD, SHOP, ORDER_SN, "cancelled on the platform")]


@respx.mock
@pytest.mark.parametrize("changes", [{"order_status": 9}, {"pay_amount": 1}])
async def test_an_unreadable_order_is_quarantined(channel: PddChannel, changes: dict[str, Any]) -> None:
    with pytest.raises(DocumentUnreadable, match=r"order_status 9|pay_amount 100 fen"):
        await channel.interpret(await pulled(channel, **changes))


@respx.mock
async def test_a_whole_order_is_shipped(channel: PddChannel) -> None:
    route(DETAIL).mock(return_value=detail_answer())
    refund = route(REFUND).mock(return_value=ok({"order_sns_exists_refund": [{"order_sn": "another"}]}))
    asked = route(SHIP).mock(return_value=ok({"is_success": True}, "logistics_online_send_response"))
    await channel.write_back(shipment())
    form = sent(asked.calls.last)
    assert [form[name] for name in ("order_sn", "logistics_id", "tracking_number")] == [ORDER_SN, "44", NUMBER]
    assert sent(refund.calls.last)["order_sns"] == ORDER_SN


@respx.mock
@pytest.mark.parametrize("answer", [error(50001, "订单已发货"), ok({"is_success": False})])
@pytest.mark.parametrize(
    "shipped",
    [{"tracking_number": NUMBER}, {"tracking_number": "other", "extra_delivery_list": [{"tracking_number": NUMBER}]}],
)
async def test_an_order_that_has_this_number_is_content(
    channel: PddChannel, answer: httpx.Response, shipped: dict[str, Any]
) -> None:
    no_refund()
    asked = route(SHIP).mock(return_value=answer)
    route(DETAIL).mock(side_effect=[detail_answer(), *[detail_answer(order_status=2, **shipped)] * 2])
    await channel.write_back(shipment())  # it got the number between the look and the question
    await channel.write_back(shipment())
    assert asked.call_count == 1


@respx.mock
@pytest.mark.parametrize("number", ["", "SF9999999999999"])
async def test_a_refusal_with_another_number_stands(channel: PddChannel, number: str) -> None:
    no_refund()
    route(SHIP).mock(return_value=error(50001, "订单状态不允许发货"))
    route(DETAIL).mock(return_value=detail_answer(tracking_number=number))
    with pytest.raises(Rejected, match="订单状态不允许发货"):
        await channel.write_back(shipment())


@respx.mock
@pytest.mark.parametrize("entry", [{"order_sn": ORDER_SN}, ORDER_SN])
async def test_an_order_under_refund_is_not_shipped(channel: PddChannel, entry: Any) -> None:
    route(REFUND).mock(return_value=ok({"order_sns_exists_refund": [entry]}))
    route(DETAIL).mock(return_value=detail_answer())
    asked = route(SHIP)
    with pytest.raises(Rejected, match="refund"):
        await channel.write_back(shipment())
    assert not asked.called


@respx.mock
async def test_a_refund_after_shipping_does_not_undo_what_was_written(channel: PddChannel) -> None:
    route(REFUND).mock(return_value=ok({"order_sns_exists_refund": [{"order_sn": ORDER_SN}]}))
    route(DETAIL).mock(return_value=detail_answer(order_status=2, tracking_number=NUMBER))
    await channel.write_back(shipment())


@respx.mock
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (error(52002), OutcomeUnknown),
        (ok({}), OutcomeUnknown),
        (httpx.Response(200, html="<h1>hello</h1>"), OutcomeUnknown),
        (httpx.Response(503), Unavailable),
        (error(30000), Misconfigured),
    ],
)
async def test_a_write_back_that_fails(channel: PddChannel, answer: httpx.Response, expected: type[Exception]) -> None:
    no_refund()
    route(DETAIL).mock(return_value=detail_answer())
    route(SHIP).mock(return_value=answer)
    with pytest.raises(expected):
        await channel.write_back(shipment())


@respx.mock
async def test_a_time_out_may_have_shipped(channel: PddChannel) -> None:
    no_refund()
    route(DETAIL).mock(side_effect=[detail_answer(), detail_answer(order_status=2, tracking_number=NUMBER)])
    asked = route(SHIP).mock(side_effect=httpx.ReadTimeout)
    with pytest.raises(OutcomeUnknown):
        await channel.write_back(shipment())
    await channel.write_back(shipment())  # it had shipped, and is not told twice
    assert asked.call_count == 1


async def test_a_carrier_without_a_number_at_the_platform(channel: PddChannel) -> None:
    with pytest.raises(Rejected, match="logistics_id"):
        await channel.write_back(shipment(carrier=Carrier.OTHER))


@respx.mock
async def test_the_first_parcel_of_several_ships_the_order(channel: PddChannel) -> None:
    no_refund()
    route(DETAIL).mock(return_value=detail_answer())
    asked = route(SHIP).mock(return_value=ok({"is_success": True}))
    await channel.write_back(shipment(whole_order=False))
    assert asked.call_count == 1


@respx.mock
async def test_further_parcels_are_added(channel: PddChannel) -> None:
    route(DETAIL).mock(return_value=detail_answer(order_status=2, tracking_number="SF1000000000000"))
    asked = route(EXTRA).mock(return_value=ok({"success": True}, "upload_extra_logistics_response"))
    await channel.write_back(shipment(whole_order=False, carrier=Carrier.ZTO))
    form = sent(asked.calls.last)
    assert (form["order_sn"], form["extra_track_type"]) == (ORDER_SN, "1")
    assert load_json(form["extra_track_list"]) == [{"shipping_id": 115, "tracking_number": NUMBER}]


@respx.mock
async def test_two_parcels_at_the_same_moment(channel: PddChannel) -> None:
    no_refund()
    route(DETAIL).mock(side_effect=[detail_answer(), detail_answer(order_status=2, tracking_number="SF1000000000000")])
    route(SHIP).mock(return_value=error(50001, "订单已发货"))
    asked = route(EXTRA).mock(return_value=ok({"success": True}))
    await channel.write_back(shipment(whole_order=False))
    assert asked.call_count == 1


@respx.mock
async def test_a_parcel_that_is_known_is_not_added_again(channel: PddChannel) -> None:
    extra = [{"logistics_id": 44, "tracking_number": NUMBER}]
    route(DETAIL).mock(return_value=detail_answer(order_status=2, tracking_number="x", extra_delivery_list=extra))
    asked = route(EXTRA)
    await channel.write_back(shipment(whole_order=False))
    assert not asked.called


@respx.mock
async def test_a_parcel_that_cannot_be_added(channel: PddChannel) -> None:
    route(DETAIL).mock(return_value=detail_answer(order_status=2, tracking_number="x"))
    route(EXTRA).mock(return_value=ok({"success": False}))
    with pytest.raises(Rejected):
        await channel.write_back(shipment(whole_order=False))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*order_info()]), inner, max_size=4),
    max_leaves=10,
)


@given(st.lists(JSON, max_size=3))
def test_every_row_becomes_a_document_that_can_be_stored(rows: list[Any]) -> None:
    page = read_page(SHOP, 1, {"total_count": len(rows), "order_sn_list": rows})
    assert len(page.documents) == len(rows)
    for document in page.documents:
        document.body.encode("ascii")
        document.document_id.encode()


@given(st.text() | JSON.map(json.dumps), st.text())
def test_no_document_raises_anything_unforeseen(body: str, number: str) -> None:
    for document_id in (number, f"{SHOP}:{ORDER_SN}"):
        try:
            assert read_document(Document("pdd", "order", document_id, 0, body))[1]
        except DocumentUnreadable:
            continue
