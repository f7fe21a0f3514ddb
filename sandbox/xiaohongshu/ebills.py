"""The platform's own e-waybill, which takes an `openAddressId` for the receiver: one number per `objectId`.

Error codes are the sandbox's own: no list of them is published.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from domain.clock import utc_now
from sandbox.catalogue import UNREACHABLE_CITIES
from sandbox.settings import XiaohongshuSettings
from sandbox.xiaohongshu.companies import COMPANIES
from sandbox.xiaohongshu.ebill_params import CancelOrder, CreateOrders, QuerySubscribes, Wish
from sandbox.xiaohongshu.envelope import Refusal, business, invalid, not_found
from sandbox.xiaohongshu.orders import OrderStatus, ShopOrder, find

_SERIAL_ROOM = 10**10
_DIRECT, _FRANCHISE = 1, 2
_PLENTY = 100_000
_SENDER = {"province": "上海市", "city": "上海市", "district": "松江区", "town": "", "detail": "示例路9号"}


@dataclass
class _Ebill:
    """One e-waybill."""

    object_id: str
    order_id: str
    cp_code: str
    number: str
    description: str
    live: bool = True
    handed_over: float | None = None
    at: datetime = field(default_factory=utc_now)


class Ebills:
    """All e-waybills. A courier picks a parcel up `pickup_s` after its hand-over; then it is too late to cancel."""

    def __init__(self, orders: Mapping[str, ShopOrder], settings: XiaohongshuSettings, pickup_s: float) -> None:
        self._orders = orders
        self._settings = settings
        self._pickup_s = pickup_s
        self._by_object: dict[str, _Ebill] = {}
        self._by_number: dict[str, _Ebill] = {}
        # begins at the clock, so that a second run against the same hub gives out other numbers
        self._serial = int(time.time()) * 100 % _SERIAL_ROOM

    def subscribes(self, params: QuerySubscribes) -> dict[str, Any]:
        """express.queryEbillSubscribes: the companies that the shop has a contract with."""
        codes = [code for code, company in COMPANIES.items() if company.number_form]
        wanted = [code for code in codes if params.cp_code in {"", code}]
        return {
            "subscribeList": [self._subscribe(code, with_usage=params.need_usage) for code in wanted],
            "accountId": 1,
        }

    def create(self, params: CreateOrders) -> dict[str, Any]:
        """express.createEbillOrders: a number per parcel, or a word why there is none. Raises Refusal."""
        company = COMPANIES.get(params.cp_code)
        if company is None or not company.number_form:
            raise business("未订购该快递公司的电子面单服务")
        if company.direct and params.customer_code != self._settings.customer_code:
            raise invalid("参数错误: customerCode")
        if not company.direct and params.branch_code != self._settings.branch_code:
            raise invalid("参数错误: branchCode")
        return {"wayBillList": [self._answer(wish, params.cp_code) for wish in params.trade_order_info_list]}

    def cancel(self, params: CancelOrder) -> dict[str, Any]:
        """express.cancelEbillOrder: done, or done before; not after pickup. Raises Refusal."""
        ebill = self._by_number.get(params.waybill_code)
        if ebill is None or ebill.cp_code != params.cp_code:
            raise not_found("电子面单不存在")
        if ebill.handed_over is not None and time.monotonic() >= ebill.handed_over + self._pickup_s:
            raise business("快件已揽收，不能取消")
        ebill.live = False
        return {"subErrorCode": ""}

    def handed_over(self, number: str) -> None:
        """A parcel's number was told to a channel: its courier will come."""
        ebill = self._by_number.get(number)
        if ebill is not None and ebill.handed_over is None:
            ebill.handed_over = time.monotonic()

    def book(self) -> list[dict[str, Any]]:
        """All e-waybills, oldest first."""
        return [
            {
                "key": ebill.object_id,
                "order_no": ebill.order_id,
                "carrier": COMPANIES[ebill.cp_code].carrier.value,
                "number": ebill.number,
                "live": ebill.live,
                "at": ebill.at.isoformat(),
                "requirements_text": ebill.description,
            }
            for ebill in self._by_object.values()
        ]

    def _answer(self, wish: Wish, cp_code: str) -> dict[str, Any]:
        try:
            ebill = self._obtain(wish, cp_code)
        except Refusal as refusal:
            error = {"success": False, "errorCode": refusal.code, "errorMsg": refusal.words}
            return {"objectId": wish.object_id, "waybillCode": "", "printData": "", **error}
        # what the print component needs; the middleware only passes it on
        data = {"encryptedData": f"AES:{ebill.number}", "templateId": wish.template_id, "ver": "2"}
        printed = {"waybillCode": ebill.number, "parentWaybillCode": "", "printData": json.dumps(data)}
        return {"objectId": wish.object_id, **printed, "success": True, "errorCode": 0, "errorMsg": ""}

    def _obtain(self, wish: Wish, cp_code: str) -> _Ebill:
        """The earlier e-waybill of the same object, or a new one. Raises Refusal."""
        order = find(self._orders, wish.order_info.order_id)
        known = self._by_object.get(wish.object_id)
        if known is not None:
            if not known.live:
                raise business("该 objectId 的电子面单已取消，请更换 objectId")
            if (known.order_id, known.cp_code) != (order.order_id, cp_code):
                raise business("该 objectId 已用于其他订单或快递公司")
            return known
        if wish.recipient.open_address_id != order.sealed.open_address_id:
            raise business("openAddressId 与订单不匹配")
        if order.status not in {OrderStatus.READY, OrderStatus.PARTLY_SHIPPED}:
            raise business("订单不是待发货状态，不能取号")
        if order.receiver.city in UNREACHABLE_CITIES:
            raise business("该地区暂不支持派送")
        self._serial += 1
        number = COMPANIES[cp_code].number_form.format(self._serial)
        package = wish.package_info
        description = " ".join(filter(None, (package.goods_description, package.packaging_description)))
        ebill = _Ebill(wish.object_id, order.order_id, cp_code, number, description)
        self._by_object[wish.object_id] = self._by_number[number] = ebill
        return ebill

    def _subscribe(self, code: str, *, with_usage: bool) -> dict[str, Any]:
        company, settings = COMPANIES[code], self._settings
        used = [ebill for ebill in self._by_object.values() if ebill.cp_code == code]
        usage = {
            # a direct company counts nothing down
            "quantity": 0 if company.direct else _PLENTY - len(used),
            "allocatedQuantity": len(used),
            "cancelQuantity": sum(not ebill.live for ebill in used),
            "recycledQuantity": 0,
        }
        return {
            "cpCode": code,
            "cpName": company.title,
            "cpType": _DIRECT if company.direct else _FRANCHISE,
            "branchCode": "" if company.direct else settings.branch_code,
            "branchName": "" if company.direct else "测试网点",
            "brandCode": "",
            "customerCode": settings.customer_code if company.direct else "",
            "senderAddressList": [{"address": _SENDER, "name": "", "mobile": "", "phone": ""}],
            **({"usage": usage} if with_usage else {}),
        }
