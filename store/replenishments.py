"""What suggestions to order articles are reckoned from, and the purchases that they become."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, or_, select

from domain.clock import BEIJING, utc_now
from domain.holds import HoldReason
from domain.replenishment import Standing
from store import stock
from store.holds import close_task
from store.suggestions import task_key
from store.tables import HoldRow, IncomingRow, ReplenishmentRow, SkuRow, StockLedgerRow, StockRow

SHIP = "ship"


class NotOpen(LookupError):
    """No such suggestion, or one that is closed."""


@dataclass(frozen=True)
class Watched:
    """An article with a safety stock, and what there is of it over all warehouses."""

    sku: str
    title: str
    abc: str
    below_safety: str
    on_hand: int
    standing: Standing

    @property
    def short(self) -> bool:
        """Whether less is free than its safety stock."""
        return self.standing.free < self.standing.safety


async def safe_guarded(tx: AsyncSession) -> list[str]:
    """Every article that has a safety stock."""
    query = select(SkuRow.sku).where(SkuRow.safety_stock > 0).order_by(SkuRow.sku)
    return list((await tx.execute(query)).scalars())


async def waiting_orders(tx: AsyncSession, limit: int) -> list[str]:
    """The orders that cannot lock their stock, the longest waiting first."""
    query = select(HoldRow.order_id).where(HoldRow.reason == HoldReason.STOCK_SHORT, col(HoldRow.closed_at).is_(None))
    return list((await tx.execute(query.order_by(col(HoldRow.opened_at)).limit(limit))).scalars())


async def watched(tx: AsyncSession, skus: Collection[str]) -> list[Watched]:
    """What there is of these articles; one that nobody described has no safety stock."""
    names = sorted(skus)
    described = {row.sku: row for row in (await tx.execute(select(SkuRow).where(col(SkuRow.sku).in_(names)))).scalars()}
    seen = await stock.snapshot(tx, names)
    free: Counter[str] = Counter()
    for place in seen.on_hand:
        free[place.sku] += place.available
    on_hand: Counter[str] = Counter()
    pool = select(StockRow.sku, StockRow.on_hand).where(col(StockRow.sku).in_(names))
    for sku, pieces in (await tx.execute(pool)).tuples():
        on_hand[sku] += pieces
    coming: dict[str, Counter[date]] = defaultdict(Counter)
    for item in seen.incoming:
        coming[item.sku][item.expected_at.astimezone(BEIJING).date()] += item.free
    found = []
    for sku in names:
        row = described.get(sku) or SkuRow(sku=sku)
        standing = Standing(free[sku], row.safety_stock, dict(coming[sku]))
        found.append(Watched(sku, row.title, row.abc, row.below_safety, on_hand[sku], standing))
    return found


async def sales(tx: AsyncSession, skus: Collection[str], today: date, days: int) -> dict[str, list[int]]:
    """The pieces of each SKU that left with orders on each of the Beijing days before `today`, the oldest first."""
    first = today - timedelta(days=days)
    begin = datetime.combine(first, datetime.min.time(), BEIJING)
    ledger = StockLedgerRow
    query = select(ledger.sku, ledger.at, ledger.on_hand_delta).where(
        col(ledger.sku).in_(skus),
        or_(col(ledger.kind) == SHIP, col(ledger.reason) == SHIP),
        col(ledger.at) >= begin,
        col(ledger.at) < begin + timedelta(days=days),
    )
    sold = {sku: [0] * days for sku in skus}
    for sku, at, delta in (await tx.execute(query)).tuples():
        sold[sku][(at.astimezone(BEIJING).date() - first).days] -= delta
    return sold


async def titles(tx: AsyncSession, skus: Collection[str]) -> dict[str, str]:
    """What articles are called."""
    return dict((await tx.execute(select(SkuRow.sku, SkuRow.title).where(col(SkuRow.sku).in_(skus)))).tuples().all())


async def accept(
    tx: AsyncSession, number: int, who: str, *, quantity: int | None = None, expected_at: datetime | None = None
) -> IncomingRow:
    """Procurement orders it: it becomes a purchase on its way, which orders may wait for.

    Without `quantity` as much as was suggested, without `expected_at` in the lead time. Accepted again, it gives the
    same purchase. Raises NotOpen, and ValueError for a quantity below one.
    """
    row = await tx.get(ReplenishmentRow, number, with_for_update=True)
    if row is None or row.status == "dropped":
        raise NotOpen(f"no open suggestion {number}")
    purchase_no = f"RP{number}"
    if row.status == "accepted":
        return await tx.get_one(IncomingRow, (purchase_no, row.sku))
    now = utc_now()
    due = expected_at or now + timedelta(days=int(row.facts.get("lead_days", 7)))
    bought = await stock.expect(tx, purchase_no, row.sku, row.warehouse, quantity or row.quantity, due)
    row.status, row.closed_at, row.closed_by, row.purchase_no = "accepted", now, who, purchase_no
    tx.add(row)
    await close_task(tx, task_key(row.warehouse, row.sku), who)
    return bought
