"""Splitting an order over warehouses: fewest torn units, then fewest consignments, then cheapest freight.

Once it is fixed which warehouses may send, units that share no SKU do not touch each other, so each takes the cheapest
place; those that do are tried in every way that can still win. The sets of warehouses are all enumerated while there
are no more of them than there are for twelve warehouses. Above that a solver does it, where one is given, else a greedy
rule.
"""

from __future__ import annotations

from math import comb

from domain.splitting.exact_search import exact
from domain.splitting.greedy_rule import greedy
from domain.splitting.judging import judge
from domain.splitting.question import Places, Question, Solver, Split, enough, narrowed

__all__ = ["MOST_SETS", "Places", "Question", "Solver", "Split", "exact", "greedy", "judge", "split"]

MOST_SETS = 2**12 - 1
"""How many sets of warehouses are enumerated at most."""


def split(question: Question, solver: Solver | None = None) -> Split | None:
    """The best way to fill all units, or None when there is none. The same question has the same answer everywhere."""
    useful = narrowed(question)
    if not useful.units or not enough(useful.units, useful.free, useful.sites):
        return None
    if _sets(len(useful.sites), useful.most) <= MOST_SETS:
        found = exact(useful)
        if found is not None and found.method == "exact":
            return found
        ways = [way for way in (found, greedy(useful)) if way is not None]
        return min(ways, key=lambda way: way.rank, default=None)
    if solver is not None:
        places = solver(useful)
        if places is not None and (found := judge(useful, places, "solver")) is not None:
            return found
    return greedy(useful)


def _sets(sites: int, most: int) -> int:
    return sum(comb(sites, size) for size in range(1, min(sites, most) + 1))
