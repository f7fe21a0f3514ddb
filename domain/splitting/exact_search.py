"""The best answer, by looking at every set of warehouses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import accumulate, combinations

from domain.sourcing import Site, Unit, lines_of, needed
from domain.splitting.judging import cost_of, judge, pour, torn_lines
from domain.splitting.question import Places, Question, Split, enough, fits, homes, narrowed, precedence, take

MOST_TRIES = 20_000
"""How many ways are tried for units that share SKUs, in all sets of warehouses together: a fraction of a second."""


def exact(question: Question) -> Split | None:
    """Look at every set of warehouses; small sets first, and no larger ones once they cannot be better."""
    useful = narrowed(question)
    must_tear = sum(1 for unit in useful.units if not homes(unit, useful))
    groups = _touching(useful.units)
    best: Split | None = None
    budget = _Budget()
    for size in range(1, min(useful.most, len(useful.sites)) + 1):
        for chosen in combinations(useful.sites, size):
            found = _best_in(chosen, groups, useful, budget)
            if found is not None and (best is None or _order(found, useful) < _order(best, useful)):
                best = found
        if best is not None and len(best.torn) == must_tear:
            break
    return best if best is None or budget.left > 0 else replace(best, method="greedy")


class _Budget:
    """How many more ways may be tried."""

    def __init__(self) -> None:
        self.left = MOST_TRIES


def _order(found: Split, question: Question) -> tuple[tuple[int, int, int], list[tuple[int, int, str]]]:
    """The rank, and what decides between equals: the nearest, least loaded warehouses."""
    return (found.rank, [precedence(site) for site in question.sites if site.code in found.placed])


def _touching(parts: Sequence[Unit]) -> list[list[Unit]]:
    """Units that compete for a SKU, directly or through others, together."""
    groups: list[tuple[set[str], list[Unit]]] = []
    for unit in parts:
        skus, members = set(unit.needs), [unit]
        apart = []
        for group in groups:
            if group[0] & skus:
                skus |= group[0]
                members = [*group[1], *members]
            else:
                apart.append(group)
        groups = [*apart, (skus, members)]
    return [members for _, members in groups]


def _best_in(chosen: Sequence[Site], groups: Sequence[Sequence[Unit]], of: Question, budget: _Budget) -> Split | None:
    whole: dict[str, str] = {}
    lines: dict[str, str] = {}
    everything = [unit for group in groups for unit in group]
    if not enough(everything, of.free, chosen):
        return None
    for group in groups:
        search = _Search(group, chosen, of, budget)
        if search.best is None:
            return None
        whole.update(search.best)
        lines.update(search.lines)
    question = replace(of, units=everything, sites=chosen, most=len(chosen))
    places = Places(whole, frozenset(site.code for site in chosen), lines)
    return judge(question, places, "exact")


class _Search:
    """The best places of units that compete, in a given set of warehouses: fewest torn, then cheapest."""

    def __init__(self, group: Sequence[Unit], chosen: Sequence[Site], of: Question, budget: _Budget) -> None:
        self.best: dict[str, str] | None = None
        self.lines: dict[str, str] = {}
        """The places of the lines of torn units, where lines stay whole."""
        self._tear = of.tear
        self._rank = (0, 0)
        self._budget = budget
        self._sites = sorted(chosen, key=lambda site: (site.per_kg_fen, *precedence(site)))
        # The heaviest first: a bad beginning shows early.
        self._units = sorted(group, key=lambda unit: (-unit.grams, unit.name))
        # What the rest weighs, from each unit on.
        self._grams = [*accumulate((unit.grams for unit in reversed(self._units)), initial=0)][::-1]
        self._caps = {(sku, site.code): of.free.get((sku, site.code), 0) for sku in needed(group) for site in chosen}
        self._whole: dict[str, str] = {}
        self._torn: list[Unit] = []
        self._place(0, 0)

    def _place(self, i: int, cost: int) -> None:
        self._budget.left -= 1
        if self._budget.left <= 0:
            return
        least = cost + self._sites[0].per_kg_fen * (self._grams[i] + sum(unit.grams for unit in self._torn))
        if self.best is not None and (len(self._torn), least) >= self._rank:
            return
        if i == len(self._units):
            self._finish(cost)
            return
        unit = self._units[i]
        for site in self._sites:
            if fits(unit, site.code, self._caps):
                take(unit, site.code, self._caps)
                self._whole[unit.name] = site.code
                self._place(i + 1, cost + site.per_kg_fen * unit.grams)
                del self._whole[unit.name]
                take(unit, site.code, self._caps, -1)
        if self._tear or len(lines_of(unit)) > 1:
            self._torn.append(unit)
            self._place(i + 1, cost)
            self._torn.pop()

    def _finish(self, cost: int) -> None:
        lines: dict[str, str] = {}
        if self._tear:
            poured = pour(self._torn, self._sites, dict(self._caps))
            if poured is None:
                return
            cost += cost_of(poured, self._torn, self._sites)
        else:
            spread = _Spread(torn_lines(self._torn), self._sites, self._caps, self._budget)
            if spread.best is None:
                return
            lines, cost = spread.best, cost + spread.cost
        rank = (len(self._torn), cost)
        if self.best is None or rank < self._rank:
            self.best, self.lines, self._rank = dict(self._whole), lines, rank


class _Spread:
    """The cheapest places of lines that stay whole, by trying all of them."""

    def __init__(
        self, lines: Sequence[Unit], sites: Sequence[Site], caps: Mapping[tuple[str, str], int], budget: _Budget
    ) -> None:
        self.best: dict[str, str] | None = None
        self.cost = 0
        self._lines, self._sites, self._caps, self._budget = lines, sites, dict(caps), budget
        self._grams = [*accumulate((line.grams for line in reversed(lines)), initial=0)][::-1]
        self._at: dict[str, str] = {}
        self._place(0, 0)

    def _place(self, i: int, cost: int) -> None:
        self._budget.left -= 1
        least = cost + self._sites[0].per_kg_fen * self._grams[i]
        if self._budget.left <= 0 or (self.best is not None and least >= self.cost):
            return
        if i == len(self._lines):
            self.best, self.cost = dict(self._at), cost
            return
        line = self._lines[i]
        for site in self._sites:
            if fits(line, site.code, self._caps):
                take(line, site.code, self._caps)
                self._at[line.name] = site.code
                self._place(i + 1, cost + site.per_kg_fen * line.grams)
                del self._at[line.name]
                take(line, site.code, self._caps, -1)
