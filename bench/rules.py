"""What a full review costs: every check, and the promotions of a basket of ten lines, with a thousand rules in force.

One process and one order after the other, on SQLite. Each order has ten lines and amounts of its own, so that tables
are asked anew and not out of what they said before; one buyer in two has a past. The rules are those that came with
orderhub, and as many for other shops and channels as make a thousand rows.

- `cpu_ms_per_order`: processor time of this process for one review: collecting what the house knows, every check, every
  table that they ask, and the order's price by its promotions. Of these, `collecting_ms` is the store's part with the
  tables that its facts are for and the price, `checks_ms` the checks. `promotion_ms` is the basket priced once more by
  itself: how much of the collecting that is, about.
- `orders_per_second`: one second by it: what one core reviews.
- `statements_per_order`: what the collecting asks of the store, and keeps in it: so many trips to the database.
- `step_cpu_ms`: the whole step `accept_order`, which mends, reviews, keeps what was found and commits.
"""

from __future__ import annotations

import copy
import random
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from activities.contracts import OrderAt
from activities.dossiers import collect
from activities.review import ReviewSteps
from bench import stores
from bench.intake import WrongResult
from domain.clock import utc_now
from domain.order import Amounts, Channel, ChannelStatus, ClearReceiver, Customer, Order, OrderLine, Region
from domain.promotion import price
from domain.review import review
from rules.documents import Document, grids
from rules.engine import Book, Table, current, default, trying, use
from rules.promotions import basket
from store import articles, links, orders, stock
from store.database import Database
from store.migrate import upgrade

RULES = 1000
LINES = 10
SKUS = 500
_SHOP = "示例店铺"
"""The shop that the example promotions are for: its baskets meet rules that apply."""
_GROWN = {"promotions": "shop", "risk_rules": "channel", "compliance_rules": "channel", "duplicate_rules": "channel"}
"""Tables that are filled up, and the fact by which the added rows are for somebody else."""
_SHARES = {"promotions": 70, "risk_rules": 10, "compliance_rules": 10, "duplicate_rules": 10}
_WARM = 20
"""Orders that are reviewed before it is measured: statements and tables are prepared once."""

Say = Callable[[str], None]


@dataclass(frozen=True)
class Options:
    """What was asked for: how many orders are reviewed."""

    home: Path
    orders: int = 400


async def run(options: Options, say: Say) -> dict[str, Any]:
    """Measure. Raises WrongResult when what came out cannot be right."""
    folder = options.home / "rules"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    tables, rules = _tables()
    before = current()
    async with stores.sqlite(folder.resolve()) as url:
        await upgrade(url)
        db = Database(url)
        try:
            say(f"{rules} rules, {options.orders} orders of {LINES} lines")
            placed = await _fill(db, options.orders + _WARM)
            use(_Fixed(tables))
            with stores.statements(db) as told:
                figures = await _measured(db, placed, told)
            figures["step_cpu_ms"] = await _steps(db, placed)
        finally:
            use(before)
            await db.close()
    say(f"  {figures}")
    return {
        "bench": "rules",
        "rules": rules,
        "orders": options.orders,
        "lines_per_order": LINES,
        **figures,
        "note": "processor time of one process; the figures move with the machine",
    }


class _Fixed(Book):
    """A book in which these versions are in force."""

    def __init__(self, tables: Sequence[Table]) -> None:
        super().__init__()
        self._in_force = {table.name: table for table in tables}

    def table(self, name: str, at: datetime) -> Table:
        return self._in_force.get(name) or super().table(name, at)


