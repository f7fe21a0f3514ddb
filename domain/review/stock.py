"""Whether there will be enough: a note, for stock has its own step and its own hold."""

from __future__ import annotations

from collections import Counter

from domain.review.dossier import Dossier, Flag
from domain.texts import text


def stock_check(dossier: Dossier) -> list[Flag]:
    """Articles whose free stock does not cover the order, or falls below the safety stock by it."""
    if dossier.free is None:
        return []
    wanted: Counter[str] = Counter()
    for line in dossier.order.lines:
        wanted[line.sku] += line.quantity
    short, low = [], []
    for sku, count in sorted(wanted.items()):
        free, safety = dossier.free.get(sku, 0), 0
        if sku in dossier.articles:
            safety = dossier.articles[sku].safety_stock
        if free < count:
            short.append(text("flag.stock.short", sku=sku, free=free, count=count))
        elif free - count < safety:
            low.append(text("flag.stock.low", sku=sku, left=free - count, safety=safety))
    found = []
    if short:
        found.append(Flag("stock.not_enough", None, text("flag.stock.not_enough", what="；".join(short))))
    if low:
        found.append(Flag("stock.safety", None, text("flag.stock.safety", what="；".join(low))))
    return found
