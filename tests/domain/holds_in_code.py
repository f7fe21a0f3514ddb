"""Where `workflows/` opens and closes holds, read off the syntax tree."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from pathlib import Path

from domain.holds import HoldReason, Release

WORKFLOWS = Path(__file__).parents[2] / "workflows"


@dataclass
class Moves:
    """What the code does with holds. `closed_any`: ways that end a hold whose reason is not named in the code."""

    opened: set[HoldReason] = field(default_factory=set)
    closed: set[tuple[HoldReason, Release]] = field(default_factory=set)
    closed_any: set[Release] = field(default_factory=set)
    called: set[str] = field(default_factory=set)
    heard_on_lapse: set[HoldReason] = field(default_factory=set)


def moves_in_workflows() -> Moves:
    """Read every module of `workflows/`."""
    moves = Moves()
    for path in sorted(WORKFLOWS.glob("*.py")):
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                _read(function, moves)
    return moves


def _read(function: ast.FunctionDef | ast.AsyncFunctionDef, moves: Moves) -> None:
    bound = _bound_names(function)
    for call in ast.walk(function):
        if not isinstance(call, ast.Call):
            continue
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        moves.called.add(name)
        if not _is_board(call.func) or not call.args:
            continue
        reasons = _members(call.args[0], "HoldReason", bound)
        ways = {Release(way) for way in _members(call.args[-1], "Release", bound)}
        if name == "open":
            moves.opened |= {HoldReason(reason) for reason in reasons}
        elif name == "close" and reasons:
            moves.closed |= {(HoldReason(reason), way) for reason in reasons for way in ways}
        elif name in {"close", "close_all"}:
            moves.closed_any |= ways
    if function.name == "_on_lapse":
        moves.heard_on_lapse |= {HoldReason(reason) for reason in _members(function, "HoldReason", bound)}


def _is_board(func: ast.expr) -> bool:
    """Whether this is a method of the hold board: `….board.open`, `….board.close`, `….board.close_all`."""
    return isinstance(func, ast.Attribute) and isinstance(func.value, ast.Attribute) and func.value.attr == "board"


def _bound_names(function: ast.AST) -> dict[str, ast.expr]:
    """What the loops and assignments of a function bind its names to."""
    bound: dict[str, ast.expr] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.For) and isinstance(node.target, ast.Name):
            bound[node.target.id] = node.iter
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            bound[node.targets[0].id] = node.value
    return bound


def _members(node: ast.AST, enum: str, bound: dict[str, ast.expr]) -> set[str]:
    """The members of `enum` that an expression may be."""
    if isinstance(node, ast.Name):
        return _members(bound[node.id], enum, {}) if node.id in bound else set()
    return {
        part.attr
        for part in ast.walk(node)
        if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name) and part.value.id == enum
    }
