"""`orderhub audit`."""

from __future__ import annotations

import json
import sys

from rich.console import Console
from rich.table import Table

from audit.books import BooksUnavailable
from audit.report import AuditReport
from audit.run import run_audit
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


def show_report(report: AuditReport, console: Console) -> None:
    """The report as a table, and every finding in a line of its own."""
    table = Table("", "check", "looked at", "findings", title="audit")
    for check in report.checks:
        found = len(check.findings)
        mark = "[red]no[/]" if found else "[green]ok[/]"
        table.add_row(mark, f"{check.name}: {check.what}", str(check.looked_at), str(found))
    console.print(table)
    for name, finding in report.findings():
        console.print(f"[red]{name}[/] {finding.subject}: {finding.text}")
    for skipped in report.skipped:
        console.print(f"[yellow]skipped[/] {skipped.check}: {skipped.why}")
