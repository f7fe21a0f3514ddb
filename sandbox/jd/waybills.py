"""JD's 无界电子面单, the e-waybills of all couriers that take encrypted receivers: one number per orders and parcel.

The protocol file does not describe them. Method and field names, and the answer of `receive` without an envelope, are
what several public clients send and read. That the same orders and the same number of the merchant's own get the same
waybill again stands in no public text: the confidence of that is low. So are the refusals' words.

A receiver is named by its `oaid`, or given as the ciphertexts of `enSearch` and `enGet`; both only for the order that
they belong to.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from domain.clock import utc_now
from sandbox.catalogue import UNREACHABLE_CITIES
from sandbox.digest import looks_encrypted
from sandbox.jd.companies import COMPANIES, PROVIDERS
from sandbox.jd.envelope import Refusal
from sandbox.jd.orders import OrderState, Shelf
from sandbox.jd.params import Provider, VendorCode, WaybillReceive, WaybillUnbind, Wish, parse
from sandbox.settings import JdSettings

_OF_JD = "0010001"
_SF = "467"
_SERIAL_ROOM = 10**10

_Key = tuple[tuple[str, ...], str]


class _Refused(Exception):
    """Why there is no waybill, in words that hold no personal data."""


@dataclass
class _Waybill:
    key: _Key
    provider_id: str
    number: str
    remark: str
    live: bool = True
    handed_over: float | None = None
    at: datetime = field(default_factory=utc_now)


class Waybills:
    """All e-waybills. A courier picks a parcel up `pickup_s` after its hand-over; then it is too late to unbind."""

    def __init__(self, settings: JdSettings, orders: Shelf, pickup_s: float) -> None:
        self._settings = settings
        self._orders = orders
        self._pickup_s = pickup_s
        self._by_key: dict[_Key, list[_Waybill]] = {}
        self._by_number: dict[str, _Waybill] = {}
        # begins at the clock, so that a second run against the same hub gives out other numbers
        self._serial = int(time.time()) * 100 % _SERIAL_ROOM

    def receive(self, params: WaybillReceive) -> dict[str, Any]:
        """jingdong.ldop.alpha.waybill.receive: the earlier numbers for the same orders and own number, or new ones."""
        try:
            content = params.content
            wish = parse(Wish, json.loads(content) if isinstance(content, str) else content)
            waybills = self._obtain(wish)
        except Refusal as refusal:
            return _result(refusal.zh_desc)
        except ValueError:
            return _result("参数 content 不合法")
        except _Refused as refused:
            return _result(str(refused))
        numbers = [waybill.number for waybill in waybills]
        return _result(data={"platformOrderNo": wish.order_nos, "waybillCodeList": numbers})

    def unbind(self, params: WaybillUnbind) -> dict[str, Any]:
        """jingdong.ldop.alpha.waybill.api.unbind: done, or done before; not after pickup."""
        try:
            waybill = self._find(params)
            if waybill.handed_over is not None and time.monotonic() >= waybill.handed_over + self._pickup_s:
                raise _Refused("快件已揽收，不能解绑")
        except _Refused as refused:
            return {"resultInfo": _result(str(refused))}
        waybill.live = False
        return {"resultInfo": _result()}

    def big_shot(self, params: WaybillUnbind) -> dict[str, Any]:
        """jingdong.ldop.alpha.vendor.bigshot.query: what is printed large, for the courier's sorters."""
        try:
            waybill = self._find(params)
        except _Refused as refused:
            return {"resultInfo": _result(str(refused))}
        route = {
            "bigShotName": "测试转运 01",
            "bigShotCode": "TEST01",
            "secondSectionCode": "01",
            "thirdSectionCode": "",
        }
        return {"resultInfo": _result(data={"waybillCode": waybill.number, **route})}

    def contracts(self, params: VendorCode) -> dict[str, Any]:
        """jingdong.ldop.alpha.provider.sign.success: the couriers that the shop has contracts with."""
        if params.vendor_code != str(self._settings.vender_id):
            return {"resultInfo": _result("商家编码错误")}
        told = [
            {
                "providerId": int(number),
                "providerCode": company.code,
                "providerName": company.name,
                "providerType": 1,
                "operationType": 1 if company.direct else 2,
                "settlementCode" if company.direct else "branchCode": company.contract,
                "amount": 1000,
                "supportCod": False,
                "address": {
                    "provinceName": "浙江省",
                    "cityName": "杭州市",
                    "countryName": "余杭区",
                    "address": "示例仓",
                },
            }
            for number, company in COMPANIES.items()
            if company.number_form
        ]
        return {"resultInfo": _result(data=told)}

    def handed_over(self, number: str) -> None:
        """A parcel's number was told to a channel: its courier will come."""
        waybill = self._by_number.get(number)
        if waybill is not None and waybill.handed_over is None:
            waybill.handed_over = time.monotonic()

    def book(self) -> list[dict[str, Any]]:
        """All e-waybills, oldest first; `key` is the merchant's own number, `order_no` the first of the orders."""
        return [
            {
                "key": waybill.key[1],
                "order_no": waybill.key[0][0],
                "carrier": COMPANIES[waybill.provider_id].carrier.value,
                "number": waybill.number,
                "live": waybill.live,
                "at": waybill.at.isoformat(),
                "requirements_text": waybill.remark,
            }
            for waybill in self._by_number.values()
        ]

    def _find(self, params: WaybillUnbind) -> _Waybill:
        waybill = self._by_number.get(params.waybill_code)
        if waybill is None or waybill.provider_id != _provider_id(params):
            raise _Refused("运单号不存在")
        return waybill

    def _obtain(self, wish: Wish) -> list[_Waybill]:
        provider_id, key = _provider_id(wish), (wish.orders, wish.vendor_order_code)
        company = COMPANIES[provider_id]
        known = self._by_key.get(key)
        if known is None:
            self._check(wish, provider_id)
            known = self._by_key[key] = []
            for _ in range(wish.count):
                self._serial += 1
                waybill = _Waybill(key, provider_id, company.number_form.format(self._serial), wish.remark)
                self._by_number[waybill.number] = waybill
                known.append(waybill)
        elif not known[0].live:
            raise _Refused("该商家订单的运单已解绑，请更换商家订单号")
        elif known[0].provider_id != provider_id:
            raise _Refused("该商家订单已在其他承运商取号")
        return known

    def _check(self, wish: Wish, provider_id: str) -> None:
        """Raise _Refused for what gets no number."""
        company = COMPANIES[provider_id]
        if wish.vendor_code != str(self._settings.vender_id):
            raise _Refused("商家编码错误")
        if not (wish.settlement_code if company.direct else wish.branch_code):
            raise _Refused("财务结算编码错误" if company.direct else "网点编码错误")
        if provider_id == _SF and (wish.count > 1 or not wish.express_pay_method or not wish.express_type):
            raise _Refused("顺丰只能取一个单号，且必须传入付款方式和产品类型")
        if not (wish.sender.contact and wish.sender.call and wish.sender.address):
            raise _Refused("发货人信息不完整")
        if wish.sale_platform == _OF_JD:
            for order_no in wish.orders:
                self._check_order(order_no)
        self._check_receiver(wish)
        if wish.receiver.city in UNREACHABLE_CITIES:
            raise _Refused("地址不可达，该地区暂不支持派送")

    def _check_order(self, order_no: str) -> None:
        order = self._orders.get(order_no)
        if order is None:
            raise _Refused("平台订单号不存在")
        refusals = {
            OrderState.NOT_PAY: "订单未付款",
            OrderState.LOCKED: "订单已锁定，不能取号",
            OrderState.CANCELLED: "订单已取消",
            OrderState.SHIPPED: "订单已出库",
        }
        if order.state in refusals:
            raise _Refused(refusals[order.state])

    def _check_receiver(self, wish: Wish) -> None:
        """The receiver is one of the orders' own, encrypted, or anybody in clear text."""
        to = wish.receiver
        texts = (to.contact, to.call, to.address)
        known = [self._orders[order_no].sealed for order_no in wish.orders if order_no in self._orders]
        ours = known if wish.sale_platform == _OF_JD else []
        if to.oaid:
            if all(sealed.oaid != to.oaid for sealed in ours):
                raise _Refused("oaid与订单不匹配")
        elif any(looks_encrypted(text) for text in texts):
            if texts not in [(sealed.name, sealed.phone, sealed.address) for sealed in ours]:
                raise _Refused("收件人密文不属于该订单")
        elif not all(texts) or any("*" in text for text in texts):
            raise _Refused("收件人信息已脱敏或不完整，请传入oaid或密文")


def _provider_id(params: Provider) -> str:
    """The courier's number. Raises _Refused for one without a contract."""
    number = params.provider_id or PROVIDERS.get(params.provider_code, "")
    if number not in PROVIDERS.values():
        raise _Refused("承运商未签约")
    return number


def _result(refused: str = "", data: object = None) -> dict[str, Any]:
    """What all of this family answer with; the words of a refusal make it one."""
    result: dict[str, Any] = {"statusCode": 1 if refused else 0, "statusMessage": refused or "SUCCESS"}
    return result if data is None else result | {"data": data}
