"""The platform's own e-waybill, which takes ciphertext: one number per orders and package.

The protocol file says "same structures as cainiao.waybill.ii.*". The platform's published SDK models differ from these
in two points, which are followed here: the courier's code is called `wp_code`, and `modules` is a plain list.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from domain.clock import utc_now
from domain.shipping import Carrier
from sandbox.catalogue import UNREACHABLE_CITIES
from sandbox.pdd.envelope import business, invalid
from sandbox.pdd.orders import OrderStatus, ShopOrder, find
from sandbox.pdd.params import WaybillCancel, WaybillGet, Wish
from sandbox.pdd.shipping import COMPANIES

_NUMBER_FORMS = {
    Carrier.SF: "SF7{:012d}",
    Carrier.ZTO: "787{:012d}",
    Carrier.YTO: "YT7{:012d}",
    Carrier.STO: "777{:012d}",
    Carrier.YUNDA: "437{:012d}",
    Carrier.EMS: "17{:011d}",
    Carrier.JD: "JDV7{:011d}",
    Carrier.DEPPON: "DPK7{:011d}",
    Carrier.JTSD: "JT7{:012d}",
}
"""What each courier's numbers look like; the 7 keeps them apart from those that others give out."""

_CARRIERS = {company.code: company.carrier for company in COMPANIES.values() if company.carrier in _NUMBER_FORMS}
"""wp_code → our carrier code."""

_SERIAL_ROOM = 10**11

_Key = tuple[tuple[str, ...], str]


@dataclass
class _Waybill:
    object_id: str
    order_sn: str
    wp_code: str
    number: str
    goods_description: str
    live: bool = True
    handed_over: float | None = None
    at: datetime = field(default_factory=utc_now)


class Waybills:
    """All e-waybills. A courier picks a parcel up `pickup_s` after its hand-over; then it is too late to cancel."""

    def __init__(self, orders: Mapping[str, ShopOrder], pickup_s: float) -> None:
        self._orders = orders
        self._pickup_s = pickup_s
        self._by_package: dict[_Key, _Waybill] = {}
        self._by_number: dict[str, _Waybill] = {}
        # begins at the clock, so that a second run against the same hub gives out other numbers
        self._serial = int(time.time()) * 1000 % _SERIAL_ROOM

    def get(self, params: WaybillGet) -> dict[str, Any]:
        """pdd.waybill.get: the earlier number for the same orders and package id, else a new one. Raises Refusal.

        All wishes of one call are checked before the first number is made.
        """
        application = params.param_waybill_cloud_print_apply_new_request
        if application.wp_code not in _CARRIERS:
            raise invalid("wp_code", "未订购该快递公司的电子面单服务")
        if not application.sender.call:
            raise invalid("sender", "发货人电话不可空")
        for wish in application.trade_order_info_dtos:
            self._refuse(wish, application.wp_code)
        return {
            "modules": [
                _printed(wish, self._obtain(wish, application.wp_code)) for wish in application.trade_order_info_dtos
            ]
        }

    def cancel(self, params: WaybillCancel) -> dict[str, Any]:
        """pdd.waybill.cancel: done, or done before; not after pickup. Raises Refusal."""
        waybill = self._by_number.get(params.waybill_code)
        if waybill is None or waybill.wp_code != params.wp_code:
            raise business("waybill-not-found", "电子面单号不存在")
        if waybill.handed_over is not None and time.monotonic() >= waybill.handed_over + self._pickup_s:
            raise business("picked-up", "快件已揽收，不能取消")
        waybill.live = False
        return {"cancel_result": True}

    def handed_over(self, number: str) -> None:
        """A parcel's number was told to a channel: its courier will come."""
        waybill = self._by_number.get(number)
        if waybill is not None and waybill.handed_over is None:
            waybill.handed_over = time.monotonic()

    def book(self) -> list[dict[str, Any]]:
        """All e-waybills, oldest first; `key` is the object_id of the call that got the number."""
        return [
            {
                "key": waybill.object_id,
                "order_no": waybill.order_sn,
                "carrier": _CARRIERS[waybill.wp_code].value,
                "number": waybill.number,
                "live": waybill.live,
                "at": waybill.at.isoformat(),
                "requirements_text": waybill.goods_description,
            }
            for waybill in self._by_package.values()
        ]

    def _refuse(self, wish: Wish, wp_code: str) -> None:
        recipient = wish.recipient
        known = self._by_package.get(_key(wish))
        for order_sn in wish.order_info.trade_order_list:
            order = find(self._orders, order_sn)
            if known is None:
                _refuse_new(order)
            sent = (recipient.name, recipient.call, recipient.address.detail)
            if not all(text.startswith("~") and text.endswith("~") for text in sent):
                raise business("not-encrypted", "收件人信息必须为密文")
            if sent != (order.sealed.name, order.sealed.phone, order.sealed.detail):
                raise business("receiver-mismatch", "收件人密文不属于该订单")
        if recipient.address.city in UNREACHABLE_CITIES:
            raise business("unreachable", "地址不可达，该地区暂不支持派送")
        if known is not None and not known.live:
            raise business("package-cancelled", "该包裹的电子面单已取消，请更换包裹号")
        if known is not None and known.wp_code != wp_code:
            raise business("package-other-company", "该包裹已在其他快递公司取号")

    def _obtain(self, wish: Wish, wp_code: str) -> _Waybill:
        key = _key(wish)
        known = self._by_package.get(key)
        if known is not None:
            return known
        self._serial += 1
        number = _NUMBER_FORMS[_CARRIERS[wp_code]].format(self._serial)
        waybill = _Waybill(wish.object_id, key[0][0], wp_code, number, wish.package_info.goods_description)
        self._by_package[key] = self._by_number[number] = waybill
        return waybill


def _refuse_new(order: ShopOrder) -> None:
    """What an order gets no number for any more, or not yet. One that it has is given again."""
    if order.cancelled:
        raise business("order-refunded", "订单已退款")
    if order.under_review:
        raise business("under-review", "订单风控审核中")
    if order.status is not OrderStatus.READY:
        raise business("already-shipped", "订单已发货")


def _key(wish: Wish) -> _Key:
    return tuple(sorted(wish.order_info.trade_order_list)), wish.package_info.id


def _printed(wish: Wish, waybill: _Waybill) -> dict[str, Any]:
    """A number, and what the cloud-print component needs; the middleware only passes that on."""
    data = {
        "encryptedData": f"AES:{waybill.number}",
        "signature": f"MD:{waybill.number}",
        "templateUrl": wish.template_url,
        "ver": "3",
    }
    return {
        "object_id": wish.object_id,
        "waybill_code": waybill.number,
        "parent_waybill_code": "",
        "print_data": json.dumps(data),
    }
