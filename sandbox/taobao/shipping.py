"""Shipping on Taobao: which orders of which trades left in which parcels (protocol file, section 5).

Sub codes as shops meet them: B01 no such trade, B04 shipped or closed, B56 company, B60 number, CD22 to CD26 and P38
a split that does not fit the trade. B02, a status that does not allow it, is said of undecided refunds here: the
protocol file says "do not ship" and names no code.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.taobao.companies import COMPANIES
from sandbox.taobao.envelope import Refusal, business
from sandbox.taobao.params import OfflineSend
from sandbox.taobao.trades import Order, Parcel, Trade, TradeStatus

_NUMBER = re.compile(r"^[A-Za-z0-9-]{6,40}$")


class Shipping:
    """Takes the parcels of `trades`, and hands each over to the road at its first telling."""

    def __init__(self, trades: Mapping[str, Trade], hand_over: Callable[[str, str], None]) -> None:
        self._trades = trades
        self._hand_over = hand_over

    def offline_send(self, params: OfflineSend) -> dict[str, Any]:
        """taobao.logistics.offline.send: a whole trade, or with `is_split` some of its orders. Raises Refusal.

        Orders under a number that left already join that parcel. What left once never leaves again.
        """
        trade = self._trades.get(params.tid)
        if trade is None:
            raise _refusal("B01", "订单不存在")
        if params.company_code not in COMPANIES:
            raise _refusal("B56", "物流公司不存在")
        if not _NUMBER.match(params.out_sid):
            raise _refusal("B60", "运单号不符合规则或已经被使用")
        told = next((parcel for parcel in trade.parcels if parcel.number == params.out_sid), None)
        if told is not None:
            told.times += 1
        orders = _wanted(trade, params)
        if any(refund.open for order in orders for refund in order.refunds):
            raise _refusal("B02", "订单存在未处理的退款，不能发货")
        if told is not None and told.company_code != params.company_code:
            raise _refusal("B60", "运单号不符合规则或已经被使用")
        parcel = told or Parcel(params.company_code, params.out_sid)
        for order in orders:
            order.parcel = parcel
        trade.consigned = trade.consigned or int(time.time())
        trade.change()
        if told is None:
            self._hand_over(COMPANIES[parcel.company_code].carrier, parcel.number)
        return {"shipping": {"is_success": True}}


def _wanted(trade: Trade, params: OfflineSend) -> list[Order]:
    """The orders that shall leave, all of them still here. Raises Refusal."""
    oids = set(filter(None, params.sub_tid.split(",")))
    if params.is_split == "1" and not oids:
        raise _refusal("CD26", "拆分的子订单没有传子订单号")
    if params.is_split == "0" and oids:
        raise _refusal("CD25", "拆单标记和子订单列表两者必须都填或者都不填")
    if trade.status in {TradeStatus.SHIPPED, TradeStatus.CLOSED}:
        raise _shipped_before()
    if not oids:
        if trade.status is TradeStatus.PARTLY_SHIPPED:
            raise _refusal("CD22", "订单已拆单，必须传入子交易号列表")
        return [order for order in trade.orders if order.waiting]
    orders = [order for order in trade.orders if order.oid in oids]
    if len(orders) != len(oids):
        raise _refusal("P38", "拆单校验未通过")
    if all(order.parcel for order in orders):
        raise _shipped_before()
    if not all(order.waiting for order in orders):
        raise _refusal("P38", "拆单校验未通过")
    return orders


def _shipped_before() -> Refusal:
    return _refusal("B04", "订单状态不对该物流订单已经发货或者已关闭，不能重复发货")


def _refusal(code: str, words: str) -> Refusal:
    return business(f"logistics-offline-service-error:{code}", words)
