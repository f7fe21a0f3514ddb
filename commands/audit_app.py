"""The command line of `orderhub audit`. Heavy imports stay inside the command, so that `--help` is quick."""

from __future__ import annotations

from typing import Annotated

import typer

from commands.options import JsonOption

app = typer.Typer()


@app.command()
def audit(
    books: Annotated[
        str, typer.Option(help="Where the sandbox is, to compare with its books; empty: store only.")
    ] = "",
    running: Annotated[
        bool, typer.Option("--running", help="Orders are still moving: skip checks about ends.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Prove the invariants: stock conserved, no order lost or doubled, one live waybill per parcel.

    Exit code 1 on any finding.
    """
    from commands.audit import main
    from runtime.shutdown import run
    from settings import load_settings

    run(main(load_settings(), books or None, settled=not running, as_json=as_json))
