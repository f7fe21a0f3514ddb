"""A good answer to what is too large to be searched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from domain.sourcing import Site, Unit, needed
from domain.splitting.judging import judge, torn_lines
from domain.splitting.question import Places, Question, Split, fits, narrowed, precedence, take


def greedy(question: Question) -> Split | None:
    """Take the warehouse that holds most units whole, then the next, until all are placed; tear what is left."""
    useful = narrowed(question)
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
            take(unit, site.code, caps)
            whole[unit.name] = site.code
        left = [unit for unit in left if unit.name not in whole]
    lines: dict[str, str] = {}
    if left and useful.tear:
        opened = _widened(opened, left, caps, useful)
    elif left:
        lines = _settled(opened, left, caps, useful)
    return judge(useful, Places(whole, frozenset(site.code for site in opened), lines), "greedy")


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
    for line in torn_lines(left):
        others = [site for site in of.sites if site not in opened] if len(opened) < of.most else []
        homes = [site for site in opened if fits(line, site.code, caps)]
        homes = homes or [site for site in others if fits(line, site.code, caps)]
        if not homes:
            break  # and the answer is none
        site = min(homes, key=lambda site: (site.per_kg_fen, *precedence(site)))
        if site not in opened:
            opened.append(site)
        take(line, site.code, caps)
        lines[line.name] = site.code
    return lines


def _held(left: Sequence[Unit], site: Site, caps: dict[tuple[str, str], int]) -> list[Unit]:
    held = []
    for unit in left:
        if fits(unit, site.code, caps):
            take(unit, site.code, caps)
            held.append(unit)
    return held
