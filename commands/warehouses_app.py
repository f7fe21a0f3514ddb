"""The command line of `orderhub warehouses`. Heavy imports stay inside the commands, so that `--help` is quick."""

from __future__ import annotations

from typing import Annotated

import typer

from commands.options import JsonOption

WarehouseArgument = Annotated[str, typer.Argument(help="The warehouse's code, as its WMS knows it.")]

app = typer.Typer(
    name="warehouses", no_args_is_help=True, help="Warehouses: where they are, when they work, what they can do."
)


@app.command("list")
def warehouses_list(as_json: JsonOption = False) -> None:
    """Show all warehouses, and how many consignments each is to send today."""
    from commands.warehouses import show
    from runtime.shutdown import run
    from settings import load_settings

    run(show(load_settings(), as_json=as_json))


@app.command("add")
def warehouses_add(
    code: WarehouseArgument,
    name: Annotated[str, typer.Option(help="What people call it.")] = "",
    province: Annotated[str, typer.Option(help="Its province, e.g. 浙江省.")] = "",
    city: Annotated[str, typer.Option(help="Its city, e.g. 杭州市.")] = "",
    cut_off: Annotated[str, typer.Option(help="What is ready by then leaves the same day. HH:MM, Beijing.")] = "16:00",
    weekdays: Annotated[str, typer.Option(help="On which days it works: digits, 1 for Monday.")] = "1234567",
    rests: Annotated[
        bool, typer.Option("--rests", help="It rests on official holidays and works on the days made up for them.")
    ] = False,
    daily_capacity: Annotated[int, typer.Option(min=0, help="Consignments a day; 0: any.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Keep a warehouse, or change one that is there: what is not given gets its default."""
    from commands.warehouses import Given, add
    from runtime.shutdown import run
    from settings import load_settings

    given = Given(code, name, province, city, cut_off, weekdays, rests, daily_capacity)
    run(add(load_settings(), given, as_json=as_json))


@app.command("pause")
def warehouses_pause(code: WarehouseArgument, as_json: JsonOption = False) -> None:
    """Send nothing new from a warehouse. What it was told to send goes on."""
    from commands.warehouses import switch
    from runtime.shutdown import run
    from settings import load_settings

    run(switch(load_settings(), code, active=False, as_json=as_json))


@app.command("resume")
def warehouses_resume(code: WarehouseArgument, as_json: JsonOption = False) -> None:
    """Let a paused warehouse send again."""
    from commands.warehouses import switch
    from runtime.shutdown import run
    from settings import load_settings

    run(switch(load_settings(), code, active=True, as_json=as_json))
