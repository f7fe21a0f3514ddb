"""Which kinds of events the source writes into orders' histories, read off the syntax trees."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from activities.contracts import InterceptHow, Scan
from domain.approvals import Verdict
from domain.healing import HealingOutcome
from tests.domain.texts_in_code import ROOT

_WRITERS = ("activities", "store")
_FAMILIES: dict[str, set[str]] = {
    "healing.": set(HealingOutcome),
    "approval.": set(Verdict),
    "warehouse.": set(Scan),
    "parcel.": set(InterceptHow),
    "address.": {"confirmed", "refused", "rerouted", "rerouted_in_part"},
}
"""Kinds that are put together: how they begin, and how they go on."""
_HANDED_ON = {"_tell": 2}
"""Functions that are told the kind, and as which argument."""


def kinds() -> set[str]:
    """Every kind. Raises LookupError for one whose name the source does not show."""
    return set(_kinds())


def _kinds() -> Iterator[str]:
    for room in _WRITERS:
        for path in sorted((ROOT / room).rglob("*.py")):
            for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(call, ast.Call):
                    yield from _written_by(call, f"{path.relative_to(ROOT)}:{call.lineno}")


def _written_by(call: ast.Call, place: str) -> Iterator[str]:
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    if name == "Done" and call.args:
        yield from _named(call.args[0], place)
    elif name == "OrderEventRow":
        for keyword in call.keywords:
            if keyword.arg == "what":
                yield from _named(keyword.value, place)
    elif name in _HANDED_ON and len(call.args) > _HANDED_ON[name]:
        yield from _named(call.args[_HANDED_ON[name]], place)


def _named(what: ast.expr, place: str) -> Iterator[str]:
    match what:
        case ast.Constant(value=str(kind)):
            yield kind
        case ast.IfExp(body=one, orelse=other):
            yield from _named(one, place)
            yield from _named(other, place)
        case ast.JoinedStr(values=[ast.Constant(value=str(beginning)), ast.FormattedValue()]) if beginning in _FAMILIES:
            yield from (f"{beginning}{rest}" for rest in _FAMILIES[beginning])
        case ast.Name(id="what") | ast.Attribute(attr="what"):
            return  # of a function that is told: _HANDED_ON, or store.steps itself
        case _:
            raise LookupError(f"{place} writes a kind of event that cannot be read here")
