"""The command line of `orderhub orders`. Heavy imports stay inside the commands, so that `--help` is quick."""

from __future__ import annotations

from typing import Annotated

import typer

from commands.options import JsonOption

OrderArgument = Annotated[
    str, typer.Argument(help="Our order id (channel:shop:number), the platform's order number, or a waybill number.")
]

app = typer.Typer(name="orders", no_args_is_help=True, help="Where orders are, and why.")


@app.command("show")
def orders_show(
    order: OrderArgument,
    events: Annotated[int, typer.Option(min=0, max=20, help="How many of its last events are shown.")] = 8,
    as_json: JsonOption = False,
) -> None:
    """One order: where it is, what stops it and who ends that, findings, approvals, parcels, price, last events.

    Where a number leads to several orders, they are listed. Exit code 2 when it leads to none.
    """
    from commands.orders import show
    from runtime.shutdown import run
    from settings import load_settings

    run(show(load_settings(), order, events=events, as_json=as_json))


@app.command("why")
def orders_why(order: OrderArgument, as_json: JsonOption = False) -> None:
    """Only why an order is where it is: holds, findings with the rule rows behind them, and by when each stage is due.

    Exit code 2 when the number leads to no order.
    """
    from commands.orders import why
    from runtime.shutdown import run
    from settings import load_settings

    run(why(load_settings(), order, as_json=as_json))


@app.command("list")
def orders_list(
    state: Annotated[str, typer.Option(help="PAID, RISK_PASSED, ..., CANCELLED, UNDELIVERED; none: not paid.")] = "",
    hold: Annotated[str, typer.Option(help="The reason of an open hold: RISK, PRICE_CONFLICT, ...; any.")] = "",
    flag: Annotated[str, typer.Option(help="The code of a finding that stands, or how it begins: risk.")] = "",
    channel: Annotated[str, typer.Option(help="own, douyin, taobao, ...")] = "",
    shop: Annotated[str, typer.Option(help="The shop, as its channel names it.")] = "",
    late: Annotated[bool, typer.Option("--late", help="Only orders with a stage whose time is up.")] = False,
    since: Annotated[str, typer.Option(help='Placed since then, Beijing: "2026-11-11" or "2026-11-11 08:00".')] = "",
    after: Annotated[str, typer.Option(help="The id of the last order seen: go on behind it.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many are listed.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """Orders, those placed last first, each with what is wrong with it; what waits for people is counted on top."""
    from commands.orders import Asked, listed
    from runtime.shutdown import run
    from settings import load_settings

    asked = Asked(state, hold, flag, channel, shop, late, since, after)
    run(listed(load_settings(), asked, limit=limit, as_json=as_json))
