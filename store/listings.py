"""What shops offer, what they were told of its stock, and which of it may be wrong by now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, delete, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, func, or_, select

from domain.clock import utc_now
from domain.listing import Classed, Quantities
from store.stock import snapshot
from store.stock.shares import shares_of
from store.tables import LedgerMarkRow, ListingRow, PublishedRow, SkuRow, StockLedgerRow, StockRow
from store.upsert import insert_ignore, parts
from store.warehouses import in_shadow

Key = tuple[str, str, str, str]
"""Channel, shop, item and SKU as the channel numbers them."""

LEASE = timedelta(seconds=60)
"""How long whoever tells a figure has; whoever died meanwhile is replaced then."""
_MARK = "publishing"
_OVERLAP = 500
_LATEST = timedelta(seconds=30)
"""So many lines of the ledger, and so old ones, are read again: one with a smaller number may be committed later."""


@dataclass(frozen=True)
class Named:
    """A listing as the merchant names it."""

    channel: str
    shop: str
    item_id: str
    sku_id: str
    sku: str

    @property
    def key(self) -> Key:
        """What tells it from any other."""
        return self.channel, self.shop, self.item_id, self.sku_id


async def put(tx: AsyncSession, named: Iterable[Named]) -> Counter[str]:
    """Keep listings; one that is here with another SKU sells that one now. Counts `added`, `changed` and `same`."""
    counted: Counter[str] = Counter()
    for one in sorted(named, key=lambda one: one.key):
        row = {"channel": one.channel, "shop": one.shop, "item_id": one.item_id, "sku_id": one.sku_id}
        fresh = {**row, "sku": one.sku, "n": 0, "stale": True, "moves": 0, "trouble": ""}
        if await insert_ignore(tx, ListingRow, fresh):
            counted["added"] += 1
            continue
        changed = update(ListingRow).where(*_is(one.key), col(ListingRow.sku) != one.sku)
        changed = changed.values(sku=one.sku, pieces=None, **_moved()).returning(col(ListingRow.sku))
        counted["changed" if (await tx.execute(changed)).first() is not None else "same"] += 1
    return counted


async def remove(tx: AsyncSession, key: Key) -> bool:
    """Tell a listing nothing any more. False when there was none."""
    gone = delete(ListingRow).where(*_is(key)).returning(col(ListingRow.sku))
    return (await tx.execute(gone)).first() is not None


async def all_listings(tx: AsyncSession, channel: str = "", shop: str = "") -> list[ListingRow]:
    """Every listing, or those of a channel or a shop."""
    query = select(ListingRow).order_by(*(col(getattr(ListingRow, name)) for name in _KEY))
    if channel:
        query = query.where(ListingRow.channel == channel)
    if shop:
        query = query.where(ListingRow.shop == shop)
    return list((await tx.execute(query)).scalars())


async def latest(tx: AsyncSession, count: int) -> list[ListingRow]:
    """So many listings, those first whose figure was looked at last."""
    settled = col(ListingRow.settled_at)
    query = select(ListingRow).order_by(
        settled.is_(None), settled.desc(), *(col(getattr(ListingRow, name)) for name in _KEY)
    )
    return list((await tx.execute(query.limit(count))).scalars())


async def mark_moved(tx: AsyncSession, now: datetime, everything_every: timedelta) -> int:
    """Mark the listings whose stock moved since this was asked last, and now and then all of them: articles, shares and
    rules may have changed as well. Returns how many SKUs moved."""
    newest = int((await tx.execute(select(func.max(StockLedgerRow.seq)))).scalar_one() or 0)
    await insert_ignore(tx, LedgerMarkRow, {"name": _MARK, "seq": 0, "all_at": now})
    mark = await tx.get_one(LedgerMarkRow, _MARK, with_for_update=True)
    ledger = StockLedgerRow
    moved = select(ledger.sku).where(col(ledger.seq) > mark.seq).distinct()
    fresh = sorted((await tx.execute(moved)).scalars())
    late = select(ledger.sku).where(col(ledger.seq) > mark.seq - _OVERLAP, col(ledger.at) > now - _LATEST).distinct()
    again = sorted(set((await tx.execute(late)).scalars()) - set(fresh))
    await _mark(tx, fresh, wake=True)
    await _mark(tx, again, wake=False)
    if now - mark.all_at >= everything_every:
        await tx.execute(update(ListingRow).where(col(ListingRow.stale).is_(False)).values(stale=True))
        mark.all_at = now
    mark.seq = max(mark.seq, newest)
    tx.add(mark)
    return len(fresh)


async def _mark(tx: AsyncSession, skus: Collection[str], *, wake: bool) -> None:
    values = _moved() if wake else {"stale": True, "moves": col(ListingRow.moves) + 1}
    for part in parts(list(skus)):
        await tx.execute(update(ListingRow).where(col(ListingRow.sku).in_(part)).values(**values))


def _moved() -> dict[str, Any]:
    return {"stale": True, "moves": col(ListingRow.moves) + 1, "next_try_at": None}


async def mark(tx: AsyncSession, skus: Collection[str]) -> None:
    """Whatever sells these articles is looked at again at once."""
    await _mark(tx, sorted(skus), wake=True)


async def mark_all(tx: AsyncSession) -> None:
    """Everything is looked at again: what counts as stock is another now."""
    await tx.execute(update(ListingRow).values(**_moved()))


async def due(tx: AsyncSession, now: datetime, limit: int) -> list[ListingRow]:
    """The listings that may have to be told another figure, those first that wait longest, locked."""
    row = ListingRow
    query = (
        select(row)
        .where(
            col(row.stale).is_(True),
            *(or_(column.is_(None), column <= now) for column in (col(row.next_try_at), col(row.leased_until))),
        )
        .order_by(col(row.settled_at).is_not(None), col(row.settled_at), *(col(getattr(row, name)) for name in _KEY))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return list((await tx.execute(query.execution_options(populate_existing=True))).scalars())


async def classed(tx: AsyncSession, skus: Collection[str]) -> dict[str, tuple[Classed, int]]:
    """How articles are to be published, and their safety stock; an article that nobody described is not here."""
    query = select(SkuRow).where(col(SkuRow.sku).in_(skus))
    rows = (await tx.execute(query)).scalars()
    return {row.sku: (Classed(row.abc, row.below_safety == "pause"), row.safety_stock) for row in rows}


async def quantities(
    tx: AsyncSession, pairs: Collection[tuple[str, str]], safety: Mapping[str, int]
) -> dict[tuple[str, str], Quantities]:
    """What a formula may reckon with, by (SKU, channel)."""
    skus = sorted({sku for sku, _ in pairs})
    # No order of ours can have what lies in a warehouse that an old system works with.
    hidden = await in_shadow(tx)
    rows = list((await tx.execute(select(StockRow).where(col(StockRow.sku).in_(skus)))).scalars())
    rows = [row for row in rows if row.warehouse not in hidden]
    free: Counter[str] = Counter()
    for place in (await snapshot(tx, skus)).on_hand:
        free[place.sku] += 0 if place.warehouse in hidden else place.available
    sums: dict[str, Counter[str]] = {sku: Counter() for sku in skus}
    for row in rows:
        for name in ("on_hand", "reserved", "frozen", "in_transit"):
            sums[row.sku][name] += getattr(row, name)
    shares = await shares_of(tx, pairs)
    await shares.read(tx, {(row.sku, row.warehouse): row for row in rows})
    return {
        (sku, channel): Quantities(
            **{name: sums[sku][name] for name in ("on_hand", "reserved", "frozen", "in_transit")},
            available=free[sku],
            safety=safety.get(sku, 0),
            # so many pieces beyond the share: minus that, the share leaves
            room=max(0, min(free[sku], -shares.missing(sku, channel, 0)))
            if (sku, channel) in shares.percent
            else free[sku],
        )
        for sku, channel in pairs
    }


@dataclass(frozen=True)
class Wanted:
    """A figure that a listing is to be told. `moves`: how often its stock had moved when that was reckoned."""

    key: Key
    pieces: int
    inputs: Mapping[str, Any]
    rule: str
    moves: int


async def asked(tx: AsyncSession, wanted: Wanted) -> PublishedRow | None:
    """A figure is about to be told: it is logged first. None when the listing is gone."""
    row = await tx.get(ListingRow, wanted.key, with_for_update=True, populate_existing=True)
    if row is None:
        return None
    row.n += 1
    logged = PublishedRow(
        channel=row.channel,
        shop=row.shop,
        item_id=row.item_id,
        sku_id=row.sku_id,
        n=row.n,
        sku=row.sku,
        pieces=wanted.pieces,
        before=row.pieces,
        inputs=dict(wanted.inputs),
        rule=wanted.rule,
        status="asked",
        at=utc_now(),
    )
    # Until there is an answer, nobody knows what the channel has.
    row.pieces, row.leased_until = None, utc_now() + LEASE
    tx.add_all([row, logged])
    await tx.flush()
    return logged


async def put_off(tx: AsyncSession, keys: Iterable[Key], until: datetime, why: str) -> None:
    """These were not told at all: not before `until`."""
    for key in sorted(keys):
        await tx.execute(
            update(ListingRow).where(*_is(key)).values(next_try_at=until, leased_until=None, trouble=why[:300])
        )


async def taken(tx: AsyncSession, logged: PublishedRow, moves: int) -> None:
    """The channel took a figure. The listing is in order, unless its stock moved meanwhile (`moves` differs)."""
    now = utc_now()
    await _ended(tx, logged, "taken", "", now)
    same = col(ListingRow.moves) == moves
    await tx.execute(
        update(ListingRow)
        .where(*_is(_key(logged)), col(ListingRow.n) == logged.n)
        .values(
            pieces=logged.pieces,
            told_at=now,
            settled_at=now,
            trouble="",
            next_try_at=None,
            leased_until=None,
            stale=case((same, False), else_=col(ListingRow.stale)),
        )
    )


async def not_taken(tx: AsyncSession, logged: PublishedRow, status: str, why: str, again_at: datetime) -> None:
    """The channel refused a figure ("refused": it has what it had before), or nobody knows ("unknown")."""
    await _ended(tx, logged, status, why, utc_now())
    values: dict[str, Any] = {"next_try_at": again_at, "leased_until": None, "trouble": why, "stale": True}
    if status == "refused":
        values["pieces"] = logged.before
    await tx.execute(update(ListingRow).where(*_is(_key(logged)), col(ListingRow.n) == logged.n).values(**values))


async def _ended(tx: AsyncSession, logged: PublishedRow, status: str, detail: str, now: datetime) -> None:
    await tx.execute(
        update(PublishedRow)
        .where(col(PublishedRow.seq) == logged.seq)
        .values(status=status, detail=detail[:300], done_at=now)
    )


async def published(tx: AsyncSession, sku: str = "", limit: int = 100) -> list[PublishedRow]:
    """The latest figures, of one article or of all; the newest first."""
    query = select(PublishedRow).order_by(col(PublishedRow.seq).desc()).limit(limit)
    if sku:
        query = query.where(PublishedRow.sku == sku)
    return list((await tx.execute(query)).scalars())


_KEY = ("channel", "shop", "item_id", "sku_id")


def _key(row: ListingRow | PublishedRow) -> Key:
    return row.channel, row.shop, row.item_id, row.sku_id


def _is(key: Key) -> list[Any]:
    return [col(getattr(ListingRow, name)) == value for name, value in zip(_KEY, key, strict=True)]
