"""Splits over more sets of warehouses than can be enumerated, by the solver HiGHS (the extra `optimise`).

The same three wishes one after the other: fewest torn units, then fewest warehouses, then least freight. Its answer is
written out and proved in whole numbers by `domain.splitting`; a wrong one would be dropped there.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from typing import Any

from domain.sourcing import lines_of, needed
from domain.splitting import Places, Question, Solver

_SECONDS = 1.0
"""A limit for one question; what is found by then counts, if it is right."""


@cache
def solver() -> Solver | None:
    """The solver, or None where the extra is not installed."""
    return solve if find_spec("highspy") is not None else None


def solve(question: Question) -> Places | None:
    """Answer one question. None when there is no way, or none was found in time."""
    import highspy  # noqa: PLC0415 - an extra

    model: Any = highspy.Highs()  # type: ignore[no-untyped-call]
    model.setOptionValue("log_to_console", False)
    model.setOptionValue("output_flag", False)
    model.setOptionValue("threads", 1)
    model.setOptionValue("time_limit", _SECONDS)
    model.setOptionValue("mip_rel_gap", 0.0)
    used = {site.code: model.addBinary() for site in question.sites}
    whole = {
        (unit.name, site.code): model.addBinary()
        for unit in question.units
        for site in question.sites
        if all(question.free.get((sku, site.code), 0) >= count for sku, count in unit.needs.items())
    }
    torn = {unit.name: model.addBinary() for unit in question.units}
    poured = {
        (sku, site.code): model.addIntegral(lb=0, ub=max(0, question.free.get((sku, site.code), 0)))
        for sku in needed(question.units)
        for site in question.sites
    }
    # Where lines stay whole, what is poured is so many lines.
    lines = {
        (line.name, site.code): model.addBinary()
        for unit in question.units
        for line in lines_of(unit)
        for site in question.sites
        if not question.tear
    }
    _constrain(model, question, (used, whole, torn, poured))
    if not question.tear:
        _keep_lines(model, question, torn, poured, lines)
    freight = _freight(question, used, whole, poured)
    for wish in (sum(torn.values()), sum(used.values())):
        best = _minimum(model, wish)
        if best is None:
            return None
        model.addConstr(wish <= best)
    if _minimum(model, freight) is None:
        return None
    places = {unit: code for (unit, code), chosen in whole.items() if round(model.variableValue(chosen)) == 1}
    among = frozenset(code for code, chosen in used.items() if round(model.variableValue(chosen)) == 1)
    at = {line: code for (line, code), chosen in lines.items() if round(model.variableValue(chosen)) == 1}
    return Places(places, among, at)


def _minimum(model: Any, wish: Any) -> int | None:
    import highspy  # noqa: PLC0415

    model.minimize(wish)
    if model.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    return round(float(model.getObjectiveValue()))


def _constrain(model: Any, question: Question, variables: tuple[Any, Any, Any, Any]) -> None:
    used, whole, torn, poured = variables
    model.addConstr(sum(used.values()) <= question.most)
    for unit in question.units:
        homes = [chosen for (name, _), chosen in whole.items() if name == unit.name]
        model.addConstr(sum(homes) + torn[unit.name] == 1)
    for (_, code), chosen in whole.items():
        model.addConstr(chosen <= used[code])
    for sku in needed(question.units):
        wants = {unit.name: unit.needs[sku] for unit in question.units if sku in unit.needs}
        pieces = [poured[sku, site.code] for site in question.sites]
        model.addConstr(sum(pieces) - sum(count * torn[name] for name, count in wants.items()) == 0)
        for site in question.sites:
            free = max(0, question.free.get((sku, site.code), 0))
            inside = [count * whole[name, site.code] for name, count in wants.items() if (name, site.code) in whole]
            model.addConstr(sum([poured[sku, site.code], *inside]) <= free * used[site.code])


def _keep_lines(model: Any, question: Question, torn: Any, poured: Any, lines: Any) -> None:
    """Every line of a torn unit has one place, and what is poured of a SKU there is what these lines need."""
    for unit in question.units:
        for line in lines_of(unit):
            model.addConstr(sum(lines[line.name, site.code] for site in question.sites) == torn[unit.name])
    for (sku, code), count in poured.items():
        inside = [
            line.needs[sku] * lines[line.name, code]
            for unit in question.units
            for line in lines_of(unit)
            if sku in line.needs
        ]
        model.addConstr(sum(inside) - count == 0)


def _freight(question: Question, used: Any, whole: Any, poured: Any) -> Any:
    """In fen (a thousandth would make the numbers needlessly large for floating point)."""
    rates = {site.code: site.per_kg_fen / 1000 for site in question.sites}
    weights = {part.sku: part.weight_g for unit in question.units for part in unit.parts}
    grams = {unit.name: unit.grams for unit in question.units}
    terms = [site.base_fen * used[site.code] for site in question.sites]
    terms += [rates[code] * grams[unit] * chosen for (unit, code), chosen in whole.items()]
    terms += [rates[code] * weights[sku] * count for (sku, code), count in poured.items()]
    return sum(terms)
