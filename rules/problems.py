"""What may be wrong with a version of a rule set, with its place, in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from domain.texts import text


@dataclass(frozen=True)
class Problem:
    """Why a version may not be published. `number` counts the rows of a table from 1; 0: it is not about one row."""

    what: str
    table: str = ""
    number: int = 0
    row: str = ""
    column: str = ""
    params: tuple[tuple[str, object], ...] = ()

    def place(self) -> str:
        """Where, in words; "" when it is about the whole."""
        parts = []
        if self.table:
            parts.append(text("rules.at.table", table=self.table))
        if self.number:
            parts.append(text("rules.at.row", number=self.number, row=self.row))
        if self.column:
            parts.append(text("rules.at.column", column=self.column))
        return text("rules.at.between").join(parts)

    def words(self) -> str:
        """What is wrong and what to do."""
        return text(f"rules.bad.{self.what}", **dict(self.params))

    def sentence(self) -> str:
        """Both."""
        place = self.place()
        return f"{place}{text('rules.at.colon')}{self.words()}" if place else self.words()


@dataclass(frozen=True)
class Verdict:
    """What came of looking at a version. `examples` were run; none of them are among the problems when all is well."""

    problems: tuple[Problem, ...]
    rows: int
    examples: int

    @property
    def sound(self) -> bool:
        """Whether it may be published."""
        return not self.problems


def verdict_facts(verdict: Verdict, say: Callable[[Problem], str] = Problem.sentence) -> dict[str, Any]:
    """A verdict as JSON; `say` puts a problem into words."""
    return {
        "sound": verdict.sound,
        "rows": verdict.rows,
        "examples": verdict.examples,
        "problems": [
            {
                "what": one.what,
                "table": one.table,
                "number": one.number,
                "row": one.row,
                "column": one.column,
                "sentence": say(one),
            }
            for one in verdict.problems
        ],
    }
