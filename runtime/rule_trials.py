"""What versions of rule sets are tried on: orders as they were reviewed, and whatever else tables are asked about.

All of it is only read. What the store can say of a moment is as of the order's last review: the buyer's other orders,
what was asked back by then, the orders that said the same, the day of a declaration. Articles, warehouses and what was
supplied for a declaration are as of now.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from activities.replenishing import WINDOW_DAYS
from domain.clock import BEIJING, format_beijing, utc_now
from domain.declaring import Supplied
from domain.listing import Classed
from domain.order import Order
from domain.pauses import WINDOWS, Measure, Slice, Spike, slice_words
from domain.review import ArticleFacts, BuyerFacts, says_the_same
from domain.texts import partner_name, text
from domain.warehouses import Warehouse
from domain.words import Word
from rules.engine import Book
from rules.reviewing import LONGEST
from rules.statuses import words_of
from rules.subjects import Case, Of, Thing, about, of_article, of_listing, of_orders, of_spike, of_word
from store import anomalies, declarations, dossiers, listings, orders, pauses, replenishments, rules, warehouses, words
from store.tables import ListingRow

T = TypeVar("T")

_LOOKED_AT = 3
"""Earlier orders whose bodies are compared at most, as in a review."""
_BACK = 12
"""So many windows of each length are counted back: a day of the long ones."""
_PART = 500


async def things(tx: AsyncSession, name: str, count: int, book: Book, of_settings: str) -> list[Thing]:
    """So many of the newest things that a table is asked about. Raises KeyError when nobody has said what they are.

    Partners' words that the version in force maps come on top of those that came, and so do pauses on top of what was
    counted of late.
    """
    now = utc_now()
    match about(name):
        case Of.WORD:
            return await _words(tx, count, words_of(book.table(name, now).document))
        case Of.LISTING:
            return [one for part in _parts(await listings.latest(tx, count)) for one in await _listings(tx, part)]
        case Of.ARTICLE:
            return [
                one
                for part in _parts((await replenishments.safe_guarded(tx))[:count])
                for one in await _articles(tx, part, now)
            ]
        case Of.SPIKE:
            return await _spikes(tx, count, now)
        case Of.ORDER:
            newest = await orders.newest(tx, count)
            moments = await rules.reviewed_at(tx, [order.order_id for order in newest])
            sites = await warehouses.all_warehouses(tx, of_settings)
            goods: dict[str, ArticleFacts] = {}
            for skus in _parts(sorted({line.sku for order in newest for line in order.lines})):
                goods |= (await dossiers.goods(tx, skus))[0]
            cases = [
                await case_of(tx, {name}, order, moments.get(order.order_id, now), sites, goods) for order in newest
            ]
            return of_orders(name, cases)


async def case_of(
    tx: AsyncSession,
    names: AbstractSet[str],
    order: Order,
    at: datetime,
    sites: Sequence[Warehouse],
    goods: Mapping[str, ArticleFacts],
    *,
    alike: bool = False,
) -> Case:
    """An order with what some tables are asked about it, as of a moment where the store can say it.

    `goods` may be more articles than the order's own. With `alike`, orders of the same amount count as well that were
    placed later or are for other goods: a review asks about them, too.
    """
    buyer, twins = BuyerFacts(), []
    if not names.isdisjoint({"risk_rules", "duplicate_rules"}):
        around = dossiers.by_then(await dossiers.relatives(tx, order.order_id, at), at)
        if "risk_rules" in names:
            buyer = dossiers.buyer(order, around)
        if "duplicate_rules" in names:
            twins = await _twins(tx, order, around, alike=alike)
    return Case(
        order,
        sites,
        {line.sku: goods[line.sku] for line in order.lines if line.sku in goods},
        buyer,
        twins,
        await declarations.supplied(tx, order.order_id) if "declaration_rules" in names else Supplied(),
        at.astimezone(BEIJING).date(),
    )


async def _twins(tx: AsyncSession, order: Order, around: Sequence[dossiers.Relative], *, alike: bool) -> list[int]:
    """How many minutes before this one there were orders that say the same."""
    mine = (order.placed_at, order.order_id)
    earlier = [one for one in around if alike or (one.placed_at, one.order_id) < mine]
    return [
        int(abs(order.placed_at - one.placed_at).total_seconds() // 60)
        for one in dossiers.like(order, earlier, LONGEST)[:_LOOKED_AT]
        if alike or says_the_same(order, await orders.body(tx, one.order_id))
    ]


async def _words(tx: AsyncSession, count: int, mapped: Sequence[Word]) -> list[Thing]:
    heard = {one.word: one.times for one in await words.latest(tx, count)}
    return [of_word(_word(word, heard.get(word, 0)), word) for word in dict.fromkeys((*heard, *mapped))]


def _word(word: Word, times: int) -> str:
    plain = f"{partner_name(word.partner)} · {text(f'word.{word.about}')} · {word.word}"
    return f"{plain} ×{times}" if times else plain


async def _listings(tx: AsyncSession, rows: Sequence[ListingRow]) -> list[Thing]:
    described = await listings.classed(tx, {row.sku for row in rows})
    safety = {sku: pieces for sku, (_, pieces) in described.items()}
    figures = await listings.quantities(tx, {(row.sku, row.channel) for row in rows}, safety)
    return [
        of_listing(
            " ".join(part for part in (row.channel, row.shop, row.item_id, row.sku_id, row.sku) if part),
            row.channel,
            row.shop,
            row.sku,
            described.get(row.sku, (Classed(), 0))[0],
            figures[row.sku, row.channel],
        )
        for row in rows
    ]


async def _articles(tx: AsyncSession, skus: Sequence[str], now: datetime) -> list[Thing]:
    today = now.astimezone(BEIJING).date()
    seen = await replenishments.watched(tx, skus)
    wanting = {one.sku for one in seen if one.short and one.below_safety != "alert"}
    sold = await replenishments.sales(tx, wanting, today, WINDOW_DAYS)
    return [
        of_article(one.sku, one.abc, today, one.standing if one.sku in wanting else None, sold.get(one.sku, ()))
        for one in seen
    ]


async def _spikes(tx: AsyncSession, count: int, now: datetime) -> list[Thing]:
    """What led to pauses, and what was counted of late in windows that follow each other."""
    found: list[Thing] = []
    for row in await pauses.listed(tx, every=True, limit=count):
        if row.measure and row.facts:
            window = int(row.facts["window_minutes"])
            spike = Spike(
                Slice(row.kind),
                row.name,
                Measure(row.measure),
                window,
                int(row.facts["count"]),
                int(row.facts["sample"]),
            )
            found.append(_spike(spike, row.since))
    for minutes in WINDOWS:
        width = timedelta(minutes=minutes)
        counted = 0
        for n in range(_BACK):
            if counted >= count:
                break
            at = now - n * width
            # Calls to couriers are counted up to now only.
            seen = [
                one
                for one in await anomalies.measure(tx, at, minutes)
                if not n or one.measure is not Measure.COURIER_FAILURES
            ]
            found += [_spike(one, at) for one in seen[: count - counted]]
            counted += len(seen)
    return found


def _spike(spike: Spike, at: datetime) -> Thing:
    what = f"{slice_words(spike.slice, spike.name)} · {text(f'pause.measure.{spike.measure}')}"
    return of_spike(f"{format_beijing(at)[:16]} · {spike.window} min · {what} {spike.count}/{spike.sample}", spike)


def _parts(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), _PART):
        yield items[start : start + _PART]
