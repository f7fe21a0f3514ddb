"""The command line of `orderhub approvers`. Heavy imports stay inside the commands, so that `--help` is quick."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from commands.options import JsonOption

WhoOption = Annotated[str, typer.Option("--who", help="Who changes it; left out: the user of this machine.")]
IdArgument = Annotated[str, typer.Argument(help="The name that their staff token goes by.")]

app = typer.Typer(
    name="approvers",
    no_args_is_help=True,
    help="Who may approve orders: names, roles, phones, deputies, absences.",
)


@app.command("list")
def listed(as_json: JsonOption = False) -> None:
    """Everybody who may approve, and the roles that the rules ask for and nobody fills."""
    from commands.approvers import people
    from runtime.shutdown import run
    from settings import load_settings

    run(people(load_settings(), as_json=as_json))


@app.command("add")
def add(
    who: IdArgument,
    role: Annotated[
        list[str] | None,
        typer.Option(help="sales_director, technical_director, ...; several times for several. Left out: they stay."),
    ] = None,
    name: Annotated[str | None, typer.Option(help="What they are called.")] = None,
    deputy: Annotated[str | None, typer.Option(help='Who stands in for them; "" for nobody.')] = None,
    phone: Annotated[
        bool, typer.Option("--phone", help="Ask for their phone, which gets the SMS with the link.")
    ] = False,
    by: WhoOption = "",
    as_json: JsonOption = False,
) -> None:
    """Keep an approver, or change one: what is left out stays as it is."""
    from commands.approvers import Given, keep
    from runtime.shutdown import run
    from settings import load_settings

    # Asked for and not an argument: arguments stand in the shell's history.
    number = typer.prompt("phone", hide_input=True) if phone else None
    run(keep(load_settings(), who, Given(name, role, number, deputy), by or getpass.getuser(), as_json=as_json))


@app.command("away")
def away(
    who: IdArgument,
    until: Annotated[str, typer.Argument(help='Until when, Beijing: "2026-11-11 18:00".')],
    by: WhoOption = "",
    as_json: JsonOption = False,
) -> None:
    """Somebody is away: whoever stands in for them is asked meanwhile."""
    from commands import approvers
    from runtime.shutdown import run
    from settings import load_settings

    run(approvers.away(load_settings(), who, until, by or getpass.getuser(), as_json=as_json))


@app.command("back")
def back(who: IdArgument, by: WhoOption = "", as_json: JsonOption = False) -> None:
    """Somebody is back."""
    from commands import approvers
    from runtime.shutdown import run
    from settings import load_settings

    run(approvers.away(load_settings(), who, "", by or getpass.getuser(), as_json=as_json))


@app.command("remove")
def remove(who: IdArgument, by: WhoOption = "", as_json: JsonOption = False) -> None:
    """Somebody approves no more. What they decided stays."""
    from commands import approvers
    from runtime.shutdown import run
    from settings import load_settings

    run(approvers.remove(load_settings(), who, by or getpass.getuser(), as_json=as_json))
