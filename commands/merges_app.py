"""The command line of `orderhub merges`. Heavy imports stay inside the commands, so that `--help` is quick."""

from __future__ import annotations

from typing import Annotated

import typer

from commands.options import JsonOption

MergeNumber = Annotated[int, typer.Argument(min=1, help="The merge's number, as `list` shows it.")]

app = typer.Typer(name="merges", no_args_is_help=True, help="Orders of one buyer that are packed as one parcel.")


@app.command("list")
def merges_list(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many of the latest are listed.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """The last merges of several orders, the newest first."""
    from commands.merges import listed
    from runtime.shutdown import run
    from settings import load_settings

    run(listed(load_settings(), limit=limit, as_json=as_json))


@app.command("show")
def merges_show(number: MergeNumber, as_json: JsonOption = False) -> None:
    """One merge: its orders, and why those left that did."""
    from commands.merges import show
    from runtime.shutdown import run
    from settings import load_settings

    run(show(load_settings(), number, as_json=as_json))


@app.command("undo")
def merges_undo(
    number: MergeNumber,
    why: Annotated[str, typer.Option(help="Why, for the orders' histories.")],
    as_json: JsonOption = False,
) -> None:
    """Let every order of a merge be packed alone. Exit code 1 once the warehouse has packed it."""
    from commands.merges import undo
    from runtime.shutdown import run
    from settings import load_settings

    run(undo(load_settings(), number, why, as_json=as_json))
