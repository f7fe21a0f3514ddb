"""Refunds before shipping: how they are asked for, what each row means, and what a pull may end in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import respx
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import DocumentUnreadable, Misconfigured, PartnerError, Rejected, Throttled, Unavailable
from connectors.fields import load_json
from connectors.jd import JdChannel, JdRefunds, JosApi
from connectors.jd.refunds import STATUS, read_refund, refund_document
from connectors.ports import Document, PullSource, Window
from domain.news import RefundNews
from domain.order import Channel
from domain.refund import Refund, RefundKind, RefundStatus

from .conftest import ORDER_NO, OTHER_SHOP, REFUNDS, SHOP, error, ok, refund_page, refund_row, route, sent

WINDOW = Window(datetime(2026, 3, 1, 2, 0, tzinfo=UTC), datetime(2026, 3, 1, 2, 30, tzinfo=UTC))
OLD = {"applyTime": "2026-02-01 08:00:00", "modified": "2026-02-01 08:00:00"}


@pytest.fixture
def feed(api: JosApi) -> JdRefunds:
    return JdRefunds(api)


def refund(**changes: Any) -> Refund:
    return read_refund(refund_document(refund_row(**changes), SHOP))


def test_is_a_second_feed(feed: JdRefunds) -> None:
    pulled: PullSource = feed
    assert (pulled.feed, pulled.channel, list(pulled.shops)) == ("jd/refunds", Channel.JD, [SHOP, OTHER_SHOP])
    assert pulled.overlap >= timedelta(minutes=5)


@respx.mock
async def test_a_window_is_asked_by_time_of_change(feed: JdRefunds) -> None:
    asked = route(REFUNDS).mock(return_value=refund_page([refund_row()]))
    found = await feed.pull(SHOP, WINDOW, None)
    assert sent(asked.calls.last) == {
        "modifiedStart": "2026-03-01 10:00:00",
        "modifiedEnd": "2026-03-01 10:30:00",
        "pageIndex": "1",
        "pageSize": "50",
    }
    assert [document.document_id for document in found.documents] == [f"{SHOP}:refund:7001"]
    assert found.next_page is None


async def turned(feed: JdRefunds, window: Window = WINDOW) -> list[str | None]:
    pages: list[str | None] = []
    turn: str | None = None
    while True:
        turn = (await feed.pull(SHOP, window, turn)).next_page
        pages.append(turn)
        if turn is None:
            return pages


@respx.mock
async def test_pages_are_read_from_the_last_back(feed: JdRefunds) -> None:
    asked = route(REFUNDS).mock(return_value=refund_page([refund_row()], total=101))
    await turned(feed)
    assert [sent(call)["pageIndex"] for call in asked.calls] == ["1", "3", "2", "1"]


@respx.mock
@pytest.mark.parametrize(
    "unfiltered",
    [
        refund_page([refund_row(), refund_row(**OLD)]),
        refund_page([refund_row(modified=None)]),
        refund_page([{"refundApplyVo": refund_row(modified=None)}]),
        refund_page([refund_row()], total=5001),
        refund_page(["?"]),
    ],
)
async def test_a_platform_that_does_not_know_the_filter_is_asked_by_the_other_times(
    feed: JdRefunds, unfiltered: httpx.Response
) -> None:
    decided = refund_page([refund_row(id=7002, status=2)], total=51)
    asked = route(REFUNDS).mock(side_effect=[unfiltered, decided, decided, decided, refund_page([])])
    await turned(feed)
    told = [sent(call) for call in asked.calls]
    spans = [(next(name for name in each if name.endswith("Start")), each["pageIndex"]) for each in told]
    assert spans == [
        ("modifiedStart", "1"),
        ("checkTimeStart", "1"),
        ("checkTimeStart", "2"),
        ("checkTimeStart", "1"),
        ("applyTimeStart", "1"),
    ]
    assert sent(asked.calls[1])["checkTimeEnd"] == "2026-03-01 10:30:00"


@respx.mock
@pytest.mark.parametrize("success", [True, "true", "True"])
@pytest.mark.parametrize("rows", [[], None])
async def test_an_empty_list_may_be_missing(feed: JdRefunds, success: Any, rows: Any) -> None:
    route(REFUNDS).mock(return_value=refund_page(rows, total="0", success=success))
    found = await feed.pull(SHOP, WINDOW, None)
    assert (found.documents, found.next_page) == ((), None)


@respx.mock
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (refund_page([], success="false", words="参数错误"), Rejected),
        (refund_page([], success=False, words="系统繁忙"), Unavailable),
        (refund_page([], success=False, words="限流"), Throttled),
        (refund_page([], success=None), Unavailable),
        (refund_page([], total="many"), Unavailable),
        (ok(REFUNDS, {}), Unavailable),
        (error("63", "没有权限"), Misconfigured),
        (httpx.Response(200, html="<h1>"), Unavailable),
        (httpx.Response(502), Unavailable),
    ],
)
async def test_what_a_pull_may_end_in(feed: JdRefunds, answer: httpx.Response, expected: type[PartnerError]) -> None:
    route(REFUNDS).mock(return_value=answer)
    with pytest.raises(PartnerError) as caught:
        await feed.pull(SHOP, WINDOW, None)
    assert type(caught.value) is expected


@respx.mock
async def test_the_channel_understands_what_the_feed_brings(feed: JdRefunds, channel: JdChannel) -> None:
    route(REFUNDS).mock(return_value=refund_page([7, refund_row(status=77), {"refundApplyVo": refund_row()}]))
    odd, unknown, good = (await feed.pull(SHOP, WINDOW, None)).documents
    for document in (odd, unknown):
        with pytest.raises(DocumentUnreadable):
            await channel.interpret(document)
    assert await channel.interpret(good) == [RefundNews(refund())]
    assert good.order_id == f"jd:{SHOP}:{ORDER_NO}"


def test_the_whole_refund() -> None:
    assert refund() == Refund(
        channel=Channel.JD,
        shop=SHOP,
        channel_order_no=ORDER_NO,
        refund_id="7001",
        version=int(datetime(2026, 3, 1, 2, 25, tzinfo=UTC).timestamp()) * 1000,
        status=RefundStatus.REQUESTED,
        kind=RefundKind.MONEY,
        amount_fen=10000,
        asked_at=datetime(2026, 3, 1, 2, 25, tzinfo=UTC),
    )


def test_nothing_personal_is_kept() -> None:
    body = refund_document(refund_row(), SHOP).body
    assert "buyer" not in body
    assert "\\u6d4b" not in body  # 测


@pytest.mark.parametrize("code", STATUS.means)
def test_statuses(code: str) -> None:
    expected = {
        "2": RefundStatus.REFUSED,
        "4": RefundStatus.REFUSED,
        "3": RefundStatus.REFUNDED,
        "9": RefundStatus.REFUNDED,
        "11": RefundStatus.CLOSED,
    }.get(code, RefundStatus.REQUESTED)
    assert refund(status=int(code)).status is refund(status=code).status is expected


@pytest.mark.parametrize("code", [12, "", None, "退款", True, "-1"])
def test_an_unknown_status_is_never_guessed(code: Any) -> None:
    with pytest.raises(DocumentUnreadable, match="unknown refund status"):
        refund(status=code)


def test_every_step_is_a_newer_version() -> None:
    steps: list[dict[str, Any]] = [
        {"status": 0},
        {"status": 1},  # a step that moves no time
        {"status": 5, "checkTime": "2026-03-01 10:26:00", "modified": ""},
        {"status": 3, "checkTime": "2026-03-01 10:26:00", "modified": None},  # 5 → 3 in one second
        {"status": 3, "modified": "2026-03-01 10:27:00"},
    ]
    versions = [refund(**step).version for step in steps]
    assert versions == sorted(set(versions))


@pytest.mark.parametrize(("amount", "fen"), [(10000, 10000), ("9900", 9900), (0, 0), ("0", 0)])
def test_amounts_are_in_fen(amount: Any, fen: int) -> None:
    assert refund(applyRefundSum=amount).amount_fen == fen


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"applyRefundSum": "99.00"}, "applyRefundSum"),
        ({"applyRefundSum": None}, "applyRefundSum"),
        ({"applyRefundSum": -1}, "applyRefundSum"),
        ({"applyTime": "0001-01-01 00:00:00"}, "no applyTime"),
        ({"applyTime": "soon"}, "applyTime is no time"),
        ({"orderId": "a:b"}, "no orderId"),
        ({"orderId": None}, "no orderId"),
        ({"id": ""}, "no id"),
        ({"id": "7001 "}, "no id"),
    ],
)
def test_what_cannot_be_a_refund(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(DocumentUnreadable, match=words):
        refund(**changes)


def test_a_fraction_of_nothing_is_whole() -> None:
    row = load_json('{"id":1,"orderId":2,"applyTime":"2026-03-01 10:25:00","status":0,"applyRefundSum":9900.00}')
    assert read_refund(refund_document(row, SHOP)).amount_fen == 9900


_VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["1", "9.99", "3"])


@given(_VALUES | st.dictionaries(st.sampled_from([*refund_row(), "x"]), _VALUES).map(lambda some: refund_row() | some))
def test_no_row_raises_anything_else(row: Any) -> None:
    document = refund_document(row, SHOP)
    document.body.encode("ascii")
    try:
        found = read_refund(document)
    except DocumentUnreadable:
        return
    assert found.order_id == document.order_id


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"shop":1,"refund":{}}', '{"shop":"1","refund":[]}', "[" * 99999])
def test_a_spoilt_document_is_unreadable(body: str) -> None:
    with pytest.raises(DocumentUnreadable):
        read_refund(Document("jd", "refund", "x", 0, body))
