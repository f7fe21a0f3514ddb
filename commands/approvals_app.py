"""The command line of `orderhub approvals`. Heavy imports stay inside the commands, so that `--help` is quick."""

from __future__ import annotations

from typing import Annotated

import typer

from commands.options import JsonOption

app = typer.Typer(name="approvals", no_args_is_help=True, help="What waits for an approval, and what was decided.")


@app.command("list")
def waiting(as_json: JsonOption = False) -> None:
    """What waits for a decision, the most urgent first, and who is asked."""
    from commands.approvals import open_ones
    from runtime.shutdown import run
    from settings import load_settings

    run(open_ones(load_settings(), as_json=as_json))


@app.command("show")
def show(
    order: Annotated[str, typer.Argument(help="The order's id: channel:shop:number.")], as_json: JsonOption = False
) -> None:
    """Everything that an order asked of approvers, and who decided what, when, how and why."""
    from commands import approvals
    from runtime.shutdown import run
    from settings import load_settings

    run(approvals.show(load_settings(), order, as_json=as_json))
