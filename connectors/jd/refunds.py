"""JD's refunds before shipping (取消订单退款审核单): its JSON, as documents for the inbox, as canonical Refund. Pure.

The list and its statuses are public (API page of `refundapply.queryPageList`, several ERPs), medium confidence. It
holds one row per application, about a whole order: it names no lines, and its amount is in fen, unlike all else of JD.
What the buyer gets back may be less than what the order is worth to the merchant (JD's own coupons), so a paid-back
refund alone need not end the order here: JD closes it, TRADE_CANCELED, and until then it stays LOCKED.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from connectors.errors import DocumentUnreadable
from connectors.fields import as_int, as_mapping, dump_json, load_json, text_of
from connectors.jd.fields import time_of
from connectors.jd.orders import ORDER_NO
from connectors.ports import Document
from domain.ids import order_id
from domain.order import Channel
from domain.refund import Refund, RefundKind, RefundStatus
from domain.words import About, Glossary

KIND = "refund"

STATUS = Glossary(
    "jd",
    About.REFUND,
    RefundStatus,
    {
        "0": RefundStatus.REQUESTED,  # 未审核
        "1": RefundStatus.REQUESTED,  # 审核通过: agreed, the money is still with JD
        "2": RefundStatus.REFUSED,  # 审核不通过
        "3": RefundStatus.REFUNDED,  # 京东财务审核通过
        "4": RefundStatus.REFUSED,  # 京东财务审核不通过
        "5": RefundStatus.REQUESTED,  # 人工审核通过
        "6": RefundStatus.REQUESTED,  # 拦截并退款: being intercepted
        "7": RefundStatus.REQUESTED,  # 青龙拦截成功: intercepted, to be paid back
        "8": RefundStatus.REQUESTED,  # 青龙拦截失败: the merchant must decide anew
        "9": RefundStatus.REFUNDED,  # 强制关单并退款
        "10": RefundStatus.REQUESTED,  # 物流待跟进
        "11": RefundStatus.CLOSED,  # 用户撤销
    },
    field="refund status",
    # The page of the interface names them, the protocol file does not.
    unnamed=map(str, range(12)),
)

_OURS = ("id", "orderId", "applyTime", "checkTime", "modified", "applyRefundSum", "status")
"""All that is kept of a row: the rest is the buyer's name and what people wrote."""

_DECIDED = 100
_UNKNOWN = 999


def refund_document(row: Any, shop: str) -> Document:
    """A row of the list for the inbox; one that cannot be read is named by its content, and quarantined by
    `read_refund`. Raises ValueError only for what is nested too deeply to be stored."""
    wrapped = row.get("refundApplyVo") if isinstance(row, dict) else None
    info = wrapped if isinstance(wrapped, dict) else row
    kept = {name: _whole(info[name]) for name in _OURS if name in info} if isinstance(info, dict) else info
    body = dump_json({"shop": shop, "refund": kept})
    try:
        refund = as_mapping(kept, "refund")
        number, version, order_no = _refund_id(refund), _version(refund), _order_no(refund)
    except ValueError:
        digest = hashlib.sha256(body.encode()).hexdigest()
        return Document("jd", KIND, f"{shop}:refund:sha256-{digest}", 0, body)
    return Document("jd", KIND, f"{shop}:refund:{number}", version, body, order_id(Channel.JD, shop, order_no))


def read_refund(document: Document) -> Refund:
    """Raises DocumentUnreadable."""
    try:
        body = as_mapping(load_json(document.body), "document")
        shop = body.get("shop")
        if not isinstance(shop, str):
            raise ValueError("no document of ours")
        return _to_refund(as_mapping(body.get("refund"), "refund"), shop)
    except ValueError as error:
        raise DocumentUnreadable("jd", str(error)) from None


def changed_before(row: Any, moment: datetime) -> bool:
    """Whether a row does not say that it changed at `moment` or later."""
    wrapped = row.get("refundApplyVo") if isinstance(row, dict) else None
    info = wrapped if isinstance(wrapped, dict) else row
    try:
        modified = time_of(as_mapping(info, "refund"), "modified")
    except ValueError:
        return True
    return modified is None or modified < moment


def _to_refund(info: Mapping[str, Any], shop: str) -> Refund:
    asked_at = time_of(info, "applyTime")
    if asked_at is None:
        raise ValueError("no applyTime")
    status = STATUS.mean(text_of(info, "status"))
    return Refund(
        channel=Channel.JD,
        shop=shop,
        channel_order_no=_order_no(info),
        refund_id=_refund_id(info),
        version=_version(info),
        status=status,
        kind=RefundKind.MONEY,
        amount_fen=_fen(info.get("applyRefundSum")),
        asked_at=asked_at,
    )


def _refund_id(info: Mapping[str, Any]) -> str:
    number = text_of(info, "id")
    if not ORDER_NO.fullmatch(number):
        raise ValueError("no id")
    return number


def _order_no(info: Mapping[str, Any]) -> str:
    number = text_of(info, "orderId")
    if not ORDER_NO.fullmatch(number):
        raise ValueError("no orderId")
    return number


def _version(info: Mapping[str, Any]) -> int:
    """The moment of the last change in ms; in place of the ms, how far the refund has come.

    Older applications get no `modified`, and it is not certain that every step moves `checkTime`: a step that moves no
    time is another version all the same, and what is decided comes after what is not.
    """
    times = [moment for name in ("modified", "checkTime", "applyTime") if (moment := time_of(info, name)) is not None]
    if not times:
        raise ValueError("no applyTime")
    code = text_of(info, "status")
    return int(max(times).timestamp()) * 1000 + _step(code)


def _step(code: str) -> int:
    # By what the connector itself knows: a version must not change with what people publish.
    if code not in STATUS.means:
        return _UNKNOWN
    return int(code) if STATUS.means[code] is RefundStatus.REQUESTED else int(code) + _DECIDED


def _whole(value: object) -> object:
    """A number like 9900.0 as the integer that it is, before it becomes text."""
    return int(value) if isinstance(value, Decimal) and value == value.to_integral_value() else value


def _fen(value: object) -> int:
    """`applyRefundSum`: whole fen, as number or text. A fraction would mean that the unit is not what we think."""
    fen = as_int(value, "applyRefundSum")
    if fen < 0:
        raise ValueError("applyRefundSum is negative")
    return fen
