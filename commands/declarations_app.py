"""The command line of `orderhub declarations`. Heavy imports stay inside the commands, so that `--help` is quick."""

from __future__ import annotations

from typing import Annotated

import typer

from commands.options import JsonOption

app = typer.Typer(name="declarations", no_args_is_help=True, help="Customs declarations of orders that go abroad.")


@app.command("list")
def declarations_list(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="So many at most.")] = 200,
    as_json: JsonOption = False,
) -> None:
    """Living orders whose declaration lacks something, the longest waiting first, and those that are blocked by law."""
    from commands.declarations import show
    from runtime.shutdown import run
    from settings import load_settings

    run(show(load_settings(), limit=limit, as_json=as_json))
