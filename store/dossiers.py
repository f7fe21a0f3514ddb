"""What the house knows of an order beside its document, in a few queries that each go by an index."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from statistics import median_low
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from domain.golden import Exit
from domain.order import Order
from domain.refund import RefundKind, RefundStatus
from domain.review import ArticleFacts, BuyerFacts
from domain.tags import Tag
from store.plain import ask, columns
from store.tables import ArticleTagRow, OrderLinkRow, OrderRow, RefundRow, SkuRow, StockRow

WINDOW = timedelta(days=30)
MOST = 500
"""Other orders of a buyer that are looked at, the latest first: a reseller's phone may stand on thousands."""
_ENOUGH = 3
"""Orders from which on one can say what a buyer usually pays."""
_BUYER = ("member", "buyer")


@dataclass(frozen=True)
class Relative:
    """Another order that has a mark in common with this one."""

    kind: str
    order_id: str
    channel: str
    shop: str
    customer_id: str
    amount_fen: int
    placed_at: datetime
    exit: str | None
    state: str | None
    closed_at: datetime | None
    returns: int
    """How often its money had been asked back, and not refused; 0 for an order that has only its phone in common."""
    returns_24h: int
    """Of these, in the last 24 hours."""


def _relatives() -> sa.Select[Any]:
    mine, other, order = columns(OrderLinkRow).alias("mine"), columns(OrderLinkRow).alias("other"), columns(OrderRow)
    of_order = ("order_id", "channel", "shop", "customer_id", "amount_fen", "placed_at", "exit", "state", "closed_at")
    around = (
        sa.select(other.c.kind, *(order.c[name] for name in of_order))
        .select_from(mine)
        .join(other, (other.c.digest == mine.c.digest) & (other.c.order_id != mine.c.order_id))
        .join(order, order.c.order_id == other.c.order_id)
        .where(
            mine.c.order_id == sa.bindparam("order_id"),
            mine.c.kind.in_((*_BUYER, "phone")),
            order.c.placed_at >= sa.bindparam("since"),
        )
        .order_by(order.c.placed_at.desc())
        .limit(MOST)
        .subquery("around")
    )
    refund = columns(RefundRow)
    asked = sa.select(sa.func.count()).where(
        refund.c.order_id == around.c.order_id,
        around.c.kind.in_(_BUYER),
        refund.c.kind != RefundKind.EXCHANGE,
        refund.c.status.in_((RefundStatus.REQUESTED, RefundStatus.REFUNDED)),
        refund.c.asked_at <= sa.bindparam("now"),
    )
    lately = asked.where(refund.c.asked_at >= sa.bindparam("yesterday"))
    counted = asked.scalar_subquery().label("returns"), lately.scalar_subquery().label("returns_24h")
    return sa.select(*around.c, *counted).order_by(around.c.placed_at.desc())


def _goods() -> sa.CompoundSelect[Any]:
    article, stock = columns(SkuRow), columns(StockRow)
    wanted: Any = sa.bindparam("skus", expanding=True)
    left = sa.func.sum(stock.c.on_hand - stock.c.reserved - stock.c.frozen)
    described = [article.c[name] for name in ("title", "safety_stock", "category", "grade")]
    nothing: list[Any] = [
        sa.literal("", type_=sa.String),
        sa.literal(0),
        sa.literal("", type_=sa.String),
        sa.literal(0),
    ]
    return sa.union_all(
        sa.select(article.c.sku, *described, sa.null().label("free")).where(article.c.sku.in_(wanted)),
        sa.select(stock.c.sku, *nothing, left).where(stock.c.sku.in_(wanted)).group_by(stock.c.sku),
    )


# Built once: that costs more than asking them.
_RELATIVES = _relatives()
_GOODS = _goods()


async def relatives(tx: AsyncSession, order_id: str, now: datetime) -> list[Relative]:
    """Orders of the last 30 days of the same buyer or to the same phone, the latest first; one for each mark.

    What came of them is as of `now`.
    """
    moments = {"since": now - WINDOW, "yesterday": now - timedelta(hours=24), "now": now}
    found = await ask(tx, _RELATIVES, {"order_id": order_id, **moments})
    return [Relative(*row) for row in found.all()]


