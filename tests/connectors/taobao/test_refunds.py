from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import respx

from connectors.errors import DocumentUnreadable, Misconfigured, Rejected, Throttled, Unavailable
from connectors.ports import Document, PulledPage, PullSource, Window
from connectors.taobao import TaobaoChannel
from connectors.taobao.orders import to_order
from connectors.taobao.refunds import read_refund_hint, to_refund
from connectors.taobao.trades import Trade
from connectors.taobao.wire import read
from domain.clock import parse_beijing
from domain.news import RefundNews
from domain.order import Channel, ChannelStatus
from domain.refund import Refund, RefundKind, RefundLine, RefundStatus, with_refunds

from .conftest import SECOND, SHOP, TID, error, form_of, ok, refund, route, sent, two_orders

LIST, DETAIL = "taobao.refunds.receive.get", "taobao.refund.get"
START, END = parse_beijing("2026-03-01 10:00:00"), parse_beijing("2026-03-01 10:30:00")
WINDOW = Window(START.astimezone(UTC), END.astimezone(UTC))


def page(*rows: Any, total: Any = None) -> httpx.Response:
    return ok(LIST, total_results=len(rows) if total is None else total, refunds={"refund": list(rows)})


async def document(channel: TaobaoChannel, row: Any) -> Document:
    """A row as the feed gives it out."""
    route(LIST).mock(return_value=page(row))
    (found,) = (await channel.refunds.pull(SHOP, WINDOW, None)).documents
    return found


async def refund_of(channel: TaobaoChannel, row: Any) -> Refund:
    (news,) = await channel.interpret(await document(channel, row))
    assert isinstance(news, RefundNews)
    return news.refund


def test_is_a_feed_of_its_own(channel: TaobaoChannel) -> None:
    feed: PullSource = channel.refunds
    assert (feed.feed, feed.channel, list(feed.shops)) == ("taobao/refunds", Channel.TAOBAO, [SHOP])
    assert (feed.longest_window, feed.overlap) == (timedelta(minutes=30), timedelta(minutes=3))


@respx.mock
async def test_a_page_is_asked_for_and_read(channel: TaobaoChannel) -> None:
    asked = route(LIST).mock(return_value=page(refund()))
    found = await channel.refunds.pull(SHOP, WINDOW, None)
    form = sent(asked.calls.last)
    assert {name: form[name] for name in form if name not in ("sign", "timestamp")} == {
        "method": LIST,
        "app_key": "12345678",
        "session": "session-1",
        "format": "json",
        "v": "2.0",
        "sign_method": "hmac-sha256",
        "fields": "refund_id,tid,oid,status,created,modified,refund_fee,dispute_type,has_good_return,refund_phase",
        "start_modified": "2026-03-01 10:00:00",
        "end_modified": "2026-03-01 10:30:00",
        "page_no": "1",
        "page_size": "100",
    }
    (only,) = found.documents
    assert found.next_page is None
    assert (only.source, only.kind, only.document_id, only.version, only.order_id) == (
        "taobao",
        "refund",
        f"{SHOP}:refund:900001",
        1772332200000,
        f"taobao:{SHOP}:{TID}",
    )
    assert "不想要了" not in only.body
    again = await channel.refunds.pull(SHOP, WINDOW, None)
    assert again.documents == found.documents


@respx.mock
async def test_a_refund_is_known_by_its_row(channel: TaobaoChannel) -> None:
    asked = route(DETAIL)
    assert await refund_of(channel, refund()) == Refund(
        channel=Channel.TAOBAO,
        shop=SHOP,
        channel_order_no=TID,
        refund_id="900001",
        version=1772332200000,
        status=RefundStatus.REQUESTED,
        kind=RefundKind.MONEY,
        amount_fen=2000,
        lines=(RefundLine(line_no=SECOND),),
        asked_at=datetime(2026, 3, 1, 2, 28, tzinfo=UTC),
    )
    assert not asked.called


@respx.mock
@pytest.mark.parametrize("missing", ["tid", "oid", "status", "refund_fee", "created"])
async def test_what_the_row_lacks_is_asked_for(channel: TaobaoChannel, missing: str) -> None:
    detail = {name: value for name, value in refund().items() if name not in ("modified", "dispute_type")}
    asked = route(DETAIL).mock(return_value=ok(DETAIL, refund=detail))
    found = await refund_of(channel, refund(**{missing: None}))
    assert found == await refund_of(channel, refund())
    form = sent(asked.calls.last)
    assert form["refund_id"] == "900001"
    assert {missing, "status", "oid"} <= set(form["fields"].split(","))
    assert asked.call_count == 1


