"""What each kind of promotion takes off, and how often it counts.

Rounding: what is taken off by a share is rounded half up to the fen, once for a RATE and once for each piece of an NTH.
What is taken off several lines together is shared by what is still to pay for each, by largest remainder.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from domain.money import split
from domain.promotion.pieces import Run, cheapest, dearest, runs
from domain.promotion.terms import Base, BasketLine, Kind, Promotion


@dataclass(frozen=True)
class View:
    """What a promotion sees: the basket, what is to pay for each line now, and the lines that take part in it."""

    basket: Sequence[BasketLine]
    now: Sequence[int]
    lines: Sequence[int]
    """Places in the basket, in its order."""
    base: Base
    most: int | None
    """It counts at most so often; None: as often as it likes."""

    def worth(self) -> int:
        """What the goods cost that take part, in the base of the layer."""
        if self.base is Base.NOW:
            return sum(self.now[i] for i in self.lines)
        return sum(self.basket[i].unit_fen * self.basket[i].quantity for i in self.lines)

    def count(self) -> int:
        """How many pieces take part."""
        return sum(self.basket[i].quantity for i in self.lines)

    def runs(self, lines: Sequence[int]) -> list[Run]:
        """Pieces at what is to pay for them now."""
        return [run for i in lines for run in runs(i, self.now[i], self.basket[i].quantity)]


@dataclass(frozen=True)
class Cut:
    """What a promotion takes off lines, by their place in the basket. `touched`: the lines that it counted for."""

    times: int
    offs: dict[int, int]
    touched: Sequence[int]
    gifts: int = 0
    """Pieces of its gift."""

    @property
    def off(self) -> int:
        """Fen in all."""
        return sum(self.offs.values())


def reckon(promotion: Promotion, view: View) -> Cut | None:
    """What a promotion whose threshold is reached does; None when it takes nothing off and gives nothing."""
    cut = _KINDS[promotion.kind](promotion, view)
    if cut is None or cut.times == 0 or (cut.gifts == 0 and cut.off == 0):
        return None
    if promotion.most_fen and cut.off > promotion.most_fen:
        return Cut(cut.times, _shared(promotion.most_fen, cut.offs), cut.touched, cut.gifts)
    return cut


def _off(promotion: Promotion, view: View) -> Cut | None:
    times = _reached(promotion, view)
    off = min(times * promotion.off_fen, sum(view.now[i] for i in view.lines))
    return Cut(times, _shared(off, {i: view.now[i] for i in view.lines}), view.lines)


def _rate(promotion: Promotion, view: View) -> Cut | None:
    off = min(_share(view.worth(), 1000 - promotion.pay_permille), sum(view.now[i] for i in view.lines))
    return Cut(_at_most(1, view), _shared(off, {i: view.now[i] for i in view.lines}), view.lines)


def _nth(promotion: Promotion, view: View) -> Cut | None:
    pools: dict[str, list[int]] = {}
    for i in view.lines:
        pools.setdefault("" if promotion.together else view.basket[i].sku, []).append(i)
    times, touched = 0, []
    offs: dict[int, int] = {}
    for pool in pools.values():
        pieces = sum(view.basket[i].quantity for i in pool)
        reduced = _at_most(times + pieces // promotion.nth, view) - times
        if reduced:
            touched += pool
        times += reduced
        for price, i, count in cheapest(view.runs(pool), reduced):
            offs[i] = offs.get(i, 0) + count * _share(price, 1000 - promotion.pay_permille)
    return Cut(times, offs, touched)


def _price(promotion: Promotion, view: View) -> Cut | None:
    dear = [run for run in view.runs(view.lines) if run[0] > promotion.price_fen]
    times = _at_most(sum(count for _, _, count in dear), view)
    offs: dict[int, int] = {}
    for price, i, count in dearest(dear, times):
        offs[i] = offs.get(i, 0) + count * (price - promotion.price_fen)
    return Cut(times, offs, sorted(offs))


def _bundle(promotion: Promotion, view: View) -> Cut | None:
    lines = {sku: [i for i in view.lines if view.basket[i].sku == sku] for sku, _ in promotion.bundle}
    there = (sum(view.basket[i].quantity for i in lines[sku]) // need for sku, need in promotion.bundle)
    sets = _at_most(min(there), view)
    worth: dict[int, int] = {}
    for sku, need in promotion.bundle:
        for price, i, count in dearest(view.runs(lines[sku]), sets * need):
            worth[i] = worth.get(i, 0) + count * price
    off = max(sum(worth.values()) - sets * promotion.price_fen, 0)
    return Cut(sets, _shared(off, worth), sorted(worth))


def _gift(promotion: Promotion, view: View) -> Cut | None:
    times = _reached(promotion, view)
    return Cut(times, {}, view.lines, times * promotion.gift_pieces)


_KINDS: dict[Kind, Callable[[Promotion, View], Cut | None]] = {
    Kind.OFF: _off,
    Kind.RATE: _rate,
    Kind.NTH: _nth,
    Kind.PRICE: _price,
    Kind.BUNDLE: _bundle,
    Kind.GIFT: _gift,
}


def _reached(promotion: Promotion, view: View) -> int:
    """How often the threshold is reached; of an amount and a number of pieces, both must be."""
    if not promotion.every:
        return _at_most(1, view)
    times = []
    if promotion.at_least_fen:
        times.append(view.worth() // promotion.at_least_fen)
    if promotion.at_least_pieces:
        times.append(view.count() // promotion.at_least_pieces)
    return _at_most(min(times, default=1), view)


def _at_most(times: int, view: View) -> int:
    return times if view.most is None else min(times, view.most)


def _share(amount: int, permille: int) -> int:
    """So many thousandths of an amount, rounded half up."""
    return (amount * permille + 500) // 1000


def _shared(amount: int, by: dict[int, int]) -> dict[int, int]:
    """An amount shared over lines by weights. No share is more than its weight when the amount is not more than all."""
    if amount == 0 or not by:
        return {}
    lines = sorted(by)  # of equal remainders the fen goes to the line that stands first
    return dict(zip(lines, map(int, split(amount, [by[i] for i in lines])), strict=True))
