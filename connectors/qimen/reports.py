"""Reads what a warehouse says of a delivery order, which confirms and answers to queries write alike."""

from __future__ import annotations

import re
from collections import Counter
from decimal import ROUND_HALF_UP, Decimal

from lxml import etree

from connectors.qimen.codes import DELIVERY_STATUS, PROCESS_STATUS
from connectors.qimen.elements import text, whole
from domain.shipping import Package, ScannedItem, WarehouseReport, WarehouseStatus


def read_delivery(root: etree._Element, delivery_code: str) -> WarehouseReport:
    """The `deliveryOrder` and `packages` of a confirm or of an answer to a query. Raises ValueError.

    `expressCode` of a package is the warehouse's own number of the box, for orderhub asks for waybills itself once
    the box is packed: so it becomes `Package.package_code`, and `packageCode` stands in where it is empty.
    A confirm without a status that lists boxes means packed: some warehouses leave the status out.
    """
    packages = tuple(_package(package) for package in root.iterfind("packages/package"))
    word = text(root, "deliveryOrder/status") or ("DELIVERED" if packages else "")
    return WarehouseReport(
        delivery_code=delivery_code,
        status=DELIVERY_STATUS.mean(word),
        packages=packages,
        final=_final(text(root, "deliveryOrder/confirmType"), word),
        message=word,
        out_biz_code=text(root, "deliveryOrder/outBizCode"),
        warehouse=text(root, "deliveryOrder/warehouseCode"),
    )


def check_quantities(root: etree._Element, report: WarehouseReport) -> None:
    """Hold the boxes of a confirm against its own lines: by item, what lies in boxes must equal `actualQty`.

    Raises ValueError when they differ, and when something packed lies in no box.
    """
    if report.status is WarehouseStatus.PACKED and not report.packages:
        raise ValueError("packed, but no package")
    actual: Counter[str] = Counter()
    stated = False
    for line in root.iterfind("orderLines/orderLine"):
        if text(line, "actualQty"):
            stated = True
            actual[text(line, "itemCode")] += whole(line, "actualQty")
    packed: Counter[str] = Counter()
    for package in report.packages:
        for item in package.items:
            packed[item.sku] += item.quantity
    if stated and report.packages and packed != actual:
        raise ValueError("packages do not sum up to actualQty")


def read_process(root: etree._Element) -> WarehouseReport | None:
    """An orderprocess.report; None for a step that changes nothing for the order. Raises ValueError."""
    word = text(root, "process/processStatus")
    status = PROCESS_STATUS.sense(word)
    delivery_code = text(root, "order/orderCode")
    if not delivery_code:
        raise ValueError("no orderCode")
    if status is None or text(root, "order/orderType").endswith("RK"):  # ...RK is an order that comes in
        return None
    return WarehouseReport(
        delivery_code=delivery_code,
        status=status,
        message=text(root, "process/operateInfo") or word,
        warehouse=text(root, "order/warehouseCode"),
    )


def _final(confirm_type: str, status: str) -> bool:
    """confirmType 0 is the last confirm, 1 one of several; without it only PARTDELIVERED says that more will come."""
    if confirm_type not in ("", "0", "1"):
        raise ValueError("unknown confirmType")
    return confirm_type == "0" if confirm_type else status != "PARTDELIVERED"


def _package(package: etree._Element) -> Package:
    code = text(package, "expressCode") or text(package, "packageCode")
    if not code:
        raise ValueError("a package without a number")
    items = tuple(_item(item) for item in package.iterfind("items/item"))
    return Package(code, items, _grams(text(package, "weight")))


def _item(item: etree._Element) -> ScannedItem:
    sku = text(item, "itemCode")
    if not sku:
        raise ValueError("an item without a code")
    return ScannedItem(sku, whole(item, "quantity"), text(item, "orderLineNo"))


def _grams(kilograms: str) -> int:
    """0 where no usable weight is given: a missing weight is no reason to stop an order."""
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,9})?", kilograms):
        return 0
    return int((Decimal(kilograms) * 1000).quantize(Decimal(1), rounding=ROUND_HALF_UP))
