"""The command line of `orderhub gateway`. Heavy imports stay inside the command, so that `--help` is quick."""

from __future__ import annotations

import typer

app = typer.Typer()


@app.command()
def gateway() -> None:
    """Serve webhooks, the order API, the codec endpoint and the clerk's form over HTTP."""
    from commands.gateway import main
    from runtime.shutdown import run
    from settings import load_settings

    run(main(load_settings()))
