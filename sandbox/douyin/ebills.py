"""The platform's own e-waybill, which takes ciphertext: one number per order and pack.

The protocol file names the methods only; the fields are those of the platform's models as far as orderhub uses them.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Any

from domain.clock import utc_now
from domain.shipping import Carrier
from sandbox.douyin.envelope import invalid
from sandbox.douyin.orders import OrderStatus, ShopOrder
from sandbox.douyin.params import CancelOrder, EbillOrder, ListEbill, NewCreateOrder
from sandbox.douyin.shipping import COMPANIES, carrier_of

_NUMBER_FORMS = {
    Carrier.SF: "SF6{:012d}",
    Carrier.ZTO: "786{:012d}",
    Carrier.YTO: "YT6{:012d}",
    Carrier.STO: "776{:012d}",
    Carrier.YUNDA: "436{:012d}",
    Carrier.EMS: "16{:011d}",
    Carrier.JD: "JDV6{:011d}",
    Carrier.DEPPON: "DPK6{:011d}",
    Carrier.JTSD: "JT6{:012d}",
}
"""What each courier's numbers look like; the 6 keeps them apart from those that the couriers give out themselves."""

_SERIAL_ROOM = 10**11


class EbillStatus(IntEnum):
    """An e-waybill's status."""

    LIVE = 1
    CANCELLED = 2


@dataclass
class _Ebill:
    order_id: str
    pack_id: str
    company_code: str
    number: str
    remark: str
    status: EbillStatus = EbillStatus.LIVE
    handed_over: float | None = None
    at: datetime = field(default_factory=utc_now)

    @property
    def carrier(self) -> Carrier:
        return COMPANIES[self.company_code]


class Ebills:
    """All e-waybills. A courier picks a parcel up `pickup_s` after its hand-over; then it is too late to cancel."""

    def __init__(self, orders: Mapping[str, ShopOrder], pickup_s: float) -> None:
        self._orders = orders
        self._pickup_s = pickup_s
        self._by_pack: dict[tuple[str, str], _Ebill] = {}
        self._by_number: dict[str, _Ebill] = {}
        # begins at the clock, so that a second run against the same hub gives out other numbers
        self._serial = int(time.time()) * 1000 % _SERIAL_ROOM

    def create(self, params: NewCreateOrder) -> dict[str, Any]:
        """logistics.newCreateOrder: a number per parcel, or a word why there is none. Raises Refusal."""
        if carrier_of(params.logistics_code, "logistics_code") not in _NUMBER_FORMS:
            raise invalid("logistics_code", "该快递公司不支持电子面单")
        ebills, errors = [], []
        for wanted in params.order_infos:
            objection = self._objection(wanted, params.logistics_code)
            if objection is None:
                ebill = self._obtain(wanted, params.logistics_code)
                ebills.append(
                    {
                        "track_no": ebill.number,
                        "order_id": ebill.order_id,
                        "pack_id": ebill.pack_id,
                        "sort_code": f"021-{len(wanted.items):02d}",
                    }
                )
            else:
                code, words = objection
                errors.append(
                    {"order_id": wanted.order_id, "pack_id": wanted.pack_id, "err_code": code, "err_msg": words}
                )
        return {"ebill_infos": ebills, "err_infos": errors}

    def list_ebills(self, params: ListEbill) -> dict[str, Any]:
        """logistics.listEbill: the e-waybill of a pack, if it has one."""
        ebill = self._by_pack.get((params.order_id, params.pack_id))
        if ebill is None:
            return {"ebill_infos": []}
        return {
            "ebill_infos": [
                {
                    "track_no": ebill.number,
                    "order_id": ebill.order_id,
                    "pack_id": ebill.pack_id,
                    "logistics_code": ebill.company_code,
                    "status": int(ebill.status),
                }
            ]
        }

    def cancel(self, params: CancelOrder) -> dict[str, Any]:
        """logistics.cancelOrder: done, or done before; not after pickup."""
        ebill = self._by_number.get(params.track_no)
        if ebill is None or ebill.company_code != params.logistics_code:
            return _cancelled("运单不存在")
        if ebill.handed_over is not None and time.monotonic() >= ebill.handed_over + self._pickup_s:
            return _cancelled("运单已揽收，不能取消")
        ebill.status = EbillStatus.CANCELLED
        return _cancelled("")

    def handed_over(self, number: str) -> None:
        """A parcel's number was told to a channel: its courier will come."""
        ebill = self._by_number.get(number)
        if ebill is not None and ebill.handed_over is None:
            ebill.handed_over = time.monotonic()

    def book(self) -> list[dict[str, Any]]:
        """All e-waybills, oldest first."""
        return [
            {
                "key": ebill.pack_id,
                "order_no": ebill.order_id,
                "carrier": ebill.carrier.value,
                "number": ebill.number,
                "live": ebill.status is EbillStatus.LIVE,
                "at": ebill.at.isoformat(),
                "requirements_text": ebill.remark,
            }
            for ebill in self._by_pack.values()
        ]

    def _objection(self, wanted: EbillOrder, company_code: str) -> tuple[str, str] | None:
        order = self._orders.get(wanted.order_id)
        if order is None:
            return "order-not-found", "订单不存在"
        if order.status is OrderStatus.CANCELLED:
            return "order-cancelled", "订单已取消"
        contact, address = wanted.receiver_info.contact, wanted.receiver_info.address
        sent = (contact.name, contact.mobile, address.detail_address)
        if not all(text.startswith("#") and text.endswith("#") for text in sent):
            return "not-encrypted", "收件人信息必须为密文"
        if sent != (order.sealed.name, order.sealed.phone, order.sealed.detail):
            return "receiver-mismatch", "收件人密文不属于该订单"
        known = self._by_pack.get((wanted.order_id, wanted.pack_id))
        if known is not None and known.status is EbillStatus.CANCELLED:
            return "pack-cancelled", "该包裹面单已取消，请使用新的包裹号"
        if known is not None and known.company_code != company_code:
            return "pack-other-company", "该包裹已在其他快递公司取号"
        return None

    def _obtain(self, wanted: EbillOrder, company_code: str) -> _Ebill:
        key = (wanted.order_id, wanted.pack_id)
        known = self._by_pack.get(key)
        if known is not None:
            return known
        self._serial += 1
        number = _NUMBER_FORMS[COMPANIES[company_code]].format(self._serial)
        ebill = _Ebill(wanted.order_id, wanted.pack_id, company_code, number, wanted.remark)
        self._by_pack[key] = self._by_number[number] = ebill
        return ebill


def _cancelled(objection: str) -> dict[str, Any]:
    return {"cancel_result": {"success": not objection, "error_message": objection}}
