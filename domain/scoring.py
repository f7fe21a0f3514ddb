"""Strategies: which warehouse is best for a whole order, by numbers that a person can read afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from domain.sourcing import Availability, Site, Wanted, grams, total

FARTHEST = 5
"""The largest distance that earns no points."""

_DEEP = 10
"""A stock for so many orders like this is as deep as it counts."""


@dataclass(frozen=True)
class Weights:
    """How much each criterion counts. Each gives 0 to 1,000 points, times its weight."""

    distance: int = 40
    depth: int = 20
    freight: int = 30
    load: int = 10


@dataclass(frozen=True)
class Strategy:
    """One way to choose. Warehouses farther than `at_most`, or full ones where `spare` is asked, do not take part."""

    name: str
    weights: Weights = Weights()
    at_most: int = FARTHEST
    spare: bool = False
    only: frozenset[str] = frozenset()
    """Only these warehouses; empty: all."""
    title: str = ""
    """What people call it."""
    rule: str = ""
    """Table, version and row that it comes from."""


@dataclass(frozen=True)
class Score:
    """How a warehouse did under one strategy. `out` says why it did not take part; "" when it did.

    `depth` is for how many such orders its stock would last; `load` is in thousandths of its day.
    """

    strategy: str
    warehouse: str
    distance: int
    depth: int
    freight_fen: int
    load: int
    points: int = 0
    out: str = ""
    rule: str = ""
    """Table, version and row that the strategy comes from."""


def choose(
    wanted: Sequence[Wanted], stock: Availability, sites: Sequence[Site], strategies: Sequence[Strategy]
) -> tuple[tuple[Score, ...], tuple[Strategy, Site] | None]:
    """Every warehouse's scores under every strategy that was looked at, and the winner of the first that has one."""
    scores: list[Score] = []
    for strategy in strategies:
        tried = _scored(wanted, stock, sites, strategy)
        scores.extend(tried)
        able = [score for score in tried if not score.out]
        if able:
            best = min(able, key=_precedence)
            return tuple(scores), (strategy, next(site for site in sites if site.code == best.warehouse))
    return tuple(scores), None


def allowed(site: Site, strategies: Sequence[Strategy]) -> bool:
    """Whether the rules let a warehouse send the order at all. That it is full today only makes it wait."""
    ways = [_out(site, replace(strategy, spare=False)) for strategy in strategies]
    return site.active and (not ways or "" in ways)


def _precedence(score: Score) -> tuple[int, int, int, int, int, str]:
    return (-score.points, score.distance, -score.depth, score.freight_fen, score.load, score.warehouse)


def _scored(wanted: Sequence[Wanted], stock: Availability, sites: Sequence[Site], strategy: Strategy) -> list[Score]:
    weight = grams(wanted)
    wants = total((part.line_no, part.sku, part.quantity) for part in wanted)
    plain = [
        Score(
            strategy.name,
            site.code,
            site.distance,
            min(max(0, stock.free.get((sku, site.code), 0)) // count for sku, count in wants.items()),
            site.freight_fen(weight),
            site.load_permille,
            out=_out(site, strategy),
            rule=strategy.rule,
        )
        for site in sorted(sites, key=lambda site: site.code)
    ]
    judged = [replace(score, out="stock") if not score.out and score.depth < 1 else score for score in plain]
    cheapest = min((score.freight_fen for score in judged if not score.out), default=0)
    return [score if score.out else replace(score, points=_points(score, strategy, cheapest)) for score in judged]


def _out(site: Site, strategy: Strategy) -> str:
    if not site.active:
        return "inactive"
    if strategy.only and site.code not in strategy.only:
        return "not_named"
    if site.distance > strategy.at_most:
        return "far"
    if strategy.spare and site.full:
        return "full"
    return ""


def _points(score: Score, strategy: Strategy, cheapest: int) -> int:
    weights = strategy.weights
    near = 1000 * (FARTHEST - min(score.distance, FARTHEST)) // FARTHEST
    deep = 1000 * min(score.depth, _DEEP) // _DEEP
    cheap = 1000 * cheapest // score.freight_fen if score.freight_fen else 1000
    idle = 1000 - score.load
    return weights.distance * near + weights.depth * deep + weights.freight * cheap + weights.load * idle
