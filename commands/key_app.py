"""The command line of `orderhub key`. Heavy imports stay inside the command, so that `--help` is quick."""

from __future__ import annotations

import typer

app = typer.Typer()


@app.command()
def key() -> None:
    """Print a fresh encryption key for ORDERHUB_ENCRYPTION__KEYS."""
    from runtime.keys import new_key

    typer.echo(new_key())
