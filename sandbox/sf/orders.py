"""SF's order desk: order ids that are never used twice, and the waybill that each one got."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from domain.clock import utc_now
from sandbox.catalogue import UNREACHABLE_CITIES
from sandbox.digest import looks_encrypted, receiver_digest
from sandbox.road import NodeKind, Road
from sandbox.world import Book

Json = dict[str, Any]

_CONTRACTED_PRODUCTS = frozenset({1, 2, 6, 201, 231, 247, 263})
_CONTACT_GAPS = {
    "1": (("1010", "寄件地址不能为空"), ("1011", "寄件联系人不能为空"), ("1012", "寄件电话不能为空")),
    "2": (("1014", "到件地址不能为空"), ("1015", "到件联系人不能为空"), ("1016", "到件电话不能为空")),
}


class SfError(Exception):
    """A business "no" of SF: the errorCode and errorMsg of a reply that the gateway itself accepted."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message


@dataclass
class SfOrder:
    """One order id and its waybill."""

    order_id: str
    number: str
    remark: str
    express_type: int
    receiver: str
    live: bool = True
    times: int = 1
    at: datetime = field(default_factory=utc_now)


@dataclass
class _Interception:
    kind: NodeKind
    receiver: str
    times: int = 1


_INTERCEPTS = {"1": NodeKind.FORWARDED, "2": NodeKind.TURNED_BACK}
_TOO_LATE = {
    NodeKind.OUT_FOR_DELIVERY: "快件派送中，不支持截单",
    NodeKind.SIGNED: "运单已签收，不支持截单",
}


class SfOrders:
    """All orders. Each method does one service's work and raises SfError for a business "no"."""

    def __init__(self, road: Road) -> None:
        self._road = road
        # SF's own numbers begin with SF1, so that they stay apart from SF numbers that platforms hand out.
        # Counted from the clock: a hub that outlives this sandbox must never be given a number twice.
        self._next = 10**12 + int(time.time()) % 10**8 * 10**3
        self._by_id: dict[str, SfOrder] = {}
        self._by_number: dict[str, SfOrder] = {}
        self._interceptions: dict[str, _Interception] = {}

    def create(self, message: Json) -> Json:
        """EXP_RECE_CREATE_ORDER: one waybill for an order id that was never used before, else 8016."""
        order_id = _text(message, "orderId")
        if not order_id or len(order_id) > 64:
            raise SfError("8196", "信息异常：orderId")
        if earlier := self._by_id.get(order_id):
            earlier.times += 1
            raise SfError("8016", "重复下单")
        _check_contact(_contact(message, "1"), "1")
        receiver = _contact(message, "2")
        _check_contact(receiver, "2")
        _check_cargo(message)
        if message.get("parcelQty", 1) != 1:
            raise SfError("8177", "服务不支持：一单多件")
        express_type = message.get("expressTypeId", 1)
        if express_type not in _CONTRACTED_PRODUCTS:
            raise SfError("8177", "服务不支持：expressTypeId 未签约")
        card = _text(message, "monthlyCard")
        if card and not card.isdigit():
            raise SfError("6126", "月结卡号格式不正确")
        if _text(receiver, "city") in UNREACHABLE_CITIES:
            # The order exists, and its id is used up, but there is no waybill.
            order = SfOrder(order_id, "", _text(message, "remark"), express_type, _digest(receiver), live=False)
            self._by_id[order_id] = order
            return _reply(order)
        order = SfOrder(order_id, self._number(), _text(message, "remark"), express_type, _digest(receiver))
        self._by_id[order_id] = self._by_number[order.number] = order
        return _reply(order)

    def find(self, message: Json) -> Json:
        """EXP_RECE_SEARCH_ORDER_RESP: the waybill of a live order id; 8018 unknown, 8037 cancelled."""
        order = self._get(message)
        if not order.number:
            return _reply(order)
        if not order.live:
            raise SfError("8037", "已消单")
        return _reply(order)

    def update(self, message: Json) -> Json:
        """EXP_RECE_UPDATE_ORDER, dealType 2: cancel; 8252 once the courier has the parcel, 8253 when cancelled."""
        if str(message.get("dealType")) != "2":
            raise SfError("8177", "服务不支持：dealType")
        order = self._get(message)
        given = {_text(entry, "waybillNo") for entry in _objects(message, "waybillNoInfoList")}
        if given - {order.number}:
            raise SfError("8017", "订单号与运单号不匹配")
        if not order.live:
            raise SfError("8253", "已消单")
        if self._road.nodes(order.number):
            raise SfError("8252", "已确认，不能消单")
        order.live = False
        self._road.call_off(order.number)
        return {"orderId": order.order_id, "waybillNoInfoList": _numbers(order), "resStatus": 2, "extraInfoList": None}

    def intercept(self, message: Json) -> Json | None:
        """EXP_RECE_WANTED_INTERCEPT, serviceCode 1 (to another address) and 2 (back): once for each waybill.

        SF does not publish this interface's error codes: 8196 stands for all of them, and the message says which.
        """
        order = self._by_number.get(_text(message, "waybillNo"))
        kind = _INTERCEPTS.get(str(message.get("serviceCode")))
        if order is None or not order.live:
            raise SfError("8196", "运单不存在或已消单")
        if kind is None or str(message.get("role")) not in {"1", "2", "3"}:
            raise SfError("8177", "服务不支持：serviceCode 或 role")
        if str(message.get("payMode")) in {"3", "4"} and not _text(message, "monthlyCardNo"):
            raise SfError("8196", "月结付款须填写 monthlyCardNo")
        address = message.get("newDestAddress")
        address = address if isinstance(address, dict) else {}
        wanted = ("province", "city", "county", "address", "contact", "phone")
        if not all(_text(address, field) for field in wanted):
            raise SfError("8196", "newDestAddress 不完整")
        if any(looks_encrypted(_text(address, field)) for field in wanted):
            raise SfError("8196", "newDestAddress 不是有效的明文")
        if earlier := self._interceptions.get(order.number):
            earlier.times += 1
            raise SfError("8196", "该运单已有截单指令，请勿重复截单")
        if not self._road.nodes(order.number):
            raise SfError("8196", "快件未收件，不支持截单")
        if not self._road.divert(order.number, kind):
            last = self._road.nodes(order.number)[-1].kind
            raise SfError("8196", _TOO_LATE.get(last, "快件已退回，不支持截单"))
        self._interceptions[order.number] = _Interception(kind, _digest_of(address))
        return None

    def number_of(self, order_id: str) -> str | None:
        """The waybill number of an order id, or None."""
        order = self._by_id.get(order_id)
        return order.number if order else None

    def order_of(self, number: str) -> str | None:
        """The order id that a waybill number was made for here, or None for a foreign number."""
        order = self._by_number.get(number)
        return order.order_id if order else None

    def book(self) -> Book:
        """Every waybill ever made; `times` counts how often its order id was asked for. And every interception that was
        taken; `times` counts how often that waybill was asked to be stopped."""
        return {
            "waybills": [
                {
                    "key": order.order_id,
                    "number": order.number,
                    "live": order.live,
                    "at": order.at.isoformat(),
                    "remark": order.remark,
                    "express_type": order.express_type,
                    "receiver_digest": order.receiver,
                    "times": order.times,
                }
                for order in self._by_id.values()
            ],
            "interceptions": [
                {
                    "number": number,
                    "kind": "REROUTE" if taken.kind is NodeKind.FORWARDED else "RETURN",
                    "receiver_digest": taken.receiver,
                    "times": taken.times,
                }
                for number, taken in self._interceptions.items()
            ],
        }

    def _get(self, message: Json) -> SfOrder:
        order = self._by_id.get(_text(message, "orderId"))
        if order is None:
            raise SfError("8018", "未获取到订单信息")
        return order

    def _number(self) -> str:
        self._next += 1
        return f"SF{self._next}"


