"""The command line of `orderhub rules`. Heavy imports stay inside the commands, so that `--help` is quick."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from commands.options import JsonOption

RuleSetArgument = Annotated[str, typer.Argument(help="The rule set, as orderhub rules list names it: freight, ...")]
WhoOption = Annotated[
    str, typer.Option("--who", help="Who does it; it stands in the history. Left out: the user of this machine.")
]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask whether it is meant.")]

app = typer.Typer(
    name="rules",
    no_args_is_help=True,
    help="Decision tables: edited as XLSX, tested on orders, published and taken back without a restart.",
)


def _who(given: str) -> str:
    import getpass

    return given or getpass.getuser()


def _confirm(yes: bool) -> Callable[[str], bool]:
    def ask(question: str) -> bool:
        from domain.texts import text

        if yes or (sys.stdin.isatty() and typer.confirm(question, err=True)):
            return True
        typer.echo(f"{question}\n{text('rules.not_confirmed')}", err=True)
        return False

    return ask


@app.command("check")
def rules_check(
    name: Annotated[str, typer.Argument(help="A rule set; left out: all that came with orderhub.")] = "",
    file: Annotated[Path | None, typer.Argument(help="An XLSX or JSON file; left out: as it came.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Look at a file, or at tables as they came with orderhub: cells, rows that never apply, bounds, examples.

    What is wrong is named by sheet, row and column, with what to do about it. Exit code 1 on any. This needs no
    installation, and keeps nothing: `orderhub rules check freight freight.xlsx` before it is sent to those who import.
    """
    from commands.rules import check
    from runtime.shutdown import leave

    leave(check(os.environ.get("ORDERHUB_LANGUAGE", "zh"), name, file, as_json=as_json))


@app.command("list")
def rules_list(as_json: JsonOption = False) -> None:
    """Every rule set: which version decides now, since when, what is to come, and the drafts."""
    from commands.rules import show_all
    from runtime.shutdown import run
    from settings import load_settings

    run(show_all(load_settings(), as_json=as_json))


@app.command("show")
def rules_show(
    name: RuleSetArgument,
    version: Annotated[str, typer.Argument(help="A version; left out: the one in force.")] = "",
    as_json: JsonOption = False,
) -> None:
    """One version, row by row, as it is evaluated."""
    from commands.rules import show
    from runtime.shutdown import run
    from settings import load_settings

    run(show(load_settings(), name, version, as_json=as_json))


@app.command("export")
def rules_export(
    name: RuleSetArgument,
    file: Annotated[Path, typer.Argument(help="The file to write: .xlsx for people, .json for the engine's own form.")],
    version: Annotated[str, typer.Option(help="A version; left out: the one in force.")] = "",
) -> None:
    """Write a rule set into a file that can be edited and imported again.

    Change rows, order and titles as you like, write texts in double quotes, and leave an empty cell for "any".
    """
    from commands.rules import export
    from runtime.shutdown import run
    from settings import load_settings

    run(export(load_settings(), name, file, version))


@app.command("import")
def rules_import(
    name: RuleSetArgument,
    file: Annotated[Path, typer.Argument(help="An XLSX or JSON file that orderhub rules export made.")],
    why: Annotated[str, typer.Option("--why", help="Why; it stands in the history.")] = "",
    who: WhoOption = "",
    as_json: JsonOption = False,
) -> None:
    """Keep a file as a draft. Nothing goes live by it: test it, then publish it.

    Exit code 1, and nothing is kept, when anything is wrong; every fault is named by sheet, row and column.
    """
    from commands.rules import import_
    from runtime.shutdown import run
    from settings import load_settings

    run(import_(load_settings(), name, file, _who(who), why, as_json=as_json))


