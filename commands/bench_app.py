"""The command line of `orderhub bench`. Heavy imports stay inside the command, so that `--help` is quick."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench import BENCHES
from commands.options import DEFAULT_HOME, JsonOption

app = typer.Typer()


def _known_bench(name: str) -> str:
    if name not in BENCHES:
        raise typer.BadParameter(f"there is no {name!r}; there are: {', '.join(BENCHES)}")
    return name


@app.command(
    help="Measure orderhub on this machine. NAME is one of:\n\n"
    + "\n\n".join(f"{name}: {what}" for name, what in BENCHES.items())
)
def bench(
    name: Annotated[str, typer.Argument(help="What to measure.", callback=_known_bench)],
    orders: Annotated[
        int | None,
        typer.Option(min=1, help="Orders in each burst or round; left out: 30000 (stock: 3000, rules: 400)."),
    ] = None,
    seconds: Annotated[
        float | None, typer.Option(min=1, max=240, help="No phase takes longer; left out: 120 (stock: 4).")
    ] = None,
    batch: Annotated[int, typer.Option(min=1, max=500, help="Documents in each request.")] = 100,
    postgres: Annotated[
        str,
        typer.Option(
            envvar="ORDERHUB_BENCH_POSTGRES_URL",
            help="A PostgreSQL server (postgresql+asyncpg://...) for a database of the benchmark's own.",
        ),
    ] = "",
    home: Annotated[Path, typer.Option(help="Folder for data and logs; emptied at the start.")] = DEFAULT_HOME
    / "bench",
    as_json: JsonOption = False,
) -> None:
    """Measure orderhub on this machine, with processes and a store of its own. What there is, stands below."""
    from bench import intake, rules, stock
    from commands.bench import main
    from runtime.shutdown import run

    options: intake.Options | stock.Options | rules.Options
    if name == "rules":
        options = rules.Options(home, orders or rules.Options.orders)
    elif name == "stock":
        options = stock.Options(home, orders or stock.Options.orders, seconds or stock.Options.seconds, postgres)
    else:
        default = intake.Options
        options = default(home, orders or default.orders, seconds or default.seconds, batch, postgres)
    run(main(options, as_json=as_json))
