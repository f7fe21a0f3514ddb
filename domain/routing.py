"""Routing: which warehouse sends an order, and why. Splitting is a step of its own, taken only when no one of them can.

1. The strategies are tried in their order. Of a strategy's warehouses that hold the whole order, the one with most
   points wins, and the first strategy that has one decides.
2. Otherwise the order is split, unless it is small, over as few warehouses as can be, up to a limit.
3. What cannot be had now waits for purchases that are on their way, with the day they can be sent on; what nobody has
   is short, to the piece.

Pure, and the same everywhere: all arithmetic is in whole numbers, and every tie is decided (nearest, deepest stock,
cheapest, least loaded, code).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from domain.backorder import Later
from domain.scoring import Score, Strategy, Weights, allowed, choose
from domain.sourcing import (
    Availability,
    Claim,
    Consignment,
    Purchase,
    Reason,
    Short,
    Site,
    Unit,
    Wanted,
    grams,
    units,
)
from domain.splitting import Question, Solver, Split, split
from domain.texts import text

__all__ = [
    "Availability",
    "Claim",
    "Consignment",
    "Otherwise",
    "Part",
    "Purchase",
    "Reason",
    "Routing",
    "Score",
    "Short",
    "Site",
    "SplitRule",
    "Strategy",
    "Verdict",
    "Wanted",
    "Weights",
    "route",
]


class Otherwise(StrEnum):
    """What becomes of an order that cannot be filled as the rules wish."""

    WAIT = "wait"
    """It waits: the next purchase or transfer may fill it."""
    ASK = "ask"
    """A person decides, over the proposal that the consignments are."""


class Part(StrEnum):
    """Whether an order that is not small may go in parts: what is there at once, the rest when it has come in."""

    NEVER = "never"
    PROMISED = "promised"
    """Only when purchases cover all the rest, so that it has its day."""
    ALWAYS = "always"


@dataclass(frozen=True)
class SplitRule:
    """When and how far an order may be split.

    An order is small below `small_fen` paid or below `small_pieces` pieces, and is never split then.
    """

    name: str = "default"
    most: int = 3
    """Consignments at most; 1: never split."""
    small_fen: int = 0
    small_pieces: int = 0
    small: Otherwise = Otherwise.WAIT
    part: Part = Part.PROMISED
    incoming: bool = True
    """Whether goods that are on their way may be promised."""
    short: Otherwise = Otherwise.WAIT
    tear: bool = True
    """Whether pieces of one line may come from several warehouses. Not for channels that ship a line once."""


class Verdict(StrEnum):
    """What came of it."""

    FILLED = "filled"
    """Everything can be reserved now."""
    WAITING = "waiting"
    """Everything has its place, but some of it is not here yet."""
    SHORT = "short"
    """Some of it has no place."""


@dataclass(frozen=True)
class Routing:
    """Where an order comes from, with everything that was weighed.

    `strategy` is the strategy that won, `full` (what no strategy took, since its warehouse is full today), `split`,
    `part`, `incoming` or `none`. `ask` says that a person is to decide; the consignments are a proposal then.
    `freight_fen` is the freight of what can go now. What is in no consignment is in `short`: route it again later.
    """

    consignments: tuple[Consignment, ...]
    short: tuple[Short, ...]
    strategy: str
    scores: tuple[Score, ...]
    reason: Reason
    verdict: Verdict
    ask: bool = False
    freight_fen: int = 0
    method: str = ""
    """How a split was found: exact, solver or greedy; "" when there was nothing to search."""
    torn: tuple[str, ...] = ()
    """Lines in more than one consignment, or apart from their gifts or components: no other way was allowed."""


@dataclass(frozen=True)
class _Case:
    wanted: Sequence[Wanted]
    units: list[Unit]
    stock: Availability
    sites: list[Site]
    rule: SplitRule
    solver: Solver | None

    def later(self, left: Mapping[tuple[str, str], int], most: int) -> Later:
        return Later(self.wanted, left, self.stock.purchases if self.rule.incoming else (), self.sites, most)

    def only(self, some: Sequence[Unit]) -> Question:
        return Question(some, self.stock.free, self.sites, self.rule.most, self.rule.tear)


def route(
    wanted: Sequence[Wanted],
    stock: Availability,
    sites: Sequence[Site],
    strategies: Sequence[Strategy],
    rule: SplitRule,
    *,
    amount_fen: int = 0,
    solver: Solver | None = None,
) -> Routing:
    """Decide where an order comes from. `amount_fen` is what was paid for it; `solver` answers large splits.

    Raises ValueError when nothing is wanted, a quantity is not positive, or a warehouse is named twice.
    """
    whole = units(wanted)
    if not whole:
        raise ValueError("nothing is wanted")
    if len({site.code for site in sites}) != len(sites):
        raise ValueError("a warehouse is named twice")
    usable = sorted((site for site in sites if allowed(site, strategies)), key=lambda site: (site.distance, site.code))
    case = _Case(wanted, whole, stock, usable, rule, solver)
    scores, won = choose(wanted, stock, sites, strategies)
    small = _small(wanted, rule, amount_fen)
    found = (
        (_alone(won[0].name, won[1], wanted, won[0].title) if won is not None else None)
        or (None if small else _split_now(case))
        or (None if small else _part_now(case))
        or _all_later(case, small=small)
    )
    return replace(found, scores=scores)


def _small(wanted: Sequence[Wanted], rule: SplitRule, amount_fen: int) -> bool:
    pieces = sum(part.quantity for part in wanted)
    return rule.most < 2 or amount_fen < rule.small_fen or pieces < rule.small_pieces


def _alone(strategy: str, site: Site, wanted: Sequence[Wanted], title: str = "") -> Routing:
    lines = tuple((part.line_no, part.sku, part.quantity) for part in wanted)
    return Routing(
        consignments=(Consignment(1, site.code, lines),),
        short=(),
        strategy=strategy,
        scores=(),
        reason=Reason("routing.alone", (("warehouse", site.code), ("strategy", title or strategy))),
        verdict=Verdict.FILLED,
        freight_fen=site.freight_fen(grams(wanted)),
    )


def _split_now(case: _Case) -> Routing | None:
    found = split(case.only(case.units), case.solver)
    if found is None:
        return None
    if len(found.placed) == 1:
        return _filled(case, _numbered(found))
    key = "routing.split_roughly" if found.method == "greedy" else "routing.split"
    warehouses = ", ".join(found.placed)
    return Routing(
        consignments=_numbered(found),
        short=(),
        strategy="split",
        scores=(),
        reason=Reason(key, (("count", str(len(found.placed))), ("warehouses", warehouses))),
        verdict=Verdict.FILLED,
        freight_fen=found.freight_fen,
        method=found.method,
        torn=found.torn,
    )


def _numbered(found: Split) -> tuple[Consignment, ...]:
    return tuple(Consignment(n, code, lines) for n, (code, lines) in enumerate(found.placed.items(), 1))


def _part_now(case: _Case) -> Routing | None:
    """What is here goes now, the rest waits. Units go whole, earlier lines first. None when it may not, or cannot."""
    if case.rule.part is Part.NEVER:
        return None
    # One consignment is kept for the rest.
    most = case.rule.most - 1
    now: list[Unit] = []
    found: Split | None = None
    for unit in case.units:
        tried = split(replace(case.only([*now, unit]), most=most), case.solver)
        if tried is not None and not tried.torn:
            now, found = [*now, unit], tried
    if found is None:
        return None
    consignments = _numbered(found)
    left = dict(case.stock.free)
    for consignment in consignments:
        for sku, count in consignment.needs().items():
            left[sku, consignment.warehouse] -= count
    rest = [unit for unit in case.units if unit not in now]
    later = case.later(left, case.rule.most - len(consignments))
    placed = later.place(rest)
    consignments += tuple(replace(one, n=one.n + len(consignments)) for one in placed)
    short = later.short(rest)
    if short and case.rule.part is not Part.ALWAYS:
        return None
    going = {line_no for one in consignments if not one.waits for line_no, _, _ in one.lines}
    waiting = [line_no for line_no in _line_numbers(case.wanted) if line_no not in going]
    facts = (("now", ", ".join(sorted(going))), ("later", ", ".join(waiting)), ("day", _last_day(consignments)))
    return Routing(
        consignments=consignments,
        short=short,
        strategy="part",
        scores=(),
        reason=Reason("routing.part_short" if short else "routing.part", facts),
        verdict=Verdict.SHORT if short else Verdict.WAITING,
        ask=bool(short) and case.rule.short is Otherwise.ASK,
        freight_fen=found.freight_fen,
        method=found.method,
    )


def _all_later(case: _Case, *, small: bool) -> Routing:
    """The whole order waits, in one warehouse if it is small; nothing goes now."""
    later = case.later(case.stock.free, 1 if small else case.rule.most)
    waiting = later.place(case.units, together=small or case.rule.part is not Part.ALWAYS)
    short = later.short(case.units)
    if not short and not _last_day(waiting):
        return _filled(case, waiting)
    if not short:
        return Routing(
            waiting, (), "incoming", (), Reason("routing.incoming", (("day", _last_day(waiting)),)), Verdict.WAITING
        )
    dispersed = not any(one.missing for one in short)
    if dispersed:
        apart = "routing.whole_lines" if _only_by_tearing(case) else "routing.dispersed"
        key, wish = ("routing.small", case.rule.small) if small else (apart, case.rule.short)
    else:
        key, wish = "routing.short", case.rule.short
    lacking = [(one.sku, one.quantity if dispersed else one.missing) for one in short]
    missing = ", ".join(f"{sku} × {count}" for sku, count in lacking if count)
    return Routing(
        waiting, short, "none", (), Reason(key, (("missing", missing),)), Verdict.SHORT, wish is Otherwise.ASK
    )


def _only_by_tearing(case: _Case) -> bool:
    """Whether nothing but a line that may not be torn stands in the way of a split."""
    return not case.rule.tear and split(replace(case.only(case.units), tear=True), case.solver) is not None


def _filled(case: _Case, consignments: tuple[Consignment, ...]) -> Routing:
    """It is all there, but no strategy took it: the warehouse is full today, which is a matter of the day only."""
    site = next(site for site in case.sites if site.code == consignments[0].warehouse)
    return replace(_alone("full", site, case.wanted, text("routing.full")), consignments=consignments)


def _line_numbers(wanted: Sequence[Wanted]) -> list[str]:
    return list(dict.fromkeys(part.line_no for part in wanted))


def _last_day(consignments: Sequence[Consignment]) -> str:
    return max((one.ready_at.isoformat() for one in consignments if one.ready_at), default="")
