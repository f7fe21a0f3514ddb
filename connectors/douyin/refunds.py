"""Douyin's after-sales (afterSale.List, section 5 of the protocol file) → refunds as we know them. Pure.

A row of the list says all that a refund is made of, but for the amount that the buyer got in the end, which
afterSale.Detail has. What has no place in the tables below is refused with a ValueError: it is never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connectors.fields import as_int, as_list, as_mapping, optional_int, text_of
from domain.clock import from_epoch_seconds
from domain.order import Channel
from domain.refund import Refund, RefundKind, RefundLine, RefundStatus
from domain.words import About, Glossary

_KINDS = Glossary(
    "douyin",
    About.REFUND_KIND,
    RefundKind,
    {
        "0": RefundKind.RETURN,  # 退货退款
        "1": RefundKind.MONEY,  # 已发货仅退款
        "2": RefundKind.MONEY,  # 未发货仅退款
        "3": RefundKind.EXCHANGE,  # 换货
        "6": RefundKind.MONEY,  # 价保: a part of the price, the goods stay sold
        "7": RefundKind.EXCHANGE,  # 补寄
        "8": RefundKind.EXCHANGE,  # 维修
    },
    field="aftersale_type",
)
_RETURN, _UNSHIPPED = 0, 2
"""Types that take pieces back, or keep them from leaving; the others give back money, and nothing else."""
_CLOSED = 4  # order_status of a sub order: 已取消

_SUCCEEDED = 12
_STATUSES = Glossary(
    "douyin",
    About.REFUND,
    RefundStatus,
    {
        "6": RefundStatus.REQUESTED,  # 待商家同意
        "7": RefundStatus.REQUESTED,  # 待买家退货
        "8": RefundStatus.REQUESTED,  # 待商家发货
        "11": RefundStatus.REQUESTED,  # 待商家二次同意
        "3": RefundStatus.REQUESTED,  # 换补修待收货
        "13": RefundStatus.REQUESTED,
        "12": RefundStatus.REFUNDED,  # 成功, see `_status`
        "14": RefundStatus.CLOSED,  # 换补修成功: over, and no money moved
        "27": RefundStatus.REFUSED,  # 商家一次拒绝
        "28": RefundStatus.CLOSED,  # 售后失败
        "29": RefundStatus.REFUSED,  # 二次拒绝
    },
    field="aftersale_status",
)
_PAYOUTS = Glossary(
    "douyin",
    About.REFUND_MONEY,
    RefundStatus,
    {
        "1": RefundStatus.REQUESTED,  # 待退款: agreed, and the money is on its way
        "2": RefundStatus.REQUESTED,  # 退款中
        "3": RefundStatus.REFUNDED,
        "4": RefundStatus.REQUESTED,  # 退款失败: agreed, the platform pays again
        "5": RefundStatus.REFUNDED,  # 追缴: the platform paid, and has it back from the merchant
    },
    field="refund_status",
)
"""`refund_status` of an after-sale that succeeded: whether the buyer has the money."""

_VERSIONS_PER_SECOND = 1000
_NUMBER = re.compile(r"[0-9]{1,20}")


def after_sale_id(row: Mapping[str, Any]) -> str:
    """The number of the after-sale in a row. Raises ValueError."""
    return _number(_info(row), "aftersale_id")


def changed_at(row: Mapping[str, Any]) -> int:
    """When a row changed last, in Unix seconds. Raises ValueError."""
    seconds = as_int(_info(row).get("update_time"), "update_time")
    if seconds <= 0:
        raise ValueError("no update_time")
    return seconds


def version_of(row: Mapping[str, Any]) -> int:
    """The version of a row: its update time in seconds, times 1000. Raises ValueError."""
    return changed_at(row) * _VERSIONS_PER_SECOND


def to_refund(row: Mapping[str, Any], shop: str) -> Refund:
    """The refund out of a row of afterSale.List. Raises ValueError."""
    info = _info(row)
    order = as_mapping(row.get("order_info"), "order_info")
    order_no = _number(order, "shop_order_id")
    kind_code = optional_int(info, "aftersale_type")
    kind = _KINDS.mean(kind_code)
    amount = optional_int(info, "refund_amount")
    if (amount is None and kind is not RefundKind.EXCHANGE) or (amount or 0) < 0:
        raise ValueError("no refund_amount")
    return Refund(
        channel=Channel.DOUYIN,
        shop=shop,
        channel_order_no=order_no,
        refund_id=after_sale_id(row),
        version=version_of(row),
        status=_status(info, kind),
        kind=kind,
        amount_fen=amount or 0,
        lines=_lines(info, order, order_no, kind_code),
        asked_at=_asked_at(info),
    )


def real_amount(data: Mapping[str, Any]) -> int | None:
    """What the buyer got, in fen, in an answer of afterSale.Detail; None where the platform does not say.

    Raises ValueError.
    """
    process = as_mapping(data.get("process_info") or {}, "process_info")
    info = as_mapping(process.get("after_sale_info") or {}, "after_sale_info")
    amount = optional_int(info, "real_refund_amount")
    if amount is not None and amount < 0:
        raise ValueError("a negative real_refund_amount")
    return amount


def _number(source: Mapping[str, Any], name: str) -> str:
    """An id: int64 in JSON, text with us."""
    number = text_of(source, name)
    if not _NUMBER.fullmatch(number):
        raise ValueError(f"no {name}")
    return number


def _info(row: Mapping[str, Any]) -> Mapping[str, Any]:
    return as_mapping(row.get("aftersale_info"), "aftersale_info")


def _status(info: Mapping[str, Any], kind: RefundKind) -> RefundStatus:
    code = optional_int(info, "aftersale_status")
    if code == _SUCCEEDED:
        return RefundStatus.CLOSED if kind is RefundKind.EXCHANGE else _payout(info)
    return _STATUSES.mean(code)


def _payout(info: Mapping[str, Any]) -> RefundStatus:
    code = optional_int(info, "refund_status")
    if code in (None, 0):  # a field outside our permissions: 售后成功 is the platform's word for money paid back
        return RefundStatus.REFUNDED
    return _PAYOUTS.mean(code)


def _lines(
    info: Mapping[str, Any], order: Mapping[str, Any], order_no: str, kind_code: int | None
) -> tuple[RefundLine, ...]:
    """The sub orders that the after-sale is about, with their pieces where pieces come back or never leave; () is the
    whole order."""
    related = [as_mapping(each, "related_order_info[]") for each in as_list(order.get("related_order_info"))]
    if not related:
        about = text_of(info, "related_id")
        if not about:
            raise ValueError("neither related_order_info nor related_id")
        return () if about == order_no else (RefundLine(line_no=about, quantity=None),)
    lines = []
    for each in related:
        line_no = text_of(each, "sku_order_id")
        pieces = optional_int(each, "aftersale_item_num") or 0
        if not line_no or pieces < 0:
            raise ValueError("a related order without sku_order_id, or with a negative aftersale_item_num")
        counted = pieces and _takes_pieces(kind_code, each)
        lines.append(RefundLine(line_no=line_no, quantity=pieces if counted else None))
    return tuple(lines)


def _takes_pieces(kind_code: int | None, related: Mapping[str, Any]) -> bool:
    """Whether pieces of a sub order are off, and not a part of its price only.

    Before shipping the sub order tells: it is closed when its goods do not leave, although the buyer may get less than
    its price back (a discount of the payment service); while it lives, its goods are owed, whatever was paid back.
    """
    if kind_code == _UNSHIPPED:
        return optional_int(related, "order_status") in (_CLOSED, None)
    return kind_code == _RETURN


def _asked_at(info: Mapping[str, Any]) -> datetime:
    seconds = optional_int(info, "apply_time") or changed_at({"aftersale_info": info})
    try:
        return from_epoch_seconds(seconds)
    except (OverflowError, OSError, ValueError):
        raise ValueError("apply_time is no time") from None
