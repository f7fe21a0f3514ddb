"""What people mistake most in a cell, by what they wrote: which text says what to do about it."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

_STRINGS = re.compile(r"\"[^\"]*\"|'[^']*'")
_WORD = re.compile(r"(?<![.\w$])[^\W\d]\w*(?!\w)(?!\s*\()")
_GRAMMAR = frozenset({"and", "or", "not", "in", "true", "false", "null"})
_ANY = frozenset({"*", "-", "/", "任意", "全部", "所有", "不限", "any", "all"})
_YES_NO = frozenset({"是", "否", "yes", "no", "y", "n", "true", "false"})
_COMMA = re.compile(r"[-+]?[\d.]+(?:,[\d.]+)+")
_UNIT = re.compile(r"[-+]?\d+(?:\.\d+)?\s*[^\W\d].*")
_NOT = re.compile(r"\bnot\s+(?!in\b)[\"'\d\[]")


def in_output(cell: str) -> str | None:
    """What is wrong with an output that cannot be read; None when it is nothing that is known."""
    plain = cell.strip()
    if not plain:
        return "empty_value"
    if plain.lower() in _YES_NO:
        return "yes_no"
    return _common(plain)


def in_condition(cell: str) -> str | None:
    """The same for a condition."""
    plain = cell.strip()
    if plain.lower() in _ANY:
        return "any"
    if plain.lower() in _YES_NO:
        return "yes_no"
    return _common(plain)


def misread(cell: str, facts: Collection[str]) -> tuple[str, dict[str, Any]] | None:
    """What is wrong with a condition that the engine reads, but not as it was meant; None when nothing is."""
    if _NOT.search(cell):
        return "negation", {}
    rest = _STRINGS.sub('""', cell)
    word = next((one for one in _WORD.findall(rest) if one not in _GRAMMAR and one not in facts), None)
    return ("unquoted", {"word": word}) if word is not None else None


def _common(plain: str) -> str | None:
    bare = _STRINGS.sub("", plain)
    if plain.startswith(("=", "#")) and not plain.startswith("=="):
        return "formula"
    if '"' in bare or ("'" in bare and '"' not in plain):
        return "quote"
    if plain.endswith("%"):
        return "percent"
    if _COMMA.fullmatch(plain):
        return "comma"
    if _UNIT.fullmatch(plain):
        return "unit"
    if bare != plain and not bare.strip(" ;\n\t|/"):
        return "separator"
    if re.fullmatch(r"[\w\s:。，,]+", plain) and re.search(r"[^\W\d]", plain):
        return "unquoted_cell"
    return None
