"""Cainiao's e-waybills behind TOP (Cainiao's protocol file, section 3): the receiver is an oaid and its trade.

One number per trades and package; asked for again, it is the earlier one. Sub codes other than those of parameters
are the sandbox's own: no list of them is published.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from domain.clock import utc_now
from sandbox.taobao.companies import COMPANIES
from sandbox.taobao.envelope import business
from sandbox.taobao.params import TradeCode, TradeOrderInfo, WaybillCancel, WaybillGet, WaybillQuery
from sandbox.taobao.trades import Trade, TradeStatus, find

_SERIAL_ROOM = 10**10


@dataclass
class _Waybill:
    """One e-waybill. `object_id` is the one of the first request that got it."""

    object_id: str
    trades: tuple[str, ...]
    tid: str
    cp_code: str
    number: str
    description: str
    template_url: str
    live: bool = True
    handed_over: float | None = None
    at: datetime = field(default_factory=utc_now)


class Waybills:
    """All e-waybills. A courier picks a parcel up `pickup_s` after its hand-over; then it is too late to cancel."""

    def __init__(self, trades: Mapping[str, Trade], pickup_s: float) -> None:
        self._trades = trades
        self._pickup_s = pickup_s
        self._by_package: dict[tuple[tuple[str, ...], str], _Waybill] = {}
        self._by_object: dict[str, _Waybill] = {}
        self._by_number: dict[str, _Waybill] = {}
        # begins at the clock, so that a second run against the same hub gives out other numbers
        self._serial = int(time.time()) * 100 % _SERIAL_ROOM

    def get(self, params: WaybillGet) -> dict[str, Any]:
        """cainiao.waybill.ii.get: a number per parcel; all are checked before the first is made. Raises Refusal."""
        request = params.param_waybill_cloud_print_apply_new_request
        if request.cp_code not in COMPANIES or not COMPANIES[request.cp_code].number_form:
            raise business("cp-not-subscribed", "未订购该物流公司的电子面单服务")
        for wanted in request.trade_order_info_dtos:
            self._check(wanted, request.cp_code)
        granted = [(wanted, self._obtain(wanted, request.cp_code)) for wanted in request.trade_order_info_dtos]
        printed = [{"object_id": wanted.object_id, **_printed(waybill)} for wanted, waybill in granted]
        return {"modules": {"waybill_cloud_print_response": printed}}

    def query(self, params: WaybillQuery) -> dict[str, Any]:
        """cainiao.waybill.ii.query.by.tradecode: the live e-waybill of each trade and object id, if it has one."""
        modules = [self._module(code) for code in params.param_list]
        return {"modules": {"waybill_cloud_print_with_result_desc_response": modules}}

    def cancel(self, params: WaybillCancel) -> dict[str, Any]:
        """cainiao.waybill.ii.cancel: done, or done before; not after pickup. Raises Refusal."""
        waybill = self._by_number.get(params.waybill_code)
        if waybill is None or waybill.cp_code != params.cp_code:
            raise business("waybill-not-exist", "电子面单号不存在")
        if waybill.handed_over is not None and time.monotonic() >= waybill.handed_over + self._pickup_s:
            raise business("waybill-collected", "快件已揽收，不能取消")
        waybill.live = False
        return {"cancel_result": True}

    def handed_over(self, number: str) -> None:
        """A parcel's number was told to a channel: its courier will come."""
        waybill = self._by_number.get(number)
        if waybill is not None and waybill.handed_over is None:
            waybill.handed_over = time.monotonic()

    def book(self) -> list[dict[str, Any]]:
        """All e-waybills, oldest first."""
        return [
            {
                "key": waybill.object_id,
                "order_no": waybill.tid,
                "carrier": COMPANIES[waybill.cp_code].carrier.value,
                "number": waybill.number,
                "live": waybill.live,
                "at": waybill.at.isoformat(),
                "requirements_text": waybill.description,
            }
            for waybill in self._by_number.values()
        ]

    def _check(self, wanted: TradeOrderInfo, cp_code: str) -> None:
        recipient = wanted.recipient
        if not recipient.oaid or recipient.tid not in wanted.order_info.trade_order_list:
            raise business("oaid-missing", "收件人信息已加密，必须传入 oaid 和所属订单 tid")
        known = self._by_package.get(_package(wanted))
        for tid in wanted.order_info.trade_order_list:
            if find(self._trades, tid).status is TradeStatus.CLOSED and known is None:
                raise business("trade-closed", "交易已关闭，不能取号")
        if find(self._trades, recipient.tid).receiver.oaid != recipient.oaid:
            raise business("oaid-mismatch", "oaid 与订单不匹配")
        if known is not None and not known.live:
            raise business("waybill-cancelled", "该包裹的电子面单已取消，请更换包裹号")
        if known is not None and known.cp_code != cp_code:
            raise business("package-other-cp", "该包裹已在其他物流公司取号")

    def _obtain(self, wanted: TradeOrderInfo, cp_code: str) -> _Waybill:
        key, package = _package(wanted), wanted.package_info
        waybill = self._by_package.get(key)
        if waybill is None:
            self._serial += 1
            waybill = _Waybill(
                object_id=wanted.object_id,
                trades=key[0],
                tid=wanted.recipient.tid,
                cp_code=cp_code,
                number=COMPANIES[cp_code].number_form.format(self._serial),
                description=" ".join(filter(None, (package.goods_description, package.packaging_description))),
                template_url=wanted.template_url,
            )
            self._by_package[key] = self._by_number[waybill.number] = waybill
        self._by_object[wanted.object_id] = waybill
        return waybill

    def _module(self, code: TradeCode) -> dict[str, Any]:
        waybill = self._by_object.get(code.object_id)
        if waybill is None or not waybill.live or code.biz_sub_code not in waybill.trades:
            reason = {"error_code": "NOT_FOUND", "error_message": "未查询到电子面单"}
            return {"success": False, "object_id": code.object_id, **reason}
        printed = {"waybill_cloud_print_response": _printed(waybill)}
        return {"success": True, "object_id": code.object_id, **printed}


def _package(wanted: TradeOrderInfo) -> tuple[tuple[str, ...], str]:
    return tuple(sorted(wanted.order_info.trade_order_list)), wanted.package_info.id


def _printed(waybill: _Waybill) -> dict[str, str]:
    """What the cloud-print component needs; the middleware only passes it on."""
    data = {
        "encryptedData": f"AES:{waybill.number}",
        "signature": f"MD:{waybill.number}",
        "templateURL": waybill.template_url,
        "ver": "waybill_print_secret_version_1",
    }
    return {
        "waybill_code": waybill.number,
        "parent_waybill_code": "",
        "print_data": json.dumps(data),
        "cp_code": waybill.cp_code,
    }
