"""After-sales: pulled in windows of half an hour, amounts in yuan, understood as refunds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import respx

from connectors.errors import DocumentUnreadable, Misconfigured, PartnerError, Rejected, Throttled, Unavailable
from connectors.fields import dump_json, load_json
from connectors.pdd import PddApi, PddChannel
from connectors.pdd.orders import to_order
from connectors.pdd.pulled import read_refund_document, refund_document
from connectors.pdd.refunds import to_refund
from connectors.ports import Document, PulledPage, PullSource, Window
from domain.clock import BEIJING
from domain.news import RefundNews
from domain.order import Channel, ChannelStatus, Order
from domain.refund import Refund, RefundKind, RefundLine, RefundStatus, with_refunds

from .conftest import ORDER_SN, OTHER_SHOP, REFUND_ID, SHOP, error, ok, order_info, refund_row, route, sent

LIST = "pdd.refund.list.increment.get"
START = datetime(2026, 3, 1, 2, 20, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(minutes=30))


def refund(**changes: Any) -> Refund:
    return to_refund(load_json(dump_json(refund_row(**changes))), SHOP)


def order(**changes: Any) -> Order:
    return to_order(load_json(dump_json(order_info(**changes))), SHOP, ORDER_SN)


def listed(*rows: Any) -> Any:
    return ok({"refund_list": list(rows)}, "refund_increment_get_response")


def test_the_whole_refund() -> None:
    assert refund() == Refund(
        channel=Channel.PDD,
        shop=SHOP,
        channel_order_no=ORDER_SN,
        refund_id=REFUND_ID,
        version=1772332260000,
        status=RefundStatus.REQUESTED,
        kind=RefundKind.MONEY,
        amount_fen=9999,
        lines=(RefundLine(line_no="7001", quantity=None),),
        asked_at=datetime(2026, 3, 1, 10, 30, tzinfo=BEIJING),
    )


def test_its_line_is_the_orders() -> None:
    bought = order()
    assert [line.line_no for line in refund().lines] == [line.line_no for line in bought.lines]
    without_sku = {"sku_id": None, "item_list": [{**order_info()["item_list"][0], "sku_id": None}]}
    assert refund(sku_id=None).lines[0].line_no == order(**without_sku).lines[0].line_no
    assert refund(sku_id="", goods_id=None).lines == ()


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (2, RefundKind.MONEY),
        (3, RefundKind.RETURN),
        (4, RefundKind.EXCHANGE),
        (5, RefundKind.EXCHANGE),
        ("2", RefundKind.MONEY),
    ],
)
def test_kinds(kind: Any, expected: RefundKind) -> None:
    assert refund(after_sales_type=kind).kind is expected


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ((2, 3, 4, 5, 7, 8, 14, 15, 18, 21, 22, 27, 31, 32, 33), RefundStatus.REQUESTED),
        ((6, 9), RefundStatus.REFUSED),
        ((10, "10"), RefundStatus.REFUNDED),
        ((11, 12, 13, 16, 17, 24, 25), RefundStatus.CLOSED),
    ],
)
def test_statuses(codes: tuple[Any, ...], expected: RefundStatus) -> None:
    assert {refund(after_sales_status=code).status for code in codes} == {expected}


@pytest.mark.parametrize(
    ("amount", "fen"),
    [("99.99", 9999), ("0.01", 1), ("1,280", 128000), ("99.995", 10000), (99.99, 9999), (5, 500), ("0", 0)],
)
def test_yuan_come_as_texts_and_as_numbers(amount: Any, fen: int) -> None:
    assert refund(refund_amount=amount).amount_fen == fen


def test_an_exchange_has_no_amount() -> None:
    assert refund(after_sales_type=4, refund_amount="").amount_fen == 0


@pytest.mark.parametrize("updated", ["2026-03-01 10:31:00", 1772332260, "1772332260"])
def test_times_are_beijing_text_or_seconds(updated: Any) -> None:
    assert refund(updated_time=updated).version == 1772332260000


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"after_sales_type": 1}, "after_sales_type"),
        ({"after_sales_type": None}, "after_sales_type"),
        ({"after_sales_status": 0}, "after_sales_status"),
        ({"after_sales_status": 99}, "after_sales_status"),
        ({"after_sales_status": "退款成功"}, "after_sales_status"),
        ({"refund_amount": "-1"}, "refund_amount"),
        ({"refund_amount": "九十九"}, "refund_amount"),
        ({"refund_amount": None}, "refund_amount"),
        ({"refund_amount": "1e400"}, "refund_amount"),
        ({"order_sn": ""}, "order id"),
        ({"order_sn": "a:b"}, "order id"),
        ({"order_sn": "9" * 65}, "order_sn"),
        ({"id": 0}, "id"),
        ({"id": "R-1"}, "id"),
        ({"updated_time": "0001-01-01 00:00:00"}, "updated_time"),
        ({"updated_time": ""}, "updated_time"),
        ({"updated_time": "2026/03/01"}, "updated_time"),
        ({"created_time": 10**14}, "created_time"),
    ],
)
def test_what_is_not_understood_is_never_guessed(changes: dict[str, Any], name: str) -> None:
    with pytest.raises(ValueError, match=name):
        refund(**changes)


def test_an_unshipped_order_is_off_when_all_of_it_is_paid_back() -> None:
    bought = order()
    assert with_refunds(bought, [refund()]).refund_pending
    assert with_refunds(bought, [refund(after_sales_status=10)]).status is ChannelStatus.CANCELLED
    assert with_refunds(bought, [refund(after_sales_status=11)]) == bought
    cheaper = with_refunds(bought, [refund(after_sales_status=10, refund_amount="5.00")])
    assert (cheaper.lines[0].quantity, cheaper.lines[0].amount_fen) == (2, 8499)


@respx.mock
async def test_a_refund_is_pulled_and_read_without_asking(channel: PddChannel) -> None:
    feed: PullSource = channel.refunds
    asked = route(LIST).mock(return_value=listed(refund_row()))
    page = await feed.pull(SHOP, WINDOW, None)
    (document,) = page.documents
    assert (document.source, document.kind, document.document_id, document.version, page.next_page) == (
        "pdd",
        "refund",
        f"refund:{SHOP}:{REFUND_ID}",
        1772332260000,
        None,
    )
    assert await channel.interpret(document) == [RefundNews(refund())]
    form = sent(asked.calls.last)
    assert {name: form[name] for name in form if name.startswith(("start", "end", "after", "page"))} == {
        "start_updated_at": str(int(START.timestamp())),
        "end_updated_at": str(int(START.timestamp()) + 1800),
        "after_sales_status": "1",
        "after_sales_type": "1",
        "page": "1",
        "page_size": "100",
    }
    assert asked.call_count == 1


def test_the_feed_has_a_cursor_of_its_own_for_each_shop(two_shops: PddApi) -> None:
    channel = PddChannel(two_shops)
    feed: PullSource = channel.refunds
    assert (feed.feed, feed.channel) == ("pdd/refunds", Channel.PDD)
    assert list(feed.shops) == [SHOP, OTHER_SHOP]
    assert feed.longest_window == timedelta(minutes=30)
    assert feed.feed != channel.feed


class Listing:
    """The platform's list, from which refunds leave (for a later window) while it is read."""

    def __init__(self, count: int, leave: int) -> None:
        self.rows = [refund_row(id=1000 + n) for n in range(count)]
        self.leave = leave

    def answer(self, request: Any) -> Any:
        page = int(sent(type("Call", (), {"request": request}))["page"])
        shown = self.rows[(page - 1) * 100 : page * 100]
        self.rows = self.rows[self.leave :]
        return listed(*shown)


