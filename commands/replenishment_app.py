"""The command line of `orderhub replenishment`. Heavy imports stay inside the commands, so that `--help` is quick."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from commands.options import JsonOption

EveryOption = Annotated[bool, typer.Option("--all", help="Those that are closed as well.")]

app = typer.Typer(name="replenishment", no_args_is_help=True, help="What should be ordered, and how much of it.")


@app.command("list")
def replenishment_list(every: EveryOption = False, as_json: JsonOption = False) -> None:
    """The open suggestions: how much, how long the stock lasts, and what that was reckoned from."""
    from commands.replenishment import show
    from runtime.shutdown import run
    from settings import load_settings

    run(show(load_settings(), every=every, as_json=as_json))


@app.command("export")
def replenishment_export(
    file: Annotated[Path, typer.Argument(help="Where to write it: a name ending in .csv or .xlsx.")],
    every: EveryOption = False,
) -> None:
    """The suggestions as a file for procurement."""
    from commands.replenishment import export
    from runtime.shutdown import run
    from settings import load_settings

    run(export(load_settings(), file, every=every))


@app.command("accept")
def replenishment_accept(
    number: Annotated[str, typer.Argument(help="The suggestion, e.g. RP12.")],
    quantity: Annotated[int | None, typer.Option(min=1, help="How much was ordered; as suggested if left out.")] = None,
    expected: Annotated[str, typer.Option(help="The day it will be here, 2026-11-30; the lead time if left out.")] = "",
) -> None:
    """It was ordered: a purchase is on its way, for which orders may wait. Accepting again changes nothing."""
    from commands.replenishment import accept
    from runtime.shutdown import run
    from settings import load_settings

    run(accept(load_settings(), number, quantity, expected))
