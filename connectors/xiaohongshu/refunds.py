"""Xiaohongshu's after-sales (section 5 of the protocol file): rows and messages into documents, details into refunds.
Pure.

Neither a row of the list nor a message tells goods, so that a document is a hint only, and the after-sale is asked for
when it is interpreted. Amounts are yuan here (of orders they are fen), times milliseconds. Every complaint is a
ValueError that names the field, never its value.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.errors import DocumentUnreadable
from connectors.fields import as_int, as_list, as_mapping, dump_json, load_json, optional_int, text_of, yuan_of
from connectors.paging import MOST_ROWS, ListPage
from connectors.ports import Document
from connectors.xiaohongshu.orders import is_number, numbered_line_nos
from connectors.xiaohongshu.requests import PAGE_SIZE
from connectors.xiaohongshu.responses import PARTNER
from domain.clock import from_epoch_seconds
from domain.ids import order_id
from domain.order import Channel
from domain.refund import Refund, RefundKind, RefundLine, RefundStatus
from domain.words import About, Glossary

KIND = "refund"

_RETURNS_KEYS = ("returnsId", "returns_id", "returnId")

_STATUS = Glossary(
    "xiaohongshu",
    About.REFUND,
    RefundStatus,
    {
        "1": RefundStatus.REQUESTED,  # 待审核
        "2": RefundStatus.REQUESTED,  # 待用户寄回
        "3": RefundStatus.REQUESTED,  # 待商家收货
        "4": RefundStatus.REFUNDED,  # 已完成, see `_status`
        "5": RefundStatus.CLOSED,  # 已取消
        "6": RefundStatus.CLOSED,  # 已关闭
        "9": RefundStatus.REFUSED,  # 商家审核拒绝
        "9001": RefundStatus.REFUSED,  # 商家收货拒绝
        "12": RefundStatus.REQUESTED,  # 换货待发货
        "13": RefundStatus.REQUESTED,  # 换货待确认
        "14": RefundStatus.REQUESTED,  # 平台介入
    },
)
_KINDS = Glossary(
    "xiaohongshu",
    About.REFUND_KIND,
    RefundKind,
    {
        "1": RefundKind.RETURN,
        "2": RefundKind.EXCHANGE,
        "4": RefundKind.MONEY,  # 已发货仅退款
        "5": RefundKind.MONEY,  # 未发货仅退款
        "6": RefundKind.MONEY,  # 保价
    },
    field="returnType",
)
_PRICE_ONLY = 6
"""保价: a part of the price goes back, and all the goods go out."""
_BACK = Glossary(
    "xiaohongshu",
    About.REFUND_MONEY,
    RefundStatus,
    {
        "": RefundStatus.REFUNDED,
        "0": RefundStatus.REFUNDED,
        "1": RefundStatus.REQUESTED,  # the money is on its way
        "2": RefundStatus.REFUNDED,
        "3": RefundStatus.REQUESTED,  # the transfer failed: the buyer does not have it
    },
    field="refundStatus",
    unnamed=["", "0"],
)


@dataclass(frozen=True)
class RefundHint:
    """The after-sale that a document is about; a message may name its order only. `version` is of the list's row."""

    shop: str
    returns_id: str
    order_no: str
    version: int


