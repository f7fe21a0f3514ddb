"""The command line of `orderhub sla`. Heavy imports stay inside the command, so that `--help` is quick."""

from __future__ import annotations

from typing import Annotated

import typer

from commands.options import JsonOption

app = typer.Typer()


@app.command()
def sla(
    days: Annotated[int, typer.Option(min=1, max=90, help="How far back durations are counted.")] = 7,
    limit: Annotated[int, typer.Option(min=0, max=1000, help="How many late orders are listed.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """Deadlines: how orders stand in each stage, which are late, how long stages take by channel and warehouse."""
    from commands.sla import main
    from runtime.shutdown import run
    from settings import load_settings

    run(main(load_settings(), days=days, limit=limit, as_json=as_json))
