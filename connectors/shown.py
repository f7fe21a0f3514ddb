"""The parcels that a channel shows of an order, whoever told it of them: what an old system beside us has done.

Nothing of it is worth refusing an order for: what cannot be read is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from domain.news import News, OrderNews, ShippedNews
from domain.order import Order
from domain.shadow import ShownParcel
from domain.shipping import Carrier

_MOST = 64
"""Characters of a number; parcels of an order."""

_NAMES: dict[str, Carrier] = {
    "顺丰": Carrier.SF,
    "中通": Carrier.ZTO,
    "圆通": Carrier.YTO,
    "申通": Carrier.STO,
    "韵达": Carrier.YUNDA,
    "EMS": Carrier.EMS,
    "邮政": Carrier.EMS,
    "京东": Carrier.JD,
    "德邦": Carrier.DEPPON,
    "极兔": Carrier.JTSD,
}

K = TypeVar("K")


def news_of(order: Order, parcels: Iterable[ShownParcel]) -> list[News]:
    """An order as news, and the parcels that its document names, if any; a number counts once."""
    numbered: dict[str, ShownParcel] = {}
    for one in parcels:
        if 0 < len(one.number) <= _MOST and one.number.isprintable() and len(numbered) < _MOST:
            word = one.word[:_MOST] if one.word.isprintable() else ""
            numbered.setdefault(one.number, replace(one, word=word))
    if not numbered:
        return [OrderNews(order)]
    shown = ShippedNews(order.channel, order.shop, order.channel_order_no, tuple(numbered.values()))
    return [OrderNews(order), shown]


def by_code(codes: Mapping[Carrier, K], word: K) -> Carrier | None:
    """The carrier behind a channel's code; None for one that we have no name for."""
    return next((carrier for carrier, code in codes.items() if code == word), None)


def by_name(word: str) -> Carrier | None:
    """The carrier behind a name that people read, such as 顺丰速运; None for one that we have no name for."""
    return next((carrier for name, carrier in _NAMES.items() if name in word), None)


def moment(read: Callable[[], datetime | None]) -> datetime | None:
    """A moment that may be written in any way."""
    try:
        return read()
    except ValueError:
        return None
