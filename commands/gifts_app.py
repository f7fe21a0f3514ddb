"""The command line of `orderhub gifts`. Heavy imports stay inside the commands, so that `--help` is quick."""

from __future__ import annotations

from typing import Annotated

import typer

from commands.options import JsonOption

app = typer.Typer(name="gifts", no_args_is_help=True, help="Gifts that were forgotten.")


@app.command("send-after")
def gifts_send_after(
    order_id: Annotated[str, typer.Argument(help="The order that left without its gift.")],
    line_no: Annotated[str, typer.Argument(help="The gift's line.")],
    why: Annotated[str, typer.Option(help="Who missed it, for the order's history.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Send a forgotten gift after, in an order of its own. Asked twice, it is sent once."""
    from commands.gifts import send
    from runtime.shutdown import run
    from settings import load_settings

    run(send(load_settings(), order_id, line_no, why, as_json=as_json))
