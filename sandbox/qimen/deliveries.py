"""Delivery orders as the warehouse holds them, and how it reads them (protocol file, deliveryorder.create)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from domain.clock import parse_beijing, utc_now
from sandbox.digest import receiver_digest
from sandbox.qimen.xml import Node, Refusal

_OUT_TYPES = frozenset({"JYCK", "HHCK", "BFCK", "PTCK", "DBCK", "B2BCK", "QTCK", "CGTH"})
_LOGISTICS = frozenset(
    {
        "SF",
        "EMS",
        "EYB",
        "ZJS",
        "YTO",
        "ZTO",
        "HTKY",
        "UC",
        "STO",
        "TTKDEX",
        "QFKD",
        "FAST",
        "POSTB",
        "GTO",
        "YUNDA",
        "JD",
        "DBL",
        "OTHER",
    }
)
_SOURCES = frozenset(
    {"TB", "TM", "JD", "PDD", "DYXD", "XHS", "WPH", "SN", "1688", "YHD", "GW", "OFFLINE", "POS", "OTHERS"}
)
_DELIVERY_TYPES = frozenset({"PTPS", "LLPS", "HBP"})
_YUAN = re.compile(r"^-?[0-9]+\.[0-9]{2}$")
_COUNT = re.compile(r"^[1-9][0-9]{0,8}$")


class DeliveryStatus(StrEnum):
    """Where a delivery order is in the warehouse."""

    ACCEPTED = "ACCEPTED"
    HELD = "HELD"
    PACKED = "PACKED"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True)
class DeliveryLine:
    """One line: what to put into the box."""

    number: str
    sku: str
    quantity: int


@dataclass(frozen=True)
class Box:
    """What was scanned into one box: pieces by index of the delivery's lines."""

    number: str
    pieces: dict[int, int]
    strays: list[str] = field(default_factory=list)
    """Articles that nobody ordered, one piece each."""


@dataclass(frozen=True)
class Misscan:
    """A mistake to be made: an article is overlooked, and perhaps another one scanned instead."""

    drop_sku: str
    scan_instead: str = ""


@dataclass
class Delivery:
    """One delivery order. `times` counts its create calls; `round` the packings that were planned for it."""

    code: str
    wms_id: str
    warehouse: str
    order_no: str
    order_type: str
    logistics: str
    delivery_type: str
    remark: str
    receiver_digest: str
    lines: tuple[DeliveryLine, ...]
    status: DeliveryStatus = DeliveryStatus.ACCEPTED
    times: int = 1
    round: int = 0
    boxes: list[Box] = field(default_factory=list)
    confirms: list[str] = field(default_factory=list)
    """The outBizCode of every confirm."""
    at: datetime = field(default_factory=utc_now)
    """When it was taken."""

    def scanned(self, index: int) -> int:
        """The pieces of a line that were scanned, in all boxes."""
        return sum(box.pieces.get(index, 0) for box in self.boxes)


def read_delivery(request: Node, warehouses: Sequence[str], owner: str, wms_id: str) -> Delivery:
    """Read and check a create call. Raises Refusal that names the first bad field."""
    head = request.child("deliveryOrder")
    code = head.needed("deliveryOrderCode")
    warehouse = read_place(head, warehouses)
    order_type = _one_of(head, "orderType", _OUT_TYPES)
    for name in ("createTime", "placeOrderTime", "operateTime"):
        _check_time(name, head.needed(name))
    if head.text("payTime"):
        _check_time("payTime", head.text("payTime"))
    head.needed("shopNick")
    if head.text("sourcePlatformCode"):
        _one_of(head, "sourcePlatformCode", _SOURCES)
    for name in ("totalAmount", "itemAmount", "discountAmount", "freight", "arAmount", "gotAmount", "serviceFee"):
        _check_yuan(head, name)
    _check_party(head.child("senderInfo"))
    receiver = head.child("receiverInfo")
    _check_party(receiver)
    requirements = head.optional("deliveryRequirements")
    delivery_type = requirements.text("deliveryType") if requirements else ""
    if requirements and delivery_type:
        _one_of(requirements, "deliveryType", _DELIVERY_TYPES)
    lines = request.items("orderLines", "orderLine")
    return Delivery(
        code=code,
        wms_id=wms_id,
        warehouse=warehouse,
        order_no=lines[0].text("sourceOrderCode"),
        order_type=order_type,
        logistics=_one_of(head, "logisticsCode", _LOGISTICS),
        delivery_type=delivery_type,
        remark=head.text("remark"),
        receiver_digest=receiver_digest(
            receiver.text("name"),
            receiver.text("mobile"),
            receiver.text("province"),
            receiver.text("city"),
            receiver.text("area"),
            receiver.text("detailAddress"),
        ),
        lines=tuple(_line(line, owner) for line in lines),
    )


def read_place(node: Node, warehouses: Sequence[str]) -> str:
    """The warehouse that a call is for. Raises Refusal for one that is not there."""
    warehouse = node.needed("warehouseCode")
    if warehouse not in warehouses:
        raise Refusal("PARAM_INVALID", "仓库编码不存在")
    return warehouse


def _line(line: Node, owner: str) -> DeliveryLine:
    if line.needed("ownerCode") != owner:
        raise Refusal("PARAM_INVALID", "货主编码不存在")
    quantity = line.needed("planQty")
    if not _COUNT.match(quantity):
        raise Refusal("PARAM_INVALID", "planQty 必须为正整数")
    line.needed("actualPrice")
    for name in ("actualPrice", "retailPrice", "discountAmount"):
        _check_yuan(line, name)
    return DeliveryLine(line.text("orderLineNo"), line.needed("itemCode"), int(quantity))


def _check_party(party: Node) -> None:
    for name in ("name", "mobile", "province", "city", "detailAddress"):
        party.needed(name)


def _one_of(node: Node, name: str, known: frozenset[str]) -> str:
    value = node.needed(name)
    if value not in known:
        raise Refusal("PARAM_INVALID", f"{name} 不在取值范围内")
    return value


def _check_time(name: str, value: str) -> None:
    try:
        parse_beijing(value)
    except ValueError:
        raise Refusal("PARAM_INVALID", f"{name} 格式必须为 yyyy-MM-dd HH:mm:ss") from None


def _check_yuan(node: Node, name: str) -> None:
    if node.text(name) and not _YUAN.match(node.text(name)):
        raise Refusal("PARAM_INVALID", f"{name} 必须为两位小数的金额")