async def pages(feed: PullSource) -> list[PulledPage]:
    found: list[PulledPage] = []
    text: str | None = None
    while not found or text is not None:
        found.append(await feed.pull(SHOP, WINDOW, text))
        text = found[-1].next_page
        assert len(found) < 20
    return found


@respx.mock
@pytest.mark.parametrize("count", [0, 99, 100, 101, 250, 300])
async def test_pages_without_a_total_are_read_up_and_down(channel: PddChannel, count: int) -> None:
    listing = Listing(count, leave=0)
    route(LIST).mock(side_effect=listing.answer)
    found = await pages(channel.refunds)
    assert len({document.document_id for page in found for document in page.documents}) == count


@respx.mock
async def test_refunds_that_change_while_pages_are_read_hide_no_others(channel: PddChannel) -> None:
    listing = Listing(280, leave=7)
    stay = {f"refund:{SHOP}:{row['id']}" for row in listing.rows[7 * 7 :]}  # seven pages are read at the most
    route(LIST).mock(side_effect=listing.answer)
    found = await pages(channel.refunds)
    assert stay <= {document.document_id for page in found for document in page.documents}


@pytest.mark.parametrize("page", ["sideways/2", "up/x", "7"])
async def test_a_page_of_another_feed_is_refused(channel: PddChannel, page: str) -> None:
    with pytest.raises(ValueError, match=r"page|int"):
        await channel.refunds.pull(SHOP, WINDOW, page)


@respx.mock
@pytest.mark.parametrize("bad", [7, None, {}, {"id": "x"}, {"id": 5, "updated_time": "soon"}])
async def test_an_unreadable_row_goes_to_quarantine_alone(channel: PddChannel, bad: Any) -> None:
    route(LIST).mock(return_value=listed(bad, refund_row()))
    page = await channel.refunds.pull(SHOP, WINDOW, None)
    spoilt, good = page.documents
    assert await channel.interpret(good) == [RefundNews(refund())]
    with pytest.raises(DocumentUnreadable):
        await channel.interpret(spoilt)
    assert refund_document(SHOP, bad) == spoilt  # pulled again it is the same document


async def test_an_unknown_status_is_quarantined(channel: PddChannel) -> None:
    with pytest.raises(DocumentUnreadable, match="after_sales_status 99"):
        await channel.interpret(refund_document(SHOP, refund_row(after_sales_status=99)))


@respx.mock
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (error(52101), Throttled),
        (error(52001), Unavailable),
        (error(10036), Misconfigured),
        (error(20001), Rejected),
    ],
)
async def test_a_pull_that_fails(channel: PddChannel, answer: Any, expected: type[PartnerError]) -> None:
    route(LIST).mock(return_value=answer)
    with pytest.raises(expected):
        await channel.refunds.pull(SHOP, WINDOW, None)


@pytest.mark.parametrize(("name", "body"), [("x", "{}"), (f"refund:{SHOP}:1", '{"id": 2}'), ("refund:a:1", "no json")])
def test_a_spoilt_document_is_unreadable(name: str, body: str) -> None:
    with pytest.raises(DocumentUnreadable):
        read_refund_document(Document("pdd", "refund", name, 0, body))
