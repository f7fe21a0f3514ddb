"""The command line of `orderhub stock`. Heavy imports stay inside the commands, so that `--help` is quick."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from commands.options import JsonOption

if TYPE_CHECKING:
    from commands.stock import Deed
    from settings import Settings

SkuArgument = Annotated[str, typer.Argument(help="The merchant's article code.")]
WarehouseOption = Annotated[str, typer.Option(help="The warehouse; empty: ORDERHUB_COMPANY__WAREHOUSE.")]
KeyOption = Annotated[str, typer.Option(help="The number of the paper that says so: the same number is booked once.")]
WhyOption = Annotated[str, typer.Option(help="Why; it stands in the ledger.")]
NumberArgument = Annotated[str, typer.Argument(help="The number that it goes by.")]
GoodsArgument = Annotated[list[str], typer.Argument(help="Articles and pieces: MUG=5 CUP=2.")]
EveryOption = Annotated[bool, typer.Option("--all", help="Also what is over.")]

app = typer.Typer(
    name="stock", no_args_is_help=True, help="The stock pool: what is there, what binds it, and what moves it."
)
transfer_app = typer.Typer(
    name="transfer",
    no_args_is_help=True,
    help="Goods between warehouses: freeze, send, receive. A freeze that is not sent in time lets its goods go.",
)
incoming_app = typer.Typer(
    name="incoming",
    no_args_is_help=True,
    help="Purchases on their way: orders may lock them, and get them when they come in.",
)
shares_app = typer.Typer(
    name="shares",
    no_args_is_help=True,
    help="How much of the pool a channel may take: of what is on hand, without what is frozen, and with what was "
    "shipped since goods last came in. Locked and shipped pieces count against it; goods that come in begin anew.",
)
app.add_typer(transfer_app)
app.add_typer(incoming_app)
app.add_typer(shares_app)


@app.command("show")
def show(
    sku: Annotated[str, typer.Argument(help="One article only; left out: all.")] = "", as_json: JsonOption = False
) -> None:
    """What is on hand, locked for orders, frozen by transfers and free, by article and warehouse."""
    from commands import stock
    from runtime.shutdown import run
    from settings import load_settings

    run(stock.show(load_settings(), sku, as_json=as_json))


@app.command("ledger")
def ledger(
    sku: SkuArgument,
    warehouse: Annotated[str, typer.Option(help="One warehouse only.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many movements, the newest first.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """Who moved an article, when, why, for which order, by how much, and what was there afterwards."""
    from commands import stock
    from runtime.shutdown import run
    from settings import load_settings

    run(stock.movements(load_settings(), sku, warehouse, limit, as_json=as_json))


@app.command("receive")
def receive(
    sku: SkuArgument,
    quantity: Annotated[int, typer.Argument(min=1, help="How many good pieces came in.")],
    key: Annotated[str, typer.Option(help="The delivery note's number: the same note is booked once.")],
    warehouse: WarehouseOption = "",
    as_json: JsonOption = False,
) -> None:
    """Book goods that came in. Booking the same note again changes nothing. Of a purchase: stock incoming receive."""
    from store.stock import desk

    _do(lambda at: lambda tx, who: desk.receive(tx, sku, warehouse or at, quantity, key, who), as_json=as_json)


@app.command("adjust")
def adjust(
    sku: SkuArgument,
    quantity: Annotated[int, typer.Option("--by", help="Pieces, signed: --by=-2. What orders hold stays.")],
    key: KeyOption,
    why: WhyOption,
    warehouse: WarehouseOption = "",
    as_json: JsonOption = False,
) -> None:
    """Correct what is on hand by so many pieces. After counting, use `stock count`."""
    from store.stock import desk

    _do(lambda at: lambda tx, who: desk.adjust(tx, sku, warehouse or at, quantity, key, why, who), as_json=as_json)


@app.command("count")
def count(
    sku: SkuArgument,
    counted: Annotated[int, typer.Argument(min=0, help="How many good pieces there are.")],
    key: KeyOption,
    why: WhyOption = "counted",
    warehouse: WarehouseOption = "",
    as_json: JsonOption = False,
) -> None:
    """Set what is on hand to what was counted; the difference is booked.

    Exit code 1, and nothing is changed, when fewer were counted than are locked for orders and frozen by transfers.
    """
    from store.stock import desk

    _do(lambda at: lambda tx, who: desk.count(tx, sku, warehouse or at, counted, key, why, who), as_json=as_json)


@app.command("defective")
def defective(
    sku: SkuArgument,
    quantity: Annotated[int, typer.Option("--pieces", help="Good ones that are defective; below zero: mended.")],
    key: KeyOption,
    why: WhyOption,
    warehouse: WarehouseOption = "",
    as_json: JsonOption = False,
) -> None:
    """Take free pieces out of what is sold, or put mended ones back."""
    from store.stock import desk

    _do(lambda at: lambda tx, who: desk.defective(tx, sku, warehouse or at, quantity, key, why, who), as_json=as_json)


@app.command("scrap")
def scrap(
    sku: SkuArgument,
    quantity: Annotated[int, typer.Argument(min=1, help="How many defective pieces.")],
    key: KeyOption,
    why: WhyOption,
    warehouse: WarehouseOption = "",
    as_json: JsonOption = False,
) -> None:
    """Defective pieces leave for good."""
    from store.stock import desk

    _do(lambda at: lambda tx, who: desk.scrap(tx, sku, warehouse or at, quantity, key, why, who), as_json=as_json)


@app.command("compare")
def compare(
    every: Annotated[bool, typer.Option("--all", help="Show the articles that agree as well.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Where our stock and the warehouse's own figures do not agree; compared every hour, and when they moved."""
    from commands import stock_compare
    from runtime.shutdown import run
    from settings import load_settings

    run(stock_compare.compare(load_settings(), every=every, as_json=as_json))


