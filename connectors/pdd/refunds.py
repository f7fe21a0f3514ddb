"""Pinduoduo's after-sales (pdd.refund.list.increment.get, section 5 of the protocol file) → refunds. Pure.

Amounts are yuan as text. What has no place in the tables below is refused with a ValueError: it is never guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connectors.fields import as_int, optional_beijing, optional_int, text_of, yuan_of
from connectors.pdd.orders import key_of
from domain.clock import from_epoch_seconds
from domain.order import Channel
from domain.refund import Refund, RefundKind, RefundLine, RefundStatus
from domain.words import About, Glossary

_KINDS = Glossary(
    "pdd",
    About.REFUND_KIND,
    RefundKind,
    {
        "2": RefundKind.MONEY,  # 仅退款
        "3": RefundKind.RETURN,  # 退货退款
        "4": RefundKind.EXCHANGE,  # 换货
        "5": RefundKind.EXCHANGE,  # 补寄
    },
    field="after_sales_type",
)
_STATUSES = Glossary(
    "pdd",
    About.REFUND,
    RefundStatus,
    {
        "2": RefundStatus.REQUESTED,  # 申请退款待商家
        "3": RefundStatus.REQUESTED,  # 退货退款待商家
        "4": RefundStatus.REQUESTED,  # 商家同意退款中
        "5": RefundStatus.REQUESTED,  # 平台同意退款中
        "6": RefundStatus.REFUSED,  # 驳回待买家
        "7": RefundStatus.REQUESTED,  # 同意退货待用户发货
        "8": RefundStatus.REQUESTED,  # 平台处理
        "9": RefundStatus.REFUSED,  # 平台拒绝关闭
        "10": RefundStatus.REFUNDED,  # 退款成功
        "11": RefundStatus.CLOSED,  # 买家撤销
        "12": RefundStatus.CLOSED,  # 买家逾期失败
        "13": RefundStatus.CLOSED,  # 超有效期
        "14": RefundStatus.REQUESTED,  # 换货补寄待商家
        "15": RefundStatus.REQUESTED,  # 待用户
        "16": RefundStatus.CLOSED,  # 换货补寄成功: over, and no money moved
        "17": RefundStatus.CLOSED,  # 换货补寄失败
        "18": RefundStatus.REQUESTED,  # 待用户确认
        "21": RefundStatus.REQUESTED,  # 待商家同意维修
        "22": RefundStatus.REQUESTED,  # 待用户确认发货
        "24": RefundStatus.CLOSED,  # 维修关闭
        "25": RefundStatus.CLOSED,  # 维修成功
        "27": RefundStatus.REQUESTED,  # 待用户收货
        "31": RefundStatus.REQUESTED,  # 同意拒收待用户拒收
        "32": RefundStatus.REQUESTED,  # 补寄待商家发货
        "33": RefundStatus.REQUESTED,  # 同意召回后退款
    },
    field="after_sales_status",
    asks=["0"],  # 无: nothing of the kind can be in a list of after-sales
)

_YEAR_OF_NOTHING = 2000


def refund_id(row: Mapping[str, Any]) -> str:
    """The number of the after-sale in a row. Raises ValueError."""
    number = as_int(row.get("id"), "id")
    if number <= 0:
        raise ValueError("no id")
    return str(number)


def version_of(row: Mapping[str, Any]) -> int:
    """`updated_time` in milliseconds. Raises ValueError."""
    return int(_moment(row, "updated_time").timestamp()) * 1000


def to_refund(row: Mapping[str, Any], shop: str) -> Refund:
    """The refund out of a row of the list. Raises ValueError.

    An order has one line here, so the money alone tells what becomes of it: `goods_number` is how much was bought, and
    not how much comes back.
    """
    order_sn = text_of(row, "order_sn")
    key_of(shop, order_sn)
    kind = _KINDS.mean(optional_int(row, "after_sales_type"))
    amount = 0 if kind is RefundKind.EXCHANGE and row.get("refund_amount") in (None, "") else _amount(row)
    sku = text_of(row, "sku_id") or text_of(row, "goods_id")
    return Refund(
        channel=Channel.PDD,
        shop=shop,
        channel_order_no=order_sn,
        refund_id=refund_id(row),
        version=version_of(row),
        status=_STATUSES.mean(optional_int(row, "after_sales_status")),
        kind=kind,
        amount_fen=amount,
        lines=(RefundLine(line_no=sku, quantity=None),) if sku else (),
        asked_at=_moment(row, "created_time"),
    )


def _amount(row: Mapping[str, Any]) -> int:
    amount = yuan_of(row, "refund_amount")
    if amount < 0:
        raise ValueError("a negative refund_amount")
    return amount


def _moment(row: Mapping[str, Any], name: str) -> datetime:
    """A moment as Beijing text, as the platform's orders have it; some lists write Unix seconds."""
    text = text_of(row, name)
    if not text.isdigit():
        moment = optional_beijing(row, name)
    else:
        try:
            moment = from_epoch_seconds(as_int(row.get(name), name))
        except (OverflowError, OSError, ValueError):
            raise ValueError(f"{name} is no time") from None
    if moment is None or moment.year < _YEAR_OF_NOTHING:
        raise ValueError(f"no {name}")
    return moment
