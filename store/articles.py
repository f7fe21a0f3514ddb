"""Articles as they are described: class, safety stock, and what happens below it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from store.listings import mark
from store.tables import SkuRow

CLASSES = ("", "A", "B", "C")
BELOW_SAFETY = ("alert", "suggest", "pause")


@dataclass(frozen=True)
class Article:
    """One article. Raises ValueError for words and numbers that make no sense."""

    sku: str
    title: str = ""
    abc: str = ""
    safety_stock: int = 0
    below_safety: str = "alert"

    def __post_init__(self) -> None:
        if not self.sku or self.abc not in CLASSES or self.below_safety not in BELOW_SAFETY or self.safety_stock < 0:
            raise ValueError(f"no article: {self!r}")


async def put(tx: AsyncSession, articles: Iterable[Article]) -> Counter[str]:
    """Keep articles; what is published of those that changed is looked at again at once. Counts `added`, `changed` and
    `same`."""
    counted: Counter[str] = Counter()
    changed = []
    for article in sorted(articles, key=lambda article: article.sku):
        row = await tx.get(SkuRow, article.sku, with_for_update=True)
        if row is None:
            tx.add(SkuRow(**asdict(article)))
            counted["added"] += 1
        elif row.model_dump(include=set(asdict(article))) != asdict(article):
            for name, value in asdict(article).items():
                setattr(row, name, value)
            tx.add(row)
            counted["changed"] += 1
        else:
            counted["same"] += 1
            continue
        changed.append(article.sku)
        await tx.flush()
    await mark(tx, changed)
    return counted


async def all_articles(tx: AsyncSession) -> list[SkuRow]:
    """Every article, by SKU."""
    return list((await tx.execute(select(SkuRow).order_by(col(SkuRow.sku)))).scalars())
