"""What a basket costs, reckoned the slow way: every piece on its own, every share as a fraction.

It takes the engine's nouns as input and shares no arithmetic with it: thresholds, rounding, shares by largest
remainder, the choice within a layer and the limits are all written down a second time, from docs/promotions.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import floor
from typing import Any

from domain.promotion import Base, Basket, Kind, Layer, Offer, Pick, Promotion

HALF = Fraction(1, 2)


@dataclass
class Bill:
    """What the oracle says: fen to pay and fen that the platform bears by line, what counted, what is given."""

    due: dict[str, int]
    platform: dict[str, int]
    counted: list[tuple[str, int, int]] = field(default_factory=list)
    gifts: list[tuple[str, int, str]] = field(default_factory=list)


def oracle(basket: Basket, offers: Sequence[Offer], layers: Sequence[Layer]) -> Bill:
    """Price a basket."""
    bill = Bill({line.line_no: 0 for line in basket.lines}, {line.line_no: 0 for line in basket.lines})
    for line in basket.lines:
        for _ in range(line.quantity):
            bill.due[line.line_no] += line.unit_fen
    had: list[tuple[str, str]] = []  # group and line of everything that counted
    for layer in layers:
        waiting = [offer for offer in offers if offer.promotion.group == layer.group and _now(offer.promotion, basket)]
        while waiting:
            tried = []
            for offer in waiting if layer.pick is Pick.BEST else waiting[:1]:
                barred = {line for group, line in had if group in layer.excludes}
                if layer.pick is not Pick.ALL:
                    barred |= {line for group, line in had if group == layer.group}
                tried.append((offer, _try(basket, bill.due, offer, layer.base, barred)))
            good = [(offer, result) for offer, result in tried if result is not None]
            if not good:
                if layer.pick is Pick.BEST:
                    break
                waiting = waiting[1:]
                continue
            most = max(sum(off.values()) for _, (_, off, _, _) in good)
            offer, (times, off, lines, pieces) = next(one for one in good if sum(one[1][1].values()) == most)
            waiting = [other for other in waiting if other is not offer]
            _book(bill, offer.promotion, times, off, lines, pieces)
            had += [(layer.group, line) for line in lines]
    return bill


def _book(bill: Bill, promotion: Promotion, times: int, off: dict[str, int], lines: list[str], pieces: int) -> None:
    total = sum(off.values())
    borne = floor(Fraction(total * promotion.platform_permille, 1000) + HALF)
    for line, fen in largest_remainder(borne, off).items():
        bill.platform[line] += fen
    for line, fen in off.items():
        bill.due[line] -= fen
    bill.counted.append((promotion.code, times, total))
    if pieces:
        bill.gifts.append((promotion.gift_sku, pieces, lines[0]))


def _now(promotion: Promotion, basket: Basket) -> bool:
    if promotion.coupon and promotion.coupon not in basket.coupons:
        return False
    if promotion.tag and promotion.tag not in basket.tags:
        return False
    early = promotion.begins is not None and basket.placed_at < promotion.begins
    late = promotion.ends is not None and basket.placed_at >= promotion.ends
    return not early and not late


Tried = tuple[int, dict[str, int], list[str], int]
"""How often, fen off by line, the lines it counted for, pieces given."""
Tried3 = tuple[int, dict[str, int], list[str]]


def _try(basket: Basket, due: dict[str, int], offer: Offer, base: Base, barred: set[str]) -> Tried | None:
    promotion = offer.promotion
    lines = [line for line in basket.lines if line.line_no in offer.lines - barred]
    pieces: list[dict[str, Any]] = [
        {"line": line.line_no, "sku": line.sku, "fen": fen, "list": line.unit_fen}
        for line in lines
        for fen in _pieces(due[line.line_no], line.quantity)
    ]
    worth = sum(piece["fen" if base is Base.NOW else "list"] for piece in pieces)
    if not pieces or worth < promotion.at_least_fen or len(pieces) < promotion.at_least_pieces:
        return None
    may = _may(promotion, basket)
    if may <= 0:
        return None
    open_ = {line.line_no: due[line.line_no] for line in lines}
    names = [line.line_no for line in lines]
    given = 0
    match promotion.kind:
        case Kind.OFF | Kind.GIFT:
            times = min(_reached(promotion, worth, len(pieces)), may)
            given = times * promotion.gift_pieces if promotion.kind is Kind.GIFT else 0
            fen = 0 if promotion.kind is Kind.GIFT else promotion.off_fen * times
            off = largest_remainder(min(fen, sum(open_.values())), open_)
        case Kind.RATE:
            times = 1
            kept = Fraction(1000 - promotion.pay_permille, 1000)
            off = largest_remainder(min(floor(worth * kept + HALF), sum(open_.values())), open_)
        case Kind.NTH:
            times, off, names = _nth(promotion, pieces, names, may)
        case Kind.PRICE:
            times, off = 0, dict.fromkeys(names, 0)
            while times < may:  # the dearest piece, again and again
                dear = [piece for piece in pieces if piece["fen"] > promotion.price_fen]
                if not dear:
                    break
                piece = max(dear, key=lambda piece: piece["fen"])
                off[piece["line"]] += piece["fen"] - promotion.price_fen
                pieces.remove(piece)
                times += 1
            names = [name for name in names if off[name]]
        case Kind.BUNDLE:
            times, off, names = _bundle(promotion, pieces, names, may)
    if promotion.most_fen and sum(off.values()) > promotion.most_fen:
        off = largest_remainder(promotion.most_fen, off)
    if not times or not (sum(off.values()) or given):
        return None
    return times, off, names, given


def _may(promotion: Promotion, basket: Basket) -> int:
    may = promotion.times or 10**9
    if promotion.per_buyer:
        may = min(may, promotion.per_buyer - basket.used.get(promotion.code, 0))
    return may


def _nth(promotion: Promotion, pieces: list[dict[str, Any]], names: list[str], may: int) -> Tried3:
    pools: list[list[dict[str, Any]]] = []
    if promotion.together:
        pools.append(pieces)
    else:
        for piece in pieces:
            pool = next((pool for pool in pools if pool[0]["sku"] == piece["sku"]), None)
            if pool is None:
                pools.append([piece])
            else:
                pool.append(piece)
    times, counted = 0, set()
    off = dict.fromkeys(names, 0)
    for pool in pools:
        left = list(pool)
        for _ in range(len(pool) // promotion.nth):
            if times == may:
                break
            piece = min(left, key=lambda piece: piece["fen"])
            left.remove(piece)
            times += 1
            off[piece["line"]] += floor(piece["fen"] * Fraction(1000 - promotion.pay_permille, 1000) + HALF)
            counted |= {one["line"] for one in pool}
    return times, off, [name for name in names if name in counted]


def _bundle(promotion: Promotion, pieces: list[dict[str, Any]], names: list[str], may: int) -> Tried3:
    worth = dict.fromkeys(names, 0)
    sets, left, used = 0, list(pieces), set()
    while sets < may:
        one = []
        for sku, need in promotion.bundle:
            for _ in range(need):
                of = [piece for piece in left if piece["sku"] == sku]
                if not of:
                    break
                dear = max(of, key=lambda piece: piece["fen"])
                left.remove(dear)
                one.append(dear)
        if len(one) < sum(need for _, need in promotion.bundle):
            break
        sets += 1
        for piece in one:
            worth[piece["line"]] += piece["fen"]
            used.add(piece["line"])
    gain = sum(worth.values()) - sets * promotion.price_fen
    return sets, largest_remainder(max(gain, 0), worth), [name for name in names if name in used]


def _reached(promotion: Promotion, worth: int, pieces: int) -> int:
    if not promotion.every or not (promotion.at_least_fen or promotion.at_least_pieces):
        return 1
    times = 0
    while worth >= (times + 1) * promotion.at_least_fen and pieces >= (times + 1) * promotion.at_least_pieces:
        times += 1
    return times


def _pieces(fen: int, quantity: int) -> list[int]:
    """A line's fen dealt out to its pieces one by one would take long: the whole part first, then the rest."""
    dealt = [fen // quantity] * quantity
    for n in range(fen - sum(dealt)):
        dealt[n] += 1
    return dealt


def largest_remainder(fen: int, by: dict[str, int]) -> dict[str, int]:
    """Shares of an amount by weights: whole parts, then a fen each to who is owed the most; the first of equals."""
    whole = sum(by.values())
    if not fen or not whole:
        return dict.fromkeys(by, 0)
    exact = {name: Fraction(fen * weight, whole) for name, weight in by.items()}
    given = {name: floor(share) for name, share in exact.items()}
    while sum(given.values()) < fen:
        owed = max(exact[name] - given[name] for name in by)
        given[next(name for name in by if exact[name] - given[name] == owed)] += 1
    return given
