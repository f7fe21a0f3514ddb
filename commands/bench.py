"""`orderhub bench`."""

from __future__ import annotations

import json
from typing import Any

from rich.console import Console
from rich.table import Table

from bench import intake
from bench.load import LoadFailed
from embedded.environment import HomeInUse
from embedded.processes import NotReady


async def main(name: str, options: intake.Options, *, as_json: bool) -> int:
    """Run a benchmark by its name. Exit code 1 when what came out cannot be right."""
    assert name == "intake"
    console = Console(stderr=as_json)
    try:
        report = await intake.run(options, lambda line: console.print(f"[dim]{line}[/]"))
    except (HomeInUse, NotReady, LoadFailed, intake.WrongResult) as error:
        Console(stderr=True).print(f"[red]{error}[/]")
        return 1
    if as_json:
        print(json.dumps(report, ensure_ascii=False))  # noqa: T201
    else:
        _show(report, console)
    return 0


def _show(report: dict[str, Any], console: Console) -> None:
    columns = [name for name, value in report.items() if isinstance(value, dict)]
    table = Table("", *columns)
    names = dict.fromkeys(name for column in columns for name in report[column])
    for name in names:
        table.add_row(name, *(str(report[column].get(name, "")) for column in columns))
    console.print(table)
    console.print(report["note"])
