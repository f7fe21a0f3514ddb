"""order.searchList and afterSale.List: changes since a moment, without losing what moves up while pages are read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.douyin.inbound import read_hint, read_refund_hint
from connectors.douyin.pulled import (
    PAGE_SIZE,
    Cursor,
    changed_orders,
    changed_refunds,
    read_cursor,
    read_orders,
    read_refunds,
)
from connectors.errors import DocumentUnreadable
from connectors.ports import PulledPage, Window

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(hours=1))
SECOND = int(START.timestamp())


def _rows(count: int, first: int = SECOND, step: int = 1) -> dict[str, Any]:
    return {"shop_order_list": [{"order_id": str(6917 + n), "update_time": first + n * step} for n in range(count)]}


def test_the_first_page_begins_with_the_window() -> None:
    assert changed_orders(read_cursor(None, WINDOW), WINDOW) == {
        "update_time_start": SECOND,
        "update_time_end": SECOND + 3600,
        "order_by": "update_time",
        "order_asc": True,
        "page": 0,
        "size": PAGE_SIZE,
    }


def test_both_ends_of_a_window_differ_as_the_platform_demands() -> None:
    asked = changed_orders(Cursor(SECOND + 3600), WINDOW)
    assert asked["update_time_end"] > asked["update_time_start"]


def test_each_row_is_a_hint_under_its_order_and_change() -> None:
    page = read_orders("123456", Cursor(SECOND), _rows(2))
    first = page.documents[0]
    assert (first.document_id, first.version, first.kind) == ("123456:6917", SECOND * 1000, "order_hint")
    assert first.order_id == "douyin:123456:6917"
    assert (read_hint(first).shop, read_hint(first).order_no) == ("123456", "6917")
    assert page.next_page is None


def test_a_full_page_goes_on_where_it_ended() -> None:
    page = read_orders("123456", Cursor(SECOND), _rows(PAGE_SIZE))
    assert page.next_page is not None
    assert read_cursor(page.next_page, WINDOW) == Cursor(SECOND + PAGE_SIZE - 1)


def test_a_full_page_within_one_second_goes_on_by_page() -> None:
    page = read_orders("123456", Cursor(SECOND), _rows(PAGE_SIZE, step=0))
    assert page.next_page is not None
    assert read_cursor(page.next_page, WINDOW) == Cursor(SECOND, 1)


@pytest.mark.parametrize(
    "bad",
    [
        *(7, None, [], {"order_id": "1"}, {"order_id": "1", "update_time": -1}),
        *({"order_id": number, "update_time": SECOND} for number in ("a:b", "9" * 21)),
    ],
)
def test_a_row_that_cannot_be_read_goes_to_quarantine_alone(bad: Any) -> None:
    data = _rows(2)
    data["shop_order_list"].insert(1, bad)
    first, spoilt, last = read_orders("123456", Cursor(SECOND), data).documents
    assert (first.order_id, last.order_id) == ("douyin:123456:6917", "douyin:123456:6918")
    with pytest.raises(DocumentUnreadable):
        read_hint(spoilt)
    assert read_orders("123456", Cursor(SECOND), data).documents[1] == spoilt  # pulled again it is the same document


def test_half_of_a_full_page_that_cannot_be_read_does_not_stop_the_other_half() -> None:
    rows = _rows(PAGE_SIZE)["shop_order_list"]
    spoilt: list[Any] = [*rows[: PAGE_SIZE // 2], *(None for _ in range(PAGE_SIZE // 2))]
    page = read_orders("123456", Cursor(SECOND), {"shop_order_list": spoilt})
    assert len(page.documents) == PAGE_SIZE
    # The spoilt half is read once more at the most: the next page begins at the last change that we know of.
    assert page.next_page == Cursor(SECOND + PAGE_SIZE // 2 - 1).text()
    nothing = read_orders("123456", Cursor(SECOND), {"shop_order_list": [None] * PAGE_SIZE})
    assert nothing.next_page == Cursor(SECOND, 1).text()


def test_an_empty_list_is_empty_however_it_is_written() -> None:
    empty: list[dict[str, Any]] = [{"shop_order_list": None}, {"shop_order_list": []}, {"total": 0}]
    for data in empty:
        assert read_orders("123456", Cursor(SECOND), data) == PulledPage((), None)
    assert read_refunds("123456", Cursor(SECOND), {"items": None}).documents == ()


@pytest.mark.parametrize(
    "data", [{}, {"shop_order_list": [], "total": 3}, {"total": 3}, {"shop_order_list": None, "total": 1}]
)
def test_a_list_that_did_not_come_is_not_empty(data: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="shop_order_list"):
        read_orders("123456", Cursor(SECOND), data)


def test_half_of_a_page_goes_on_where_it_ended() -> None:
    half = _rows(40) | {"total": 90}
    page = read_orders("123456", Cursor(SECOND), half)
    assert len(page.documents) == 40
    assert page.next_page == Cursor(SECOND + 39).text()
    with pytest.raises(ValueError, match="shorter"):  # nothing to go on from: asked again
        read_orders("123456", Cursor(SECOND), _rows(40, step=0) | {"total": 90})
    # The last page among those of one second.
    assert read_orders("123456", Cursor(SECOND, 1), _rows(40, step=0) | {"total": PAGE_SIZE + 40}).next_page is None


class Platform:
    """A shop of Douyin's whose orders change while they are listed."""

    def __init__(self, count: int) -> None:
        self.updated = {str(6917 + n): SECOND + n for n in range(count)}

    def page(self, cursor: Cursor) -> dict[str, Any]:
        asked = changed_orders(cursor, WINDOW)
        inside = sorted(
            (at, no) for no, at in self.updated.items() if asked["update_time_start"] <= at <= asked["update_time_end"]
        )
        begin = asked["page"] * asked["size"]
        rows = [{"order_id": no, "update_time": at} for at, no in inside[begin : begin + asked["size"]]]
        return {"shop_order_list": rows, "total": len(inside)}