@respx.mock
async def test_a_row_without_its_kind_is_asked_for(channel: TaobaoChannel) -> None:
    untold = refund(dispute_type=None, has_good_return=None, refund_phase="aftersale")
    route(DETAIL).mock(return_value=ok(DETAIL, refund={"refund_id": 900001, "has_good_return": "true"}))
    assert (await refund_of(channel, untold)).kind is RefundKind.RETURN
    route(DETAIL).mock(return_value=ok(DETAIL, refund=untold))
    with pytest.raises(DocumentUnreadable, match="no dispute_type"):
        await refund_of(channel, untold)


@respx.mock
@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("WAIT_SELLER_AGREE", RefundStatus.REQUESTED),
        ("WAIT_BUYER_RETURN_GOODS", RefundStatus.REQUESTED),
        ("WAIT_SELLER_CONFIRM_GOODS", RefundStatus.REQUESTED),
        ("SELLER_REFUSE_BUYER", RefundStatus.REFUSED),
        ("CLOSED", RefundStatus.CLOSED),
        ("SUCCESS", RefundStatus.REFUNDED),
        ("WAIT_SELLER_CONSIGN_GOODS", RefundStatus.REQUESTED),
        ("EXCHANGE_TRANSFORM_TO_REFUND", RefundStatus.CLOSED),
    ],
)
async def test_statuses(channel: TaobaoChannel, status: str, expected: RefundStatus) -> None:
    assert (await refund_of(channel, refund(status=status))).status is expected


@respx.mock
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"dispute_type": "REFUND"}, RefundKind.MONEY),
        ({"dispute_type": "REFUND", "has_good_return": True}, RefundKind.MONEY),
        ({"dispute_type": "REFUND_AND_RETURN"}, RefundKind.RETURN),
        ({"dispute_type": "TMALL_EXCHANGE"}, RefundKind.EXCHANGE),
        ({"dispute_type": "TAOBAO_EXCHANGE"}, RefundKind.EXCHANGE),
        ({"dispute_type": "REPAIR"}, RefundKind.EXCHANGE),
        ({"dispute_type": "RESHIPPING"}, RefundKind.EXCHANGE),
        ({"dispute_type": "OTHERS", "has_good_return": "true"}, RefundKind.RETURN),
        ({"dispute_type": None, "has_good_return": True}, RefundKind.RETURN),
        ({"dispute_type": "", "has_good_return": "false"}, RefundKind.MONEY),
        ({"dispute_type": None, "has_good_return": None, "refund_phase": "onsale"}, RefundKind.MONEY),
    ],
)
async def test_kinds(channel: TaobaoChannel, changes: dict[str, Any], expected: RefundKind) -> None:
    assert (await refund_of(channel, refund(**changes))).kind is expected


@respx.mock
async def test_an_exchange_ends_without_money(channel: TaobaoChannel) -> None:
    found = await refund_of(channel, refund(dispute_type="TMALL_EXCHANGE", status="SUCCESS", refund_fee="0.00"))
    assert found.status is RefundStatus.CLOSED


@respx.mock
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"status": "SOMETHING_NEW"}, "unknown status SOMETHING_NEW"),
        ({"status": "测试 13800000000"}, r"unknown status \?"),
        ({"dispute_type": "BARTER"}, "unknown dispute_type BARTER"),
        ({"dispute_type": None, "has_good_return": "perhaps"}, "cannot read has_good_return"),
        ({"refund_fee": "-1.00"}, "no refund_fee"),
        ({"refund_fee": "很多"}, "cannot read refund_fee"),
        ({"refund_fee": True}, "cannot read refund_fee"),
        ({"tid": "测试:1"}, "no tid"),
        ({"created": "yesterday"}, "cannot read created"),
        ({"created": "0001-01-01 00:00:00"}, "no tid, oid, created"),
    ],
)
async def test_what_is_not_known_is_never_guessed(channel: TaobaoChannel, changes: dict[str, Any], words: str) -> None:
    route(DETAIL).mock(return_value=ok(DETAIL, refund=refund(**changes)))
    found = await document(channel, refund(**changes))
    with pytest.raises(DocumentUnreadable, match=words) as caught:
        await channel.interpret(found)
    assert "测试" not in str(caught.value)


@respx.mock
@pytest.mark.parametrize(("fee", "fen"), [("20", 2000), ("19.995", 2000), (20, 2000), ("0.00", 0)])
async def test_amounts(channel: TaobaoChannel, fee: Any, fen: int) -> None:
    assert (await refund_of(channel, refund(refund_fee=fee))).amount_fen == fen


