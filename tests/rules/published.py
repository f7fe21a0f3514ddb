"""Rules as if they had been published."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from domain.rulesets import RuleEvent, What
from rules.documents import Document
from rules.engine import Book, Table, use


def published(table: Table, begins: datetime) -> Book:
    """A book in which a table decides from a moment on."""
    event = RuleEvent(1, table.name, table.version, What.PUBLISHED, "li", "", begins, begins)
    return Book([event], [table])


@contextmanager
def decided_by(name: str, document: Document) -> Iterator[None]:
    """The whole process decides by a table, as if it had been published long ago."""
    use(published(Table(name, document), datetime(2020, 1, 1, tzinfo=UTC)))
    try:
        yield
    finally:
        use(Book())
