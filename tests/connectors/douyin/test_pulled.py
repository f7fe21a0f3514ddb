"""order.searchList: changes since a moment, without losing the order that moves up while pages are read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.douyin.inbound import read_hint
from connectors.douyin.pulled import PAGE_SIZE, Cursor, changed_orders, read_cursor, read_page
from connectors.ports import Window

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
    page = read_page("123456", Cursor(SECOND), _rows(2))
    first = page.documents[0]
    assert (first.document_id, first.version, first.kind) == ("123456:6917", SECOND * 1000, "order_hint")
    assert first.order_id == "douyin:123456:6917"
    assert (read_hint(first).shop, read_hint(first).order_no) == ("123456", "6917")
    assert page.next_page is None


def test_a_full_page_goes_on_where_it_ended() -> None:
    page = read_page("123456", Cursor(SECOND), _rows(PAGE_SIZE))
    assert page.next_page is not None
    assert read_cursor(page.next_page, WINDOW) == Cursor(SECOND + PAGE_SIZE - 1)


def test_a_full_page_within_one_second_goes_on_by_page() -> None:
    page = read_page("123456", Cursor(SECOND), _rows(PAGE_SIZE, step=0))
    assert page.next_page is not None
    assert read_cursor(page.next_page, WINDOW) == Cursor(SECOND, 1)


@pytest.mark.parametrize("data", [{"shop_order_list": [7]}, {"shop_order_list": [{"order_id": "1"}]}])
def test_a_list_that_is_none_is_refused(data: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"order|update_time"):
        read_page("123456", Cursor(SECOND), data)


def test_no_list_is_an_empty_one() -> None:
    assert read_page("123456", Cursor(SECOND), {}).documents == ()
