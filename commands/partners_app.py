"""The command line of `orderhub partners`. Heavy imports stay inside the command, so that `--help` is quick."""

from __future__ import annotations

from typing import Annotated

import typer

from commands.options import JsonOption

app = typer.Typer()


@app.command()
def partners(
    minutes: Annotated[
        int | None,
        typer.Option(min=1, max=2880, help="Look back so many minutes as well; counts are kept for two days."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """How well each partner's interface serves: success over 5 minutes and an hour, latency, breaker, alert.

    Exit code 1 only when the store cannot be read.
    """
    from commands.partners import main
    from runtime.shutdown import run
    from settings import load_settings

    run(main(load_settings(), minutes=minutes, as_json=as_json))
