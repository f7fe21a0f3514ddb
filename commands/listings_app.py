"""The command line of `orderhub listings`. Heavy imports stay inside the commands, so that `--help` is quick."""

from __future__ import annotations

from typing import Annotated

import typer

from commands.options import JsonOption

app = typer.Typer(
    name="listings",
    no_args_is_help=True,
    help="What shops offer under their own numbers, and the stock they were told.",
)


@app.command("import")
def listings_import(
    file: Annotated[
        typer.FileBinaryRead, typer.Argument(help="A CSV file with the columns channel, shop, sku, item_id, sku_id.")
    ],
    as_json: JsonOption = False,
) -> None:
    """Keep which listing sells which article. The same file again changes nothing. Exit code 1 when any row was bad."""
    from commands.listings import take
    from runtime.shutdown import run
    from settings import load_settings

    run(take(load_settings(), file.read(), as_json=as_json))


@app.command("list")
def listings_list(
    channel: Annotated[str, typer.Option(help="Only those of a channel.")] = "",
    shop: Annotated[str, typer.Option(help="Only those of a shop.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Every listing, with the stock figure that its shop was told last."""
    from commands.listings import show
    from runtime.shutdown import run
    from settings import load_settings

    run(show(load_settings(), channel, shop, as_json=as_json))


@app.command("log")
def listings_log(
    sku: Annotated[str, typer.Option(help="Only those of an article.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10000, help="So many at most, the newest.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """The figures that channels were told, each with what the formula reckoned with."""
    from commands.listings import log
    from runtime.shutdown import run
    from settings import load_settings

    run(log(load_settings(), sku, limit, as_json=as_json))
