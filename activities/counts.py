"""Comparing our stock with what the warehouse says that it has. A difference is a person's: nothing is adopted by
itself, and nothing is swallowed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.contracts import COMPARE_SHELVES, CompareAsk, Compared
from activities.partners import answered
from connectors.errors import Rejected
from connectors.ports import Warehouse
from domain.clock import utc_now
from domain.shelves import Ours, Quality, Shelf, difference
from domain.texts import text
from store import counts
from store.database import Database
from store.holds import close_task, keep_task, open_task
from store.tables import ShelfCountRow

KIND = "stock_differs"
SURE_AFTER = 2
"""So many looks in a row must find the same difference before a person is asked: one of them may have met an
instruction on its way."""


class CountSteps:
    """The backstop beside every scan."""

    def __init__(self, db: Database, warehouse: Warehouse) -> None:
        self._db = db
        self._warehouse = warehouse

    @activity.defn(name=COMPARE_SHELVES.name)
    async def compare_shelves(self, ask: CompareAsk) -> Compared:
        """Compare every article that is due, one warehouse after the other. One that refuses to answer is a task, and
        holds up no other."""
        began = utc_now()
        looked = opened = closed = 0
        async with self._db.reading() as tx:
            warehouses = await counts.warehouses(tx)
        for code in warehouses:
            while skus := await self._due(code, began, ask):
                try:
                    fresh, done = await self._compare(code, skus, timedelta(seconds=ask.booked_within_s))
                except Rejected as refused:
                    await self._refused(code, refused)
                    break
                looked, opened, closed = looked + len(skus), opened + fresh, closed + done
                activity.heartbeat(code, looked)
        async with self._db.reading() as tx:
            differing = len(await counts.compared(tx, differing=True))
        return Compared(looked, differing, opened, closed)

    async def _due(self, code: str, began: datetime, ask: CompareAsk) -> list[str]:
        every, again = timedelta(seconds=ask.every_s), timedelta(seconds=ask.again_s)
        async with self._db.reading() as tx:
            return await counts.due(tx, code, began, every, again, ask.batch)

    async def _compare(self, code: str, skus: Sequence[str], booked_within: timedelta) -> tuple[int, int]:
        """Compare these in one warehouse. How many tasks were opened, and closed. Raises Rejected."""
        async with self._db.reading(snapshot=True) as tx:
            before = await counts.ours(tx, code, skus, booked_within)
        # The moment counts from before the question: what the warehouse tells after it is looked at again.
        asked_at = utc_now()
        async with answered(self._db, None):
            shelves = await self._warehouse.shelves(code, skus)
        good = {shelf.sku: shelf for shelf in shelves if shelf.quality is Quality.GOOD}
        opened = closed = 0
        async with self._db.transaction() as tx:
            await close_task(tx, _refused_key(code), "orderhub")
            after = await counts.ours(tx, code, skus, booked_within)
            earlier = await counts.last(tx, code, skus)
            rows = [_row(code, sku, good.get(sku), before[sku], after[sku], earlier.get(sku)) for sku in skus]
            await counts.record(tx, [row.model_dump() | {"asked_at": asked_at} for row in rows])
            for row in rows:
                fresh, done = await _tell(tx, row)
                opened, closed = opened + fresh, closed + done
        return opened, closed

    async def _refused(self, code: str, refused: Rejected) -> None:
        sentence = text("task.stock_compare_refused", warehouse=code, why=refused.operator_text)
        async with self._db.transaction() as tx:
            await open_task(tx, _refused_key(code), "stock_compare_refused", sentence, alert=True, again=True)


def _refused_key(warehouse: str) -> str:
    return f"stock_compare_refused/{warehouse}"


def _row(
    warehouse: str, sku: str, shelf: Shelf | None, before: Ours, after: Ours, earlier: ShelfCountRow | None
) -> ShelfCountRow:
    """What this look found. An article that the warehouse does not keep is one of which it has none."""
    available = shelf.available if shelf is not None else 0
    found = difference(available, before, after)
    same = earlier is not None and earlier.difference == found
    now = utc_now()
    return ShelfCountRow(
        warehouse=warehouse,
        sku=sku,
        known=shelf is not None,
        available=available,
        locked=shelf.locked if shelf is not None else 0,
        on_hand=after.on_hand,
        told=after.told,
        doubtful=after.doubtful,
        difference=found,
        looks=earlier.looks + 1 if same and earlier is not None else 1,
        since=earlier.since if same and earlier is not None else now,
        asked_at=now,
    )


async def _tell(tx: AsyncSession, row: ShelfCountRow) -> tuple[bool, bool]:
    """Ask a person, or say that the matter is settled. Whether a task was opened, and closed."""
    key = counts.task_key(row.warehouse, row.sku)
    if not row.difference:
        return False, await close_task(tx, key, "orderhub")
    if row.looks < SURE_AFTER:
        return False, False
    changes = await counts.recent_changes(tx, row.warehouse, row.sku)
    listed = "；".join(f"{change.quantity:+d} {change.order_type} {change.code}" for change in changes)
    reported = text("task.stock_reported", changes=listed) if changes else ""
    return await keep_task(tx, key, KIND, _sentence(row, reported), alert=True), False


def _sentence(row: ShelfCountRow, reported: str) -> str:
    facts: Mapping[str, object] = {
        "warehouse": row.warehouse,
        "sku": row.sku,
        "available": row.available,
        "locked": row.locked,
        "on_hand": row.on_hand,
        "told": row.told,
        "doubtful": row.doubtful,
        "more": text("task.stock_more" if row.difference > 0 else "task.stock_less"),
        "pieces": abs(row.difference),
        "reported": ("" if row.known else text("task.stock_unknown_there")) + reported,
    }
    return text("task.stock_differs", **facts)
