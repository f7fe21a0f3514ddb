"""One decision and what it was decided by.

A step often asks several rule tables, or one several times. All its questions belong to one decision: it is bound to
the rules as they stood at its first question, so that a version that is published meanwhile counts for the next one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Asked:
    """A question to a table, and the rows that answered: their results, and their names `{table}@{version}/{row}`."""

    table: str
    facts: dict[str, Any]
    results: tuple[dict[str, Any], ...]
    rules: tuple[str, ...]


@dataclass
class Deciding:
    """A decision under way. `bound` is whatever the rule engine is bound to; None before its first question."""

    bound: Any = None
    asked: list[Asked] = field(default_factory=list)

    def rules(self) -> list[str]:
        """The rows that decided so far, each once, in the order in which they were asked."""
        return list(dict.fromkeys(rule for one in self.asked for rule in one.rules))


_under_way: ContextVar[Deciding | None] = ContextVar("deciding", default=None)


@contextmanager
def deciding() -> Iterator[Deciding]:
    """Everything inside is one decision; inside another one it belongs to that. Works as a decorator, too."""
    outer = _under_way.get()
    if outer is not None:
        yield outer
        return
    with new_decision() as own:
        yield own


@contextmanager
def new_decision() -> Iterator[Deciding]:
    """Everything inside is a decision of its own, whatever is under way outside."""
    own = Deciding()
    token = _under_way.set(own)
    try:
        yield own
    finally:
        _under_way.reset(token)


def decided_by() -> list[str]:
    """The rows that decided so far in the decision under way; [] when there is none."""
    one = _under_way.get()
    return one.rules() if one is not None else []
