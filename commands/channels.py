"""`orderhub channels`: the nine ways in which orders come, what each can do, and whether it does now.

Nothing here is a table of its own: intake and receivers are said by the connectors' classes, couriers by the decision
table, states by the store, and tests by the checkout that this runs from.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from rich.console import Console
from rich.table import Table

from commands.house import house
from connectors.facts import ReceiverKind
from connectors.ports import StockTaker
from domain.clock import utc_now
from domain.order import (
    Amounts,
    Channel,
    ChannelStatus,
    CipherReceiver,
    ClearReceiver,
    Customer,
    Notes,
    Order,
    OrderLine,
    Receiver,
    Region,
    Requirement,
)
from domain.texts import text
from rules.couriers import plan_couriers
from runtime.client import key_ring
from runtime.partners import Outside, connectors_of, open_partners, takes_stock
from runtime.shops import ShopKeeper
from settings import Settings
from store import shops
from store.shops import Shop

TESTS = Path(__file__).parents[1] / "tests"
"""Where the tests are in a checkout; an installed package has none."""


@dataclass(frozen=True)
class PlannedCouriers:
    """Who is asked for a waybill, in turn, for one kind of receiver. A person is the last."""

    receiver: str
    cold_chain: bool
    steps: tuple[str, ...]
    why: str
    rule: str


@dataclass(frozen=True)
class ShopSeen:
    """A shop, and whether it sells now."""

    shop: str
    state: str
    why: str


@dataclass(frozen=True)
class ChannelSeen:
    """All that is known of a channel."""

    channel: str
    name: str
    intake: tuple[str, ...]
    receivers: tuple[str, ...]
    encrypted: bool
    """Whether the platform keeps receivers encrypted, all or some."""
    stock: bool
    """Whether it is told how many pieces it may sell."""
    courier_plan: tuple[PlannedCouriers, ...]
    configured: bool
    plugin: str
    """The third party's package that serves it; "" for ours."""
    feeds: tuple[str, ...]
    """The lists of changes that are asked for now."""
    shops: tuple[ShopSeen, ...]
    tests: tuple[str, ...] | None
    """Test files that are about it; None where there is no checkout."""


async def main(settings: Settings, *, as_json: bool) -> int:
    """Show the nine."""
    async with house(settings) as db, open_partners(settings, db) as outside:
        await ShopKeeper(settings, db, key_ring(settings.encryption), outside).look()
        async with db.reading() as tx:
            kept = await shops.all_shops(tx)
        seen = [look_at(channel, outside, kept) for channel in Channel]
    _show(seen, as_json=as_json)
    return 0


def look_at(channel: Channel, outside: Outside, kept: list[Shop]) -> ChannelSeen:
    """One channel, as it stands now."""
    facts = [kind.facts for kind in connectors_of(channel)]
    receivers = tuple(sorted({str(kind) for fact in facts for kind in fact.receivers}))
    seller = outside.partners.channels.get(channel)
    brought_by = {one.channel: plugin.package for plugin in outside.plugins for one in plugin.brought.channels}
    return ChannelSeen(
        channel=str(channel),
        name=text(f"channel.{channel}"),
        intake=tuple(sorted({str(way) for fact in facts for way in fact.ways})),
        receivers=receivers,
        encrypted=ReceiverKind.CIPHER in receivers,
        stock=isinstance(seller, StockTaker) if seller is not None else takes_stock(channel),
        courier_plan=tuple(planned(channel, kind, cold) for kind in receivers for cold in (False, True)),
        configured=channel in outside.partners.channels,
        plugin=brought_by.get(channel, ""),
        feeds=tuple(sorted(feed for feed, served in outside.feeds() if served is channel)),
        shops=tuple(ShopSeen(shop.shop, str(shop.state), shop.why) for shop in kept if shop.channel == channel),
        tests=covering_tests(channel),
    )


def planned(channel: Channel, receiver: str, cold_chain: bool) -> PlannedCouriers:
    """The decision table's word on an order of this channel."""
    notes = Notes(requirements=(Requirement.COLD_CHAIN,) if cold_chain else ())
    plan = plan_couriers(_order(channel, _receiver(ReceiverKind(receiver), channel), notes))
    steps = tuple(f"{step.provider}:{step.carrier}" for step in plan.steps)
    return PlannedCouriers(receiver, cold_chain, steps, plan.why, plan.rule)


def _receiver(kind: ReceiverKind, channel: Channel) -> Receiver:
    if kind is ReceiverKind.CLEAR:
        return ClearReceiver(name="", phone="", region=Region(), detail="")
    return CipherReceiver(platform=channel, name_cipher="", phone_cipher="", detail_cipher="", region=Region())


def _order(channel: Channel, receiver: Receiver, notes: Notes) -> Order:
    line = OrderLine(line_no="1", sku="", title="", quantity=1, unit_price_fen=0, amount_fen=0)
    return Order(
        channel=channel,
        shop="shop",
        channel_order_no="1",
        version=0,
        status=ChannelStatus.PAID,
        placed_at=utc_now(),
        lines=(line,),
        amounts=Amounts(goods_fen=0, paid_fen=0),
        receiver=receiver,
        customer=Customer(external_id=""),
        notes=notes,
    )


def covering_tests(channel: Channel, root: Path = TESTS) -> tuple[str, ...] | None:
    """The test files whose name, folder or imports name the channel, or the room of a connector that serves it.

    None where this is no checkout.
    """
    if not (root / "connectors").is_dir():
        return None
    wanted = {str(channel), *(kind.__module__.split(".")[1] for kind in connectors_of(channel))}
    return tuple(name for name, words in _test_files(root) if wanted & words)


@cache
def _test_files(root: Path) -> tuple[tuple[str, frozenset[str]], ...]:
    found = []
    for path in sorted(root.rglob("test_*.py")):
        name = path.relative_to(root)
        words = {*name.parts[:-1], *name.stem.split("_"), *_imported(path)}
        found.append((str(Path(root.name) / name), frozenset(words)))
    return tuple(found)


def _imported(path: Path) -> Iterator[str]:
    """Every part of the names of the modules that a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from alias.name.split(".")
        elif isinstance(node, ast.ImportFrom):
            yield from (node.module or "").split(".")
            yield from (alias.name for alias in node.names)


def _show(seen: list[ChannelSeen], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"channels": [asdict(one) for one in seen]}, ensure_ascii=False))  # noqa: T201
        return
    columns = ("channel", "intake", "receivers", "stock", "couriers", "shops", "tests")
    table = Table(*(text(f"channels.{name}") for name in columns))
    for one in seen:
        plan = next((each for each in one.courier_plan if not each.cold_chain), None)
        states = ", ".join(f"{shop.shop} ({text(f'shop.{shop.state}')})" for shop in one.shops)
        table.add_row(
            one.name,
            " ".join(text(f"way.{way}") for way in one.intake),
            " ".join(text(f"receiver.{kind}") for kind in one.receivers),
            text("channels.stock_yes" if one.stock else "channels.stock_no"),
            " → ".join(plan.steps) if plan is not None else "",
            states or (one.plugin if one.configured and one.plugin else text("channels.not_configured")),
            str(len(one.tests)) if one.tests is not None else text("channels.no_checkout"),
        )
    Console().print(table)
