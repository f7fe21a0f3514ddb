"""The command line. Heavy imports stay inside the commands, so that `--help` is quick."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

if __name__ == "__main__":  # run as a file: the house itself is not on the path yet
    sys.path.insert(0, str(Path(__file__).parent))

import typer

from bench import BENCHES
from commands import labels
from commands.approvals_app import approvals_app, approvers_app
from commands.customers_app import customers_app
from commands.pauses_app import pauses_app
from commands.pool_app import stock_app

app = typer.Typer(
    name="orderhub",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # locals may hold secrets
    help="Order integration on Temporal: one durable workflow per order, from every channel to the signed parcel.",
)

DEFAULT_HOME = Path(".orderhub")
HomeOption = Annotated[Path, typer.Option("--home", help="Folder of the embedded installation: databases, logs, keys.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout; logs go to stderr.")]


def _known_bench(name: str) -> str:
    if name not in BENCHES:
        raise typer.BadParameter(f"there is no {name!r}; there are: {', '.join(BENCHES)}")
    return name


@app.command()
def up(home: HomeOption = DEFAULT_HOME) -> None:
    """Run everything on this machine: Temporal, store, sandbox, gateway, worker. Ends with Ctrl-C; data stays."""
    from embedded.up import main
    from runtime.shutdown import run

    run(main(home))


@app.command()
def demo(
    orders: Annotated[int, typer.Option(min=1, max=20_000, help="How many orders buyers place.")] = 60,
    seed: Annotated[int, typer.Option(help="The same seed gives the same orders and the same faults.")] = 1,
    scenario: Annotated[str, typer.Option(help="What is played (see embedded/scenarios/).")] = "everyday",
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


@app.command()
def worker() -> None:
    """Run a worker: workflows, activities and the dispatcher of the inbox (the same as `python worker.py`)."""
    from runtime.shutdown import run
    from settings import load_settings
    from worker import main

    run(main(load_settings()))


@app.command()
def gateway() -> None:
    """Serve webhooks, the order API, the codec endpoint and the clerk's form over HTTP."""
    from commands.gateway import main
    from runtime.shutdown import run
    from settings import load_settings

    run(main(load_settings()))


@app.command()
def sandbox() -> None:
    """Play all partners on their wire protocols, faults included. Settings: ORDERHUB_SANDBOX__*."""
    from commands.sandbox import main
    from runtime.shutdown import run

    run(main())


@app.command()
def setup() -> None:
    """Create or bring up to date: tables, namespace, search attributes, schedules. Safe to run again."""
    from commands.setup import main
    from runtime.shutdown import run
    from settings import load_settings

    run(main(load_settings()))


@app.command()
def doctor(as_json: JsonOption = False) -> None:
    """Check that everything orderhub needs is there and answers: store, Temporal, search attributes, schedules."""
    from commands.doctor import main
    from runtime.shutdown import run
    from settings import load_settings

    run(main(load_settings(), as_json=as_json))