@app.command("test")
def rules_test(
    name: RuleSetArgument,
    version: Annotated[str, typer.Argument(help="A version; left out: the draft that was brought last.")] = "",
    file: Annotated[Path | None, typer.Option(help="Test this file instead, and keep nothing.")] = None,
    against: Annotated[
        int, typer.Option(min=0, max=20_000, help="Try it on so many of the newest orders, and show what differs.")
    ] = 0,
    who: WhoOption = "",
    as_json: JsonOption = False,
) -> None:
    """Run everything that a version must pass before it may be published, its author's examples included.

    With --against it is also tried on orders that were decided already: which would come out differently, by which
    row, and how often each row decides. That changes nothing. Exit code 1 when the version may not be published, or
    when a question of an order has no answer.
    """
    from commands.rules import test
    from runtime.shutdown import run
    from settings import load_settings

    run(test(load_settings(), name, version, file, against, _who(who), as_json=as_json))


@app.command("publish")
def rules_publish(
    name: RuleSetArgument,
    why: Annotated[str, typer.Option("--why", help="Why; it stands in the history.")],
    version: Annotated[str, typer.Argument(help="A version; left out: the one that was tested last.")] = "",
    begins: Annotated[
        str, typer.Option("--from", help='From when it decides, Beijing: "2026-11-11 00:00". Left out: at once.')
    ] = "",
    ends: Annotated[
        str, typer.Option("--until", help="Until when; then what was in force before decides again. Left out: no end.")
    ] = "",
    who: WhoOption = "",
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Put a tested version in force, everywhere within 5 seconds and without a restart.

    A publication with --until goes before those without one while it lasts. Of two of a kind the one that began last
    decides. Exit code 1 when it may not be published, 2 when nobody confirmed it.
    """
    from commands.rules import publish
    from runtime.shutdown import run
    from settings import load_settings

    run(publish(load_settings(), name, version, _who(who), why, begins, ends, _confirm(yes), as_json=as_json))


@app.command("rollback")
def rules_rollback(
    name: RuleSetArgument,
    why: Annotated[str, typer.Option("--why", help="Why; it stands in the history.")],
    number: Annotated[
        int | None, typer.Option(help="The publication's number in the history; left out: the one in force.")
    ] = None,
    who: WhoOption = "",
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Take a publication back: what would be in force without it decides again, within 5 seconds.

    One that has not begun yet is called off by its number. Nothing is erased. Exit code 1 when there is nothing to
    take back, 2 when nobody confirmed it.
    """
    from commands.rules import rollback
    from runtime.shutdown import run
    from settings import load_settings

    run(rollback(load_settings(), name, number, _who(who), why, _confirm(yes), as_json=as_json))


@app.command("explain")
def rules_explain(
    order: Annotated[str, typer.Argument(help="The order's id: channel:shop:number.")],
    as_json: JsonOption = False,
) -> None:
    """Which versions and rows decided about an order, step by step, and what is in force would say of it now.

    Each version is asked again about the order as it was then. Exit code 1 when no rule has decided about it.
    """
    from commands.rules import explain
    from runtime.shutdown import run
    from settings import load_settings

    run(explain(load_settings(), order, as_json=as_json))


@app.command("coverage")
def rules_coverage(
    name: RuleSetArgument,
    days: Annotated[int, typer.Option(min=1, max=3650, help="Of so many days, which words came.")] = 30,
    as_json: JsonOption = False,
) -> None:
    """Which of the partners' words mean something to orderhub, which came and mean nothing, and which mean something
    though no protocol names them.

    NAME is status_map. Exit code 1 when words came that mean nothing.
    """
    from commands.rules_coverage import show_coverage
    from runtime.shutdown import run
    from settings import load_settings

    run(show_coverage(load_settings(), name, days, as_json=as_json))


@app.command("history")
def rules_history(name: RuleSetArgument, as_json: JsonOption = False) -> None:
    """Who drafted, tested, published and took back which version, when and why."""
    from commands.rules import history
    from runtime.shutdown import run
    from settings import load_settings

    run(history(load_settings(), name, as_json=as_json))
