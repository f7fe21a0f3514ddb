"""Writing an answer out to the piece, and proving it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from domain.sourcing import Pieces, Site, Unit, lines_of
from domain.splitting.question import Placed, Places, Question, Split, fits, parts, precedence, take


def judge(question: Question, places: Places, method: str) -> Split | None:
    """Write an answer out, and prove it: never more than there is, never over more warehouses than allowed."""
    caps = dict(question.free)
    placed: Placed = {}
    torn = []
    for unit in question.units:
        home = places.whole.get(unit.name)
        if home is None:
            torn.append(unit)
            continue
        if not fits(unit, home, caps):
            return None
        take(unit, home, caps)
        placed.setdefault(home, []).extend((part.line_no, part.sku, part.quantity) for part in unit.parts)
    among = [site for site in question.sites if site.code in places.among]
    by_rate = sorted(among, key=lambda site: (site.per_kg_fen, *precedence(site)))
    poured = pour(torn, by_rate, caps) if question.tear else set_down(torn, places.lines, caps)
    if poured is None:
        return None
    for warehouse, pieces in poured.items():
        placed.setdefault(warehouse, []).extend(pieces)
    if len(placed) > question.most:
        return None
    order = {(part.line_no, part.sku): i for i, part in enumerate(parts(question.units))}
    weights = {(part.line_no, part.sku): part.weight_g for part in parts(question.units)}
    sites = {site.code: site for site in question.sites}
    written = {
        site.code: tuple(sorted(placed[site.code], key=lambda piece: order[piece[0], piece[1]]))
        for site in sorted(sites.values(), key=precedence)
        if site.code in placed
    }
    millifen = sum(
        sites[code].millifen(sum(quantity * weights[line_no, sku] for line_no, sku, quantity in pieces))
        for code, pieces in written.items()
    )
    names = tuple(unit.name for unit in torn if len(_senders(unit, written)) > 1)
    return Split(written, names, millifen, method)


def pour(torn: Sequence[Unit], sites: Sequence[Site], caps: dict[tuple[str, str], int]) -> Placed | None:
    """Take torn units piece by piece from the cheapest warehouse that has some. None when it is not enough.

    Heavy pieces come first, since they gain most by a cheap place; of one SKU all pieces weigh the same.
    """
    placed: Placed = {}
    for part in sorted(parts(torn), key=lambda part: -part.weight_g):
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


def set_down(torn: Sequence[Unit], at: Mapping[str, str], caps: dict[tuple[str, str], int]) -> Placed | None:
    """Each line of torn units whole where it was put. None when one has no place, or does not fit."""
    placed: Placed = {}
    for line in torn_lines(torn):
        home = at.get(line.name)
        if home is None or not fits(line, home, caps):
            return None
        take(line, home, caps)
        placed.setdefault(home, []).extend((part.line_no, part.sku, part.quantity) for part in line.parts)
    return placed


def cost_of(placed: Placed, torn: Sequence[Unit], sites: Sequence[Site]) -> int:
    """What the torn units add to the freight, in millifen."""
    weights = {(part.line_no, part.sku): part.weight_g for unit in torn for part in unit.parts}
    rates = {site.code: site.per_kg_fen for site in sites}
    return sum(
        rates[warehouse] * quantity * weights[line_no, sku]
        for warehouse, pieces in placed.items()
        for line_no, sku, quantity in pieces
    )


def torn_lines(torn: Sequence[Unit]) -> list[Unit]:
    """All lines of torn units, the heaviest first."""
    return sorted((line for unit in torn for line in lines_of(unit)), key=lambda line: (-line.grams, line.name))


def _senders(unit: Unit, written: Mapping[str, tuple[Pieces, ...]]) -> set[str]:
    keys = {(part.line_no, part.sku) for part in unit.parts}
    return {code for code, pieces in written.items() if any((line_no, sku) in keys for line_no, sku, _ in pieces)}
