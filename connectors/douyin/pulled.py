"""Douyin's list of changed orders (order.searchList), page by page. Pure.

The list is asked oldest change first, and the next page begins where the last one ended: not at a page number, since an
order that changes while we read leaves the window, and all behind it move up by one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.douyin.fields import as_int, as_list, as_mapping, text_of
from connectors.douyin.inbound import KIND, SOURCE
from connectors.ports import Document, PulledPage, Window
from domain.ids import order_id
from domain.order import Channel

PAGE_SIZE = 100


@dataclass(frozen=True)
class Cursor:
    """Where a page begins: changes since `start` (seconds), and the page among those of that very second."""

    start: int
    page: int = 0

    def text(self) -> str:
        """As it is kept between pages."""
        return f"{self.start}/{self.page}"


def read_cursor(text: str | None, window: Window) -> Cursor:
    """The cursor that `text` stands for; None is the window's beginning. Raises ValueError."""
    if text is None:
        return Cursor(int(window.start.timestamp()))
    start, _, page = text.partition("/")
    return Cursor(int(start), int(page))


def changed_orders(cursor: Cursor, window: Window) -> dict[str, Any]:
    """Parameters of order.searchList. Both ends of the window are included, and they must differ."""
    end = int(window.end.timestamp())
    return {
        "update_time_start": cursor.start,
        "update_time_end": max(end, cursor.start + 1),
        "order_by": "update_time",
        "order_asc": True,
        "page": cursor.page,
        "size": PAGE_SIZE,
    }


def read_page(shop: str, cursor: Cursor, data: Mapping[str, Any]) -> PulledPage:
    """One hint per order, and the page after it. Raises ValueError for an answer that is no list of orders."""
    rows = [as_mapping(row, "an order") for row in as_list(data.get("shop_order_list"))]
    documents = tuple(_document(shop, row) for row in rows)
    if len(rows) < PAGE_SIZE:
        return PulledPage(documents, None)
    newest = as_int(rows[-1].get("update_time"), "update_time")
    following = Cursor(newest) if newest > cursor.start else Cursor(cursor.start, cursor.page + 1)
    return PulledPage(documents, following.text())


def _document(shop: str, row: Mapping[str, Any]) -> Document:
    number, updated = text_of(row, "order_id"), as_int(row.get("update_time"), "update_time")
    # The same shape as a push: whoever reads it need not know which way it came.
    body = json.dumps({"data": {"p_id": number, "shop_id": shop}}, sort_keys=True)
    return Document(SOURCE, KIND, f"{shop}:{number}", updated * 1000, body, order_id(Channel.DOUYIN, shop, number))
