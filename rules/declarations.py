"""What a rule set declares of its facts and outputs: bounds, words, forms, examples."""

from __future__ import annotations

from typing import Any

from domain import patterns
from rules.documents import DECLARED


class Declarations:
    """What is declared by the house and by the version: both hold."""

    def __init__(self, house: dict[str, Any], own: dict[str, Any]) -> None:
        self._both = (house, own)

    def bounds(self, field: str) -> list[tuple[float, float]]:
        """Between what an output must lie."""
        found = [tuple(one["bounds"][field]) for one in self._both if field in one.get("bounds", {})]
        return list(dict.fromkeys(found))

    def one_of(self, field: str) -> list[list[str]]:
        """The words that an output may be: one list, or two that both hold."""
        found = [one["one_of"][field] for one in self._both if field in one.get("one_of", {})]
        return found[:1] if found[:1] == found[1:] else found

    def fits(self, field: str) -> list[tuple[str, dict[str, list[Any]]]]:
        """By which fact an output must fit, and what it may be for each value of that fact."""
        found = [one["fits"][field] for one in self._both if field in one.get("fits", {})]
        return [(one["by"], one["words"]) for one in (found[:1] if found[:1] == found[1:] else found)]

    def matches(self, field: str) -> list[str]:
        """Regular expressions that an output must match."""
        found = [one["matches"][field] for one in self._both if field in one.get("matches", {})]
        return list(dict.fromkeys(found))

    def is_regex(self, field: str) -> bool:
        """Whether an output must be a regular expression."""
        return any(field in one.get("regexes", []) for one in self._both)

    def optional(self, field: str) -> bool:
        """Whether a table may do without this output: it came later than the tables that people have."""
        return field in self._both[0].get("optional", [])

    def disjoint(self) -> bool:
        """Whether no two rows may meet the same facts."""
        return any(one.get("disjoint", False) for one in self._both)

    def house_examples(self) -> list[dict[str, Any]]:
        """The examples of the table that came with orderhub."""
        return list(self._both[0].get("examples", []))

    def examples(self) -> list[dict[str, Any]]:
        """Those of the version itself."""
        return list(self._both[1].get("examples", []))


def undeclarable(said: Any) -> str | None:
    """The first declaration that has not its form; None when all have."""
    if not isinstance(said, dict):
        return DECLARED
    for key, value in said.items():
        match key:
            case "bounds":
                pairs = isinstance(value, dict) and all(
                    isinstance(pair, list | tuple) and len(pair) == 2 and {kind_of(end) for end in pair} == {"number"}
                    for pair in value.values()
                )
            case "one_of":
                pairs = isinstance(value, dict) and all(isinstance(words, list) for words in value.values())
            case "matches":
                pairs = isinstance(value, dict) and all(_is_regex(one) for one in value.values())
            case "regexes" | "optional":
                pairs = isinstance(value, list)
            case "fits":
                pairs = isinstance(value, dict) and all(
                    isinstance(one, dict)
                    and isinstance(one.get("by"), str)
                    and isinstance(one.get("words"), dict)
                    and all(isinstance(words, list) for words in one["words"].values())
                    for one in value.values()
                )
            case "examples":
                pairs = isinstance(value, list) and all(
                    isinstance(one, dict)
                    and isinstance(one.get("facts", {}), dict)
                    and isinstance(one.get("expect") or {}, dict)
                    for one in value
                )
            case _:
                pairs = key == "disjoint" and isinstance(value, bool)
        if not pairs:
            return str(key)
    return None


def _is_regex(said: Any) -> bool:
    return isinstance(said, str) and not patterns.wrong_with(said)


def kind_of(value: Any) -> str:
    """What a value is: bool, number, text or list."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return "number"
    return "text" if isinstance(value, str) else "list"
