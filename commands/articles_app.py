"""The command line of `orderhub articles`. Heavy imports stay inside the commands, so that `--help` is quick."""

from __future__ import annotations

from typing import Annotated

import typer

from commands.options import JsonOption

app = typer.Typer(
    name="articles", no_args_is_help=True, help="Articles: class, safety stock, and what happens below it."
)


@app.command("import")
def articles_import(
    file: Annotated[
        typer.FileBinaryRead,
        typer.Argument(
            help="A CSV file with the columns sku, title, abc, safety_stock, below_safety, category, grade."
        ),
    ],
    as_json: JsonOption = False,
) -> None:
    """Keep articles. The same file again changes nothing. Exit code 1 when any row was bad.

    category is the class in law (infant_formula, medical_device, special_medical_food, health_food, never_online,
    pet_food, ...), grade the stage of a formula or the class of a device; an empty cell leaves them as they are.
    """
    from commands.articles import take
    from runtime.shutdown import run
    from settings import load_settings

    run(take(load_settings(), file.read(), as_json=as_json))


@app.command("list")
def articles_list(as_json: JsonOption = False) -> None:
    """Every article that is described."""
    from commands.articles import show
    from runtime.shutdown import run
    from settings import load_settings

    run(show(load_settings(), as_json=as_json))


@app.command("import-tags")
def articles_import_tags(
    file: Annotated[
        typer.FileBinaryRead,
        typer.Argument(help="A CSV file with the columns sku, kind, value, area, issuer, valid_from, valid_to."),
    ],
    as_json: JsonOption = False,
) -> None:
    """Keep registrations, filing numbers, certificates and customs data of articles.

    Orders that wait for one are reviewed again. The same file again changes nothing. Exit code 1 when any row was bad.
    """
    from commands.articles import take_tags
    from runtime.shutdown import run
    from settings import load_settings

    run(take_tags(load_settings(), file.read(), as_json=as_json))


@app.command("tags")
def articles_tags(as_json: JsonOption = False) -> None:
    """Every registration, filing number, certificate and customs fact that is written down of an article."""
    from commands.articles import show_tags
    from runtime.shutdown import run
    from settings import load_settings

    run(show_tags(load_settings(), as_json=as_json))
