"""Articles as they are described: class, safety stock, what happens below it, weight, and what they are in law."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from domain.holds import OF_ARTICLES
from domain.tags import Tag
from store.listings import mark
from store.orders import body, review_again
from store.stock.moving import padded
from store.tables import ArticleTagRow, FlagRow, OrderRow, SkuRow

CLASSES = ("", "A", "B", "C")
_UNDER_WAY = ("PAID", "RISK_PASSED", "STOCK_LOCKED", "PACKED")
BELOW_SAFETY = ("alert", "suggest", "pause")
HEAVIEST_G = 1_000_000
CATEGORY = re.compile(r"[a-z0-9_]{0,40}")


@dataclass(frozen=True)
class Article:
    """One article. Raises ValueError for words and numbers that make no sense."""

    sku: str
    title: str = ""
    abc: str = ""
    safety_stock: int = 0
    below_safety: str = "alert"
    category: str | None = None
    """Its class in law; None: as it was."""
    grade: int | None = None
    """The stage of a formula, the class of a device; None: as it was."""
    weight_g: int | None = None
    """Grams of a packed piece, 0: not known; None: as it was."""

    def __post_init__(self) -> None:
        if not self.sku or self.abc not in CLASSES or self.below_safety not in BELOW_SAFETY or self.safety_stock < 0:
            raise ValueError(f"no article: {self!r}")
        if not CATEGORY.fullmatch(self.category or "") or not 0 <= (self.grade or 0) <= 9:
            raise ValueError(f"no article: {self!r}")
        if not 0 <= (self.weight_g or 0) <= HEAVIEST_G:
            raise ValueError(f"no article: {self!r}")

    def said(self) -> dict[str, Any]:
        """The columns that it says something of."""
        return {name: value for name, value in asdict(self).items() if value is not None}


@dataclass(frozen=True)
class TagOf:
    """A tag of one article. Raises ValueError for one that makes no sense."""

    sku: str
    tag: Tag

    def __post_init__(self) -> None:
        tag = self.tag
        ends = tag.valid_from is not None and tag.valid_to is not None and tag.valid_from > tag.valid_to
        if not self.sku or not tag.well_formed or ends:
            raise ValueError(f"no tag: {self!r}")


async def put(tx: AsyncSession, articles: Iterable[Article]) -> Counter[str]:
    """Keep articles; what is published of those that changed is looked at again at once. Counts `added`, `changed` and
    `same`."""
    counted: Counter[str] = Counter()
    changed = []
    for article in sorted(articles, key=lambda article: article.sku):
        row = await tx.get(SkuRow, article.sku, with_for_update=True)
        if row is None:
            tx.add(SkuRow(**article.said()))
            counted["added"] += 1
        elif row.model_dump(include=set(article.said())) != article.said():
            for name, value in article.said().items():
                setattr(row, name, value)
            tx.add(row)
            counted["changed"] += 1
        else:
            counted["same"] += 1
            continue
        changed.append(article.sku)
        await tx.flush()
    await mark(tx, changed)
    await look_again(tx, changed)
    return counted


async def put_tags(tx: AsyncSession, tags: Iterable[TagOf]) -> Counter[str]:
    """Keep tags; orders that wait for one are reviewed again. Counts `added`, `changed` and `same`."""
    counted: Counter[str] = Counter()
    changed, locked = set(), set()
    for one in sorted(tags, key=lambda one: (one.sku, one.tag.kind, one.tag.area, one.tag.value)):
        if one.sku not in locked:
            # A review that finds something missing of the article holds its row, too: it comes before or after this.
            await tx.get(SkuRow, one.sku, with_for_update=True)
            locked.add(one.sku)
        key = (one.sku, one.tag.kind, one.tag.area, one.tag.value)
        row = await tx.get(ArticleTagRow, key, with_for_update=True)
        fresh = ArticleTagRow(sku=one.sku, **asdict(one.tag))
        if row is not None and row.model_dump() == fresh.model_dump():
            counted["same"] += 1
            continue
        counted["added" if row is None else "changed"] += 1
        changed.add(one.sku)
        await tx.merge(fresh)
        await tx.flush()
    await look_again(tx, changed)
    return counted


async def all_tags(tx: AsyncSession) -> list[ArticleTagRow]:
    """Every tag, by article and kind."""
    query = select(ArticleTagRow).order_by(col(ArticleTagRow.sku), col(ArticleTagRow.kind), col(ArticleTagRow.value))
    return list((await tx.execute(query)).scalars())


async def look_again(tx: AsyncSession, skus: Iterable[str]) -> list[str]:
    """Have orders reviewed again that wait for something which is written down of these articles. Returns their ids."""
    wanted = set(skus)
    if not wanted:
        return []
    # By what was found, and not by the hold: that is opened a moment later, in a transaction of its own.
    waiting = (
        select(FlagRow.order_id)
        .join(OrderRow, col(OrderRow.order_id) == col(FlagRow.order_id))
        .where(
            col(OrderRow.state).in_(_UNDER_WAY),
            col(OrderRow.closed_at).is_(None),
            col(FlagRow.hold).in_(sorted(OF_ARTICLES)),
            col(FlagRow.gone_at).is_(None),
        )
    )
    again = []
    for order_id in sorted(set((await tx.execute(waiting)).scalars())):
        row = await tx.get(OrderRow, order_id, with_for_update=True)
        if row is not None and row.closed_at is None:
            order = await body(tx, order_id)
            if wanted & {line.sku for line in order.lines}:
                await review_again(tx, row)
                again.append(order_id)
    return again


async def weights(tx: AsyncSession, skus: Iterable[str]) -> dict[str, int]:
    """Grams of a piece, of those of these articles of which it was said."""
    query = select(SkuRow.sku, SkuRow.weight_g).where(col(SkuRow.sku).in_(padded(skus)), SkuRow.weight_g > 0)
    return dict((await tx.execute(query)).tuples().all())


async def all_articles(tx: AsyncSession) -> list[SkuRow]:
    """Every article, by SKU."""
    return list((await tx.execute(select(SkuRow).order_by(col(SkuRow.sku)))).scalars())