def test_its_line_is_a_line_of_the_order() -> None:
    order = to_order(read(Trade, two_orders()), SHOP, TID)
    hint = read_refund_hint(
        Document("taobao", "refund", "x", 0, json.dumps({"shop": SHOP, "refund": refund(status="SUCCESS")}))
    )
    whole = to_refund(refund(status="SUCCESS"), hint)
    left = with_refunds(order, [whole])
    assert [line.line_no for line in left.lines] == [TID]
    assert left.amounts.paid_fen == 10000
    part = to_refund(refund(status="SUCCESS", refund_fee="5.00", num=1), hint)
    cheaper = with_refunds(order, [part])
    assert [(line.line_no, line.amount_fen) for line in cheaper.lines] == [(TID, 9000), (SECOND, 1500)]
    both = [part, whole.model_copy(update={"refund_id": "2", "lines": (RefundLine(line_no=TID),), "amount_fen": 9000})]
    assert with_refunds(order, [*both, whole]).status is ChannelStatus.CANCELLED


@respx.mock
@pytest.mark.parametrize("spoilt", [7, None, {}, {"refund_id": "a:b", "modified": "2026-03-01 10:00:00"}, {"tid": 3}])
async def test_a_row_that_cannot_be_read_goes_to_quarantine_alone(channel: TaobaoChannel, spoilt: Any) -> None:
    route(LIST).mock(return_value=page(spoilt, refund()))
    bad, good = (await channel.refunds.pull(SHOP, WINDOW, None)).documents
    with pytest.raises(DocumentUnreadable):
        await channel.interpret(bad)
    assert len(await channel.interpret(good)) == 1
    assert bad == (await channel.refunds.pull(SHOP, WINDOW, None)).documents[0]


@respx.mock
@pytest.mark.parametrize("body", [{"total_results": 0}, {"total_results": "0", "refunds": {}}])
async def test_an_empty_window(channel: TaobaoChannel, body: dict[str, Any]) -> None:
    route(LIST).mock(return_value=ok(LIST, **body))
    assert await channel.refunds.pull(SHOP, WINDOW, None) == PulledPage((), None)


@respx.mock
async def test_pages_are_read_from_the_last_to_the_first(channel: TaobaoChannel) -> None:
    rows = [refund(refund_id=n) for n in range(1, 251)]

    def answer(request: httpx.Request) -> httpx.Response:
        number = int(form_of(request)["page_no"])
        return page(*rows[100 * (number - 1) : 100 * number], total=len(rows))

    asked = route(LIST).mock(side_effect=answer)
    found: list[str] = []
    next_page: str | None = None
    while True:
        pulled = await channel.refunds.pull(SHOP, WINDOW, next_page)
        found += [each.document_id for each in pulled.documents]
        next_page = pulled.next_page
        if next_page is None:
            break
    assert sorted(found) == sorted(f"{SHOP}:refund:{n}" for n in range(1, 251))
    assert [sent(call)["page_no"] for call in asked.calls] == ["1", "3", "2", "1"]


@respx.mock
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (error(7, "accesscontrol.limited-by-api-access-count"), Throttled),
        (error(11, "isv.permission-api-package-limit"), Misconfigured),
        (error(27, "session-expired"), Misconfigured),
        (error(15, "isp.top-remote-service-unavailable"), Unavailable),
        (error(41, "isv.invalid-parameter:start_modified"), Rejected),
        (ok(LIST, refunds={"refund": []}), Unavailable),
        (ok(LIST, total_results=-1), Unavailable),
        (ok(LIST, total_results=10**12), Unavailable),
        (httpx.Response(200, html="<h1>maintenance</h1>"), Unavailable),
    ],
)
async def test_pull_errors(channel: TaobaoChannel, answer: httpx.Response, expected: type[Exception]) -> None:
    route(LIST).mock(return_value=answer)
    with pytest.raises(expected):
        await channel.refunds.pull(SHOP, WINDOW, None)


@respx.mock
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (ok(DETAIL), Unavailable),
        (ok(DETAIL, refund=refund(refund_id="77")), DocumentUnreadable),
        (error(15, "isv.refund-not-exist"), Rejected),
        (error(15, "isp.refund-service-error"), Unavailable),
        (error(27, "session-expired"), Misconfigured),
    ],
)
async def test_what_asking_may_end_in(
    channel: TaobaoChannel, answer: httpx.Response, expected: type[Exception]
) -> None:
    route(DETAIL).mock(return_value=answer)
    found = await document(channel, refund(oid=None))
    with pytest.raises(expected):
        await channel.interpret(found)


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"shop":"","refund":{"refund_id":"1"}}', '{"shop":"s","refund":7}'])
async def test_a_body_of_another_shape_goes_to_quarantine(channel: TaobaoChannel, body: str) -> None:
    with pytest.raises(DocumentUnreadable):
        await channel.interpret(Document("taobao", "refund", "x", 0, body))


async def test_an_order_whose_id_would_be_too_long_is_none(channel: TaobaoChannel) -> None:
    # Short enough with the refund's own number, too long with the order's.
    shop = "杯" * (199 - len("taobao::900001"))
    body = json.dumps({"shop": shop, "refund": refund()})
    with pytest.raises(DocumentUnreadable):
        await channel.interpret(Document("taobao", "refund", "d", 1, body))