@app.command()
def partners(
    minutes: Annotated[
        int | None,
        typer.Option(min=1, max=2880, help="Look back so many minutes as well; counts are kept for two days."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """How well each partner's interface serves: success over 5 minutes and an hour, latency, breaker, alert.

    Exit code 1 only when the store cannot be read.
    """
    from commands.partners import main
    from runtime.shutdown import run
    from settings import load_settings

    run(main(load_settings(), minutes=minutes, as_json=as_json))


@app.command()
def channels(as_json: JsonOption = False) -> None:
    """The nine channels: how orders come in, what is encrypted, who ships, which shops sell, and what tests them."""
    from commands.channels import main
    from runtime.shutdown import run
    from settings import load_settings

    run(main(load_settings(), as_json=as_json))


@app.command()
def audit(
    books: Annotated[
        str, typer.Option(help="Where the sandbox is, to compare with its books; empty: store only.")
    ] = "",
    running: Annotated[
        bool, typer.Option("--running", help="Orders are still moving: skip checks about ends.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Prove the invariants: stock conserved, no order lost or doubled, one live waybill per parcel.

    Exit code 1 on any finding.
    """
    from commands.audit import main
    from runtime.shutdown import run
    from settings import load_settings

    run(main(load_settings(), books or None, settled=not running, as_json=as_json))


@app.command()
def sla(
    days: Annotated[int, typer.Option(min=1, max=90, help="How far back durations are counted.")] = 7,
    limit: Annotated[int, typer.Option(min=0, max=1000, help="How many late orders are listed.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """Deadlines: how orders stand in each stage, which are late, how long stages take by channel and warehouse."""
    from commands.sla import main
    from runtime.shutdown import run
    from settings import load_settings

    run(main(load_settings(), days=days, limit=limit, as_json=as_json))


@app.command()
def healings(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many of the latest are listed.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """What was mended by itself, could not be, or was handed to a person: addresses, amounts, forgotten gifts."""
    from commands.healings import main
    from runtime.shutdown import run
    from settings import load_settings

    run(main(load_settings(), limit=limit, as_json=as_json))


gifts_app = typer.Typer(no_args_is_help=True, help="Gifts that were forgotten.")
app.add_typer(approvers_app, name="approvers")
app.add_typer(approvals_app, name="approvals")
app.add_typer(customers_app, name="customers")
app.add_typer(gifts_app, name="gifts")


@gifts_app.command("send-after")
def gifts_send_after(
    order_id: Annotated[str, typer.Argument(help="The order that left without its gift.")],
    line_no: Annotated[str, typer.Argument(help="The gift's line.")],
    why: Annotated[str, typer.Option(help="Who missed it, for the order's history.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Send a forgotten gift after, in an order of its own. Asked twice, it is sent once."""
    from commands.gifts import send
    from runtime.shutdown import run
    from settings import load_settings

    run(send(load_settings(), order_id, line_no, why, as_json=as_json))


merges_app = typer.Typer(no_args_is_help=True, help="Orders of one buyer that are packed as one parcel.")
app.add_typer(merges_app, name="merges")
MergeNumber = Annotated[int, typer.Argument(min=1, help="The merge's number, as `list` shows it.")]


@merges_app.command("list")
def merges_list(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many of the latest are listed.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """The last merges of several orders, the newest first."""
    from commands.merges import listed
    from runtime.shutdown import run
    from settings import load_settings

    run(listed(load_settings(), limit=limit, as_json=as_json))


@merges_app.command("show")
def merges_show(number: MergeNumber, as_json: JsonOption = False) -> None:
    """One merge: its orders, and why those left that did."""
    from commands.merges import show
    from runtime.shutdown import run
    from settings import load_settings

    run(show(load_settings(), number, as_json=as_json))


@merges_app.command("undo")
def merges_undo(
    number: MergeNumber,
    why: Annotated[str, typer.Option(help="Why, for the orders' histories.")],
    as_json: JsonOption = False,
) -> None:
    """Let every order of a merge be packed alone. Exit code 1 once the warehouse has packed it."""
    from commands.merges import undo
    from runtime.shutdown import run
    from settings import load_settings

    run(undo(load_settings(), number, why, as_json=as_json))


app.add_typer(pauses_app, name="pauses")
app.add_typer(stock_app, name="stock")


@stock_app.command("compare")
def stock_compare(
    every: Annotated[bool, typer.Option("--all", help="Show the articles that agree as well.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Where our stock and the warehouse's own figures do not agree; compared every hour, and when they moved."""
    from commands.shelves import compare
    from runtime.shutdown import run
    from settings import load_settings

    run(compare(load_settings(), every=every, as_json=as_json))


@stock_app.command("adopt")
def stock_adopt(
    sku: Annotated[str, typer.Argument(help="The merchant's article code.")],
    difference: Annotated[int, typer.Option(help="The difference as `stock compare` shows it, e.g. -2.")],
    why: Annotated[str, typer.Option(help="Why the warehouse is right; it stands in the ledger.")],
    warehouse: Annotated[str, typer.Option(help="The warehouse; empty: ORDERHUB_COMPANY__WAREHOUSE.")] = "",
) -> None:
    """Book the warehouse's figure as counted. Exit code 1 when the difference is another by now, or orders hold it."""
    from commands.shelves import adopt
    from runtime.shutdown import run
    from settings import load_settings

    run(adopt(load_settings(), sku, warehouse, difference, why))


warehouses_app = typer.Typer(no_args_is_help=True, help="Warehouses: where they are, when they work, what they can do.")
app.add_typer(warehouses_app, name="warehouses")

WarehouseArgument = Annotated[str, typer.Argument(help="The warehouse's code, as its WMS knows it.")]


@warehouses_app.command("list")
def warehouses_list(as_json: JsonOption = False) -> None:
    """Show all warehouses, and how many consignments each is to send today."""
    from commands.warehouses import show
    from runtime.shutdown import run
    from settings import load_settings

    run(show(load_settings(), as_json=as_json))


@warehouses_app.command("add")
def warehouses_add(
    code: WarehouseArgument,
    name: Annotated[str, typer.Option(help="What people call it.")] = "",
    province: Annotated[str, typer.Option(help="Its province, e.g. 浙江省.")] = "",
    city: Annotated[str, typer.Option(help="Its city, e.g. 杭州市.")] = "",
    cut_off: Annotated[str, typer.Option(help="What is ready by then leaves the same day. HH:MM, Beijing.")] = "16:00",
    weekdays: Annotated[str, typer.Option(help="On which days it works: digits, 1 for Monday.")] = "1234567",
    rests: Annotated[
        bool, typer.Option("--rests", help="It rests on official holidays and works on the days made up for them.")
    ] = False,
    daily_capacity: Annotated[int, typer.Option(min=0, help="Consignments a day; 0: any.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Keep a warehouse, or change one that is there: what is not given gets its default."""
    from commands.warehouses import Given, add
    from runtime.shutdown import run
    from settings import load_settings

    given = Given(code, name, province, city, cut_off, weekdays, rests, daily_capacity)
    run(add(load_settings(), given, as_json=as_json))


@warehouses_app.command("pause")
def warehouses_pause(code: WarehouseArgument, as_json: JsonOption = False) -> None:
    """Send nothing new from a warehouse. What it was told to send goes on."""
    from commands.warehouses import switch
    from runtime.shutdown import run
    from settings import load_settings

    run(switch(load_settings(), code, active=False, as_json=as_json))


@warehouses_app.command("resume")
def warehouses_resume(code: WarehouseArgument, as_json: JsonOption = False) -> None:
    """Let a paused warehouse send again."""
    from commands.warehouses import switch
    from runtime.shutdown import run
    from settings import load_settings

    run(switch(load_settings(), code, active=True, as_json=as_json))


articles_app = typer.Typer(no_args_is_help=True, help="Articles: class, safety stock, and what happens below it.")
app.add_typer(articles_app, name="articles")


@articles_app.command("import")
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


@articles_app.command("list")
def articles_list(as_json: JsonOption = False) -> None:
    """Every article that is described."""
    from commands.articles import show
    from runtime.shutdown import run
    from settings import load_settings

    run(show(load_settings(), as_json=as_json))


@articles_app.command("import-tags")
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


@articles_app.command("tags")
def articles_tags(as_json: JsonOption = False) -> None:
    """Every registration, filing number, certificate and customs fact that is written down of an article."""
    from commands.articles import show_tags
    from runtime.shutdown import run
    from settings import load_settings

    run(show_tags(load_settings(), as_json=as_json))


declarations_app = typer.Typer(no_args_is_help=True, help="Customs declarations of orders that go abroad.")
app.add_typer(declarations_app, name="declarations")


@declarations_app.command("list")
def declarations_list(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="So many at most.")] = 200,
    as_json: JsonOption = False,
) -> None:
    """Living orders whose declaration lacks something, the longest waiting first, and those that are blocked by law."""
    from commands.declarations import show
    from runtime.shutdown import run
    from settings import load_settings

    run(show(load_settings(), limit=limit, as_json=as_json))


listings_app = typer.Typer(
    no_args_is_help=True, help="What shops offer under their own numbers, and the stock they were told."
)
app.add_typer(listings_app, name="listings")


@listings_app.command("import")
def listings_import(
    file: Annotated[
        typer.FileBinaryRead, typer.Argument(help="A CSV file with the columns channel, shop, sku, item_id, sku_id.")
    ],
    as_json: JsonOption = False,
) -> None:
    """Keep which listing sells which article. The same file again changes nothing. Exit code 1 when any row was bad."""
    from commands.listings import take
    from runtime.shutdown import run
    from settings import load_settings

    run(take(load_settings(), file.read(), as_json=as_json))


@listings_app.command("list")
def listings_list(
    channel: Annotated[str, typer.Option(help="Only those of a channel.")] = "",
    shop: Annotated[str, typer.Option(help="Only those of a shop.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Every listing, with the stock figure that its shop was told last."""
    from commands.listings import show
    from runtime.shutdown import run
    from settings import load_settings

    run(show(load_settings(), channel, shop, as_json=as_json))


@listings_app.command("log")
def listings_log(
    sku: Annotated[str, typer.Option(help="Only those of an article.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10000, help="So many at most, the newest.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """The figures that channels were told, each with what the formula reckoned with."""
    from commands.listings import log
    from runtime.shutdown import run
    from settings import load_settings

    run(log(load_settings(), sku, limit, as_json=as_json))


shadow_app = typer.Typer(
    no_args_is_help=True, help="Run beside an old system: decide and record everything, send nothing, and compare."
)
app.add_typer(shadow_app, name="shadow")

SliceArgument = Annotated[str, typer.Argument(help="A channel (douyin), a shop (douyin/88) or warehouse/CODE.")]
OneSlice = Annotated[str, typer.Argument(help="Only a channel (douyin) or a shop (douyin/88).")]
WhyOption = Annotated[str, typer.Option("--why", help="Why, for the history.")]
DaysOption = Annotated[int, typer.Option(min=1, max=366, help="So many days, today among them.")]


@shadow_app.command("list")
def shadow_list(as_json: JsonOption = False) -> None:
    """What is in shadow and what is for real, since when, who wanted it, and whose orders wait."""
    from commands.shadow import show
    from runtime.shutdown import run
    from settings import load_settings

    run(show(load_settings(), as_json=as_json))


@shadow_app.command("on")
def shadow_on(which: SliceArgument, why: WhyOption, as_json: JsonOption = False) -> None:
    """Let a slice only watch from now on; the old system does its work. Orders under way are finished here."""
    from commands.shadow import switch
    from runtime.shutdown import run
    from settings import load_settings

    run(switch(load_settings(), which, why, on=True, as_json=as_json))


@shadow_app.command("off")
def shadow_off(which: SliceArgument, why: WhyOption, as_json: JsonOption = False) -> None:
    """Switch a slice over: orders that are placed from now on are ours, those from before stay the old system's."""
    from commands.shadow import switch
    from runtime.shutdown import run
    from settings import load_settings

    run(switch(load_settings(), which, why, on=False, as_json=as_json))


@shadow_app.command("report")
def shadow_report(
    which: Annotated[str, typer.Argument(help="Only a channel, a shop or a warehouse.")] = "",
    days: DaysOption = 14,
    as_json: JsonOption = False,
) -> None:
    """Compare now what the old system did with what we would have done, keep it, and show it by day."""
    from commands.shadow import report
    from runtime.shutdown import run
    from settings import load_settings

    run(report(load_settings(), which, days, as_json=as_json))


@shadow_app.command("orders")
def shadow_orders(
    kind: Annotated[str, typer.Argument(help="An outcome of the report, such as courier or held_but_shipped.")],
    which: OneSlice = "",
    days: DaysOption = 14,
    after: Annotated[str, typer.Option(help="Where the page before ended.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="So many at most.")] = 100,
    as_json: JsonOption = False,
) -> None:
    """The orders of one outcome, with what we would have done and what was done."""
    from commands.shadow import orders
    from runtime.shutdown import run
    from settings import load_settings

    run(orders(load_settings(), kind, which, days, after=after, limit=limit, as_json=as_json))


replenishment_app = typer.Typer(no_args_is_help=True, help="What should be ordered, and how much of it.")
app.add_typer(replenishment_app, name="replenishment")

EveryOption = Annotated[bool, typer.Option("--all", help="Those that are closed as well.")]


@replenishment_app.command("list")
def replenishment_list(every: EveryOption = False, as_json: JsonOption = False) -> None:
    """The open suggestions: how much, how long the stock lasts, and what that was reckoned from."""
    from commands.replenishment import show
    from runtime.shutdown import run
    from settings import load_settings

    run(show(load_settings(), every=every, as_json=as_json))


@replenishment_app.command("export")
def replenishment_export(
    file: Annotated[Path, typer.Argument(help="Where to write it: a name ending in .csv or .xlsx.")],
    every: EveryOption = False,
) -> None:
    """The suggestions as a file for procurement."""
    from commands.replenishment import export
    from runtime.shutdown import run
    from settings import load_settings

    run(export(load_settings(), file, every=every))


@replenishment_app.command("accept")
def replenishment_accept(
    number: Annotated[str, typer.Argument(help="The suggestion, e.g. RP12.")],
    quantity: Annotated[int | None, typer.Option(min=1, help="How much was ordered; as suggested if left out.")] = None,
    expected: Annotated[str, typer.Option(help="The day it will be here, 2026-11-30; the lead time if left out.")] = "",
) -> None:
    """It was ordered: a purchase is on its way, for which orders may wait. Accepting again changes nothing."""
    from commands.replenishment import accept
    from runtime.shutdown import run
    from settings import load_settings

    run(accept(load_settings(), number, quantity, expected))


shops_app = typer.Typer(no_args_is_help=True, help="Shop accounts: added, tried, paused and removed without a restart.")
app.add_typer(shops_app, name="shops")

ChannelArgument = Annotated[str, typer.Argument(help="The channel as the settings call it: taobao, douyin, jd, ...")]
ShopArgument = Annotated[str, typer.Argument(help="The shop: its number or name at the channel.")]


@shops_app.command("list")
def shops_list(as_json: JsonOption = False) -> None:
    """Every shop, whether it sells now, and why not."""
    from commands.shops import show
    from runtime.shutdown import run
    from settings import load_settings

    run(show(load_settings(), as_json=as_json))


@shops_app.command("add")
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


@shops_app.command("test")
def shops_test(channel: ChannelArgument, shop: ShopArgument) -> None:
    """Ask the channel something harmless with the shop's credentials. Exit code 1 when it says no."""
    from commands.shops import test
    from runtime.shutdown import run
    from settings import load_settings

    run(test(load_settings(), channel, shop))


@shops_app.command("pause")
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


@shops_app.command("resume")
def shops_resume(channel: ChannelArgument, shop: ShopArgument) -> None:
    """Go on with a shop that was paused: what came or changed meanwhile is taken, oldest first."""
    from commands.shops import move
    from runtime.shutdown import run
    from settings import load_settings
    from store.shops import ShopState

    run(move(load_settings(), channel, shop, ShopState.ACTIVE, ""))


@shops_app.command("remove")
def shops_remove(channel: ChannelArgument, shop: ShopArgument) -> None:
    """Take a shop off the channel: nothing is asked of it or taken from it any more. Its orders stay."""
    from commands.shops import move
    from runtime.shutdown import run
    from settings import load_settings
    from store.shops import ShopState

    run(move(load_settings(), channel, shop, ShopState.REMOVED, "removed by a person"))


reconcile_app = typer.Typer(no_args_is_help=True, help="Our books against those of others.")
app.add_typer(reconcile_app, name="reconcile")


@reconcile_app.command("channel")
def reconcile_channel(
    channel: Annotated[str, typer.Argument(help="One channel only; left out: all that have a list.")] = "",
    day: Annotated[str, typer.Option(help="The Beijing day, like 2026-11-11; left out: yesterday.")] = "",
    run_now: Annotated[bool, typer.Option("--run", help="Compare now; else the report of the nightly run.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Each channel's own list of a day's changes against our orders; what was missed is taken in.

    It runs by itself every night at three (Beijing). Exit code 1 when an order waits in quarantine or a shop was not
    compared.
    """
    from commands.reconcile import channel as reconcile
    from runtime.shutdown import run
    from settings import load_settings

    run(reconcile(load_settings(), channel, day, run=run_now, as_json=as_json))


app.add_typer(labels.app, name="labels")


promotions_app = typer.Typer(no_args_is_help=True, help="Promotions: what a basket costs, step by step.")
app.add_typer(promotions_app, name="promotions")


@promotions_app.command("try")
def promotions_try(
    file: Annotated[typer.FileBinaryRead, typer.Argument(help='A basket as JSON; "-" reads standard input.')],
    promotions: Annotated[
        Path | None, typer.Option("--promotions", help="Promotions in an XLSX or JSON file, instead of the published.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Price a basket: every step, what does not count and why, and each line's share. It changes nothing."""
    from commands.promotions import try_basket
    from runtime.shutdown import run
    from settings import load_settings

    run(try_basket(load_settings(), file.read(), promotions, as_json=as_json))


rules_app = typer.Typer(
    no_args_is_help=True,
    help="Decision tables: edited as XLSX, tested on orders, published and taken back without a restart.",
)
app.add_typer(rules_app, name="rules")


@rules_app.command("check")
def rules_check(as_json: JsonOption = False) -> None:
    """Look at every table that came with orderhub: cells, rows that never apply, bounds, examples.

    What is wrong is named by table, row and column, with what to do about it. Exit code 1 on any.
    """
    from commands.rules import check
    from runtime.shutdown import leave

    leave(check(as_json=as_json))


RuleSetArgument = Annotated[str, typer.Argument(help="The rule set, as orderhub rules list names it: freight, ...")]
WhoOption = Annotated[
    str, typer.Option("--who", help="Who does it; it stands in the history. Left out: the user of this machine.")
]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask whether it is meant.")]


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


@rules_app.command("list")
def rules_list(as_json: JsonOption = False) -> None:
    """Every rule set: which version decides now, since when, what is to come, and the drafts."""
    from commands.rules import show_all
    from runtime.shutdown import run
    from settings import load_settings

    run(show_all(load_settings(), as_json=as_json))


@rules_app.command("show")
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


@rules_app.command("export")
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


@rules_app.command("import")
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


@rules_app.command("test")
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


@rules_app.command("publish")
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


@rules_app.command("rollback")
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


@rules_app.command("explain")
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


@rules_app.command("coverage")
def rules_coverage(
    name: RuleSetArgument,
    days: Annotated[int, typer.Option(min=1, max=3650, help="Of so many days, which words came.")] = 30,
    as_json: JsonOption = False,
) -> None:
    """Which of the partners' words mean something to orderhub, which came and mean nothing, and which mean something
    though no protocol names them.

    NAME is status_map. Exit code 1 when words came that mean nothing.
    """
    from commands.rule_coverage import show_coverage
    from runtime.shutdown import run
    from settings import load_settings

    run(show_coverage(load_settings(), name, days, as_json=as_json))


@rules_app.command("history")
def rules_history(name: RuleSetArgument, as_json: JsonOption = False) -> None:
    """Who drafted, tested, published and took back which version, when and why."""
    from commands.rules import history
    from runtime.shutdown import run
    from settings import load_settings

    run(history(load_settings(), name, as_json=as_json))


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


@app.command()
def authorise(
    channel: Annotated[str, typer.Argument(help="jd, pdd or xiaohongshu.")],
    shop: Annotated[str, typer.Argument(help="The shop as the settings name it.")],
) -> None:
    """Keep a shop's first tokens. Asks for the code that the platform shows after its owner's consent."""
    from commands.authorise import main
    from runtime.shutdown import run
    from settings import load_settings

    # Asked for and not an argument: arguments stand in the shell's history.
    code = typer.prompt("code", hide_input=True)
    run(main(load_settings(), channel, shop, code))


@app.command("import")
def import_(
    file: Annotated[
        Path | None, typer.Argument(help="A CSV (UTF-8 or GB18030) or XLSX file: one row per line.")
    ] = None,
    channel: Annotated[str, typer.Option(help="own, pos, b2b or wechat.")] = "b2b",
    shop: Annotated[str, typer.Option(help="The shop whose orders these are.")] = "",
    preview: Annotated[bool, typer.Option("--preview", help="Say what would be taken, and change nothing.")] = False,
    template: Annotated[
        Path | None, typer.Option(help="Write an empty XLSX file to fill in, and nothing else.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Take orders out of a file. Importing the same file again changes nothing. Exit code 1 when any row was bad."""
    from commands import import_file
    from runtime.shutdown import leave, run
    from settings import load_settings

    if template is not None:
        leave(import_file.template(os.environ.get("ORDERHUB_LANGUAGE", "zh"), template))
    elif file is None or not shop:
        typer.echo("orderhub import FILE --channel b2b --shop NAME, or orderhub import --template out.xlsx", err=True)
        leave(2)
    else:
        run(import_file.main(load_settings(), file, channel, shop, preview=preview, as_json=as_json))


@app.command()
def key() -> None:
    """Print a fresh encryption key for ORDERHUB_ENCRYPTION__KEYS."""
    from runtime.keys import new_key

    typer.echo(new_key())


def main() -> None:
    """The `orderhub` command."""
    app()


if __name__ == "__main__":
    main()
