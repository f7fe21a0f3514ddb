"""Nouns of routing: what is wanted, where it lies, which warehouse could send it, and what came of it.

A **consignment** 发货单 is the part of an order that one warehouse delivers. A **unit** is what should not be torn
apart: a line with its gifts, a bundle with its components.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from domain.texts import CATALOGUE, text
from domain.weight import USUAL_G

_MILLI = 1000


@dataclass(frozen=True)
class Wanted:
    """So many pieces of one SKU for one line. A bundle is several of these with the same `line_no`.

    A gift names its main line in `goes_with`, and is kept with it. `weight_g` is that of one piece.
    """

    line_no: str
    sku: str
    quantity: int
    goes_with: str = ""
    weight_g: int = USUAL_G


@dataclass(frozen=True)
class Purchase:
    """Goods on their way in: what of one SKU nobody was promised yet, and the day it can be sent on."""

    no: str
    sku: str
    warehouse: str
    quantity: int
    ready_at: date


@dataclass(frozen=True)
class Availability:
    """What can be had: free pieces by (SKU, warehouse), and what comes in. A pair that is not named has none."""

    free: Mapping[tuple[str, str], int]
    purchases: tuple[Purchase, ...] = ()


@dataclass(frozen=True)
class Site:
    """A warehouse as one order sees it.

    `distance` is the zone from it to the receiver, 0 (same city) to 5 (remote). A consignment from it costs `base_fen`
    and `per_kg_fen` by the gram. `load` is how many consignments it has today, `capacity` how many it can do (0: any).
    """

    code: str
    distance: int = 0
    base_fen: int = 0
    per_kg_fen: int = 0
    load: int = 0
    capacity: int = 0
    active: bool = True

    @property
    def full(self) -> bool:
        """Whether it can do no more today."""
        return self.capacity > 0 and self.load >= self.capacity

    @property
    def load_permille(self) -> int:
        """How much of its day is taken, in thousandths; 0 where nothing bounds it."""
        return min(1000, self.load * 1000 // self.capacity) if self.capacity > 0 else 0

    def millifen(self, grams: int) -> int:
        """What a consignment of so many grams costs, in thousandths of a fen: only sums are rounded."""
        return self.base_fen * _MILLI + self.per_kg_fen * grams

    def freight_fen(self, grams: int) -> int:
        """What a consignment of so many grams costs, in fen, rounded up."""
        return fen_of(self.millifen(grams))


def fen_of(millifen: int) -> int:
    """Thousandths of a fen as fen, rounded up."""
    return -(-millifen // _MILLI)


Pieces = tuple[str, str, int]
"""line_no, SKU, quantity"""


@dataclass(frozen=True)
class Claim:
    """What a consignment waits for: so many pieces of a purchase that has not come in."""

    incoming_no: str
    sku: str
    quantity: int


@dataclass(frozen=True)
class Consignment:
    """The part of an order that one warehouse delivers; `n` counts from 1 within the order.

    With `claims` it waits for purchases: what they do not cover comes out of the stock. `incoming_no` is the one that
    comes last, `ready_at` its day; "" and None when all of it lies in the warehouse.
    """

    n: int
    warehouse: str
    lines: tuple[Pieces, ...]
    incoming_no: str = ""
    ready_at: date | None = None
    claims: tuple[Claim, ...] = ()

    @property
    def waits(self) -> bool:
        """Whether it waits for a purchase."""
        return bool(self.incoming_no)

    def needs(self) -> dict[str, int]:
        """Pieces by SKU, whatever their line; what comes from purchases included."""
        return total(self.lines)

    def from_stock(self) -> dict[str, int]:
        """Pieces by SKU that are taken from the stock now."""
        rest = self.needs()
        for claim in self.claims:
            rest[claim.sku] -= claim.quantity
        return {sku: quantity for sku, quantity in rest.items() if quantity}


@dataclass(frozen=True)
class Short:
    """What of a line is in no consignment; `missing` of it is nowhere, neither in stock nor coming in."""

    line_no: str
    sku: str
    quantity: int
    missing: int


@dataclass(frozen=True)
class Reason:
    """Why: a key of the text catalogue and its parameters, so that a person can read it in his language.

    A parameter that is a key itself (`zone.delta`) is read as that text.
    """

    key: str
    params: tuple[tuple[str, str], ...] = ()

    def text(self) -> str:
        """The sentence in the language of this process."""
        return text(self.key, **{name: text(value) if value in CATALOGUE else value for name, value in self.params})


@dataclass(frozen=True)
class Unit:
    """What should travel together: a line, its gifts and components."""

    name: str
    parts: tuple[Wanted, ...]
    needs: Mapping[str, int] = field(compare=False)
    """Pieces by SKU."""
    grams: int = 0
    """What all of it weighs."""


def units(wanted: Sequence[Wanted]) -> list[Unit]:
    """The units of an order, in the order of their main lines. A gift whose main line is not here is one of its own.

    Raises ValueError for a quantity below one, a negative weight, or the same SKU twice in one line.
    """
    pairs = {(part.line_no, part.sku) for part in wanted}
    if len(pairs) != len(wanted):
        raise ValueError("a line names a SKU twice")
    if any(part.quantity < 1 or part.weight_g < 0 for part in wanted):
        raise ValueError("quantities must be positive, weights not negative")
    mains = {part.line_no: part.goes_with for part in wanted}
    grouped: dict[str, list[Wanted]] = {}
    for part in wanted:
        grouped.setdefault(_main(part.line_no, mains), []).append(part)
    return [Unit(name, tuple(parts), total(_pieces(parts)), grams(parts)) for name, parts in grouped.items()]


def lines_of(unit: Unit) -> list[Unit]:
    """The lines of a unit, each with all its components, as units of their own."""
    grouped: dict[str, list[Wanted]] = {}
    for part in unit.parts:
        grouped.setdefault(part.line_no, []).append(part)
    return [Unit(line_no, tuple(parts), total(_pieces(parts)), grams(parts)) for line_no, parts in grouped.items()]


def _main(line_no: str, mains: Mapping[str, str]) -> str:
    seen = {line_no}
    while (above := mains[line_no]) in mains and above not in seen:
        seen.add(above)
        line_no = above
    return line_no


def _pieces(parts: Iterable[Wanted]) -> list[Pieces]:
    return [(part.line_no, part.sku, part.quantity) for part in parts]


def total(pieces: Iterable[Pieces]) -> dict[str, int]:
    """Pieces by SKU."""
    sums: dict[str, int] = {}
    for _, sku, quantity in pieces:
        sums[sku] = sums.get(sku, 0) + quantity
    return sums


def needed(parts: Iterable[Unit]) -> dict[str, int]:
    """Pieces by SKU of several units."""
    sums: dict[str, int] = {}
    for unit in parts:
        for sku, quantity in unit.needs.items():
            sums[sku] = sums.get(sku, 0) + quantity
    return sums


def grams(parts: Iterable[Wanted]) -> int:
    """What they weigh together."""
    return sum(part.quantity * part.weight_g for part in parts)
