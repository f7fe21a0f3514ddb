"""The command line of `orderhub labels`. Heavy imports stay inside the commands, so that `--help` is quick."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from commands.options import JsonOption
from domain.paper import Size

app = typer.Typer(
    name="labels",
    no_args_is_help=True,
    help="Combined labels: parcels for one area share a sheet, with a code per order.",
)

WarehouseOption = Annotated[str, typer.Option(help="One warehouse only.")]
SinceOption = Annotated[
    str, typer.Option(help='Parcels that got their number since then: "2026-03-01 10:00" (Beijing). Left out: a day.')
]
SizeOption = Annotated[Size, typer.Option(help="Width by height of the paper in millimetres.")]
OutOption = Annotated[Path, typer.Option(help="The file to write; another one of this name is replaced.")]
SheetArgument = Annotated[str, typer.Argument(help="The sheet's number, as it is printed on it.")]


@app.command("list")
def list_(warehouse: WarehouseOption = "", since: SinceOption = "", as_json: JsonOption = False) -> None:
    """What waits to be printed, what must not ship, which sheets there are, and what was taken off them."""
    from commands.labels import at_the_desk, show
    from runtime.shutdown import run
    from settings import load_settings

    run(at_the_desk(load_settings(), partial(show, as_json=as_json), since, warehouse))


@app.command("print")
def print_(
    out: OutOption,
    warehouse: WarehouseOption = "",
    since: SinceOption = "",
    size: SizeOption = Size.SMALL,
    early: Annotated[bool, typer.Option("--early", help="Groups too that a parcel may still join.")] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Every sheet of this size since then too, as it was printed.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Make sheets of what is due, as a PDF. A parcel is printed once.

    Writes no file when nothing is due.
    """
    from commands.labels import at_the_desk, print_labels
    from runtime.shutdown import run
    from settings import load_settings

    work = partial(print_labels, out=out, size=size, early=early, again=again, as_json=as_json)
    run(at_the_desk(load_settings(), work, since, warehouse))


@app.command()
def reprint(sheet: SheetArgument, out: OutOption) -> None:
    """Print one sheet again, as it was printed. Exit code 1 when there is none."""
    from commands.labels import at_the_desk, print_again
    from runtime.shutdown import run
    from settings import load_settings

    run(at_the_desk(load_settings(), partial(print_again, sheet=sheet, out=out), "", ""))


@app.command()
def withdraw(sheet: SheetArgument) -> None:
    """Take all parcels off a sheet (a wrong size, a jammed printer), so that they are printed anew."""
    from commands.labels import at_the_desk, take_off
    from runtime.shutdown import run
    from settings import load_settings

    run(at_the_desk(load_settings(), partial(take_off, sheet=sheet), "", ""))


@app.command()
def sample(out: OutOption, size: SizeOption = Size.SMALL) -> None:
    """A sheet about nobody, to try the printer with: a PDF, or a picture when the file is called .png."""
    from domain.texts import use_language
    from printing import sample, sheets

    use_language("zh")
    sheet = [sample.sheet(size)]
    drawn = sheets.png(sheet, sample.ADDRESS)[0] if out.suffix == ".png" else sheets.pdf(sheet, sample.ADDRESS)
    out.write_bytes(drawn)
