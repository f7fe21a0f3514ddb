"""TOP's refunds (section 5 of the protocol file): pages into documents, documents into refunds. Pure.

A row of the list has all that a refund is known by, and becomes a document as it is. Where it lacks something, the
refund itself is asked for. Every complaint is a ValueError without values that could be personal.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from connectors.errors import DocumentUnreadable
from connectors.fields import as_mapping, dump_json, load_json, text_of
from connectors.paging import MOST_ROWS, ListPage
from connectors.ports import Document
from connectors.taobao.requests import REFUND_FIELDS, REFUNDS_PAGE_SIZE
from connectors.taobao.responses import PARTNER
from connectors.taobao.wire import Fen, Listed, Moment, Text, Truth, Whole, Wire, read
from domain.ids import order_id
from domain.order import Channel
from domain.refund import Refund, RefundKind, RefundLine, RefundStatus
from domain.words import About, Glossary

KIND = "refund"

_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")

_STATUS = Glossary(
    "taobao",
    About.REFUND,
    RefundStatus,
    {
        "WAIT_SELLER_AGREE": RefundStatus.REQUESTED,
        "WAIT_BUYER_RETURN_GOODS": RefundStatus.REQUESTED,
        "WAIT_SELLER_CONFIRM_GOODS": RefundStatus.REQUESTED,
        "SELLER_REFUSE_BUYER": RefundStatus.REFUSED,
        "CLOSED": RefundStatus.CLOSED,
        "SUCCESS": RefundStatus.REFUNDED,
        # Exchanges, and parts sent after. The last of them ends as an exchange, and goes on as a refund.
        "WAIT_SELLER_CONFIRM_RETURN_ADDRESS": RefundStatus.REQUESTED,
        "WAIT_SELLER_CONSIGN_GOODS": RefundStatus.REQUESTED,
        "WAIT_SELLER_CONSIGN_GOOGDS": RefundStatus.REQUESTED,  # as one interface spells it
        "WAIT_BUYER_CONFIRM_EXCHANGE_SELLER_SEND_GOODS": RefundStatus.REQUESTED,
        "WAIT_BUYER_CONFIRM_REDO_SEND_GOODS": RefundStatus.REQUESTED,
        "EXCHANGE_WAIT_BUYER_CONFIRM_GOODS": RefundStatus.REQUESTED,
        "EXCHANGE_TRANSFORM_TO_REFUND": RefundStatus.CLOSED,
    },
    unnamed=[
        "WAIT_SELLER_CONFIRM_RETURN_ADDRESS",
        "WAIT_SELLER_CONSIGN_GOODS",
        "WAIT_SELLER_CONSIGN_GOOGDS",
        "WAIT_BUYER_CONFIRM_EXCHANGE_SELLER_SEND_GOODS",
        "WAIT_BUYER_CONFIRM_REDO_SEND_GOODS",
        "EXCHANGE_WAIT_BUYER_CONFIRM_GOODS",
        "EXCHANGE_TRANSFORM_TO_REFUND",
    ],
)
_KINDS = Glossary(
    "taobao",
    About.REFUND_KIND,
    RefundKind,
    {
        "REFUND": RefundKind.MONEY,
        "REFUND_AND_RETURN": RefundKind.RETURN,
        "TMALL_EXCHANGE": RefundKind.EXCHANGE,
        "TAOBAO_EXCHANGE": RefundKind.EXCHANGE,
        "REPAIR": RefundKind.EXCHANGE,
        "RESHIPPING": RefundKind.EXCHANGE,
    },
    field="dispute_type",
    unnamed=["REFUND", "REFUND_AND_RETURN", "TMALL_EXCHANGE", "TAOBAO_EXCHANGE", "REPAIR", "RESHIPPING"],
)
_KIND_UNTOLD = frozenset({"", "OTHERS"})
_BEFORE_SHIPPING = "onsale"  # of refund_phase


class _Page(Wire):
    total_results: Whole = Field(ge=0, le=MOST_ROWS)
    refunds: Annotated[list[Any], Listed] = Field(default_factory=list)


class _Row(Wire):
    refund_id: Text
    tid: Text = ""
    modified: Moment


class _Refund(Wire):
    refund_id: Text = ""
    tid: Text = ""
    oid: Text = ""
    status: Text = ""
    dispute_type: Text = ""
    refund_phase: Text = ""
    has_good_return: Truth = None
    refund_fee: Fen = None
    created: Moment = None
    modified: Moment = None

    @property
    def kind(self) -> RefundKind | None:
        """What the buyer wants; None where nothing says so. Raises ValueError for a kind that we do not know."""
        if self.dispute_type not in _KIND_UNTOLD:
            return _KINDS.mean(self.dispute_type)
        if self.has_good_return is not None:
            return RefundKind.RETURN if self.has_good_return else RefundKind.MONEY
        # What has not left cannot come back.
        return RefundKind.MONEY if self.refund_phase == _BEFORE_SHIPPING else None


@dataclass(frozen=True)
class RefundHint:
    """The refund that a document is about, with what the list said of it."""

    shop: str
    refund_id: str
    row: Mapping[str, Any]


def read_refunds(shop: str, body: Mapping[str, Any]) -> ListPage:
    """One page of taobao.refunds.receive.get. A row that cannot be read becomes a document that `read_refund_hint`
    refuses. Raises ValueError when the page does not say how many refunds there are."""
    page = read(_Page, body)
    documents = tuple(_document(shop, raw) for raw in page.refunds)
    return ListPage(documents, page.total_results, -(-page.total_results // REFUNDS_PAGE_SIZE))


def read_refund_hint(document: Document) -> RefundHint:
    """The refund that a document is about. Raises DocumentUnreadable."""
    try:
        body = as_mapping(load_json(document.body), "body")
        row = as_mapping(body.get("refund"), "refund")
        hint = RefundHint(text_of(body, "shop"), text_of(row, "refund_id"), row)
        order_id(Channel.TAOBAO, hint.shop, hint.refund_id)  # the shop must be one that an order can be of
        if not _ID.fullmatch(hint.refund_id):
            raise ValueError("no refund_id")
    except ValueError:
        raise DocumentUnreadable(PARTNER, "a changed refund without refund_id or modified") from None
    return hint


def complete(row: Mapping[str, Any]) -> bool:
    """Whether a row has all that a refund is made of. Raises ValueError for one that cannot be read."""
    found = read(_Refund, row)
    needed = (found.tid, found.oid, found.status, found.refund_fee, found.created, found.modified, found.kind)
    return all(part not in (None, "") for part in needed)


def merged(row: Mapping[str, Any], detail: Mapping[str, Any]) -> Mapping[str, Any]:
    """The refund itself, with what only the list says of it (`modified`, in older versions of the interface)."""
    return {**row, **{name: value for name, value in detail.items() if value not in (None, "")}}


def to_refund(raw: Mapping[str, Any], hint: RefundHint) -> Refund:
    """The canonical refund. Raises ValueError.

    A refund of TOP is always of one sub order, and that is the line. No quantity: `num` is how many pieces the sub
    order has, whatever part of the money goes back.
    """
    found = read(_Refund, raw)
    if found.refund_id != hint.refund_id:
        raise ValueError("the answer is about another refund")
    status, kind = _STATUS.mean(found.status), found.kind
    if kind is None:
        raise ValueError("no dispute_type or has_good_return")
    if kind is RefundKind.EXCHANGE and status is RefundStatus.REFUNDED:
        status = RefundStatus.CLOSED  # it is over, and no money moved
    if not (_ID.fullmatch(found.tid) and _ID.fullmatch(found.oid)) or found.created is None or found.modified is None:
        raise ValueError("no tid, oid, created or modified")
    if found.refund_fee is None or found.refund_fee < 0:
        raise ValueError("no refund_fee")
    order_id(Channel.TAOBAO, hint.shop, found.tid)  # one that an order can have
    return Refund(
        channel=Channel.TAOBAO,
        shop=hint.shop,
        channel_order_no=found.tid,
        refund_id=found.refund_id,
        version=int(found.modified.timestamp()) * 1000,
        status=status,
        kind=kind,
        amount_fen=found.refund_fee,
        lines=(RefundLine(line_no=found.oid),),
        asked_at=found.created,
    )


def _document(shop: str, raw: object) -> Document:
    try:
        row = read(_Row, raw)
        if row.modified is None or not _ID.fullmatch(row.refund_id):
            raise ValueError("no refund_id or modified")
        kept = {name: value for name, value in as_mapping(raw, "refund").items() if name in REFUND_FIELDS}
    except ValueError:
        body = dump_json({"unreadable": raw})
        digest = hashlib.sha256(body.encode()).hexdigest()
        return Document(PARTNER, KIND, f"{shop}:refund:sha256:{digest}", 0, body)
    return Document(
        source=PARTNER,
        kind=KIND,
        document_id=f"{shop}:refund:{row.refund_id}",
        version=int(row.modified.timestamp()) * 1000,
        body=dump_json({"shop": shop, "refund": kept}),
        order_id=order_id(Channel.TAOBAO, shop, row.tid) if _ID.fullmatch(row.tid) else None,
    )
