"""The command line of `orderhub demo`. Heavy imports stay inside the command, so that `--help` is quick."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from commands.options import DEFAULT_HOME, JsonOption

app = typer.Typer()


class ScenarioName(StrEnum):
    """What can be played: the names of `embedded.scenarios.SCENARIOS`, without loading them for `--help`."""

    EVERYDAY = "everyday"
    ADDRESS = "address"
    GIFTS = "gifts"
    REVIEW = "review"
    SHORTAGE = "shortage"
    MERGE = "merge"


@app.command()
def demo(
    orders: Annotated[int, typer.Option(min=1, max=20_000, help="How many orders buyers place.")] = 60,
    seed: Annotated[int, typer.Option(help="The same seed gives the same orders and the same faults.")] = 1,
    scenario: Annotated[ScenarioName, typer.Option(help="What is played.")] = ScenarioName.EVERYDAY,
    faults: Annotated[
        str, typer.Option(help="Fault plan: default, none, or a JSON file (see sandbox/faults.py).")
    ] = "default",
    kill_worker: Annotated[int, typer.Option(min=0, help="Kill the worker with signal 9 so often.")] = 0,
    kill_server: Annotated[int, typer.Option(min=0, help="Kill the Temporal server with signal 9 so often.")] = 0,
    keep: Annotated[bool, typer.Option("--keep", help="Leave everything running afterwards, to look at.")] = False,
    timeout: Annotated[float, typer.Option(help="Give up after so many seconds.")] = 900,
    home: Annotated[
        Path, typer.Option(help="Folder for the demo's data and logs; emptied at the start.")
    ] = DEFAULT_HOME / "demo",
    as_json: JsonOption = False,
) -> None:
    """Take orders from every channel through their whole life, then audit the books. Exit code 1 on any finding."""
    from embedded.demo import DemoOptions, main
    from runtime.shutdown import run

    run(main(DemoOptions(home, orders, seed, scenario, faults, kill_worker, kill_server, keep, timeout, as_json)))
