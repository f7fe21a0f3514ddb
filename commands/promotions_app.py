"""The command line of `orderhub promotions`. Heavy imports stay inside the commands, so that `--help` is quick."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from commands.options import JsonOption

app = typer.Typer(name="promotions", no_args_is_help=True, help="Promotions: what a basket costs, step by step.")


@app.command("try")
def promotions_try(
    file: Annotated[typer.FileBinaryRead, typer.Argument(help='A basket as JSON; "-" reads standard input.')],
    promotions: Annotated[
        Path | None, typer.Option("--promotions", help="Promotions in an XLSX or JSON file, instead of the published.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Price a basket: every step, what does not count and why, and each line's share. It changes nothing."""
    from commands.promotions import try_basket
    from runtime.shutdown import run
    from settings import load_settings

    run(try_basket(load_settings(), file.read(), promotions, as_json=as_json))
