"""Order exports of the seller's back office (protocol file, section 7): one row per article, order values repeated.

What the columns mean where the document only names them: 订单金额 is the goods, 结算金额 the goods less the shop's
discount, 应付金额 what the buyer pays, freight included. The receiver is in clear text.

Each encoding has the marks of the program that the file went through: as the back office writes it (GBK, numbers as
`="123"`, amounts with ￥ and thousands commas), saved by Excel (UTF-8 with a BOM, numbers with a trailing tab, times as
2026/3/1 9:05), and rewritten by a script (UTF-8, numbers behind an apostrophe).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from domain.clock import BEIJING, from_epoch_seconds
from domain.money import format_yuan
from sandbox.drafts import DraftLine
from sandbox.jd.cipher import full_address
from sandbox.jd.orders import JdOrder, OrderState, sku_id
from sandbox.jd.writing import STATE_WORDS, moment

Encoding = Literal["gbk", "utf-8", "utf-8-sig"]

COLUMNS = (
    *("订单号", "商品ID", "商品名称", "订购数量", "支付方式", "下单时间", "京东价", "订单金额", "结算金额", "余额支付"),
    *(
        "应付金额",
        "订单状态",
        "订单类型",
        "下单帐号",
        "客户姓名",
        "客户地址",
        "联系电话",
        "订单备注",
        "发票类型",
        "发票抬头",
    ),
    *("发票内容", "商家备注", "商家备注等级（等级1-5为由高到低）", "运费金额", "付款确认时间", "增值税发票", "货号"),
    *("订单完成时间", "订单来源", "订单渠道", "送装服务", "服务费", "仓库ID", "仓库名称", "商家SKUID"),
)
"""The header, in its usual order."""


@dataclass(frozen=True)
class _Habits:
    """How a program writes numbers that it must not round, amounts, and times."""

    number: Callable[[str], str]
    amount: Callable[[int], str]
    time: Callable[[int], str]


def _grouped(fen: int) -> str:
    """￥1,234.50"""
    yuan, cents = format_yuan(fen).split(".")
    return f"￥{int(yuan):,}.{cents}"


def _damaged(seconds: int) -> str:
    """2026/3/1 9:05: Excel drops the zeros and the seconds."""
    local: datetime = from_epoch_seconds(seconds).astimezone(BEIJING)
    return f"{local.year}/{local.month}/{local.day} {local.hour}:{local.minute:02d}"


_HABITS: dict[Encoding, _Habits] = {
    "gbk": _Habits('="{}"'.format, _grouped, moment),
    "utf-8-sig": _Habits("{}\t".format, format_yuan, _damaged),
    "utf-8": _Habits("'{}".format, format_yuan, moment),
}


def content(orders: Sequence[JdOrder], encoding: Encoding, bad_rows: int) -> bytes:
    """A file of these orders, with so many rows among them that no reader can make sense of."""
    habits = _HABITS[encoding]
    rows = [row for order in orders for row in _rows(order, habits)]
    for n in range(bad_rows):
        # spread over the file, so that good rows follow the bad ones
        rows.insert(n * 2 + 1, _bad_row(n))
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    return text.getvalue().encode(encoding, errors="replace")


def _rows(order: JdOrder, habits: _Habits) -> list[list[str]]:
    draft, receiver = order.draft, order.receiver
    paid = order.state is not OrderState.NOT_PAY

    def row(line: DraftLine) -> list[str]:
        values = {
            "订单号": habits.number(order.order_id),
            "商品ID": habits.number(sku_id(line)),
            "商品名称": line.title,
            "订购数量": str(line.quantity),
            "支付方式": "在线支付",
            "下单时间": habits.time(order.placed),
            "京东价": habits.amount(line.unit_price_fen),
            "订单金额": habits.amount(draft.goods_fen),
            "结算金额": habits.amount(draft.goods_fen - draft.discount_fen),
            "余额支付": habits.amount(0),
            "应付金额": habits.amount(draft.paid_fen),
            "订单状态": STATE_WORDS[order.state],
            "订单类型": "SOP",
            "下单帐号": draft.customer.id,
            "客户姓名": receiver.name,
            "客户地址": full_address(receiver),
            "联系电话": habits.number(receiver.phone),
            "订单备注": draft.buyer_note,
            "发票类型": "不需要发票",
            "商家备注": order.vender_remark,
            "运费金额": habits.amount(draft.freight_fen),
            "付款确认时间": habits.time(order.paid) if paid else "",
            "货号": line.sku,
            "订单来源": "PC",
            "订单渠道": "京东",
            "服务费": habits.amount(0),
            "商家SKUID": line.sku,
        }
        return [values.get(column, "") for column in COLUMNS]

    return [row(line) for line in draft.lines]


def _bad_row(n: int) -> list[str]:
    """A row of no order of ours: without a number, with a quantity that is none, or torn off."""
    row = [""] * len(COLUMNS)
    row[COLUMNS.index("订单号")] = "" if n % 3 == 0 else f"9{n:011d}"
    row[COLUMNS.index("商品ID")] = "10000000001"
    row[COLUMNS.index("订购数量")] = "两件" if n % 3 == 1 else "1"
    row[COLUMNS.index("订单状态")] = "等待出库"
    return row[:3] if n % 3 == 2 else row
