"""The command line of `orderhub reconcile`. Heavy imports stay inside the commands, so that `--help` is quick."""

from __future__ import annotations

from typing import Annotated

import typer

from commands.options import JsonOption

app = typer.Typer(name="reconcile", no_args_is_help=True, help="Our books against those of others.")


@app.command("channel")
def reconcile_channel(
    channel: Annotated[str, typer.Argument(help="One channel only; left out: all that have a list.")] = "",
    day: Annotated[str, typer.Option(help="The Beijing day, like 2026-11-11; left out: yesterday.")] = "",
    run_now: Annotated[bool, typer.Option("--run", help="Compare now; else the report of the nightly run.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Each channel's own list of a day's changes against our orders; what was missed is taken in.

    It runs by itself every night at three (Beijing). Exit code 1 when an order waits in quarantine or a shop was not
    compared.
    """
    from commands.reconcile import channel as reconcile
    from runtime.shutdown import run
    from settings import load_settings

    run(reconcile(load_settings(), channel, day, run=run_now, as_json=as_json))
