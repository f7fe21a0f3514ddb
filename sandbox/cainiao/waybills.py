"""Cainiao's waybill desk: numbers of many couriers, one per (trade orders, package)."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from domain.clock import utc_now
from sandbox.cainiao.messages import DiscardRequest, GetRequest, QueryRequest, TradeOrder
from sandbox.catalogue import UNREACHABLE_CITIES
from sandbox.digest import looks_encrypted, receiver_digest
from sandbox.road import Road
from sandbox.world import Book

Json = dict[str, Any]

_CARRIERS = {
    "SF": ("SF", "SF2{:012d}"),
    "ZTO": ("ZTO", "75{:012d}"),
    "YTO": ("YTO", "YT2{:012d}"),
    "STO": ("STO", "773{:012d}"),
    "YUNDA": ("YUNDA", "433{:012d}"),
    "EMS": ("EMS", "12{:011d}"),
    "DBKD": ("DEPPON", "DPK2{:011d}"),
    "JTSD": ("JTSD", "JT2{:012d}"),
    "POSTB": ("OTHER", "98{:011d}"),
    "HTKY": ("OTHER", "55{:012d}"),
}
"""Cainiao's cpCode → our carrier code and the shape of its numbers."""


class CainiaoError(Exception):
    """Cainiao's "no": errorCode (a text code where the business refuses) and errorMsg."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message


@dataclass
class CainiaoWaybill:
    """One waybill. `object_id` is the one of the first request that got it."""

    object_id: str
    cp_code: str
    number: str
    goods_description: str
    receiver: str
    template_url: str
    live: bool = True
    times: int = 1
    at: datetime = field(default_factory=utc_now)


class CainiaoWaybills:
    """All waybills. Each method does one message's work and raises CainiaoError for a "no"."""

    def __init__(self, road: Road) -> None:
        self._road = road
        # Counted from the clock: a hub that outlives this sandbox must never be given a number twice.
        self._count = int(time.time()) % 10**8 * 10**2
        self._by_trade: dict[tuple[tuple[str, ...], str], CainiaoWaybill] = {}
        self._by_object: dict[str, CainiaoWaybill] = {}
        self._by_number: dict[str, CainiaoWaybill] = {}

    def get(self, request: GetRequest) -> Json:
        """TMS_WAYBILL_GET: the earlier number for the same trade orders and package id, a new one otherwise.

        All wishes of one request are checked before the first number is made.
        """
        if request.cp_code not in _CARRIERS:
            raise CainiaoError("未订购", "未订购该物流公司的电子面单服务")
        prepared = [(wish, self._prepare(request.cp_code, wish)) for wish in request.trade_order_info_dtos]
        granted = [(wish, grant()) for wish, grant in prepared]
        return {
            "success": "true",
            "waybillCloudPrintResponseList": [{"objectId": wish.object_id, **_printed(made)} for wish, made in granted],
        }

    def discard(self, request: DiscardRequest) -> Json:
        """TMS_WAYBILL_DISCARD: only before pickup; discarding again changes nothing."""
        waybill = self._by_number.get(request.waybill_code)
        if waybill is None or waybill.cp_code != request.cp_code:
            raise CainiaoError("单号不存在", "电子面单号不存在")
        if waybill.live and self._road.nodes(waybill.number):
            raise CainiaoError("已揽收", "快件已揽收，不能取消")
        waybill.live = False
        self._road.call_off(waybill.number)
        return {"success": "true", "discardResult": True}

    def query(self, request: QueryRequest) -> Json:
        """TMS_WAYBILL_QUERY_BY_TRADE_CODE: the live waybill of each object id, or its own NOT_FOUND."""
        return {"success": "true", "modules": [self._module(param.object_id) for param in request.param_list]}

    def book(self) -> Book:
        """Every waybill ever made; `times` counts how often it was asked for."""
        return {
            "waybills": [
                {
                    "key": waybill.object_id,
                    "carrier": _CARRIERS[waybill.cp_code][0],
                    "number": waybill.number,
                    "live": waybill.live,
                    "at": waybill.at.isoformat(),
                    "goods_description": waybill.goods_description,
                    "receiver_digest": waybill.receiver,
                    "times": waybill.times,
                }
                for waybill in self._by_number.values()
            ]
        }

    def _prepare(self, cp_code: str, wish: TradeOrder) -> Callable[[], CainiaoWaybill]:
        recipient = wish.recipient
        if any(looks_encrypted(text) for text in (recipient.name, recipient.call, recipient.address.detail)):
            raise CainiaoError("地址不可达", "收件人信息为密文，请使用平台电子面单")
        if recipient.address.city in UNREACHABLE_CITIES:
            raise CainiaoError("地址不可达", "该地区暂不支持派送")
        if cp_code == "SF" and not wish.package_info.goods_description:
            raise CainiaoError("S05", "goodsDescription 不能为空")
        trade = (tuple(sorted(wish.order_info.trade_order_list)), wish.package_info.id)
        earlier = self._by_trade.get(trade)
        if earlier and not earlier.live:
            raise CainiaoError("单号已取消", "该包裹的电子面单已取消，请更换包裹号")
        if earlier and earlier.cp_code != cp_code:
            raise CainiaoError("重复取号", "该包裹已在其他物流公司取号")

        def grant() -> CainiaoWaybill:
            if known := self._by_trade.get(trade):
                known.times += 1
                return known
            made = self._make(cp_code, wish)
            self._by_trade[trade] = made
            return made

        return grant

    def _make(self, cp_code: str, wish: TradeOrder) -> CainiaoWaybill:
        recipient, address = wish.recipient, wish.recipient.address
        self._count += 1
        waybill = CainiaoWaybill(
            object_id=wish.object_id,
            cp_code=cp_code,
            number=_CARRIERS[cp_code][1].format(self._count),
            goods_description=wish.package_info.goods_description,
            receiver=receiver_digest(
                recipient.name, recipient.call, address.province, address.city, address.district, address.detail
            ),
            template_url=wish.template_url,
        )
        self._by_object[wish.object_id] = self._by_number[waybill.number] = waybill
        return waybill

    def _module(self, object_id: str) -> Json:
        waybill = self._by_object.get(object_id)
        if waybill is None or not waybill.live:
            reason = "单号已取消" if waybill else "未查询到电子面单"
            return {"success": False, "objectId": object_id, "errorCode": "NOT_FOUND", "errorMessage": reason}
        return {"success": True, "objectId": object_id, "waybillCloudPrintResponse": _printed(waybill)}


def _printed(waybill: CainiaoWaybill) -> Json:
    """What the cloud-print component needs; the middleware only passes it on."""
    data = {
        "encryptedData": f"AES:{waybill.number}",
        "signature": f"MD:{waybill.number}",
        "templateURL": waybill.template_url,
        "ver": "waybill_print_secret_version_1",
    }
    return {"waybillCode": waybill.number, "parentWaybillCode": "", "printData": json.dumps(data)}
