"""The command line of `orderhub shops`. Heavy imports stay inside the commands, so that `--help` is quick."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from commands.options import JsonOption

ChannelArgument = Annotated[str, typer.Argument(help="The channel as the settings call it: taobao, douyin, jd, ...")]
ShopArgument = Annotated[str, typer.Argument(help="The shop: its number or name at the channel.")]

app = typer.Typer(
    name="shops", no_args_is_help=True, help="Shop accounts: added, tried, paused and removed without a restart."
)


@app.command("list")
def shops_list(as_json: JsonOption = False) -> None:
    """Every shop, whether it sells now, and why not."""
    from commands.shops import show
    from runtime.shutdown import run
    from settings import load_settings

    run(show(load_settings(), as_json=as_json))


@app.command("add")
def shops_add(channel: ChannelArgument, shop: ShopArgument) -> None:
    """Keep a shop's account. Reads it as JSON from standard input, so that no secret stands in the shell's history.

    What an account holds stands in .env.example at the channel's SHOPS; an empty input is an account without secrets
    (its tokens come with orderhub authorise). Adding a shop that is there renews its account.
    """
    from commands.shops import add
    from runtime.shutdown import run
    from settings import load_settings

    account = typer.prompt("account as JSON", default="{}", hide_input=True) if sys.stdin.isatty() else sys.stdin.read()
    run(add(load_settings(), channel, shop, account.strip()))


@app.command("test")
def shops_test(channel: ChannelArgument, shop: ShopArgument) -> None:
    """Ask the channel something harmless with the shop's credentials. Exit code 1 when it says no."""
    from commands.shops import test
    from runtime.shutdown import run
    from settings import load_settings

    run(test(load_settings(), channel, shop))


@app.command("pause")
def shops_pause(
    channel: ChannelArgument,
    shop: ShopArgument,
    why: Annotated[str, typer.Option(help="What others should know of it.")] = "",
) -> None:
    """Stop asking the shop for orders, and let what it pushes wait in the inbox. Its living orders go on."""
    from commands.shops import move
    from runtime.shutdown import run
    from settings import load_settings
    from store.shops import ShopState

    run(move(load_settings(), channel, shop, ShopState.PAUSED, why))


@app.command("resume")
def shops_resume(channel: ChannelArgument, shop: ShopArgument) -> None:
    """Go on with a shop that was paused: what came or changed meanwhile is taken, oldest first."""
    from commands.shops import move
    from runtime.shutdown import run
    from settings import load_settings
    from store.shops import ShopState

    run(move(load_settings(), channel, shop, ShopState.ACTIVE, ""))


@app.command("remove")
def shops_remove(channel: ChannelArgument, shop: ShopArgument) -> None:
    """Take a shop off the channel: nothing is asked of it or taken from it any more. Its orders stay."""
    from commands.shops import move
    from runtime.shutdown import run
    from settings import load_settings
    from store.shops import ShopState

    run(move(load_settings(), channel, shop, ShopState.REMOVED, "removed by a person"))
