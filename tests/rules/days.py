"""Official days for tests."""

from __future__ import annotations

from copy import deepcopy
from datetime import date

from rules import engine
from rules.documents import Document
from rules.workdays import NAME, MissingYear, missing
from tests.rules.documents import table_of

LATER = 2099
"""A year whose days no package has for a long time."""


def rows(*written: tuple[str, str, str], beside: bool = True) -> Document:
    """The table as it came (or without its rows) and these: name, days, kind."""
    document = deepcopy(engine.default(NAME))
    content = table_of(document)
    made = [
        {"_id": name, "row": f'"{name}"', "day": days, "kind": f'"{kind}"', "title": f'"{name}"'}
        for name, days, kind in written
    ]
    content["rules"] = [*(content["rules"] if beside else ()), *made]
    if not beside:
        document["orderhub"]["examples"] = []
    return document


def whole(year: int) -> list[tuple[str, str, str]]:
    """All holidays of a year by law, each as a row of its own, and a Sunday that is worked."""
    lacks = missing_of(year).lacks
    sunday = next(day for day in (date(year, 3, n) for n in range(1, 8)) if day.isoweekday() == 7)
    return [*((f"{day:%m%d}", f"{day:%Y%m%d}", "off") for day in lacks), ("sunday", f"{sunday:%Y%m%d}", "work")]


def missing_of(year: int) -> MissingYear:
    found = missing(date(year, 6, 1))
    assert found is not None
    return found
