"""`orderhub bench`."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.table import Table

from bench import intake, rules, stock
from bench.load import LoadFailed
from embedded.environment import HomeInUse
from embedded.processes import NotReady

Options = intake.Options | stock.Options | rules.Options


async def main(options: Options, *, as_json: bool) -> int:
    """Run a benchmark by its name. Exit code 1 when what came out cannot be right."""
    console = Console(stderr=as_json)

    def say(line: str) -> None:
        console.print(f"[dim]{line}[/]", markup=True, highlight=False)

    try:
        report = await _run(options, say)
    except (HomeInUse, NotReady, LoadFailed, intake.WrongResult) as error:
        Console(stderr=True).print(f"[red]{error}[/]")
        return 1
    if as_json:
        print(json.dumps(report, ensure_ascii=False))  # noqa: T201
    else:
        _show(report, console)
    return 0


async def _run(options: Options, say: Callable[[str], None]) -> dict[str, Any]:
    match options:
        case intake.Options():
            return await intake.run(options, say)
        case stock.Options():
            return await stock.run(options, say)
        case rules.Options():
            return await rules.run(options, say)


def _show(report: dict[str, Any], console: Console) -> None:
    columns = [name for name, value in report.items() if isinstance(value, dict)]
    if not columns:
        for name, value in report.items():
            console.print(f"{name}: {value}")
        return
    table = Table("", *columns)
    names = dict.fromkeys(name for column in columns for name in report[column])
    for name in names:
        table.add_row(name, *(str(report[column].get(name, "")) for column in columns))
    console.print(table)
    console.print(report["note"])
