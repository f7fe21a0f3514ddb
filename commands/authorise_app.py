"""The command line of `orderhub authorise`. Heavy imports stay inside the command, so that `--help` is quick."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer()


@app.command()
def authorise(
    channel: Annotated[str, typer.Argument(help="jd, pdd or xiaohongshu.")],
    shop: Annotated[str, typer.Argument(help="The shop as the settings name it.")],
) -> None:
    """Keep a shop's first tokens. Asks for the code that the platform shows after its owner's consent."""
    from commands.authorise import main
    from runtime.shutdown import run
    from settings import load_settings

    # Asked for and not an argument: arguments stand in the shell's history.
    code = typer.prompt("code", hide_input=True)
    run(main(load_settings(), channel, shop, code))
