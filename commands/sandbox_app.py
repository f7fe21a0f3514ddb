"""The command line of `orderhub sandbox`. Heavy imports stay inside the command, so that `--help` is quick."""

from __future__ import annotations

import typer

app = typer.Typer()


@app.command()
def sandbox() -> None:
    """Play all partners on their wire protocols, faults included. Settings: ORDERHUB_SANDBOX__*."""
    from commands.sandbox import main
    from runtime.shutdown import run

    run(main())
