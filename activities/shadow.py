"""Deciding orders that an old system works on: by the very steps of a real order, undone before anything is kept.

Everything that a real order's first steps write in our own database (mendings, plan, promises, the hours of work
centres) is done inside a savepoint and rolled back. So the decision is exactly the one that a real order would get, and
nothing of it stays but its record. Stock is looked at and never locked: orders in shadow make nobody wait.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from activities.contracts import Accepted
from activities.planning import Router
from activities.promises import renew_promises
from activities.results import from_json
from activities.review import ReviewSteps
from activities.stock import to_be_made
from domain.deciding import decided_by
from domain.holds import HoldReason
from domain.order import Order
from domain.routing import Routing, Verdict
from domain.shadow import Would
from domain.warehouses import Warehouse
from rules.couriers import plan_couriers
from rules.documents import BadRule
from store import flags as flags_kept
from store import orders, planning, promises, shadows
from store.database import Database
from store.promises import Kept
from store.shadows import Decision
from store.steps import Done, run_step
from store.tables import ConsignmentRow, OrderRow


class ShadowDesk:
    """Decides, and touches nothing: no partner, no workflow, no stock, no golden state."""

    def __init__(self, db: Database, review: ReviewSteps, router: Router) -> None:
        self._db = db
        self._review = review
        self._router = router

    async def decide(self, order_id: str, revision: int) -> None:
        """Decide one revision in one transaction, and keep what would have been done. Again, it changes nothing."""

        async def work(tx: AsyncSession, row: OrderRow) -> Done:
            try:
                made = await self._undone(tx, row, revision)
            except (BadRule, LookupError, ValueError) as error:
                # It must not hold up those behind it: that it cannot be decided is what there is to know about it.
                made = Decision(Would.FAIL, f"{type(error).__name__}: {error}")
            await shadows.keep_decision(tx, order_id, revision, made, newest=revision >= row.revision)
            return Done("shadow.decided", f"{made.would}: {made.why}" if made.why else made.would)

        await run_step(self._db, order_id, f"shadow/{revision}", "orderhub", work)

    async def _undone(self, tx: AsyncSession, row: OrderRow, revision: int) -> Decision:
        savepoint = await tx.begin_nested()
        try:
            return await self._made(tx, row, revision)
        finally:
            await savepoint.rollback()
            await tx.refresh(row)

    async def _made(self, tx: AsyncSession, row: OrderRow, revision: int) -> Decision:
        looked, _ = await self._review.look(tx, row, revision)
        accepted = from_json(Accepted, looked.result)
        flags = [{"code": flag.code, "hold": flag.hold, "detail": flag.detail} for flag in accepted.flags]
        holds = ", ".join(flag["code"] for flag in flags if flag["hold"])
        notes = [flag for flag in await flags_kept.of_order(tx, row.order_id) if not flag.hold]
        flags += [{"code": flag.code, "hold": "", "detail": flag.detail} for flag in notes]
        if any(flag["hold"] == HoldReason.FORMAT_INVALID for flag in flags):
            return Decision(
                Would.HOLD, holds, tuple(flags), rules=tuple(decided_by())
            )  # what does not add up has no plan
        order = await orders.body(tx, row.order_id, accepted.revision)
        planned = await self._router.plan(tx, order, with_shadows=True)
        short = planned.routing.verdict is Verdict.SHORT
        kept = await self._promised(tx, row, order, planned.routing, planned.warehouses)
        couriers = plan_couriers(order).steps
        if holds:
            would, why = Would.HOLD, holds
        elif short:
            would, why = Would.WAIT, planned.routing.reason.text()
        else:
            would, why = Would.SHIP, ""
        ship_by = [one.ship_by for one in kept if one.ship_by is not None]
        deliver_by = [one.deliver_by for one in kept if one.deliver_by is not None]
        return Decision(
            would,
            why,
            tuple(flags),
            planned.routing,
            tuple(_consignments(await planning.consignments(tx, row.order_id), kept)),
            tuple(f"{step.provider}:{step.carrier}" for step in couriers),
            str(couriers[0].carrier),
            max(ship_by, default=None),
            max(deliver_by, default=None),
            tuple(decided_by()),
        )

    async def _promised(
        self, tx: AsyncSession, row: OrderRow, order: Order, routing: Routing, homes: Sequence[Warehouse]
    ) -> list[Kept]:
        """The days that the plan's consignments would be promised; of goods that are made to order, theirs."""
        if routing.verdict is not Verdict.SHORT:
            await planning.keep_plan(tx, row.order_id, row.revision, routing)
            await renew_promises(tx, order, homes)
        elif short := to_be_made(routing):
            await renew_promises(tx, order, homes, short=short)
        return await promises.newest(tx, row.order_id)


def _consignments(rows: Sequence[ConsignmentRow], kept: Sequence[Kept]) -> list[dict[str, Any]]:
    days = {one.n: one for one in kept}
    found: list[dict[str, Any]] = []
    for row in rows:
        promised = days.get(row.n)
        facts: dict[str, Any] = {"n": row.n, "warehouse": row.warehouse, "lines": list(row.lines)}
        for name in ("ship_by", "deliver_by"):
            moment = getattr(promised, name, None)
            facts[name] = moment.isoformat() if moment is not None else None
        found.append(facts)
    return found
