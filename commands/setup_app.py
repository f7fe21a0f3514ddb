"""The command line of `orderhub setup`. Heavy imports stay inside the command, so that `--help` is quick."""

from __future__ import annotations

import typer

app = typer.Typer()


@app.command()
def setup() -> None:
    """Create or bring up to date: tables, namespace, search attributes, schedules. Safe to run again."""
    from commands.setup import main
    from runtime.shutdown import run
    from settings import load_settings

    run(main(load_settings()))