def _reply(order: SfOrder) -> Json:
    return {
        "orderId": order.order_id,
        "originCode": "571",
        "destCode": "021",
        "filterResult": 2 if order.number else 3,
        "remark": "" if order.number else "1",
        "waybillNoInfoList": _numbers(order),
        "routeLabelInfo": None,
        "returnExtraInfoList": None,
    }


def _numbers(order: SfOrder) -> list[Json]:
    return [{"waybillType": 1, "waybillNo": order.number}] if order.number else []


def _contact(message: Json, kind: str) -> Json:
    found = [c for c in _objects(message, "contactInfoList") if str(c.get("contactType")) == kind]
    return found[0] if found else {}


def _check_contact(contact: Json, kind: str) -> None:
    address, name, phone = _CONTACT_GAPS[kind]
    if not _text(contact, "address"):
        raise SfError(*address)
    if not (_text(contact, "contact") or _text(contact, "company")):
        raise SfError(*name)
    if not (_text(contact, "mobile") or _text(contact, "tel")):
        raise SfError(*phone)
    if not _text(contact, "country"):
        raise SfError("8196", "信息异常：country")
    # A platform's ciphertext cannot be printed on a label or called: SF has no key for it.
    for part, (code, _) in (("address", address), ("contact", name), ("mobile", phone), ("tel", phone)):
        if looks_encrypted(_text(contact, part)):
            raise SfError(code, f"{part} 不是有效的明文")


def _check_cargo(message: Json) -> None:
    cargo = _objects(message, "cargoDetails")
    if not cargo or not all(_text(entry, "name") for entry in cargo):
        raise SfError("1023", "托寄物不能为空")


def _digest(contact: Json) -> str:
    return receiver_digest(
        _text(contact, "contact") or _text(contact, "company"),
        _text(contact, "mobile") or _text(contact, "tel"),
        _text(contact, "province"),
        _text(contact, "city"),
        _text(contact, "county"),
        _text(contact, "address"),
    )


def _digest_of(address: Json) -> str:
    fields = ("contact", "phone", "province", "city", "county", "address")
    return receiver_digest(*(_text(address, field) for field in fields))


def _objects(message: Json, field: str) -> list[Json]:
    value = message.get(field)
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _text(message: Json, field: str) -> str:
    value = message.get(field)
    return value if isinstance(value, str) and value.strip() else ""
