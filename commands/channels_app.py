"""The command line of `orderhub channels`. Heavy imports stay inside the command, so that `--help` is quick."""

from __future__ import annotations

import typer

from commands.options import JsonOption

app = typer.Typer()


@app.command()
def channels(as_json: JsonOption = False) -> None:
    """The nine channels: how orders come in, what is encrypted, who ships, which shops sell, and what tests them."""
    from commands.channels import main
    from runtime.shutdown import run
    from settings import load_settings

    run(main(load_settings(), as_json=as_json))
