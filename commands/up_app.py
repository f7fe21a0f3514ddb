"""The command line of `orderhub up`. Heavy imports stay inside the command, so that `--help` is quick."""

from __future__ import annotations

import typer

from commands.options import DEFAULT_HOME, HomeOption

app = typer.Typer()


@app.command()
def up(home: HomeOption = DEFAULT_HOME) -> None:
    """Run everything on this machine: Temporal, store, sandbox, gateway, worker. Ends with Ctrl-C; data stays."""
    from embedded.up import main
    from runtime.shutdown import run

    run(main(home))
