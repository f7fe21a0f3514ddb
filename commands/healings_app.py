"""The command line of `orderhub healings`. Heavy imports stay inside the command, so that `--help` is quick."""

from __future__ import annotations

from typing import Annotated

import typer

from commands.options import JsonOption

app = typer.Typer()


@app.command()
def healings(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many of the latest are listed.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """What was mended by itself, could not be, or was handed to a person: addresses, amounts, forgotten gifts."""
    from commands.healings import main
    from runtime.shutdown import run
    from settings import load_settings

    run(main(load_settings(), limit=limit, as_json=as_json))
