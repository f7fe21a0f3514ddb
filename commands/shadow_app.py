"""The command line of `orderhub shadow`. Heavy imports stay inside the commands, so that `--help` is quick."""

from __future__ import annotations

from typing import Annotated

import typer

from commands.options import JsonOption

SliceArgument = Annotated[str, typer.Argument(help="A channel (douyin), a shop (douyin/88) or warehouse/CODE.")]
OneSlice = Annotated[str, typer.Argument(help="Only a channel (douyin) or a shop (douyin/88).")]
WhyOption = Annotated[str, typer.Option("--why", help="Why, for the history.")]
DaysOption = Annotated[int, typer.Option(min=1, max=366, help="So many days, today among them.")]

app = typer.Typer(
    name="shadow",
    no_args_is_help=True,
    help="Run beside an old system: decide and record everything, send nothing, and compare.",
)


@app.command("list")
def shadow_list(as_json: JsonOption = False) -> None:
    """What is in shadow and what is for real, since when, who wanted it, and whose orders wait."""
    from commands.shadow import show
    from runtime.shutdown import run
    from settings import load_settings

    run(show(load_settings(), as_json=as_json))


@app.command("on")
def shadow_on(which: SliceArgument, why: WhyOption, as_json: JsonOption = False) -> None:
    """Let a slice only watch from now on; the old system does its work. Orders under way are finished here."""
    from commands.shadow import switch
    from runtime.shutdown import run
    from settings import load_settings

    run(switch(load_settings(), which, why, on=True, as_json=as_json))


@app.command("off")
def shadow_off(which: SliceArgument, why: WhyOption, as_json: JsonOption = False) -> None:
    """Switch a slice over: orders that are placed from now on are ours, those from before stay the old system's."""
    from commands.shadow import switch
    from runtime.shutdown import run
    from settings import load_settings

    run(switch(load_settings(), which, why, on=False, as_json=as_json))


@app.command("report")
def shadow_report(
    which: Annotated[str, typer.Argument(help="Only a channel, a shop or a warehouse.")] = "",
    days: DaysOption = 14,
    as_json: JsonOption = False,
) -> None:
    """Compare now what the old system did with what we would have done, keep it, and show it by day."""
    from commands.shadow import report
    from runtime.shutdown import run
    from settings import load_settings

    run(report(load_settings(), which, days, as_json=as_json))


@app.command("orders")
def shadow_orders(
    kind: Annotated[str, typer.Argument(help="An outcome of the report, such as courier or held_but_shipped.")],
    which: OneSlice = "",
    days: DaysOption = 14,
    after: Annotated[str, typer.Option(help="Where the page before ended.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="So many at most.")] = 100,
    as_json: JsonOption = False,
) -> None:
    """The orders of one outcome, with what we would have done and what was done."""
    from commands.shadow import orders
    from runtime.shutdown import run
    from settings import load_settings

    run(orders(load_settings(), kind, which, days, after=after, limit=limit, as_json=as_json))
