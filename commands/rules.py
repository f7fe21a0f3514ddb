"""`orderhub rules`."""

from __future__ import annotations

import sys

from rules import engine
from rules.documents import BadRule


def check() -> int:
    """Check every table, and say how many rows are sound."""
    bad = 0
    for name in engine.tables():
        try:
            rows = engine.check(name)
        except BadRule as error:
            bad += 1
            print(error, file=sys.stderr)  # noqa: T201
        else:
            print(f"{name}: {rows} rows ok")  # noqa: T201
    return 1 if bad else 0
