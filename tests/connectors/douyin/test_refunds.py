"""After-sales: pushed as hints, pulled as rows, understood as refunds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import respx

from connectors.douyin import DouyinApi, DouyinChannel
from connectors.douyin.inbound import read_refund_hint
from connectors.douyin.orders import to_order
from connectors.douyin.refunds import real_amount, to_refund
from connectors.errors import DocumentUnreadable, Misconfigured, PartnerError, Rejected, Throttled, Unavailable
from connectors.ports import Document, PullSource, Window
from domain.news import RefundNews
from domain.order import Channel, ChannelStatus
from domain.refund import Refund, RefundKind, RefundLine, RefundStatus, with_refunds

from .conftest import (
    ORDER_NO,
    OTHER_SHOP,
    PAID_AT,
    REFUND_ID,
    SHOP,
    after_sale,
    error,
    message,
    ok,
    order_detail,
    refund_message,
    route,
    sent,
    settings,
    signed_push,
    sku_order,
)

LIST, DETAIL = "afterSale.List", "afterSale.Detail"
SECOND = "4800000000000000002"
START = datetime(2026, 3, 1, 2, 20, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(hours=1))


def refund(**changes: Any) -> Refund:
    return to_refund(after_sale(**changes), SHOP)


def test_the_whole_refund() -> None:
    assert refund() == Refund(
        channel=Channel.DOUYIN,
        shop=SHOP,
        channel_order_no=ORDER_NO,
        refund_id=REFUND_ID,
        version=(PAID_AT + 200) * 1000,
        status=RefundStatus.REQUESTED,
        kind=RefundKind.MONEY,
        amount_fen=9000,
        lines=(RefundLine(line_no=ORDER_NO, quantity=None),),
        asked_at=datetime(2026, 3, 1, 2, 26, tzinfo=UTC),
    )


def test_its_lines_are_the_orders() -> None:
    order = to_order(order_detail(), SHOP, ORDER_NO)
    assert {line.line_no for line in refund().lines} <= {line.line_no for line in order.lines}
    assert refund().order_id == order.order_id


@pytest.mark.parametrize(
    ("kind", "expected", "pieces"),
    [
        (0, RefundKind.RETURN, 2),
        (1, RefundKind.MONEY, None),
        (2, RefundKind.MONEY, None),
        (3, RefundKind.EXCHANGE, None),
        (6, RefundKind.MONEY, None),
        (7, RefundKind.EXCHANGE, None),
        (8, RefundKind.EXCHANGE, None),
        ("0", RefundKind.RETURN, 2),
    ],
)
def test_kinds(kind: Any, expected: RefundKind, pieces: int | None) -> None:
    found = refund(aftersale_type=kind)
    assert (found.kind, found.lines[0].quantity) == (expected, pieces)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (6, RefundStatus.REQUESTED),
        (7, RefundStatus.REQUESTED),
        (8, RefundStatus.REQUESTED),
        (11, RefundStatus.REQUESTED),
        (3, RefundStatus.REQUESTED),
        (13, RefundStatus.REQUESTED),
        (14, RefundStatus.CLOSED),
        (27, RefundStatus.REFUSED),
        (28, RefundStatus.CLOSED),
        (29, RefundStatus.REFUSED),
        ("28", RefundStatus.CLOSED),
    ],
)
def test_statuses(status: Any, expected: RefundStatus) -> None:
    assert refund(aftersale_status=status).status is expected


@pytest.mark.parametrize(
    ("payout", "expected"),
    [
        (1, RefundStatus.REQUESTED),
        (2, RefundStatus.REQUESTED),
        (3, RefundStatus.REFUNDED),
        (4, RefundStatus.REQUESTED),
        (5, RefundStatus.REFUNDED),
        (0, RefundStatus.REFUNDED),
        (None, RefundStatus.REFUNDED),
    ],
)
def test_an_after_sale_that_succeeded_is_refunded_when_the_money_is_there(payout: Any, expected: RefundStatus) -> None:
    assert refund(aftersale_status=12, refund_status=payout).status is expected


def test_an_exchange_that_succeeded_moved_no_money() -> None:
    assert refund(aftersale_type=3, aftersale_status=12, refund_status=3).status is RefundStatus.CLOSED


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"aftersale_type": 4}, "aftersale_type"),
        ({"aftersale_type": None}, "aftersale_type"),
        ({"aftersale_type": True}, "aftersale_type"),
        ({"aftersale_status": 99}, "aftersale_status"),
        ({"aftersale_status": None}, "aftersale_status"),
        ({"aftersale_status": 12, "refund_status": 9}, "refund_status"),
        ({"refund_amount": None}, "refund_amount"),
        ({"refund_amount": -1}, "refund_amount"),
        ({"refund_amount": 90.5}, "refund_amount"),
        ({"refund_amount": "90.00"}, "refund_amount"),
        ({"update_time": 0}, "update_time"),
        ({"update_time": None}, "update_time"),
        ({"apply_time": 10**14}, "apply_time"),
        ({"aftersale_id": "x"}, "aftersale_id"),
        ({"orders": {}}, "shop_order_id"),
        ({"orders": {"shop_order_id": "a:b"}}, "shop_order_id"),
        ({"orders": []}, "order_info"),
        ({"related": [7]}, "related_order_info"),
        ({"related": [{"aftersale_item_num": 1}]}, "sku_order_id"),
        ({"related": [{"sku_order_id": 1, "aftersale_item_num": -1}]}, "aftersale_item_num"),
        ({"related": [], "related_id": None}, "related_id"),
    ],
)
def test_what_is_not_understood_is_never_guessed(changes: dict[str, Any], name: str) -> None:
    with pytest.raises(ValueError, match=name):
        refund(**changes)


def test_without_related_orders_the_related_number_tells() -> None:
    assert refund(related=[]).lines == ()  # the order's own number: all of it
    assert refund(related=[], related_id=SECOND).lines == (RefundLine(line_no=SECOND, quantity=None),)


def test_a_line_refunded_before_shipping_does_not_leave() -> None:
    two = [sku_order(), sku_order(SECOND, code="MUG-02", pay_amount=0, item_num=1, origin_amount=0)]
    order = to_order(order_detail(sku_order_list=two), SHOP, ORDER_NO)

    def back(line: str, pieces: int, amount: int, **more: Any) -> Refund:
        related = [{"sku_order_id": int(line), "order_status": 4, "aftersale_item_num": pieces} | more]
        return refund(related=related, aftersale_status=12, refund_status=3, refund_amount=amount, aftersale_id=line)

    assert [line.line_no for line in with_refunds(order, [back(SECOND, 1, 0)]).lines] == [ORDER_NO]
    both = [back(ORDER_NO, 2, 8900), back(SECOND, 1, 0)]  # 100 fen were the payment service's
    assert with_refunds(order, both).status is ChannelStatus.CANCELLED
    # Without the field (a matter of permissions) such a refund is of the goods, as the platform means it.
    assert [line.line_no for line in with_refunds(order, [back(ORDER_NO, 2, 8900, order_status=None)]).lines] == [
        SECOND
    ]


def test_a_line_that_lives_is_owed_whatever_was_paid_back_before_shipping() -> None:
    order = to_order(order_detail(), SHOP, ORDER_NO)
    part = refund(aftersale_status=12, refund_status=3, refund_amount=300)
    shipped = with_refunds(order, [part])
    assert (shipped.lines[0].quantity, shipped.lines[0].amount_fen) == (2, 8700)
    assert shipped.status is ChannelStatus.PAID


def test_a_price_that_was_protected_lets_the_goods_go() -> None:
    order = to_order(order_detail(), SHOP, ORDER_NO)
    protected = refund(aftersale_type=6, aftersale_status=12, refund_status=3, refund_amount=500)
    shipped = with_refunds(order, [protected])
    assert (shipped.lines[0].quantity, shipped.lines[0].amount_fen) == (2, 8500)
    assert shipped.amounts.paid_fen == order.amounts.paid_fen - 500


@pytest.mark.parametrize("tag", ["200", "206", "208", 203])
def test_messages_of_refunds_are_hints(channel: DouyinChannel, tag: Any) -> None:
    push = signed_push([refund_message(tag), message()])
    hint, order_hint = channel.unpack(push)
    assert (hint.kind, hint.document_id, hint.order_id) == ("refund", "m-refund", f"douyin:{SHOP}:{ORDER_NO}")
    assert order_hint.kind == "order_hint"
    read = read_refund_hint(hint)
    assert (read.shop, read.refund_id, read.row) == (SHOP, REFUND_ID, None)


def test_the_settings_say_what_tags_speak_of(api: DouyinApi) -> None:
    api.settings = settings(refund_tags=["209"], order_tags=["110"])
    channel = DouyinChannel(api)
    found = channel.unpack(signed_push([refund_message("209", "a"), refund_message("200", "b"), message("101", "c")]))
    assert [(document.kind, document.document_id) for document in found] == [("refund", "a")]


@respx.mock
async def test_a_message_makes_us_ask(channel: DouyinChannel) -> None:
    asked = route(LIST).mock(return_value=ok({"items": [after_sale()], "total": 1}))
    (document,) = channel.unpack(signed_push([refund_message()]))
    assert await channel.interpret(document) == [RefundNews(refund())]
    assert sent(asked.calls.last) == {"aftersale_id": REFUND_ID, "page": 0, "size": 10}


@respx.mock
async def test_what_was_paid_back_is_asked_for(channel: DouyinChannel) -> None:
    done = after_sale(aftersale_status=12, refund_status=3)
    route(LIST).mock(return_value=ok({"items": [done]}))
    asked = route(DETAIL).mock(
        return_value=ok({"process_info": {"after_sale_info": {"real_refund_amount": 8900}}, "order_info": {}})
    )
    (document,) = channel.unpack(signed_push([refund_message("206")]))
    (news,) = await channel.interpret(document)
    assert isinstance(news, RefundNews)
    assert (news.refund.status, news.refund.amount_fen) == (RefundStatus.REFUNDED, 8900)
    assert sent(asked.calls.last) == {"after_sale_id": REFUND_ID, "need_operation_record": False}


@pytest.mark.parametrize("data", [{}, {"process_info": None}, {"process_info": {"after_sale_info": {}}}])
def test_what_was_paid_back_may_be_outside_our_permissions(data: dict[str, Any]) -> None:
    assert real_amount(data) is None


@pytest.mark.parametrize("amount", [-1, "x", 1.5, True])
def test_an_odd_amount_is_not_believed(amount: Any) -> None:
    with pytest.raises(ValueError, match="real_refund_amount"):
        real_amount({"process_info": {"after_sale_info": {"real_refund_amount": amount}}})


@respx.mock
async def test_a_pulled_refund_is_read_without_asking(channel: DouyinChannel) -> None:
    feed: PullSource = channel.refunds
    asked = route(LIST).mock(return_value=ok({"items": [after_sale()], "total": 1}))
    page = await feed.pull(SHOP, WINDOW, None)
    (document,) = page.documents
    assert (document.source, document.kind, page.next_page) == ("douyin", "refund", None)
    assert await channel.interpret(document) == [RefundNews(refund())]
    assert asked.call_count == 1
    assert sent(asked.calls.last)["order_by"] == ["update_time asc"]


def test_the_feed_has_a_cursor_of_its_own_for_each_shop(two_shops: DouyinApi) -> None:
    channel = DouyinChannel(two_shops)
    feed: PullSource = channel.refunds
    assert (feed.feed, feed.channel) == ("douyin/refunds", Channel.DOUYIN)
    assert list(feed.shops) == [SHOP, OTHER_SHOP]
    assert feed.feed != channel.feed


@respx.mock
async def test_an_after_sale_that_is_not_listed_yet_waits(channel: DouyinChannel) -> None:
    route(LIST).mock(return_value=ok({"items": []}))
    (document,) = channel.unpack(signed_push([refund_message()]))
    with pytest.raises(Unavailable):
        await channel.interpret(document)


@respx.mock
@pytest.mark.parametrize(
    "rows", [[after_sale(aftersale_status=77)], [after_sale(aftersale_id=1)], [after_sale(orders={})]]
)
async def test_what_is_not_understood_is_quarantined(channel: DouyinChannel, rows: Any) -> None:
    route(LIST).mock(return_value=ok({"items": rows}))
    (document,) = channel.unpack(signed_push([refund_message()]))
    with pytest.raises(DocumentUnreadable):
        await channel.interpret(document)


@respx.mock
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (ok({"items": [7]}), Unavailable),
        (error(20000), Unavailable),
        (error(30001, "isv.app-permissions-insufficient"), Misconfigured),
        (error(40004, "isv.parameter-invalid:1"), Rejected),
        (error(70000, "dop.rate-limit"), Throttled),
    ],
)
async def test_refusals(channel: DouyinChannel, answer: Any, expected: type[PartnerError]) -> None:
    route(LIST).mock(return_value=answer)
    (document,) = channel.unpack(signed_push([refund_message()]))
    with pytest.raises(expected):
        await channel.interpret(document)


@pytest.mark.parametrize("body", ["no json", "[]", "{}", '{"data": {"shop_id": 1, "aftersale_id": 1}, "row": 7}'])
async def test_a_spoilt_document_is_unreadable(channel: DouyinChannel, body: str) -> None:
    with pytest.raises(DocumentUnreadable):
        await channel.interpret(Document("douyin", "refund", "x", 0, body))
