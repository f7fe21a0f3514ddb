"""An audit's report as people read it."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from audit.report import AuditReport


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
