"""The warehouse's own stock: what lies on its shelves, however it came there or got lost.

It starts with the catalogue's suggestion. Packing takes from it; goods that come in, are lost, found or spoilt change
it, and each such change has a code of its own, under which orderhub is told of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from domain.clock import format_beijing, utc_now
from sandbox.catalogue import CATALOGUE
from sandbox.qimen.xml import Content, write

GOOD, DEFECTIVE = "ZP", "CC"
CONDITIONS = (GOOD, DEFECTIVE)


Place = tuple[str, str]
"""Warehouse and article."""


@dataclass(frozen=True)
class Change:
    """Pieces that came or went outside of any delivery order."""

    code: str
    place: Place
    condition: str
    quantity: int
    order_type: str


class Shelves:
    """Figures by place and condition. `left` are the pieces of each place that were packed."""

    def __init__(self, warehouse: str) -> None:
        self._put: Counter[tuple[Place, str]] = Counter(
            {((warehouse, item.sku), GOOD): item.stock for item in CATALOGUE}
        )
        self.changes: list[Change] = []

    def has(self, place: Place) -> bool:
        """Whether the warehouse ever kept this article."""
        return any((place, condition) in self._put for condition in CONDITIONS)

    def lies(self, place: Place, condition: str, left: Mapping[Place, int]) -> int:
        """The pieces on the shelf."""
        return self._put[place, condition] - (left.get(place, 0) if condition == GOOD else 0)

    def settle(self, place: Place, pieces: int, left: Mapping[Place, int]) -> None:
        """Let so many good pieces lie there, and tell nobody."""
        self._put[place, GOOD] = pieces + left.get(place, 0)

    def move(self, change: Change, left: Mapping[Place, int]) -> None:
        """Pieces come or go. Raises ValueError when fewer lie there than go."""
        if self.lies(change.place, change.condition, left) + change.quantity < 0:
            raise ValueError(f"there are not {-change.quantity} of {change.place[1]}")
        self._put[change.place, change.condition] += change.quantity
        self.changes.append(change)

    def places(self) -> list[Place]:
        """Every article that is kept, and where."""
        return sorted({place for place, _ in self._put})


def change_report(change: Change, owner: str) -> bytes:
    """The body of stockchange.report."""
    item: Content = {
        "ownerCode": owner,
        "warehouseCode": change.place[0],
        "orderCode": f"WMS{change.code}",
        "orderType": change.order_type,
        "outBizCode": change.code,
        "itemCode": change.place[1],
        "inventoryType": change.condition,
        "quantity": change.quantity,
        "changeTime": format_beijing(utc_now()),
    }
    return write("request", {"items": {"item": [item]}})


def count_report(change: Change, found: int, owner: str) -> bytes:
    """The body of inventory.report: one page of a count."""
    item: Content = {
        "itemCode": change.place[1],
        "inventoryType": change.condition,
        "quantity": change.quantity,
        "totalQty": found,
    }
    head: Content = {
        "totalPage": 1,
        "currentPage": 1,
        "pageSize": 100,
        "warehouseCode": change.place[0],
        "checkOrderCode": f"CK{change.code}",
        "ownerCode": owner,
        "checkTime": format_beijing(utc_now()),
        "outBizCode": change.code,
        "adjustType": "CHECK",
    }
    return write("request", {**head, "items": {"item": [item]}})
