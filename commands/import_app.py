"""The command line of `orderhub import`. Heavy imports stay inside the command, so that `--help` is quick."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from commands.options import JsonOption

app = typer.Typer()


@app.command("import")
def import_(
    file: Annotated[
        Path | None, typer.Argument(help="A CSV (UTF-8 or GB18030) or XLSX file: one row per line.")
    ] = None,
    channel: Annotated[str, typer.Option(help="own, pos, b2b or wechat.")] = "b2b",
    shop: Annotated[str, typer.Option(help="The shop whose orders these are.")] = "",
    preview: Annotated[bool, typer.Option("--preview", help="Say what would be taken, and change nothing.")] = False,
    template: Annotated[
        Path | None, typer.Option(help="Write an empty XLSX file to fill in, and nothing else.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Take orders out of a file. Importing the same file again changes nothing. Exit code 1 when any row was bad."""
    from commands import import_file
    from runtime.shutdown import leave, run
    from settings import load_settings

    if template is not None:
        leave(import_file.template(os.environ.get("ORDERHUB_LANGUAGE", "zh"), template))
    elif file is None or not shop:
        typer.echo("orderhub import FILE --channel b2b --shop NAME, or orderhub import --template out.xlsx", err=True)
        leave(2)
    else:
        run(import_file.main(load_settings(), file, channel, shop, preview=preview, as_json=as_json))
