"""Planning where an order comes from, and locking and freeing its stock."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities import lapsing
from activities.contracts import (
    CHECK_ARRIVAL,
    FIT_CONSIGNMENTS,
    FIT_STOCK,
    RELEASE_STOCK,
    RESERVE_STOCK,
    Arrived,
    ConsignmentFact,
    ConsignmentRef,
    ConsignmentsFitted,
    FitAsk,
    Fitted,
    OrderAt,
    OrderRef,
    Reserved,
)
from activities.planning import Planned, Router, needed
from activities.promises import renew_promises
from activities.reserving import MOST, STEP, OrderWish, Tried, Unfillable
from activities.results import from_json, to_json
from activities.review import ordered
from domain.clock import utc_now
from domain.golden import Trigger
from domain.routing import Routing, Verdict
from domain.shadow import PlanFacts
from domain.sourcing import Pieces
from domain.texts import text
from rules.making import steps_of
from store import orders, planning, shadows, shortages, stock
from store.database import Database
from store.steps import Done, load_order, record, run_step
from store.tables import ConsignmentRow, OrderRow

PLANNED_AGAIN = 5
"""How often an order is planned anew when the stock that its plan counted on is gone by then."""


class StockSteps:
    """Stage three, and its undo."""

    def __init__(self, db: Database, router: Router) -> None:
        self._db = db
        self._router = router
        self._reserving: stock.Reserving[Tried] = stock.Reserving(db, most=MOST)

    @activity.defn(name=RESERVE_STOCK.name)
    async def reserve_stock(self, ref: OrderRef) -> Reserved:
        """Plan the order, and lock all lines in one transaction, gifts included: STOCK_LOCKED. Short: nothing is."""
        reserved = await self._reserve(ref)
        if not reserved.ok and not reserved.paused:
            # Noted after the try: goods that come in between are found by the next look of the intake.
            async with self._db.transaction() as tx:
                await shortages.note(tx, ref.order_id, ordered(await orders.body(tx, ref.order_id)))
        return reserved

    async def _reserve(self, ref: OrderRef) -> Reserved:
        tried: Tried = await self._reserving.do(OrderWish(self._router, ref.order_id, self._keep_plan))
        for _ in range(PLANNED_AGAIN):
            if not isinstance(tried, stock.StaleSnapshot):
                break
            tried = await self._alone(ref.order_id)  # somebody was quicker: plan on what is there now
        if isinstance(tried, Reserved):
            return tried
        if isinstance(tried, stock.StaleSnapshot):
            return Reserved(False, text("stock.contended"))
        if isinstance(tried, stock.StockShort):
            return Reserved(False, _missing(tried.short) if not tried.shared else text("stock.share_used"))
        if isinstance(tried, Unfillable):
            await self._promise_made(ref.order_id, tried.routing)
            return Reserved(False, _unfillable(tried.routing))
        raise tried

    async def _alone(self, order_id: str) -> Tried:
        """Plan an order on stock that nobody else takes of meanwhile. It locks from the start: so not in a group."""

        async def work(tx: AsyncSession, row: OrderRow) -> Done:
            order = await orders.body(tx, order_id)
            planned = await self._router.plan(tx, order, firm=True)
            if planned.routing.verdict is Verdict.SHORT:
                raise Unfillable(planned.routing)
            await stock.reserve_plan(tx, order_id, order.channel, planned.picks, "orderhub", token=planned.token)
            return await self._keep_plan(tx, row, planned)

        try:
            kept = await run_step(self._db, order_id, STEP, "orderhub", work)
        except (stock.StaleSnapshot, stock.StockShort, Unfillable) as refused:
            return refused
        return from_json(Reserved, kept) if kept else Reserved(True)

    async def _keep_plan(self, tx: AsyncSession, row: OrderRow, planned: Planned) -> Done:
        order = await orders.body(tx, row.order_id)
        rows = await planning.keep_plan(tx, row.order_id, row.revision, planned.routing)
        if planned.beside is not None:
            plan = await planning.plan(tx, row.order_id)
            real = PlanFacts(tuple(one.warehouse for one in rows), planned.routing.freight_fen)
            assert plan is not None
            await shadows.keep_plan(tx, row.order_id, plan.n, planned.shadows, real, planned.beside)
        await renew_promises(tx, order, planned.warehouses)
        if any(one.status == planning.WAITING for one in rows):
            await lapsing.look_again(tx, row)  # it leaves later than its review could know
        row.in_flight = False
        reserved = Reserved(True, consignments=[_fact(one) for one in rows])
        why = planned.routing.reason.text()
        return Done("stock.locked", why, trigger=Trigger.ALL_LINES_RESERVED, result=to_json(reserved), body=order)

    @activity.defn(name=CHECK_ARRIVAL.name)
    async def check_arrival(self, ref: ConsignmentRef) -> Arrived:
        """Whether the goods that a consignment waited for are all there; then it is ready.

        What it lost because a purchase was called off is locked anew, where that can be done.
        """
        try:
            async with self._db.transaction() as tx:
                row = await load_order(tx, ref.order_id)
                consignment = await _consignment(tx, ref)
                if consignment.status == planning.WAITING and await planning.lock_lost(tx, row, consignment):
                    again = Done("stock.locked_again", f"{ref.n}: {consignment.warehouse}")
                    await record(tx, row, f"lock_again/{ref.n}/{utc_now().isoformat()}", "orderhub", again)
        except stock.StockShort:
            await self._look_again(ref, lost=True)
            return Arrived(False)
        except stock.StaleSnapshot:
            return Arrived(False)

        async def work(tx: AsyncSession, row: OrderRow) -> Done:
            consignment = await _consignment(tx, ref)
            if consignment.status == planning.WAITING:
                if await planning.awaits(tx, consignment):
                    raise _NotYet
                planning.change(tx, consignment, planning.READY)
                await self._renew(tx, ref.order_id, only=[ref.n])
            return Done("stock.arrived", f"{ref.n}: {consignment.warehouse}", result=to_json(Arrived(True)))

        try:
            kept = await run_step(self._db, ref.order_id, f"arrival/{ref.n}", "orderhub", work)
        except _NotYet:
            return Arrived(False, await self._look_again(ref))
        return from_json(Arrived, kept)

    @activity.defn(name=FIT_STOCK.name)
    async def fit_stock(self, at: OrderAt) -> Fitted:
        """Free what a revision of the order needs no more (a refunded line). Never locks more: that is for a person."""

        async def work(tx: AsyncSession, row: OrderRow) -> Done:
            order = await orders.body(tx, at.order_id, at.revision)
            ok = await stock.free_excess(tx, at.order_id, ordered(order), f"fit/{at.revision}", "orderhub")
            for consignment in await planning.consignments(tx, at.order_id):
                lines = planning.fit([consignment], needed(order)).lines
                consignment.lines = lines.get(consignment.n, consignment.lines)
                tx.add(consignment)
            return Done("stock.fitted", "" if ok else "more is needed than is locked", result=to_json(Fitted(ok)))

        return from_json(Fitted, await run_step(self._db, at.order_id, f"fit_stock/{at.revision}", "orderhub", work))

    @activity.defn(name=FIT_CONSIGNMENTS.name)
    async def fit_consignments(self, ask: FitAsk) -> ConsignmentsFitted:
        """What a revision needs no more: in which consignments it is; or free it, out of those that are stopped."""
        if not ask.change:
            async with self._db.transaction() as tx:
                fit = await self._fit(tx, ask)
            return ConsignmentsFitted(not (fit.missing or fit.stuck), list(fit.lines))

        async def work(tx: AsyncSession, row: OrderRow) -> Done:
            fit = await self._fit(tx, ask)
            rows = {one.n: one for one in await planning.consignments(tx, ask.order_id)}
            emptied = []
            for n, lines in fit.lines.items():
                if n not in ask.stopped:
                    continue
                rows[n].lines = lines
                planning.change(tx, rows[n], rows[n].status if lines else planning.OFF)
                emptied += [] if lines else [n]
            await tx.flush()
            await planning.free_rest(tx, row, rows.values())
            await self._renew(tx, ask.order_id, only=list(fit.lines))
            left = [one for one in rows.values() if one.status != planning.OFF]
            packed = bool(emptied and left) and all(one.status == planning.PACKED for one in left)
            ok = not (fit.missing or fit.stuck) and set(fit.lines) <= set(ask.stopped)
            fitted = ConsignmentsFitted(ok, list(fit.lines), emptied, packed)
            trigger = Trigger.WAREHOUSE_SCAN_MATCHED if packed else None
            why = "" if ok else "not all of it could be changed"
            return Done("consignments.fitted", why, trigger, result=to_json(fitted))

        kept = await run_step(self._db, ask.order_id, f"fit_consignments/{ask.revision}", "orderhub", work)
        return from_json(ConsignmentsFitted, kept)

    @activity.defn(name=RELEASE_STOCK.name)
    async def release_stock(self, ref: OrderRef) -> None:
        """Free everything that the order has locked."""

        async def work(tx: AsyncSession, row: OrderRow) -> Done:
            freed = await stock.release(tx, ref.order_id, "orderhub")
            await planning.close(tx, ref.order_id)
            await self._renew(tx, ref.order_id)
            return Done("stock.released", f"{freed} SKUs")

        await run_step(self._db, ref.order_id, "release_stock", "orderhub", work)

    async def _fit(self, tx: AsyncSession, ask: FitAsk) -> planning.Fit:
        order = await orders.body(tx, ask.order_id, ask.revision)
        return planning.fit(await planning.consignments(tx, ask.order_id), needed(order))

    async def _renew(
        self,
        tx: AsyncSession,
        order_id: str,
        short: Sequence[Pieces] = (),
        only: Collection[int] | None = None,
        without: Collection[int] = (),
    ) -> bool:
        """Promise anew. Whether anything moved."""
        order, warehouses = await orders.body(tx, order_id), await self._router.warehouses(tx)
        return await renew_promises(tx, order, warehouses, short=short, only=only, without=without)

    async def _promise_made(self, order_id: str, routing: Routing) -> None:
        """Goods that nobody has may be made to order: their day is that of the work centres."""
        short = to_be_made(routing)
        if short:
            async with self._db.transaction() as tx:
                await self._renew(tx, order_id, short)

    async def _look_again(self, ref: ConsignmentRef, *, lost: bool = False) -> datetime | None:
        """When the goods are expected by now; a purchase may have moved, and the promise with it.

        What was `lost` to a purchase that was called off has no day.
        """
        async with self._db.transaction() as tx:
            row = await load_order(tx, ref.order_id)
            last = await planning.last_awaited(tx, await _consignment(tx, ref))
            if await self._renew(tx, ref.order_id, only=[ref.n], without=[ref.n] if lost else []):
                await lapsing.look_again(tx, row)
            return last[0] if last else None


class _NotYet(Exception):
    """Goods are still on their way."""


def to_be_made(routing: Routing) -> list[Pieces]:
    """What is missing of a plan, where any of it is made to order; else nothing."""
    short = [(one.line_no, one.sku, one.missing) for one in routing.short if one.missing]
    return short if any(steps_of(sku) for _, sku, _ in short) else []


def _missing(short: dict[str, int]) -> str:
    return text("stock.short", missing="，".join(f"{sku} × {count}" for sku, count in short.items()))


def _unfillable(routing: Routing) -> str:
    """What is missing; why, where nothing is. The hold's task says it, and asks where the rules say so."""
    missing = {one.sku: one.missing for one in routing.short if one.missing}
    words = _missing(missing) if missing else routing.reason.text()
    return text("stock.decide", why=words) if routing.ask else words


def _fact(row: ConsignmentRow) -> ConsignmentFact:
    return ConsignmentFact(row.n, row.warehouse, row.status == planning.READY, row.waits_until)


async def _consignment(tx: AsyncSession, ref: ConsignmentRef) -> ConsignmentRow:
    row = await planning.consignment(tx, ref.order_id, ref.n)
    if row is None:
        raise LookupError(f"{ref.order_id} has no consignment {ref.n}")
    return row
