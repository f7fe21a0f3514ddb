"""What a warehouse says of its own stock: answers to inventory.query, stockchange.report and inventory.report."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from lxml import etree

from connectors.qimen.codes import QUALITIES
from connectors.qimen.elements import text, whole
from domain.clock import parse_beijing
from domain.shelves import Quality, Shelf, ShelfChange

STOCK_CHANGE, COUNT = "stockchange.report", "inventory.report"

_SIGNED = re.compile(r"[+-]?[0-9]{1,9}")


def read_shelves(root: etree._Element, warehouse: str) -> tuple[Shelf, ...]:
    """The items of an answer to inventory.query, batches of one article added up. Raises ValueError.

    An item that names no warehouse is of the one that was asked; one of another warehouse is left out.
    """
    available: dict[tuple[str, Quality], int] = {}
    locked: dict[tuple[str, Quality], int] = {}
    for item in root.iterfind("items/item"):
        if (text(item, "warehouseCode") or warehouse) != warehouse:
            continue
        key = _sku(item), _quality(item)
        # Some warehouses promise more than they have and say so with a minus.
        available[key] = available.get(key, 0) + _signed(item, "quantity")
        locked[key] = locked.get(key, 0) + (whole(item, "lockQuantity") if text(item, "lockQuantity") else 0)
    return tuple(
        Shelf(warehouse, sku, quality, available[sku, quality], locked[sku, quality]) for sku, quality in available
    )


def read_changes(method: str, root: etree._Element) -> tuple[ShelfChange, ...]:
    """The items of a report that figures moved. Raises ValueError."""
    summed: dict[tuple[str, str, str, Quality], ShelfChange] = {}
    for change in _counted(root) if method == COUNT else map(_change, root.iterfind("items/item")):
        key = change.code, change.warehouse, change.sku, change.quality
        # One item per batch of goods: together they are the change.
        before = summed.get(key)
        summed[key] = change if before is None else replace(change, quantity=before.quantity + change.quantity)
    return tuple(summed.values())


def _change(item: etree._Element) -> ShelfChange:
    return ShelfChange(
        code=_needed(item, "outBizCode"),
        warehouse=_needed(item, "warehouseCode"),
        sku=_sku(item),
        quality=_quality(item),
        quantity=_signed(item, "quantity"),
        order_code=text(item, "orderCode"),
        order_type=text(item, "orderType"),
        remark=text(item, "remark")[:200],
        at=parse_beijing(text(item, "changeTime")) if text(item, "changeTime") else None,
    )


def _counted(root: etree._Element) -> Iterator[ShelfChange]:
    """A 盘点, of which this may be one page: its items carry the differences that the count found."""
    code, warehouse = _needed(root, "outBizCode"), _needed(root, "warehouseCode")
    at = parse_beijing(text(root, "checkTime")) if text(root, "checkTime") else None
    for item in root.iterfind("items/item"):
        yield ShelfChange(
            code=code,
            warehouse=warehouse,
            sku=_sku(item),
            quality=_quality(item),
            quantity=_signed(item, "quantity"),
            order_code=text(root, "checkOrderCode"),
            order_type=text(root, "adjustType") or "CHECK",
            remark=text(item, "remark")[:200],
            at=at,
        )


def _sku(item: etree._Element) -> str:
    return _needed(item, "itemCode")


def _quality(item: etree._Element) -> Quality:
    word = text(item, "inventoryType") or "ZP"
    return QUALITIES.mean(word)


def _needed(element: etree._Element, name: str) -> str:
    found = text(element, name)
    if not found:
        raise ValueError(f"no {name}")
    return found


def _signed(item: etree._Element, name: str) -> int:
    found = text(item, name)
    if not _SIGNED.fullmatch(found):
        raise ValueError(f"{name} is no number of pieces")
    return int(found)