def by_then(found: Iterable[Relative], at: datetime) -> list[Relative]:
    """The same as it was at a moment: without what was placed later, and with what ended later still open."""
    return [
        replace(one, exit=None) if one.closed_at is not None and one.closed_at > at else one
        for one in found
        if one.placed_at <= at
    ]


def of_buyer(found: Iterable[Relative]) -> dict[str, Relative]:
    """Of these, the orders of the same buyer, by id."""
    return {one.order_id: one for one in found if one.kind in _BUYER}


def buyer(order: Order, found: Sequence[Relative]) -> BuyerFacts:
    """What the orders around an order say of its buyer at the moment for which they were asked."""
    own = of_buyer(found)
    accounts = {(one.channel, one.customer_id) for one in found if one.kind == "phone" and one.customer_id}
    if any(one.kind == "phone" for one in found):
        accounts.add((str(order.channel), order.customer.external_id))
    amounts = [one.amount_fen for one in own.values() if one.exit != Exit.CANCELLED]
    return BuyerFacts(
        orders_30d=len(own),
        returned_30d=sum(one.returns > 0 for one in own.values()),
        returns_24h=sum(one.returns_24h for one in own.values()),
        accounts_on_phone=len(accounts),
        usual_fen=median_low(amounts) if len(amounts) >= _ENOUGH else 0,
    )


def like(order: Order, found: Iterable[Relative], within: timedelta) -> list[Relative]:
    """Orders that may say the same as this one: same buyer, shop and amount, placed within so long, before this one.

    Of two that were placed at the same second the one with the smaller id counts as the first. One that was reviewed
    counts as well: it may have been placed later and looked at earlier.
    """
    mine = (order.placed_at, order.order_id)
    return sorted(
        (
            one
            for one in of_buyer(found).values()
            if (one.channel, one.shop, one.amount_fen) == (order.channel, order.shop, order.amounts.paid_fen)
            and one.exit is None
            and abs(order.placed_at - one.placed_at) <= within
            and ((one.placed_at, one.order_id) < mine or one.state is not None)
        ),
        key=lambda one: (one.placed_at, one.order_id),
    )


async def goods(tx: AsyncSession, skus: Iterable[str]) -> tuple[dict[str, ArticleFacts], dict[str, int]]:
    """What is written down of articles, and how many pieces nobody has locked in all warehouses together, by SKU.

    Tags are read of those articles alone that somebody has classed.
    """
    found: dict[str, ArticleFacts] = {}
    free: dict[str, int] = {}
    for sku, title, safety, category, grade, left in await ask(tx, _GOODS, {"skus": sorted(set(skus))}):
        if left is None:
            found[sku] = ArticleFacts(sku, title, safety, category, grade)
        else:
            free[sku] = int(left)
    classed = sorted(one.sku for one in found.values() if one.category)
    return {**found, **await tagged(tx, [found[sku] for sku in classed])} if classed else found, free


async def lock_articles(tx: AsyncSession, skus: Iterable[str]) -> None:
    """Hold the rows of articles until the end of the transaction: nothing is written down of them meanwhile."""
    rows = select(SkuRow.sku).where(col(SkuRow.sku).in_(sorted(set(skus)))).order_by(col(SkuRow.sku))
    await tx.execute(rows.with_for_update())


async def tagged(tx: AsyncSession, bare: Sequence[ArticleFacts]) -> dict[str, ArticleFacts]:
    """Articles with their tags, the one that is valid longest first."""
    query = select(ArticleTagRow).where(col(ArticleTagRow.sku).in_([one.sku for one in bare]))
    tags: dict[str, list[Tag]] = {}
    for row in (await tx.execute(query)).scalars():
        tag = Tag(row.kind, row.value, row.area, row.issuer, row.valid_from, row.valid_to)
        tags.setdefault(row.sku, []).append(tag)

    def longest(tag: Tag) -> tuple[str, date, str]:
        return tag.kind, tag.valid_to or date.max, tag.value

    return {one.sku: replace(one, tags=tuple(sorted(tags.get(one.sku, ()), key=longest, reverse=True))) for one in bare}
