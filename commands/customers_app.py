"""The command line of `orderhub customers`. Heavy imports stay inside the commands, so that `--help` is quick."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from commands.options import JsonOption

WhoOption = Annotated[str, typer.Option("--who", help="Who does it; left out: the user of this machine.")]
ChannelArgument = Annotated[str, typer.Argument(help="The channel, like b2b.")]
CustomerArgument = Annotated[str, typer.Argument(help="The channel's own number of the customer.")]

app = typer.Typer(
    name="customers",
    no_args_is_help=True,
    help="How much customers on account may owe; without a limit the credit bureau is asked.",
)


@app.command("list")
def listed(as_json: JsonOption = False) -> None:
    """Every limit: what is reserved by orders, delivered and not paid, and free."""
    from commands.customers import show_all
    from runtime.shutdown import run
    from settings import load_settings

    run(show_all(load_settings(), as_json=as_json))


@app.command("show")
def show(channel: ChannelArgument, customer: CustomerArgument, as_json: JsonOption = False) -> None:
    """What moved a customer's credit: which order, who, when, why."""
    from commands import customers
    from runtime.shutdown import run
    from settings import load_settings

    run(customers.show(load_settings(), channel, customer, as_json=as_json))


@app.command("limit")
def limit(
    channel: ChannelArgument,
    customer: CustomerArgument,
    yuan: Annotated[str, typer.Argument(help="How much they may owe and have on order, in yuan.")],
    why: Annotated[str, typer.Option("--why", help="Why; it stands in the entries.")],
    name: Annotated[str, typer.Option(help="What the customer is called.")] = "",
    who: WhoOption = "",
    as_json: JsonOption = False,
) -> None:
    """Set a customer's limit. Their orders that wait for credit are reviewed again."""
    from commands import customers
    from runtime.shutdown import run
    from settings import load_settings

    who = who or getpass.getuser()
    run(customers.limit(load_settings(), channel, customer, yuan, name, who, why, as_json=as_json))


@app.command("paid")
def paid(
    channel: ChannelArgument,
    customer: CustomerArgument,
    yuan: Annotated[str, typer.Argument(help="How much came, in yuan.")],
    key: Annotated[str, typer.Option(help="The payment's number: the same number is booked once.")],
    who: WhoOption = "",
    as_json: JsonOption = False,
) -> None:
    """A customer paid for what was delivered: so much is free again."""
    from commands import customers
    from runtime.shutdown import run
    from settings import load_settings

    run(customers.payment(load_settings(), channel, customer, yuan, key, who or getpass.getuser(), as_json=as_json))