@app.command("adopt")
def adopt(
    sku: SkuArgument,
    difference: Annotated[int, typer.Option(help="The difference as `stock compare` shows it, e.g. -2.")],
    why: Annotated[str, typer.Option(help="Why the warehouse is right; it stands in the ledger.")],
    warehouse: WarehouseOption = "",
) -> None:
    """Book the warehouse's figure as counted. Exit code 1 when the difference is another by now, or orders hold it."""
    from commands import stock_compare
    from runtime.shutdown import run
    from settings import load_settings

    run(stock_compare.adopt(load_settings(), sku, warehouse, difference, why))


@transfer_app.command("list")
def transfers(every: EveryOption = False, as_json: JsonOption = False) -> None:
    """Transfers that bind goods or are on their way."""
    from commands import stock
    from runtime.shutdown import run
    from settings import load_settings

    run(stock.list_transfers(load_settings(), every=every, as_json=as_json))


@transfer_app.command("freeze")
def freeze(
    number: NumberArgument,
    goods: GoodsArgument,
    source: Annotated[str, typer.Option("--from", help="The warehouse that they leave.")],
    target: Annotated[str, typer.Option("--to", help="The warehouse that they go to.")],
    hours: Annotated[
        float | None, typer.Option(min=0.01, max=720, help="Left out: ORDERHUB_COMPANY__TRANSFER_FROZEN_S.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Bind free goods for a transfer. What is not sent by then is free again, to the second."""
    from datetime import timedelta

    from store.stock import desk

    wanted = _goods(goods)
    lasts = timedelta(hours=hours) if hours else timedelta(seconds=_settings().company.transfer_frozen_s)
    _do(lambda _: lambda tx, who: desk.freeze(tx, number, wanted, source, target, lasts, who), as_json=as_json)


@transfer_app.command("send")
def send(number: NumberArgument, as_json: JsonOption = False) -> None:
    """The goods leave. Exit code 1, an alert and a replenishment suggestion when the freeze is not good any more."""
    from store.stock import desk

    _do(lambda _: lambda tx, who: desk.send(tx, number, who), as_json=as_json)


@transfer_app.command("receive")
def take_in(
    number: NumberArgument,
    goods: Annotated[
        list[str] | None, typer.Argument(help="What came of articles that did not all come: MUG=4.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """The goods are there. What is missing is written off, and a person is asked about it."""
    from store.stock import desk

    arrived = _goods(goods or [])
    _do(lambda _: lambda tx, who: desk.take_in(tx, number, arrived, who), as_json=as_json)


@transfer_app.command("cancel")
def cancel(number: NumberArgument, as_json: JsonOption = False) -> None:
    """Let the goods go that it froze. What is on its way is received instead."""
    from store.stock import desk

    _do(lambda _: lambda tx, who: desk.cancel(tx, number, who), as_json=as_json)


@incoming_app.command("list")
def purchases(every: EveryOption = False, as_json: JsonOption = False) -> None:
    """Purchases that are on their way, the earliest first, and what of them is promised to orders."""
    from commands import stock
    from runtime.shutdown import run
    from settings import load_settings

    run(stock.list_incoming(load_settings(), every=every, as_json=as_json))


@incoming_app.command("expect")
def expect(
    number: NumberArgument,
    sku: SkuArgument,
    quantity: Annotated[int, typer.Argument(min=1, help="Pieces in all, those that came already included.")],
    day: Annotated[str, typer.Option("--by", help="Beijing day or moment: 2026-03-01, or '2026-03-01 18:00'.")],
    warehouse: WarehouseOption = "",
    as_json: JsonOption = False,
) -> None:
    """Keep an article of a purchase, or its better known date or quantity."""
    from commands.stock import moment_of
    from store.stock import desk

    try:
        expected_at = moment_of(day)
    except ValueError as wrong:
        raise typer.BadParameter(str(wrong), param_hint="--by") from None
    _do(
        lambda at: lambda tx, _who: desk.expect(tx, number, sku, warehouse or at, quantity, expected_at),
        as_json=as_json,
    )


@incoming_app.command("receive")
def came(
    number: NumberArgument,
    goods: GoodsArgument,
    key: Annotated[str, typer.Option(help="The delivery note's number: the same note is booked once.")],
    as_json: JsonOption = False,
) -> None:
    """Goods of a purchase came in: orders that wait for them get them, who waited longest first."""
    from store.stock import desk

    arrived = _goods(goods)
    _do(lambda _: lambda tx, who: desk.came(tx, number, arrived, key, who), as_json=as_json)


@incoming_app.command("call-off")
def call_off(number: NumberArgument, sku: SkuArgument, as_json: JsonOption = False) -> None:
    """What has not come of it will not come: orders that wait for it lose it and must be planned again."""
    from store.stock import desk

    _do(lambda _: lambda tx, who: desk.call_off(tx, number, sku, who), as_json=as_json)


@shares_app.command("list")
def shares(as_json: JsonOption = False) -> None:
    """Every share."""
    from commands import stock
    from runtime.shutdown import run
    from settings import load_settings

    run(stock.list_shares(load_settings(), as_json=as_json))


@shares_app.command("set")
def set_share(
    sku: Annotated[str, typer.Argument(help="The merchant's article code; '*' for each that has no share of its own.")],
    channel: Annotated[str, typer.Argument(help="taobao, douyin, jd, ...")],
    percent: Annotated[int, typer.Argument(min=0, max=100, help="Of the pool, rounded down to pieces.")],
    as_json: JsonOption = False,
) -> None:
    """Let a channel take at most so much. Lowering it takes nothing from orders that have it."""
    from store.stock import desk

    _do(lambda _: lambda tx, who: desk.set_share(tx, sku, channel, percent, who), as_json=as_json)


@shares_app.command("remove")
def remove_share(sku: SkuArgument, channel: str, as_json: JsonOption = False) -> None:
    """Let a channel take what it can get."""
    from store.stock import desk

    _do(lambda _: lambda tx, _who: desk.remove_share(tx, sku, channel), as_json=as_json)


def _do(deed: Callable[[str], Deed], *, as_json: bool) -> None:
    """Do something at the desk; `deed` is given the company's warehouse."""
    from commands import stock
    from runtime.shutdown import run

    settings = _settings()
    run(stock.do(settings, deed(settings.company.warehouse), as_json=as_json))


def _settings() -> Settings:
    from settings import load_settings

    return load_settings()


def _goods(pairs: list[str]) -> dict[str, int]:
    from commands.stock import goods_of

    try:
        return goods_of(pairs)
    except ValueError as wrong:
        raise typer.BadParameter(str(wrong)) from None
