"""Sheets about nobody, to try a printer with, and for the pictures in docs/labels.md."""

from __future__ import annotations

from datetime import datetime

from domain.clock import BEIJING
from domain.labels import Item, LabelOrder, LabelParcel, LabelSheet, Lane, Window
from domain.masks import Masked
from domain.order import Requirement
from domain.paper import Size
from domain.shipping import Carrier

ADDRESS = "https://orderhub.example.com"
_OPENS_AT = datetime(2026, 3, 1, 10, 2, tzinfo=BEIJING)
_PRINTED_AT = datetime(2026, 3, 1, 10, 18, tzinfo=BEIJING)
_REGION = "浙江省杭州市余杭区"
_COLD = (Requirement.COLD_CHAIN, Requirement.FRAGILE, Requirement.UPRIGHT)


def sheet(size: Size) -> LabelSheet:
    """A full sheet of made-up orders: gifts, requirements, encrypted receivers, an order of two parcels."""
    orders = (
        _order(
            ("SO20260301000123", "own", Masked("测*", "138****0000", _REGION)),
            (
                ("SF1000000000001", (Item("马克杯 350ml 白色", 2, False), Item("杯垫", 2, True))),
                ("SF1000000000002", (Item("手冲咖啡壶 600ml", 1, False),)),
            ),
        ),
        _order(
            ("6920260301000456789", "douyin", Masked("王**", "156****1234", _REGION)),
            (("SF1000000000003", (Item("冷鲜牛排套餐 150g × 10 片 原切西冷", 1, False), Item("黑胡椒酱", 3, True))),),
            _COLD,
        ),
        _order(
            ("260301-123456789012345", "pdd", Masked("李*", "***", _REGION)),
            (("SF1000000000004", (Item("纯棉毛巾", 4, False),)),),
            (Requirement.FRAGILE,),
        ),
    )
    if size is Size.SMALL:
        plain = _order(
            ("SO20260301000124", "own", orders[0].receiver), (("SF1000000000005", orders[0].parcels[0].items),)
        )
        orders = (*orders[1:], plain)
    window = Window(Lane("WH01", Carrier.SF, "浙江", "杭州", "余杭区"), _OPENS_AT)
    return LabelSheet(f"{window.group_id}-1", size, window, 1, 1, False, _PRINTED_AT, orders)


def _order(
    who: tuple[str, str, Masked],
    boxes: tuple[tuple[str, tuple[Item, ...]], ...],
    requirements: tuple[Requirement, ...] = (),
) -> LabelOrder:
    number, channel, receiver = who
    parcels = tuple(
        LabelParcel(n, len(boxes), Carrier.SF, waybill, items) for n, (waybill, items) in enumerate(boxes, start=1)
    )
    # Codes of the right length that open nothing.
    return LabelOrder(number, channel, receiver, requirements, f"{number[-4:]:a>24}".translate(_LETTERS), parcels)


_LETTERS = str.maketrans("0189", "wxyz")
