"""The command line of `orderhub quarantine`. Heavy imports stay inside the commands, so that `--help` is quick."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from commands.options import JsonOption

Numbers = Annotated[list[int], typer.Argument(min=1, help="The documents' numbers, as `list` shows them.")]

app = typer.Typer(name="quarantine", no_args_is_help=True, help="Documents that came in and that nobody could read.")


@app.command("list")
def quarantine_list(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many of the latest are listed.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """How many there are of each shop and kind, and why each of the latest could not be read."""
    from commands.quarantine import listed
    from runtime.shutdown import run
    from settings import load_settings

    run(listed(load_settings(), limit, as_json=as_json))


@app.command("again")
def quarantine_again(numbers: Numbers, as_json: JsonOption = False) -> None:
    """Have them read again, after what was wrong has been mended."""
    from commands.quarantine import again
    from runtime.shutdown import run
    from settings import load_settings

    run(again(load_settings(), numbers, as_json=as_json))


@app.command("drop")
def quarantine_drop(
    numbers: Numbers,
    why: Annotated[str, typer.Option("--why", help="Why nothing shall come of them; it stands at the documents.")],
    who: Annotated[str, typer.Option("--who", help="Who does it; left out: the user of this machine.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Have nothing come of them. They stay in the inbox, with who wanted that and why."""
    from commands.quarantine import drop
    from runtime.shutdown import run
    from settings import load_settings

    run(drop(load_settings(), numbers, who or getpass.getuser(), why, as_json=as_json))
