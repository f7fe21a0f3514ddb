"""The command line of `orderhub pauses`. Heavy imports stay inside the commands, so that `--help` is quick."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from commands.options import JsonOption
from domain.pauses import Slice

app = typer.Typer(
    name="pauses",
    no_args_is_help=True,
    help="What is paused because too much goes wrong, or because somebody said so: a step for a slice of all orders.",
)


@app.command("list")
def pauses_list(
    every: Annotated[bool, typer.Option("--all", help="Also what is over.")] = False, as_json: JsonOption = False
) -> None:
    """What is paused now, since when, why, and until when."""
    from commands.pauses import show
    from runtime.shutdown import run
    from settings import load_settings

    run(show(load_settings(), every=every, as_json=as_json))


@app.command("add")
def pauses_add(
    kind: Annotated[
        Slice,
        typer.Argument(
            help="channel: its orders are not begun; sku: no stock is locked; warehouse: "
            "no new instructions; courier: the next one of the plan is asked."
        ),
    ],
    name: Annotated[str, typer.Argument(help="Which: douyin, MUG, WH01, sf.")],
    why: Annotated[str, typer.Option(help="Why, for everybody who waits.")],
    minutes: Annotated[int | None, typer.Option(min=1, help="For so long; else until it is ended.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Pause a step for a slice. All others go on."""
    from commands.pauses import add
    from runtime.shutdown import run
    from settings import load_settings

    run(add(load_settings(), kind, name, why=why, by=getpass.getuser(), minutes=minutes, as_json=as_json))


@app.command("end")
def pauses_end(
    number: Annotated[int, typer.Argument(help="Its number, as list shows it.")], as_json: JsonOption = False
) -> None:
    """Let a slice go on. Orders that wait are told within a minute."""
    from commands.pauses import end
    from runtime.shutdown import run
    from settings import load_settings

    run(end(load_settings(), number, by=getpass.getuser(), as_json=as_json))