def read_refunds(shop: str, data: Mapping[str, Any]) -> ListPage:
    """A page out of an answer of afterSale.listAfterSaleInfos. A row that cannot be read becomes a document that
    `read_refund_hint` refuses. Raises ValueError when the page does not say how many there are."""
    total = as_int(data.get("totalCount"), "totalCount")
    if total > MOST_ROWS:
        raise ValueError("totalCount is more than there can be")
    documents = tuple(_row_document(shop, row) for row in as_list(data.get("afterSaleBasicInfos")))
    return ListPage(documents, total, -(-total // PAGE_SIZE))


def returns_ids(data: Mapping[str, Any]) -> list[str]:
    """The numbers of an order's after-sales, out of an answer of afterSale.listAfterSaleInfos. Raises ValueError."""
    if "afterSaleBasicInfos" not in data:
        raise ValueError("no afterSaleBasicInfos")
    rows = (as_mapping(row, "afterSaleBasicInfos[]") for row in as_list(data.get("afterSaleBasicInfos")))
    found = [text_of(row, "returnsId") for row in rows]
    if not all(is_number(number) for number in found):
        raise ValueError("an after-sale without returnsId")
    return found


def refund_hint(shop: str, data: Mapping[str, Any], order_no: str, version: int) -> Document | None:
    """A document out of the content of a message; None when it names neither an after-sale nor an order."""
    found = (text_of(data, key) for key in _RETURNS_KEYS)
    number = next((text for text in found if is_number(text)), "")
    if not is_number(shop) or not (number or order_no):
        return None
    body = dump_json({"shop": shop, "returnsId": number, "orderId": order_no})
    return Document(PARTNER, KIND, f"{shop}:refund:push:{_digest(body)}", version, body, _order(shop, order_no))


def read_refund_hint(document: Document) -> RefundHint:
    """What a document is about. Raises DocumentUnreadable."""
    try:
        body = as_mapping(load_json(document.body), "body")
        version = optional_int(body, "updatedAt") or 0
        hint = RefundHint(text_of(body, "shop"), text_of(body, "returnsId"), text_of(body, "orderId"), version)
        if not is_number(hint.shop) or not is_number(hint.returns_id or hint.order_no):
            raise ValueError("no shop, or neither returnsId nor orderId")
    except ValueError:
        raise DocumentUnreadable(PARTNER, "an after-sale without returnsId or updatedAt") from None
    return hint


def to_refund(detail: Mapping[str, Any], hint: RefundHint) -> Refund:
    """The canonical refund out of `afterSaleInfo`. Raises ValueError."""
    returns_id, order_no = text_of(detail, "returnsId"), text_of(detail, "orderId")
    if returns_id != hint.returns_id:
        raise ValueError("the answer is about another after-sale")
    if not is_number(order_no):
        raise ValueError("no orderId")
    type_ = optional_int(detail, "returnType")
    kind = _KINDS.mean(type_)
    status = _status(detail, kind)
    skus = [as_mapping(sku, "skus[]") for sku in as_list(detail.get("skus"))]
    version = optional_int(detail, "updatedAt") or hint.version
    if version <= 0:
        raise ValueError("no updatedAt")
    return Refund(
        channel=Channel.XIAOHONGSHU,
        shop=hint.shop,
        channel_order_no=order_no,
        refund_id=returns_id,
        version=version,
        status=status,
        kind=kind,
        amount_fen=_amount(detail, skus, status, kind),
        lines=_lines(skus, counted=type_ != _PRICE_ONLY),
        asked_at=_time(detail, "applyTime"),
    )


def _status(detail: Mapping[str, Any], kind: RefundKind) -> RefundStatus:
    """What the platform says of it. One that is finished is REFUNDED only when the money has arrived; of an exchange
    none moves."""
    status = _STATUS.mean(optional_int(detail, "status"))
    if status is not RefundStatus.REFUNDED:
        return status
    if kind is RefundKind.EXCHANGE:
        return RefundStatus.CLOSED
    # Of an after-sale that is finished it says whether the money has arrived.
    return _BACK.mean(optional_int(detail, "refundStatus"))


def _amount(
    detail: Mapping[str, Any], skus: Sequence[Mapping[str, Any]], status: RefundStatus, kind: RefundKind
) -> int:
    """What the buyer got back, or asks for, in fen."""
    names = ["expectedRefundAmountYuan"]
    if status is RefundStatus.REFUNDED:
        names.insert(0, "refundAmountYuan")
    given = next((name for name in names if detail.get(name) not in (None, "")), None)
    if given is not None:
        amount = yuan_of(detail, given)
    elif kind is RefundKind.EXCHANGE:
        amount = 0
    elif skus:
        amount = sum(yuan_of(sku, "appliedTotalAmountYuan") for sku in skus)
    else:
        raise ValueError("no expectedRefundAmountYuan")
    if amount < 0:
        raise ValueError("a negative refund")
    return amount


def _lines(skus: Sequence[Mapping[str, Any]], *, counted: bool) -> tuple[RefundLine, ...]:
    """What of the order is refunded, by the line numbers that `connectors.xiaohongshu.orders` gives. `counted`: whether
    goods are meant, or their price only. No SKU at all is the whole order."""
    ids = [text_of(sku, "skuId") for sku in skus]
    if not all(ids):
        raise ValueError("a refunded SKU without skuId")
    counts = [(optional_int(sku, "appliedCount") if counted else None) or None for sku in skus]
    if any(count is not None and not 0 < count < 1_000_000 for count in counts):
        raise ValueError("a refunded SKU with no number of pieces")
    return tuple(
        RefundLine(line_no=line_no, quantity=count)
        for line_no, count in zip(numbered_line_nos(ids), counts, strict=True)
    )


def _time(source: Mapping[str, Any], name: str) -> datetime:
    try:
        milliseconds = as_int(source.get(name), name)
        if milliseconds <= 0:
            raise ValueError
        return from_epoch_seconds(milliseconds // 1000)
    except (OverflowError, OSError, ValueError):
        raise ValueError(f"{name} is no time") from None


def _row_document(shop: str, row: Any) -> Document:
    """A row of the list as a document. One that cannot be read still becomes one, and goes to quarantine alone."""
    try:
        fields = as_mapping(row, "afterSaleBasicInfos[]")
        number, version = text_of(fields, "returnsId"), as_int(fields.get("updatedAt"), "updatedAt")
        if not is_number(number) or version <= 0:
            raise ValueError("no returnsId or updatedAt")
    except ValueError:
        body = dump_json({"unreadable": row})
        return Document(PARTNER, KIND, f"{shop}:refund:{_digest(body)}", 0, body)
    order_no = text_of(fields, "orderId")
    body = dump_json({"shop": shop, "returnsId": number, "orderId": order_no, "updatedAt": version})
    return Document(PARTNER, KIND, f"{shop}:refund:{number}", version, body, _order(shop, order_no))


def _order(shop: str, order_no: str) -> str | None:
    return order_id(Channel.XIAOHONGSHU, shop, order_no) if is_number(order_no) else None


def _digest(body: str) -> str:
    return "sha256:" + hashlib.sha256(body.encode()).hexdigest()
