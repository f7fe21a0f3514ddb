"""The command line of `orderhub doctor`. Heavy imports stay inside the command, so that `--help` is quick."""

from __future__ import annotations

import typer

from commands.options import JsonOption

app = typer.Typer()


@app.command()
def doctor(as_json: JsonOption = False) -> None:
    """Check that everything orderhub needs is there and answers: store, Temporal, search attributes, schedules."""
    from commands.doctor import main
    from runtime.shutdown import run
    from settings import load_settings

    run(main(load_settings(), as_json=as_json))
