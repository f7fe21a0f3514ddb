"""What the house knows of an order beside its document, in a few queries that each go by an index."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from statistics import median_low

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col, func, select

from domain.golden import Exit
from domain.order import Order
from domain.refund import RefundKind, RefundStatus
from domain.review import ArticleFacts, BuyerFacts
from domain.tags import Tag
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


async def relatives(tx: AsyncSession, order_id: str, now: datetime) -> list[Relative]:
    """Orders of the last 30 days of the same buyer or to the same phone, the latest first; one for each mark."""
    mine, other = aliased(OrderLinkRow), aliased(OrderLinkRow)
    query = (
        sa.select(
            col(other.kind),
            *(col(getattr(OrderRow, name)) for name in Relative.__dataclass_fields__ if name != "kind"),
        )
        .select_from(mine)
        .join(other, (col(other.digest) == col(mine.digest)) & (col(other.order_id) != col(mine.order_id)))
        .join(OrderRow, col(OrderRow.order_id) == col(other.order_id))
        .where(
            col(mine.order_id) == order_id,
            col(mine.kind).in_((*_BUYER, "phone")),
            col(OrderRow.placed_at) >= now - WINDOW,
        )
        .order_by(col(OrderRow.placed_at).desc())
        .limit(MOST)
    )
    return [Relative(*row) for row in (await tx.execute(query)).all()]


def of_buyer(found: Iterable[Relative]) -> dict[str, Relative]:
    """Of these, the orders of the same buyer, by id."""
    return {one.order_id: one for one in found if one.kind in _BUYER}


async def buyer(tx: AsyncSession, order: Order, found: Sequence[Relative], now: datetime) -> BuyerFacts:
    """What the orders around an order say of its buyer."""
    own = of_buyer(found)
    asked: dict[str, int] = {}
    recent = 0
    if own:
        query = select(RefundRow.order_id, RefundRow.asked_at).where(
            col(RefundRow.order_id).in_(list(own)),
            RefundRow.kind != RefundKind.EXCHANGE,
            col(RefundRow.status).in_((RefundStatus.REQUESTED, RefundStatus.REFUNDED)),
        )
        for order_id, asked_at in (await tx.execute(query)).tuples():
            asked[order_id] = asked.get(order_id, 0) + 1
            recent += now - timedelta(hours=24) <= asked_at <= now
    accounts = {(one.channel, one.customer_id) for one in found if one.kind == "phone" and one.customer_id}
    if any(one.kind == "phone" for one in found):
        accounts.add((str(order.channel), order.customer.external_id))
    amounts = [one.amount_fen for one in own.values() if one.exit != Exit.CANCELLED]
    return BuyerFacts(
        orders_30d=len(own),
        returned_30d=len(asked),
        returns_24h=recent,
        accounts_on_phone=len(accounts),
        usual_fen=median_low(amounts) if len(amounts) >= _ENOUGH else 0,
    )


def like(order: Order, found: Iterable[Relative], within: timedelta) -> list[Relative]:
    """Orders that may say the same as this one: same buyer, shop and amount, placed within so long, before this one.

    Of two that were placed at the same second the one with the smaller id counts as the first. One that has passed its
    review counts as well: it may have been placed later and looked at earlier.
    """
    mine = (order.placed_at, order.order_id)
    return sorted(
        (
            one
            for one in of_buyer(found).values()
            if (one.channel, one.shop, one.amount_fen) == (order.channel, order.shop, order.amounts.paid_fen)
            and one.exit is None
            and abs(order.placed_at - one.placed_at) <= within
            and ((one.placed_at, one.order_id) < mine or one.state not in (None, "PAID"))
        ),
        key=lambda one: (one.placed_at, one.order_id),
    )


async def articles(tx: AsyncSession, skus: Iterable[str]) -> dict[str, ArticleFacts]:
    """What is written down of articles, by SKU. Tags are read of those alone that somebody has classed."""
    query = select(SkuRow).where(col(SkuRow.sku).in_(sorted(set(skus))))
    found = {
        row.sku: ArticleFacts(row.sku, row.title, row.safety_stock, row.category, row.grade)
        for row in (await tx.execute(query)).scalars()
    }
    classed = sorted(one.sku for one in found.values() if one.category)
    return {**found, **await tagged(tx, [found[sku] for sku in classed])} if classed else found


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


async def free(tx: AsyncSession, skus: Iterable[str]) -> dict[str, int]:
    """Pieces that nobody has locked, of all warehouses together, by SKU."""
    left = func.sum(col(StockRow.on_hand) - col(StockRow.reserved) - col(StockRow.frozen))
    query = select(StockRow.sku, left).where(col(StockRow.sku).in_(sorted(set(skus)))).group_by(StockRow.sku)
    return {sku: int(pieces) for sku, pieces in (await tx.execute(query)).tuples()}
