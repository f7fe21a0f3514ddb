"""`orderhub up`: everything on this machine, until Ctrl-C."""

from __future__ import annotations

import os
from pathlib import Path

from rich.console import Console

from domain.texts import text, use_language
from embedded.environment import SHELL_FILE, HomeInUse, open_home
from embedded.processes import NotReady
from embedded.supervisor import Supervisor
from runtime.shutdown import stopped
from settings import load_settings


async def main(path: Path) -> int:
    """Start, print the addresses, wait. Exit code 1 when something does not come up."""
    console = Console()
    try:
        home = open_home(path)
    except HomeInUse as error:
        console.print(f"[red]{error}[/]")
        return 1
    os.environ.update(home.environ())
    settings = load_settings()
    use_language(settings.language)
    try:
        async with Supervisor(home, settings, lambda line: console.print(f"[dim]{line}[/]")):
            console.print(
                text(
                    "up.ready",
                    ui=home.ui_url,
                    gateway=home.gateway_url,
                    sandbox=home.sandbox_url,
                    home=str(home.path),
                    env=str(home.path / SHELL_FILE),
                )
            )
            await stopped()
            console.print(text("up.stopping"))
    except NotReady as error:
        console.print(f"[red]{error}[/]")
        return 1
    return 0
