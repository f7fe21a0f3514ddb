"""Locking and freeing stock."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.contracts import FIT_STOCK, RELEASE_STOCK, RESERVE_STOCK, Fitted, OrderAt, OrderRef, Reserved
from activities.results import from_json, to_json
from activities.review import ordered
from domain.golden import Trigger
from domain.texts import text
from store import orders, stock
from store.database import Database
from store.steps import Done, run_step
from store.tables import OrderRow


class StockSteps:
    """Stage three, and its undo."""

    def __init__(self, db: Database, warehouse: str) -> None:
        self._db = db
        self._warehouse = warehouse

    @activity.defn(name=RESERVE_STOCK.name)
    async def reserve_stock(self, ref: OrderRef) -> Reserved:
        """Lock all lines in one transaction, gifts included: STOCK_LOCKED. When one is short, nothing is locked."""

        async def work(tx: AsyncSession, row: OrderRow) -> Done:
            order = await orders.body(tx, ref.order_id)
            await stock.reserve(tx, ref.order_id, ordered(order), self._warehouse, "orderhub")
            row.in_flight = False
            return Done("stock.locked", trigger=Trigger.ALL_LINES_RESERVED)

        try:
            await run_step(self._db, ref.order_id, "reserve_stock", "orderhub", work)
        except stock.StockShort as short:
            missing = "，".join(f"{sku} × {count}" for sku, count in short.short.items())
            return Reserved(False, text("stock.short", missing=missing))
        return Reserved(True)

    @activity.defn(name=FIT_STOCK.name)
    async def fit_stock(self, at: OrderAt) -> Fitted:
        """Free what a revision of the order needs no more (a refunded line). Never locks more: that is for a person."""

        async def work(tx: AsyncSession, row: OrderRow) -> Done:
            wanted = ordered(await orders.body(tx, at.order_id, at.revision))
            ok = await stock.free_excess(tx, at.order_id, wanted, f"fit/{at.revision}", "orderhub")
            return Done("stock.fitted", "" if ok else "more is needed than is locked", result=to_json(Fitted(ok)))

        return from_json(Fitted, await run_step(self._db, at.order_id, f"fit_stock/{at.revision}", "orderhub", work))

    @activity.defn(name=RELEASE_STOCK.name)
    async def release_stock(self, ref: OrderRef) -> None:
        """Free everything that the order has locked."""

        async def work(tx: AsyncSession, row: OrderRow) -> Done:
            freed = await stock.release(tx, ref.order_id, "orderhub")
            return Done("stock.released", f"{freed} SKUs")

        await run_step(self._db, ref.order_id, "release_stock", "orderhub", work)
