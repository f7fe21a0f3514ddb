"""The command line of `orderhub finance`. Heavy imports stay inside the commands, so that `--help` is quick."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from commands.options import JsonOption

app = typer.Typer(name="finance", no_args_is_help=True, help="What finance gets of orders.")


@app.callback()
def _group() -> None:
    """So that the one command there is keeps its name."""


@app.command("export")
def export(
    since: Annotated[str, typer.Option("--from", help="The first day, like 2026-11-01 (Beijing).")],
    until: Annotated[str, typer.Option("--to", help="The day after the last one, like 2026-12-01.")],
    out: Annotated[Path, typer.Option("--out", help="FILE.xlsx, or FILE.csv for FILE-lines.csv and so on.")],
    channel: Annotated[str, typer.Option("--channel", help="Of this channel only.")] = "",
    shop: Annotated[str, typer.Option("--shop", help="Of this shop only.")] = "",
    force: Annotated[bool, typer.Option("--force", help="Write over what is there.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Order lines, refunds, consignments, fields, and a summary that balances with them; no personal data."""
    from commands.finance import export_to
    from runtime.shutdown import run
    from settings import load_settings

    run(export_to(load_settings(), since, until, channel, shop, out, force=force, as_json=as_json))
