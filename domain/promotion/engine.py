"""Pricing a basket: layer by layer, each by what the layers before have left to pay.

Pure, exact to the fen, and the same on every machine: of two promotions that take equally much off, the one counts that
stands first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from domain.money import split
from domain.promotion.kinds import Cut, View, reckon
from domain.promotion.result import Gift, Priced, PricedLine, Share, Skipped, Step, Why
from domain.promotion.terms import Basket, Layer, Offer, Pick, Promotion


def price(basket: Basket, offers: Sequence[Offer], layers: Sequence[Layer]) -> Priced:
    """Price a basket. `layers` come in the order in which they count, `offers` in the order of their table.

    A coupon that is not redeemed, a tag that the order has not and a promotion whose time it is not are passed over in
    silence; whatever else does not count is among the skipped ones.
    """
    return _Pricing(basket).run([one for one in offers if _concerns(one.promotion, basket)], layers)


def _concerns(promotion: Promotion, basket: Basket) -> bool:
    return (
        (not promotion.coupon or promotion.coupon in basket.coupons)
        and (not promotion.tag or promotion.tag in basket.tags)
        and (promotion.begins is None or promotion.begins <= basket.placed_at)
        and (promotion.ends is None or basket.placed_at < promotion.ends)
    )


class _Pricing:
    def __init__(self, basket: Basket) -> None:
        self._basket = basket
        self._now = [line.quantity * line.unit_fen for line in basket.lines]
        self._platform = [0] * len(basket.lines)
        self._counted: dict[str, set[int]] = {}
        """The lines that promotions of a group counted for."""
        self._steps: list[Step] = []
        self._skipped: list[Skipped] = []

    def run(self, offers: Sequence[Offer], layers: Sequence[Layer]) -> Priced:
        for layer in layers:
            here = [offer for offer in offers if offer.promotion.group == layer.group]
            if here:
                self._layer(layer, here)
        known = {layer.group for layer in layers}
        unknown = [one.promotion for one in offers if one.promotion.group not in known]
        self._skipped += [Skipped(promotion, Why.NO_LAYER) for promotion in unknown]
        lines = (
            PricedLine(line, line.quantity * line.unit_fen - now, platform)
            for line, now, platform in zip(self._basket.lines, self._now, self._platform, strict=True)
        )
        return Priced(tuple(lines), tuple(self._steps), tuple(self._skipped))

    def _layer(self, layer: Layer, offers: list[Offer]) -> None:
        shut = set().union(*(self._counted.get(group, ()) for group in layer.excludes))
        mine = self._counted.setdefault(layer.group, set())
        if layer.pick is not Pick.BEST:
            for offer in offers:
                barred = shut if layer.pick is Pick.ALL else shut | mine
                self._settle(offer, self._look(layer, offer, barred), mine)
            return
        first: dict[int, Why] = {}
        """Why an offer did not count before any other of its layer did: what its buyer wants to know."""
        while offers:
            found = [self._look(layer, offer, shut | mine) for offer in offers]
            for offer, why in zip(offers, found, strict=True):
                if isinstance(why, Why):
                    first.setdefault(id(offer), why)
            cuts = [(-one[1].off, n) for n, one in enumerate(found) if isinstance(one, tuple)]
            if not cuts:
                self._skipped += [Skipped(offer.promotion, first[id(offer)]) for offer in offers]
                return
            best = min(cuts)[1]
            self._settle(offers[best], found[best], mine)
            offers = [*offers[:best], *offers[best + 1 :]]

    def _look(self, layer: Layer, offer: Offer, shut: Iterable[int]) -> tuple[View, Cut] | Why:
        promotion = offer.promotion
        lines = [i for i, line in enumerate(self._basket.lines) if line.line_no in offer.lines and i not in shut]
        if not lines:
            return Why.TAKEN
        limits = []
        if promotion.times:
            limits.append(promotion.times)
        if promotion.per_buyer:
            limits.append(promotion.per_buyer - self._basket.used.get(promotion.code, 0))
        most = min(limits, default=None)
        if most is not None and most <= 0:
            return Why.LIMIT
        view = View(self._basket.lines, self._now, lines, layer.base, most)
        if view.worth() < promotion.at_least_fen or view.count() < promotion.at_least_pieces:
            return Why.THRESHOLD
        cut = reckon(promotion, view)
        return (view, cut) if cut is not None else Why.NOTHING

    def _settle(self, offer: Offer, found: tuple[View, Cut] | Why, mine: set[int]) -> None:
        if isinstance(found, Why):
            self._skipped.append(Skipped(offer.promotion, found))
            return
        view, cut = found
        worth = view.worth()
        borne, _ = split(cut.off, [offer.promotion.platform_permille, 1000 - offer.promotion.platform_permille])
        offs = [(i, off) for i, off in sorted(cut.offs.items()) if off]
        parts = split(borne, [off for _, off in offs]) if offs else []
        shares = []
        for (i, off), part in zip(offs, parts, strict=True):
            self._now[i] -= off
            self._platform[i] += part
            shares.append(Share(self._basket.lines[i].line_no, off, part))
        mine.update(cut.touched)
        gift = None
        if cut.gifts:
            of = self._basket.lines[cut.touched[0]].line_no
            gift = Gift(offer.promotion.gift_sku, cut.gifts, of, offer.promotion.code)
        self._steps.append(Step(offer.promotion, cut.times, worth, tuple(shares), gift))
