"""Splitting an order over warehouses: fewest torn units, then fewest consignments, then cheapest freight.

Once it is fixed which warehouses may send, units that share no SKU do not touch each other, so each takes the cheapest
place; those that do are tried in every way that can still win. The sets of warehouses are all enumerated while there
are no more of them than there are for twelve warehouses. Above that a solver does it, where one is given, else a greedy
rule.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, combinations
from math import comb

from domain.sourcing import Pieces, Site, Unit, Wanted, fen_of, lines_of, needed

MOST_SETS = 2**12 - 1
"""How many sets of warehouses are enumerated at most."""

MOST_TRIES = 20_000
"""How many ways are tried for units that share SKUs, in all sets of warehouses together: a fraction of a second."""

Free = Mapping[tuple[str, str], int]
Placed = dict[str, list[Pieces]]
"""What each warehouse sends."""


@dataclass(frozen=True)
class Question:
    """Which units to place, out of what, from where, over how many warehouses at most.

    With `tear` the pieces of one line may travel apart. Without it each line comes from one warehouse, and only the
    lines of a unit (a gift, say) may go apart.
    """

    units: Sequence[Unit]
    free: Free
    sites: Sequence[Site]
    most: int
    tear: bool = True


@dataclass(frozen=True)
class Places:
    """An answer: the place of each unit (by its name) that stays whole; the others are torn apart, over `among`.

    Where lines may not be torn, `lines` has the place of each line of those others.
    """

    whole: Mapping[str, str]
    among: frozenset[str]
    lines: Mapping[str, str] = field(default_factory=dict)


Solver = Callable[[Question], Places | None]
"""A way to answer questions that are too large to enumerate; None when it finds no answer."""


@dataclass(frozen=True)
class Split:
    """An order over warehouses. `method` says how it was found: exact, solver or greedy."""

    placed: Mapping[str, tuple[Pieces, ...]]
    torn: tuple[str, ...]
    """Units that travel in more than one consignment."""
    millifen: int
    method: str

    @property
    def freight_fen(self) -> int:
        """The freight of all consignments, in fen."""
        return fen_of(self.millifen)

    @property
    def rank(self) -> tuple[int, int, int]:
        """Smaller is better: torn units, consignments, freight."""
        return (len(self.torn), len(self.placed), self.millifen)


def split(question: Question, solver: Solver | None = None) -> Split | None:
    """The best way to fill all units, or None when there is none. The same question has the same answer everywhere."""
    useful = _useful(question)
    if not useful.units or not _enough(useful.units, useful.free, useful.sites):
        return None
    if _sets(len(useful.sites), useful.most) <= MOST_SETS:
        found = exact(useful)
        if found is not None and found.method == "exact":
            return found
        ways = [way for way in (found, greedy(useful)) if way is not None]
        return min(ways, key=lambda way: way.rank, default=None)
    if solver is not None:
        places = solver(useful)
        if places is not None and (found := _judge(useful, places, "solver")) is not None:
            return found
    return greedy(useful)


def exact(question: Question) -> Split | None:
    """Look at every set of warehouses; small sets first, and no larger ones once they cannot be better."""
    useful = _useful(question)
    must_tear = sum(1 for unit in useful.units if not _homes(unit, useful))
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


def greedy(question: Question) -> Split | None:
    """Take the warehouse that holds most units whole, then the next, until all are placed; tear what is left."""
    useful = _useful(question)
    caps = dict(useful.free)
    whole: dict[str, str] = {}
    opened: list[Site] = []
    left = list(useful.units)
    while left and len(opened) < useful.most:
        tries = []
        for site in useful.sites:
            if site not in opened:
                held = _held(left, site, dict(caps))
                grams = sum(unit.grams for unit in held)
                tries.append((-len(held), site.millifen(grams), site.distance, site.code, site, held))
        if not tries or not (best := min(tries, key=lambda one: one[:4]))[5]:
            break
        site, held = best[4], best[5]
        opened.append(site)
        for unit in held:
            _take(unit, site.code, caps)
            whole[unit.name] = site.code
        left = [unit for unit in left if unit.name not in whole]
    lines: dict[str, str] = {}
    if left and useful.tear:
        opened = _widened(opened, left, caps, useful)
    elif left:
        lines = _settled(opened, left, caps, useful)
    return _judge(useful, Places(whole, frozenset(site.code for site in opened), lines), "greedy")


def _widened(opened: list[Site], left: Sequence[Unit], caps: Mapping[tuple[str, str], int], of: Question) -> list[Site]:
    """Open further warehouses, those that hold most of what is torn first."""
    missing = needed(left)

    def holds(site: Site) -> int:
        return sum(min(count, caps.get((sku, site.code), 0)) for sku, count in missing.items())

    others = sorted((site for site in of.sites if site not in opened), key=lambda site: (-holds(site), site.code))
    return [*opened, *others[: max(0, of.most - len(opened))]]


def _settled(
    opened: list[Site], left: Sequence[Unit], caps: dict[tuple[str, str], int], of: Question
) -> dict[str, str]:
    """Give each line of what is torn a place, the heaviest first: one that is open, else one that is opened for it."""
    lines: dict[str, str] = {}
    for line in _lines(left):
        others = [site for site in of.sites if site not in opened] if len(opened) < of.most else []
        homes = [site for site in opened if _fits(line, site.code, caps)]
        homes = homes or [site for site in others if _fits(line, site.code, caps)]
        if not homes:
            break  # and the answer is none
        site = min(homes, key=lambda site: (site.per_kg_fen, *_precedence(site)))
        if site not in opened:
            opened.append(site)
        _take(line, site.code, caps)
        lines[line.name] = site.code
    return lines


def _useful(question: Question) -> Question:
    """Without warehouses that have nothing of it, in the order in which ties are decided."""
    skus = needed(question.units)
    sites = [
        site
        for site in question.sites
        if site.active and any(question.free.get((sku, site.code), 0) > 0 for sku in skus)
    ]
    return replace(question, sites=sorted(sites, key=_precedence))


def _precedence(site: Site) -> tuple[int, int, str]:
    return (site.distance, site.load_permille, site.code)


def _order(found: Split, question: Question) -> tuple[tuple[int, int, int], list[tuple[int, int, str]]]:
    """The rank, and what decides between equals: the nearest, least loaded warehouses."""
    return (found.rank, [_precedence(site) for site in question.sites if site.code in found.placed])


def _sets(sites: int, most: int) -> int:
    return sum(comb(sites, size) for size in range(1, min(sites, most) + 1))


def _enough(parts: Sequence[Unit], free: Free, sites: Sequence[Site]) -> bool:
    return all(sum(free.get((sku, site.code), 0) for site in sites) >= count for sku, count in needed(parts).items())


def _homes(unit: Unit, question: Question) -> list[Site]:
    return [site for site in question.sites if _fits(unit, site.code, question.free)]


def _fits(unit: Unit, warehouse: str, free: Free) -> bool:
    return all(free.get((sku, warehouse), 0) >= count for sku, count in unit.needs.items())


def _take(unit: Unit, warehouse: str, caps: dict[tuple[str, str], int], sign: int = 1) -> None:
    for sku, count in unit.needs.items():
        caps[sku, warehouse] -= sign * count


def _held(left: Sequence[Unit], site: Site, caps: dict[tuple[str, str], int]) -> list[Unit]:
    held = []
    for unit in left:
        if _fits(unit, site.code, caps):
            _take(unit, site.code, caps)
            held.append(unit)
    return held


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
    if not _enough(everything, of.free, chosen):
        return None
    for group in groups:
        search = _Search(group, chosen, of, budget)
        if search.best is None:
            return None
        whole.update(search.best)
        lines.update(search.lines)
    question = replace(of, units=everything, sites=chosen, most=len(chosen))
    places = Places(whole, frozenset(site.code for site in chosen), lines)
    return _judge(question, places, "exact")


class _Search:
    """The best places of units that compete, in a given set of warehouses: fewest torn, then cheapest."""

    def __init__(self, group: Sequence[Unit], chosen: Sequence[Site], of: Question, budget: _Budget) -> None:
        self.best: dict[str, str] | None = None
        self.lines: dict[str, str] = {}
        """The places of the lines of torn units, where lines stay whole."""
        self._tear = of.tear
        self._rank = (0, 0)
        self._budget = budget
        self._sites = sorted(chosen, key=lambda site: (site.per_kg_fen, *_precedence(site)))
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
            if _fits(unit, site.code, self._caps):
                _take(unit, site.code, self._caps)
                self._whole[unit.name] = site.code
                self._place(i + 1, cost + site.per_kg_fen * unit.grams)
                del self._whole[unit.name]
                _take(unit, site.code, self._caps, -1)
        if self._tear or len(lines_of(unit)) > 1:
            self._torn.append(unit)
            self._place(i + 1, cost)
            self._torn.pop()

    def _finish(self, cost: int) -> None:
        lines: dict[str, str] = {}
        if self._tear:
            poured = _pour(self._torn, self._sites, dict(self._caps))
            if poured is None:
                return
            cost += _cost_of(poured, self._torn, self._sites)
        else:
            spread = _Spread(_lines(self._torn), self._sites, self._caps, self._budget)
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
            if _fits(line, site.code, self._caps):
                _take(line, site.code, self._caps)
                self._at[line.name] = site.code
                self._place(i + 1, cost + site.per_kg_fen * line.grams)
                del self._at[line.name]
                _take(line, site.code, self._caps, -1)


def _lines(torn: Sequence[Unit]) -> list[Unit]:
    """All lines of torn units, the heaviest first."""
    return sorted((line for unit in torn for line in lines_of(unit)), key=lambda line: (-line.grams, line.name))


def _set_down(torn: Sequence[Unit], at: Mapping[str, str], caps: dict[tuple[str, str], int]) -> Placed | None:
    """Each line of torn units whole where it was put. None when one has no place, or does not fit."""
    placed: Placed = {}
    for line in _lines(torn):
        home = at.get(line.name)
        if home is None or not _fits(line, home, caps):
            return None
        _take(line, home, caps)
        placed.setdefault(home, []).extend((part.line_no, part.sku, part.quantity) for part in line.parts)
    return placed


def _pour(torn: Sequence[Unit], sites: Sequence[Site], caps: dict[tuple[str, str], int]) -> Placed | None:
    """Take torn units piece by piece from the cheapest warehouse that has some. None when it is not enough.

    Heavy pieces come first, since they gain most by a cheap place; of one SKU all pieces weigh the same.
    """
    placed: Placed = {}
    for part in sorted(_parts(torn), key=lambda part: -part.weight_g):
        left = part.quantity
        for site in sites:
            count = min(left, caps.get((part.sku, site.code), 0))
            if count:
                caps[part.sku, site.code] -= count
                placed.setdefault(site.code, []).append((part.line_no, part.sku, count))
                left -= count
        if left:
            return None
    return placed


def _cost_of(placed: Placed, torn: Sequence[Unit], sites: Sequence[Site]) -> int:
    weights = {(part.line_no, part.sku): part.weight_g for unit in torn for part in unit.parts}
    rates = {site.code: site.per_kg_fen for site in sites}
    return sum(
        rates[warehouse] * quantity * weights[line_no, sku]
        for warehouse, pieces in placed.items()
        for line_no, sku, quantity in pieces
    )


def _judge(question: Question, places: Places, method: str) -> Split | None:
    """Write an answer out, and prove it: never more than there is, never over more warehouses than allowed."""
    caps = dict(question.free)
    placed: Placed = {}
    torn = []
    for unit in question.units:
        home = places.whole.get(unit.name)
        if home is None:
            torn.append(unit)
            continue
        if not _fits(unit, home, caps):
            return None
        _take(unit, home, caps)
        placed.setdefault(home, []).extend((part.line_no, part.sku, part.quantity) for part in unit.parts)
    among = [site for site in question.sites if site.code in places.among]
    by_rate = sorted(among, key=lambda site: (site.per_kg_fen, *_precedence(site)))
    poured = _pour(torn, by_rate, caps) if question.tear else _set_down(torn, places.lines, caps)
    if poured is None:
        return None
    for warehouse, pieces in poured.items():
        placed.setdefault(warehouse, []).extend(pieces)
    if len(placed) > question.most:
        return None
    order = {(part.line_no, part.sku): i for i, part in enumerate(_parts(question.units))}
    weights = {(part.line_no, part.sku): part.weight_g for part in _parts(question.units)}
    sites = {site.code: site for site in question.sites}
    written = {
        site.code: tuple(sorted(placed[site.code], key=lambda piece: order[piece[0], piece[1]]))
        for site in sorted(sites.values(), key=_precedence)
        if site.code in placed
    }
    millifen = sum(
        sites[code].millifen(sum(quantity * weights[line_no, sku] for line_no, sku, quantity in pieces))
        for code, pieces in written.items()
    )
    names = tuple(unit.name for unit in torn if len(_senders(unit, written)) > 1)
    return Split(written, names, millifen, method)


def _parts(all_units: Sequence[Unit]) -> list[Wanted]:
    return [part for unit in all_units for part in unit.parts]


def _senders(unit: Unit, written: Mapping[str, tuple[Pieces, ...]]) -> set[str]:
    keys = {(part.line_no, part.sku) for part in unit.parts}
    return {code for code, pieces in written.items() if any((line_no, sku) in keys for line_no, sku, _ in pieces)}
