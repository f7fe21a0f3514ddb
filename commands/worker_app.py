"""The command line of `orderhub worker`. Heavy imports stay inside the command, so that `--help` is quick."""

from __future__ import annotations

import typer

app = typer.Typer()


@app.command()
def worker() -> None:
    """Run a worker: workflows, activities and the dispatcher of the inbox (the same as `python worker.py`)."""
    from runtime.shutdown import run
    from settings import load_settings
    from worker import main

    run(main(load_settings()))