def test_orders_that_change_while_pages_are_read_hide_no_others() -> None:
    platform = Platform(3 * PAGE_SIZE)
    seen: set[str] = set()
    text: str | None = None
    pages = 0
    while pages == 0 or text is not None:
        cursor = read_cursor(text, WINDOW)
        page = read_orders("123456", cursor, platform.page(cursor))
        seen |= {document.order_id or "" for document in page.documents}
        text, pages = page.next_page, pages + 1
        # Ten of those just listed change again: they leave the window, and all behind them move up.
        for document in page.documents[:10]:
            platform.updated[document.document_id.partition(":")[2]] = SECOND + 2 * 3600
        assert pages < 20
    assert len(seen) == 3 * PAGE_SIZE


def _refund_rows(count: int) -> dict[str, Any]:
    rows = [
        {
            "aftersale_info": {"aftersale_id": 7000 + n, "update_time": SECOND + n},
            "order_info": {"shop_order_id": 6917},
            "text_part": {"reason_text": "测试"},
        }
        for n in range(count)
    ]
    return {"items": rows, "total": count, "has_more": False}


def test_changed_refunds_are_asked_for_in_the_order_of_their_changes() -> None:
    assert changed_refunds(read_cursor(None, WINDOW), WINDOW) == {
        "update_start_time": SECOND,
        "update_end_time": SECOND + 3600,
        "order_by": ["update_time asc"],
        "page": 0,
        "size": PAGE_SIZE,
    }


def test_each_refund_is_a_document_under_its_number_and_change() -> None:
    page = read_refunds("123456", Cursor(SECOND), _refund_rows(2))
    first, second = page.documents
    assert (first.source, first.kind, first.document_id) == ("douyin", "refund", "refund:123456:7000")
    assert (first.version, second.version) == (SECOND * 1000, (SECOND + 1) * 1000)
    hint = read_refund_hint(first)
    assert (hint.shop, hint.refund_id) == ("123456", "7000")
    assert hint.row is not None
    assert "text_part" not in hint.row  # the buyer's words are no part of a refund
    assert page.next_page is None


def test_a_full_page_of_refunds_goes_on_where_it_ended() -> None:
    page = read_refunds("123456", Cursor(SECOND), _refund_rows(PAGE_SIZE))
    assert page.next_page == Cursor(SECOND + PAGE_SIZE - 1).text()


@pytest.mark.parametrize(
    "bad", [None, {}, {"aftersale_info": {"aftersale_id": "x", "update_time": 1}}, {"aftersale_info": []}]
)
def test_a_refund_that_cannot_be_read_goes_to_quarantine_alone(bad: Any) -> None:
    data = _refund_rows(1)
    data["items"].append(bad)
    good, spoilt = read_refunds("123456", Cursor(SECOND), data).documents
    assert read_refund_hint(good).refund_id == "7000"
    with pytest.raises(DocumentUnreadable):
        read_hint(spoilt)
