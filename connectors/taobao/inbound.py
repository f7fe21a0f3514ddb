"""Pages of changed trades: hints out of them, and the way from page to page. Pure.

The platform lists by `modified`, newest first, and a trade that changes while we read leaves its place: all behind it
move up, so that reading page 2 after page 1 would skip one. Reading backwards from the last page would mend that, but
it needs the total, which is the dear way to ask, and a late entry still pushes one past us. So the next page is no page
number at all: it is page 1 again of the window that ends where this page ended. Nothing that comes or goes at
the newer end can move anything across that border. The border's second is listed twice, which the inbox does not mind.
Only when a whole page lies in one second does the page number count.
"""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from connectors.errors import DocumentUnreadable
from connectors.fields import as_mapping, dump_json, load_json, text_of
from connectors.ports import Document, PulledPage
from connectors.taobao.responses import PARTNER
from connectors.taobao.wire import Flag, Listed, Moment, Text, Wire, read
from connectors.transport import compact_json
from domain.clock import format_beijing, parse_beijing
from domain.ids import order_id
from domain.order import Channel

KIND = "order_hint"

_TID = re.compile(r"[0-9]{1,20}")


class _Changed(Wire):
    tid: Text = ""
    tid_str: Text = ""
    modified: Moment


class _Page(Wire):
    has_next: Flag = False
    trades: Annotated[list[Any], Listed] = Field(default_factory=list)


@dataclass(frozen=True)
class Cursor:
    """Where the next page is: `end` is the end of the window that is left."""

    end: datetime
    page_no: int = 1

    def text(self) -> str:
        """As `PulledPage.next_page`."""
        return f"{format_beijing(self.end)}/{self.page_no}"


@dataclass(frozen=True)
class Hint:
    """The trade that a document is about."""

    shop: str
    tid: str


def read_cursor(page: str) -> Cursor:
    """The cursor out of a `next_page`. Raises ValueError."""
    end, _, page_no = page.partition("/")
    return Cursor(parse_beijing(end), int(page_no))


def read_page(shop: str, cursor: Cursor, body: Mapping[str, Any]) -> PulledPage:
    """One page as hints, oldest first.

    A row that cannot be read becomes a document that `read_hint` refuses. Raises ValueError when the page has a
    successor that cannot be found: no times on it, or not the newest first.
    """
    page = read(_Page, body)
    rows = [_changed(raw) for raw in page.trades]
    documents = [_document(shop, raw, row) for raw, row in zip(page.trades, rows, strict=True)]
    times = [row.modified for row in rows if row is not None and row.modified is not None]
    following = _following(cursor, times).text() if page.has_next else None
    return PulledPage(tuple(reversed(documents)), following)


def read_hint(document: Document) -> Hint:
    """The trade that a document is about. Raises DocumentUnreadable."""
    try:
        body = as_mapping(load_json(document.body), "body")
        hint = Hint(shop=text_of(body, "shop"), tid=text_of(body, "tid"))
        order_id(Channel.TAOBAO, hint.shop, hint.tid)
    except ValueError:
        raise DocumentUnreadable(PARTNER, "a changed trade without tid or modified") from None
    return hint


def _following(cursor: Cursor, times: list[datetime]) -> Cursor:
    if not times or any(later > earlier for earlier, later in itertools.pairwise(times)):
        raise ValueError("a page that is not sorted by modified")
    if times[-1] < cursor.end:
        return Cursor(times[-1])
    return Cursor(cursor.end, cursor.page_no + 1)


def _changed(raw: object) -> _Changed | None:
    try:
        row = read(_Changed, raw)
    except ValueError:
        return None
    return row if row.modified is not None and _TID.fullmatch(row.tid_str or row.tid) else None


def _document(shop: str, raw: object, row: _Changed | None) -> Document:
    if row is None or row.modified is None:
        body = dump_json({"unreadable": raw})
        digest = hashlib.sha256(body.encode()).hexdigest()
        return Document(PARTNER, KIND, f"{shop}:sha256:{digest}", 0, body)
    tid = row.tid_str or row.tid
    return Document(
        source=PARTNER,
        kind=KIND,
        document_id=f"{shop}:{tid}",
        version=int(row.modified.timestamp()) * 1000,
        body=compact_json({"tid": tid, "shop": shop, "modified": format_beijing(row.modified)}),
        order_id=order_id(Channel.TAOBAO, shop, tid),
    )
