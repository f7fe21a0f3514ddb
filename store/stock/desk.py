"""What people do with the stock pool, from the command line and the staff API alike, and what they are told.

Every function does one thing once, by its key, and says in words what came of it. What is refused is Refused, in words
that say what to do; then the transaction must be rolled back.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from domain.clock import format_beijing
from domain.texts import text
from store.database import Database
from store.stock import goods, incoming, shares, transfers
from store.stock.moving import fresh
from store.stock.nouns import CountBelowBound, Delta, Movement, StockShort
from store.tables import StockLedgerRow, StockRow

QUANTITIES = tuple(asdict(Delta()))


class Refused(Exception):
    """It was not done. `text` says why, to whoever asked."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.text = words


@dataclass(frozen=True)
class Said:
    """What came of it: whether anything changed, in words, and as data."""

    fresh: bool
    text: str
    data: Mapping[str, Any] = field(default_factory=dict)

    def public(self) -> dict[str, Any]:
        """As JSON."""
        return {"result": "done" if self.fresh else "unchanged", "text": self.text, **self.data}


@asynccontextmanager
async def at_desk(db: Database) -> AsyncIterator[AsyncSession]:
    """A transaction whose refusals are words. Raises Refused."""
    try:
        async with db.transaction() as tx:
            yield tx
    except StockShort as short:
        missing = "，".join(f"{sku} × {count}" for sku, count in short.short.items())
        raise Refused(text("pool.short", missing=missing)) from None
    except CountBelowBound as bound:
        words = {"counted": bound.counted, "reserved": bound.reserved, "frozen": bound.frozen}
        raise Refused(text("pool.count_below", **words)) from None
    except (incoming.UnknownPurchase, transfers.UnknownTransfer) as unknown:
        raise Refused(text("pool.unknown", what=unknown)) from None
    except (incoming.PurchasePromised, transfers.TransferChanged, ValueError) as wrong:
        raise Refused(text("pool.refused", why=wrong)) from None


async def pool(tx: AsyncSession, sku: str = "") -> list[dict[str, Any]]:
    """Every place, with what is free to lock."""
    query = select(StockRow).order_by(col(StockRow.sku), col(StockRow.warehouse))
    if sku:
        query = query.where(StockRow.sku == sku)
    rows = await fresh(tx, query)
    return [{**row.model_dump(), "free": row.on_hand - row.reserved - row.frozen} for row in rows]


async def ledger(tx: AsyncSession, sku: str, warehouse: str = "", limit: int = 50) -> list[dict[str, Any]]:
    """The last movements of an article, the newest first: each with what changed, and what it was afterwards."""
    row = StockLedgerRow
    query = select(row).where(row.sku == sku).order_by(col(row.seq).desc()).limit(limit)
    if warehouse:
        query = query.where(row.warehouse == warehouse)
    return [line.model_dump(mode="json") for line in await fresh(tx, query)]


async def receive(tx: AsyncSession, sku: str, warehouse: str, quantity: int, note: str, who: str) -> Said:
    """Goods came in by a delivery note."""
    movement = Movement(f"receive/{note}/{sku}", f"delivery note {note}", who)
    done = await goods.receive(tx, sku, warehouse, quantity, movement)
    return _said(done, "pool.received", "pool.received_before", note=note, sku=sku, warehouse=warehouse, count=quantity)


async def adjust(tx: AsyncSession, sku: str, warehouse: str, quantity: int, key: str, why: str, who: str) -> Said:
    """The figure is corrected by so many pieces."""
    done = await goods.adjust(tx, sku, warehouse, quantity, Movement(f"adjust/{key}", why, who))
    return _said(done, "pool.adjusted", "pool.before", paper=key, sku=sku, warehouse=warehouse, count=f"{quantity:+d}")


async def count(tx: AsyncSession, sku: str, warehouse: str, counted: int, key: str, why: str, who: str) -> Said:
    """The figure becomes what was counted."""
    difference = await goods.count(tx, sku, warehouse, counted, Movement(f"count/{key}", why, who))
    words = {"paper": key, "sku": sku, "warehouse": warehouse, "counted": counted}
    if difference is None:
        return _said(False, "", "pool.before", **words)
    return Said(True, text("pool.counted", **words, difference=f"{difference:+d}"), {"difference": difference})


