"""Shipping on Douyin: which parcels of which orders the shop declared (protocol file, section 5)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from domain.shipping import Carrier
from sandbox.douyin.envelope import Refusal, business, invalid
from sandbox.douyin.orders import OrderStatus, Pack, ShopOrder, find
from sandbox.douyin.params import LogisticsAdd, LogisticsEdit, MultiPack, PackItems, ShippedItem, SinglePack
from sandbox.refunds import Refund

COMPANIES = {
    "shunfeng": Carrier.SF,
    "zhongtong": Carrier.ZTO,
    "yuantong": Carrier.YTO,
    "shentong": Carrier.STO,
    "yunda": Carrier.YUNDA,
    "ems": Carrier.EMS,
    "jd": Carrier.JD,
    "debangwuliu": Carrier.DEPPON,
    "jtexpress": Carrier.JTSD,
    "other": Carrier.OTHER,
}
"""Our code for each company code of the platform."""

_NUMBER = re.compile(r"^[A-Za-z0-9-]{6,40}$")


def carrier_of(company_code: str, field: str = "company_code") -> Carrier:
    """Our code of a company. Raises Refusal for one that the platform does not know."""
    if company_code not in COMPANIES:
        raise invalid(field, "快递公司编码不存在")
    return COMPANIES[company_code]


class Shipping:
    """Takes the parcels of `orders`, and hands each over to the road at its first telling."""

    def __init__(
        self,
        orders: Mapping[str, ShopOrder],
        hand_over: Callable[[str, str], None],
        new_id: Callable[[], str],
        refuse: Callable[[Refund], None],
    ) -> None:
        self._orders = orders
        self._hand_over = hand_over
        self._new_id = new_id
        self._refuse = refuse

    def add(self, params: LogisticsAdd) -> dict[str, Any]:
        """order.logisticsAdd: all of an order that has shipped nothing yet. Raises Refusal."""
        order = find(self._orders, params.order_id)
        _check_number(params.company_code, params.logistics_code)
        self._refuse_told(order, params.logistics_code)
        if order.packs:
            raise business("partly-shipped", "订单已部分发货，请使用拆包发货")
        open_refunds = _open_refunds(order, {sub.order_id for sub in order.sub_orders})
        if open_refunds and not (params.is_refund_reject or params.is_reject_refund):
            raise _under_refund()
        for refund in open_refunds:
            self._refuse(refund)
        pieces = {sub.order_id: sub.open for sub in order.sub_orders if sub.open}
        self._ship(order, Pack("", params.company_code, params.logistics_code, pieces))
        return {}

    def add_single(self, params: SinglePack) -> dict[str, Any]:
        """order.logisticsAddSinglePack; the same request_id again gives the same pack. Raises Refusal."""
        items = params.shipped_order_info
        if not items:
            order = find(self._orders, params.order_id)
            whole = {sub.order_id: sub.line.quantity for sub in order.sub_orders}
            # a sub order that does not exist is refused below, where its pieces are counted
            items = [ShippedItem(shipped_order_id=sub, shipped_num=whole.get(sub, 1)) for sub in params.order_id_list]
        if not items:
            raise Refusal(40002, "isv.parameter-missing", "缺少参数 shipped_order_info")
        pack = PackItems(
            company_code=params.company_code, logistics_code=params.logistics_code, shipped_order_info=items
        )
        packs = self._add_packs(params.order_id, params.request_id, [pack])
        return {"pack_id": packs[0].pack_id, "pack_list": [_pack(pack) for pack in packs]}

    def add_multi(self, params: MultiPack) -> dict[str, Any]:
        """order.logisticsAddMultiPack; the same request_id again gives the same packs. Raises Refusal."""
        packs = self._add_packs(params.order_id, params.request_id, params.pack_list)
        return {"pack_list": [_pack(pack) for pack in packs]}

    def edit(self, params: LogisticsEdit) -> dict[str, Any]:
        """order.logisticsEdit: another number for the only parcel of a shipped order. Raises Refusal."""
        order = find(self._orders, params.order_id)
        carrier = _check_number(params.company_code, params.logistics_code)
        if order.status is not OrderStatus.SHIPPED:
            raise business("not-shipped", "订单未发货，不能修改物流")
        if len(order.packs) != 1:
            raise business("several-packs", "多包裹订单请按包裹修改物流")
        pack = order.packs[0]
        if (pack.company_code, pack.number) == (params.company_code, params.logistics_code):
            pack.times += 1
            return {}
        pack.company_code, pack.number, pack.times = params.company_code, params.logistics_code, 1
        self._hand_over(carrier, pack.number)
        return {}

    def _add_packs(self, order_id: str, request_id: str, wanted: list[PackItems]) -> list[Pack]:
        order = find(self._orders, order_id)
        known = [pack for pack in order.packs if pack.request_id == request_id]
        packs = [_wanted_pack(items, request_id) for items in wanted]
        if known:
            if [_content(pack) for pack in known] != [_content(pack) for pack in packs]:
                raise business("request-id-reused", "request_id 已用于其他包裹")
            for pack in known:
                pack.times += 1
            return known
        for pack in packs:
            _check_number(pack.company_code, pack.number)
            self._refuse_told(order, pack.number)
        self._refuse_excess(order, packs)
        if _open_refunds(order, {sub_order_id for pack in packs for sub_order_id in pack.pieces}):
            raise _under_refund()
        for pack in packs:
            pack.pack_id = self._new_id()
            self._ship(order, pack)
        return packs

    def _refuse_told(self, order: ShopOrder, number: str) -> None:
        """Refuse an order that cannot ship any more, and a number that it has already."""
        if order.status is OrderStatus.CANCELLED:
            raise business("order-cancelled", "订单已取消，不能发货")
        told = next((pack for pack in order.packs if pack.number == number), None)
        if told is not None:
            told.times += 1
        if told is not None or order.status is OrderStatus.SHIPPED:
            raise business("already-shipped", "订单已发货，请勿重复发货")

    def _refuse_excess(self, order: ShopOrder, packs: list[Pack]) -> None:
        """Refuse pieces that are not in the order or left already."""
        wanted: Counter[str] = Counter()
        for pack in packs:
            wanted.update(pack.pieces)
        open_pieces = {sub.order_id: sub.open for sub in order.sub_orders}
        for sub_order_id, count in wanted.items():
            if sub_order_id not in open_pieces:
                raise invalid("shipped_order_id", "子订单不属于该订单")
            if count > open_pieces[sub_order_id]:
                raise business("too-many-pieces", "发货数量超过未发数量")

    def _ship(self, order: ShopOrder, pack: Pack) -> None:
        order.packs.append(pack)
        for sub in order.sub_orders:
            sub.shipped += pack.pieces.get(sub.order_id, 0)
        done = all(sub.open == 0 for sub in order.sub_orders)
        order.move(OrderStatus.SHIPPED if done else OrderStatus.PARTLY_SHIPPED)
        self._hand_over(COMPANIES[pack.company_code], pack.number)


def _under_refund() -> Refusal:
    return business("aftersale-open", "订单存在未处理的售后，不能发货")


def _open_refunds(order: ShopOrder, sub_order_ids: set[str]) -> list[Refund]:
    """The refunds that nobody has decided yet, of goods that have not left, and of these sub orders."""
    return [
        refund
        for refund in order.refunds
        if refund.open and not refund.shipped and any(sub.order_id in sub_order_ids for sub in order.subs_of(refund))
    ]


def _check_number(company_code: str, number: str) -> Carrier:
    carrier = carrier_of(company_code)
    if not _NUMBER.match(number):
        raise invalid("logistics_code", "运单号格式错误")
    return carrier


def _wanted_pack(items: PackItems, request_id: str) -> Pack:
    pieces: Counter[str] = Counter()
    for item in items.shipped_order_info:
        pieces[item.shipped_order_id] += item.shipped_num
    return Pack("", items.company_code, items.logistics_code, dict(pieces), request_id)


def _content(pack: Pack) -> tuple[str, str, dict[str, int]]:
    return pack.company_code, pack.number, pack.pieces


def _pack(pack: Pack) -> dict[str, Any]:
    return {
        "pack_id": pack.pack_id,
        "company_code": pack.company_code,
        "logistics_code": pack.number,
        "shipped_order_info": [
            {"shipped_order_id": sub_order_id, "shipped_num": count} for sub_order_id, count in pack.pieces.items()
        ],
    }
