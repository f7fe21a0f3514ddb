"""The plays of the review's demo bring all that a review can find; a new code is planned, or it says why not."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import get_args

import pytest

from domain.address import AddressCode
from domain.review.formats import FormatCode
from embedded.scenarios.review_cast import PLAYS, UNPLAYED, cast
from rules import engine
from rules.documents import grids

ROOT = Path(__file__).parents[2]
FAMILIES: dict[str, frozenset[str]] = {
    "address.": frozenset(get_args(AddressCode)),
    "format.": frozenset(get_args(FormatCode)),
    "risk.": frozenset(row["_id"] for grid in grids(engine.default("risk_rules")) for row in grid.rows),
}
"""Codes that are put together: how they begin, and how they may end."""


def _said(code: ast.expr, names: dict[str, ast.expr], where: str) -> Iterator[str]:
    """The codes that an expression may be."""
    match code:
        case ast.Constant(value=str(value)):
            yield value
        case ast.IfExp(body=one, orelse=other):
            yield from (*_said(one, names, where), *_said(other, names, where))
        case ast.JoinedStr(values=[ast.Constant(value=str(family)), ast.FormattedValue()]) if family in FAMILIES:
            yield from (family + end for end in FAMILIES[family])
        case ast.Name(id=name) if name in names:
            yield from _said(names[name], names, where)
        case _:
            pytest.fail(f"{where}: the code of a Flag must be a text, or begin like one of {sorted(FAMILIES)}")


def _assigned(nodes: Iterable[ast.AST]) -> dict[str, ast.expr]:
    found = [node for node in nodes if isinstance(node, ast.Assign)]
    return {one.targets[0].id: one.value for one in found if isinstance(one.targets[0], ast.Name)}


def codes() -> set[str]:
    """All codes of all flags, read off the code."""
    found: set[str] = set()
    for file in [*ROOT.glob("domain/**/*.py"), *ROOT.glob("activities/**/*.py")]:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)):
            nodes = list(ast.walk(function))
            names = {**_assigned(tree.body), **_assigned(nodes)}
            for node in nodes:
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Flag":
                    found.update(_said(node.args[0], names, f"{file.name}:{node.lineno}"))
    return found


def test_every_code_is_brought_by_a_play_or_says_why_not() -> None:
    there = codes()
    brought = {code for play in PLAYS.values() for code in play.brings}
    assert {"stock.safety", "credit.limit", "duplicate.note", "format.negative", "risk.unlike_before"} <= there
    assert there - brought - set(UNPLAYED) == set(), "codes that no play brings"
    assert (brought | set(UNPLAYED)) - there == set(), "codes that there are not"
    assert brought & set(UNPLAYED) == set()
    assert all(UNPLAYED.values())


@pytest.mark.parametrize("orders", [1, 20, 57, 120, 300])
def test_small_runs_play_in_proportion(orders: int) -> None:
    found = cast(orders, 5)
    assert len(found.drafts) == orders
    played = {kind: len(times) for kind, times in found.parts.items()}
    assert all(len(part) == PLAYS[kind].orders for kind, times in found.parts.items() for part in times)
    if orders >= 120:
        assert set(played) == set(PLAYS)
        assert found.brings == {code for play in PLAYS.values() for code in play.brings}
    if orders == 300:
        assert min(played.values()) >= 2
    assert len(found.crowd) >= orders // 2


def test_the_same_seed_plays_the_same() -> None:
    assert cast(120, 5) == cast(120, 5)
    assert cast(120, 5) != cast(120, 6)
