"""`orderhub audit`."""

from __future__ import annotations

import json
import sys

from rich.console import Console

from audit.books import BooksUnavailable
from audit.run import run_audit
from audit.shown import show_report
from commands.house import house
from settings import Settings


async def main(settings: Settings, books: str | None, *, settled: bool, as_json: bool) -> int:
    """Run every check. Exit code 1 when one found anything."""
    try:
        async with house(settings) as db:
            report = await run_audit(db, books, settled=settled)
    except BooksUnavailable as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    if as_json:
        print(json.dumps(report.to_json(), ensure_ascii=False))  # noqa: T201
    else:
        show_report(report, Console())
    return 0 if report.clean else 1