def _tables() -> tuple[list[Table], int]:
    """The tables, filled up, and how many rows they have."""
    made, rows = [], 0
    for name, fact in _GROWN.items():
        document = _grown(default(name), fact, RULES * _SHARES[name] // 100)
        made.append(Table(name, document))
        rows += sum(len(grid.rows) for grid in grids(document))
    return made, rows


def _grown(document: Document, fact: str, count: int) -> Document:
    """A document with so many rows: those that it has, and copies of them for others."""
    grown = copy.deepcopy(document)
    (grid,) = grids(grown)
    column = next(column.id for column in grid.inputs if column.field == fact)
    name = next(column.id for column in grid.outputs if column.field == "row")
    table = next(node for node in grown["nodes"] if node["id"] == grid.node)["content"]["rules"]
    own = list(table)
    for n in range(count - len(own)):
        row = dict(own[n % len(own)])
        row["_id"] = f"other_{n}"
        row[name], row[column] = f'"other_{n}"', f'"other-{n}"'
        table.append(row)
    return grown


async def _fill(db: Database, count: int) -> list[Order]:
    """Articles, stock, and orders with a past for half of their buyers."""
    dice = random.Random(1)
    now = utc_now()
    async with db.transaction() as tx:
        await articles.put(tx, [articles.Article(_sku(n), f"商品 {n}", safety_stock=5) for n in range(SKUS)])
        for n in range(SKUS):
            await stock.receive(tx, _sku(n), "WH01", 1000, stock.Movement(f"fill/{n}", "receive", "bench"))
    placed = []
    for n in range(count):
        buyer = f"B{n // 4}" if n % 2 else f"S{n}"
        placed.append(_order(n, buyer, dice, now - timedelta(minutes=7 * n)))
    async with db.transaction() as tx:
        for order in placed:
            await orders.take(tx, order)
            buyer = order.customer.external_id
            await links.keep(tx, order.order_id, {"buyer": f"buyer-{buyer}", "phone": f"phone-{buyer}"})
    return placed


def _sku(n: int) -> str:
    return f"BENCH-{n:04d}"


def _order(n: int, buyer: str, dice: random.Random, placed: datetime) -> Order:
    lines = tuple(
        OrderLine(
            line_no=str(i + 1),
            sku=_sku(sku),
            title=f"商品 {sku}",
            quantity=(pieces := dice.randrange(1, 4)),
            unit_price_fen=(fen := dice.randrange(990, 29_900)),
            amount_fen=pieces * fen,
        )
        for i, sku in enumerate(dice.sample(range(SKUS), LINES))
    )
    goods = sum(line.amount_fen for line in lines)
    region = Region(province="浙江省", city="杭州市", district="余杭区")
    return Order(
        channel=Channel.OWN,
        shop=_SHOP,
        channel_order_no=f"BENCH{n:06d}",
        version=1,
        status=ChannelStatus.PAID,
        placed_at=placed,
        paid_at=placed,
        lines=lines,
        amounts=Amounts(goods_fen=goods, paid_fen=goods),
        receiver=ClearReceiver(name="测试", phone=f"138{n:08d}", region=region, detail="示例路1号"),
        customer=Customer(external_id=buyer),
    )


async def _measured(db: Database, placed: Sequence[Order], told: list[str]) -> dict[str, Any]:
    """Review all orders; the first ones are not counted. `told` are the statements as they come to the database."""
    spent = {"collecting": 0.0, "checks": 0.0, "promotion": 0.0}
    counted, notes, steps, asked = 0, 0, 0, 0
    for n, order in enumerate(placed):
        # The transaction is the step's, which has one anyway, and has read the order in it.
        async with db.reading() as tx:
            kept = await orders.kept(tx, order.order_id, 1)
            with trying():
                told.clear()
                marks = [time.process_time()]
                dossier = await collect(tx, order, 1, utc_now(), {}, kept.order)
                marks.append(time.process_time())
                flags = review(dossier)
                marks.append(time.process_time())
                priced = price(*basket(order))
                marks.append(time.process_time())
        if n < _WARM:
            continue
        counted += 1
        asked += len(told)
        notes += len(flags)
        if dossier.price is None:
            raise WrongResult("the price was not looked at: the review was not a full one")
        steps += len(priced.steps)
        for name, begins, ends in zip(spent, marks, marks[1:], strict=False):
            spent[name] += ends - begins
    if not notes or not steps:
        raise WrongResult("no rule has applied: nothing was measured that happens")
    each = {f"{name}_ms": round(seconds * 1000 / counted, 3) for name, seconds in spent.items()}
    whole = (spent["collecting"] + spent["checks"]) / counted
    return {
        "cpu_ms_per_order": round(whole * 1000, 3),
        "orders_per_second": round(1 / whole, 1),
        **each,
        "statements_per_order": round(asked / counted, 2),
        "flags_per_order": round(notes / counted, 2),
        "promotion_steps_per_order": round(steps / counted, 2),
    }


async def _steps(db: Database, placed: Sequence[Order]) -> float:
    """Processor time of the step as the worker runs it, in milliseconds."""
    steps = ReviewSteps(db, 0)
    began = 0.0
    for n, order in enumerate(placed):
        if n == _WARM:
            began = time.process_time()
        accepted = await steps.accept_order(OrderAt(order.order_id, 1))
        if not accepted.paid:
            raise WrongResult(f"{order.order_id} did not pass: {accepted.flags}")
    return round((time.process_time() - began) * 1000 / (len(placed) - _WARM), 3)
