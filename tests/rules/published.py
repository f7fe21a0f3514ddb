"""Rules as if they had been published."""

from __future__ import annotations

from datetime import datetime

from domain.rulesets import RuleEvent, What
from rules.engine import Book, Table


def published(table: Table, begins: datetime) -> Book:
    """A book in which a table decides from a moment on."""
    event = RuleEvent(1, table.name, table.version, What.PUBLISHED, "li", "", begins, begins)
    return Book([event], [table])