async def defective(tx: AsyncSession, sku: str, warehouse: str, quantity: int, key: str, why: str, who: str) -> Said:
    """Good pieces are defective; below zero: defective ones are good again."""
    done = await goods.mark_defective(tx, sku, warehouse, quantity, Movement(f"defective/{key}", why, who))
    return _said(done, "pool.defective", "pool.before", paper=key, sku=sku, warehouse=warehouse, count=quantity)


async def scrap(tx: AsyncSession, sku: str, warehouse: str, quantity: int, key: str, why: str, who: str) -> Said:
    """Defective pieces are thrown away."""
    done = await goods.scrap(tx, sku, warehouse, quantity, Movement(f"scrap/{key}", why, who))
    return _said(done, "pool.scrapped", "pool.before", paper=key, sku=sku, warehouse=warehouse, count=quantity)


async def freeze(
    tx: AsyncSession, number: str, wanted: Mapping[str, int], source: str, target: str, lasts: timedelta, who: str
) -> Said:
    """Bind goods for a transfer."""
    done = await transfers.freeze(tx, number, wanted, source, target, who, lasts=lasts)
    [row, *_] = await transfers.list_transfers(tx, number=number)
    until = format_beijing(row.expires_at)
    return _said(done, "pool.frozen", "pool.frozen_before", number=number, source=source, target=target, until=until)


async def send(tx: AsyncSession, number: str, who: str) -> Said:
    """A transfer leaves. One whose freeze is over sends nothing: what is said then must be kept, and is no success."""
    sent = await transfers.send(tx, number, who)
    return Said(sent.ok, text("pool.sent", number=number) if sent.ok else sent.why, {"sent": sent.ok})


async def take_in(tx: AsyncSession, number: str, arrived: Mapping[str, int] | None, who: str) -> Said:
    """A transfer arrived."""
    done = await transfers.take_in(tx, number, who, arrived=arrived or None)
    return _said(done, "pool.taken_in", "pool.taken_in_before", number=number)


async def cancel(tx: AsyncSession, number: str, who: str) -> Said:
    """A transfer will not be."""
    done = await transfers.cancel(tx, number, who)
    return _said(done, "pool.cancelled", "pool.cancelled_before", number=number)


async def expect(tx: AsyncSession, number: str, sku: str, warehouse: str, quantity: int, expected_at: datetime) -> Said:
    """A purchase is on its way, or its date or quantity is known better."""
    row = await incoming.expect(tx, number, sku, warehouse, quantity, expected_at)
    day = format_beijing(row.expected_at)
    words = text("pool.expected", number=number, sku=sku, warehouse=warehouse, count=quantity, day=day)
    return Said(True, words, {"purchase": row.model_dump(mode="json")})


async def came(tx: AsyncSession, number: str, arrived: Mapping[str, int], note: str, who: str) -> Said:
    """Goods of a purchase came in; orders that waited for them have them."""
    got = await incoming.receive_incoming(tx, number, arrived, note, who)
    if not got.fresh:
        return _said(False, "", "pool.received_before", note=note)
    words = text("pool.came", number=number, ready=len(got.ready), locked=sum(got.locked.values()))
    return Said(True, words, {"ready": list(got.ready)})


async def call_off(tx: AsyncSession, number: str, sku: str, who: str) -> Said:
    """What has not come of a purchase will not come."""
    orders = await incoming.call_off(tx, number, sku, who)
    words = text("pool.called_off", number=number, sku=sku, orders=len(orders))
    return Said(True, words, {"orders": list(orders)})


async def set_share(tx: AsyncSession, sku: str, channel: str, percent: int, who: str) -> Said:
    """A channel may take so much of the pool."""
    await shares.set_share(tx, sku, channel, percent, who)
    return Said(True, text("pool.share_set", sku=sku, channel=channel, percent=percent))


async def remove_share(tx: AsyncSession, sku: str, channel: str) -> Said:
    """A channel may take what it gets."""
    done = await shares.remove_share(tx, sku, channel)
    return _said(done, "pool.share_removed", "pool.no_share", sku=sku, channel=channel)


def _said(done: bool, key_of_text: str, before: str, **words: object) -> Said:
    return Said(done, text(key_of_text if done else before, **words))
