"""Douyin's lists of what changed (order.searchList, afterSale.List), page by page. Pure.

Both are asked oldest change first, and the next page begins where the last one ended: not at a page number, since
whatever changes while we read leaves the window, and all behind it move up by one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.douyin import refunds
from connectors.douyin.inbound import KIND, REFUND_KIND, SOURCE
from connectors.fields import as_int, as_list, as_mapping, dump_json, optional_int, text_of
from connectors.ports import Document, PulledPage, Window
from domain.ids import order_id
from domain.order import Channel

PAGE_SIZE = 100
_LONGEST_NUMBER = 20


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
    """Parameters of order.searchList."""
    return {
        "update_time_start": cursor.start,
        "update_time_end": _end(cursor, window),
        "order_by": "update_time",
        "order_asc": True,
        "page": cursor.page,
        "size": PAGE_SIZE,
    }


def changed_refunds(cursor: Cursor, window: Window) -> dict[str, Any]:
    """Parameters of afterSale.List. Without `order_by` the platform lists by the time of application."""
    return {
        "update_start_time": cursor.start,
        "update_end_time": _end(cursor, window),
        "order_by": ["update_time asc"],
        "page": cursor.page,
        "size": PAGE_SIZE,
    }


def read_orders(shop: str, cursor: Cursor, data: Mapping[str, Any]) -> PulledPage:
    """One hint per order, and the page after it. Raises ValueError for a page that came in part."""
    return _page(cursor, data, "shop_order_list", lambda row: _order(shop, row))


def read_refunds(shop: str, cursor: Cursor, data: Mapping[str, Any]) -> PulledPage:
    """One document per after-sale, and the page after it. Raises ValueError for a page that came in part."""
    return _page(cursor, data, "items", lambda row: _refund(shop, row))


def _end(cursor: Cursor, window: Window) -> int:
    """Both ends of the window are included, and they must differ."""
    return max(int(window.end.timestamp()), cursor.start + 1)


def _page(
    cursor: Cursor, data: Mapping[str, Any], name: str, read: Callable[[Mapping[str, Any]], tuple[Document, int]]
) -> PulledPage:
    """A row that cannot be read still becomes a document, which goes to quarantine alone.

    Fewer rows than the answer's own `total` are no end of the window: it goes on where they end, and when there are
    none to go on from, it is asked again.
    """
    rows, total = as_list(data.get(name)), optional_int(data, "total")
    if name not in data and total is None:
        raise ValueError(f"neither {name} nor total")
    documents: list[Document] = []
    newest = cursor.start
    for row in rows:
        try:
            document, newest = read(as_mapping(row, "row"))
        except ValueError:
            document = _unreadable(row)
        documents.append(document)
    short = len(rows) < PAGE_SIZE
    if short and cursor.page * PAGE_SIZE + len(rows) >= (total or 0):
        return PulledPage(tuple(documents), None)
    if newest <= cursor.start and short:
        raise ValueError(f"{name} is shorter than total says")
    following = Cursor(newest) if newest > cursor.start else Cursor(cursor.start, cursor.page + 1)
    return PulledPage(tuple(documents), following.text())


def _order(shop: str, row: Mapping[str, Any]) -> tuple[Document, int]:
    number, updated = text_of(row, "order_id"), as_int(row.get("update_time"), "update_time")
    if updated <= 0 or len(number) > _LONGEST_NUMBER:
        raise ValueError("no update_time, or no order_id")
    # The same shape as a push: whoever reads it need not know which way it came.
    body = dump_json({"data": {"p_id": number, "shop_id": shop}})
    known = order_id(Channel.DOUYIN, shop, number)
    return Document(SOURCE, KIND, f"{shop}:{number}", updated * 1000, body, known), updated


def _refund(shop: str, row: Mapping[str, Any]) -> tuple[Document, int]:
    number, updated = refunds.after_sale_id(row), refunds.changed_at(row)
    # Only what a refund is made of: rows hold the buyer's words as well.
    kept = {name: row.get(name) for name in ("aftersale_info", "order_info")}
    body = dump_json({"data": {"aftersale_id": number, "shop_id": shop}, "row": kept})
    return Document(SOURCE, REFUND_KIND, f"refund:{shop}:{number}", refunds.version_of(row), body), updated


def _unreadable(row: object) -> Document:
    body = dump_json(row)
    return Document(SOURCE, KIND, "sha256:" + hashlib.sha256(body.encode()).hexdigest(), 0, body)
