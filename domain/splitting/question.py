"""What is asked, and what an answer is: units, warehouses, and what is free there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from domain.sourcing import Pieces, Site, Unit, Wanted, fen_of, needed

Free = Mapping[tuple[str, str], int]
"""How many pieces of an article a warehouse has to give."""

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


def narrowed(question: Question) -> Question:
    """Without warehouses that have nothing of it, in the order in which ties are decided."""
    skus = needed(question.units)
    sites = [
        site
        for site in question.sites
        if site.active and any(question.free.get((sku, site.code), 0) > 0 for sku in skus)
    ]
    return replace(question, sites=sorted(sites, key=precedence))


def precedence(site: Site) -> tuple[int, int, str]:
    """What decides between warehouses that are equal otherwise: the nearest, least loaded one."""
    return (site.distance, site.load_permille, site.code)


def enough(parts: Sequence[Unit], free: Free, sites: Sequence[Site]) -> bool:
    """Whether the warehouses hold all of it, however it is cut."""
    return all(sum(free.get((sku, site.code), 0) for site in sites) >= count for sku, count in needed(parts).items())


def homes(unit: Unit, question: Question) -> list[Site]:
    """The warehouses that hold a unit whole."""
    return [site for site in question.sites if fits(unit, site.code, question.free)]


def fits(unit: Unit, warehouse: str, free: Free) -> bool:
    """Whether a warehouse holds a unit whole."""
    return all(free.get((sku, warehouse), 0) >= count for sku, count in unit.needs.items())


def take(unit: Unit, warehouse: str, caps: dict[tuple[str, str], int], sign: int = 1) -> None:
    """Take a unit out of what is free, or put it back (a `sign` of -1)."""
    for sku, count in unit.needs.items():
        caps[sku, warehouse] -= sign * count


def parts(all_units: Sequence[Unit]) -> list[Wanted]:
    """The lines and articles of all units."""
    return [part for unit in all_units for part in unit.parts]
