"""Which couriers are asked for an order's waybills."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.contracts import PLAN_COURIERS, OrderAt, Plan, PlanStepFact
from activities.merging import offer
from activities.partners import HubConfig
from activities.results import from_json, to_json
from rules.couriers import plan_couriers
from store import orders
from store.database import Database
from store.steps import Done, run_step
from store.tables import OrderRow


class CourierSteps:
    """Stage five, first of all: the plan."""

    def __init__(self, db: Database, config: HubConfig) -> None:
        self._db = db
        self._config = config

    @activity.defn(name=PLAN_COURIERS.name)
    async def plan_couriers(self, at: OrderAt) -> Plan:
        """Which couriers are asked, in which order, and why: kept with the version of the rule that decided."""

        async def work(tx: AsyncSession, row: OrderRow) -> Done:
            order = await orders.body(tx, at.order_id, at.revision)
            plan = plan_couriers(order)
            steps = [PlanStepFact(step.provider, step.carrier) for step in plan.steps]
            merge = await offer(tx, row, order, at.revision, plan, self._config.link_secret)
            kept = Plan(steps, plan.why, plan.rule, merge)
            return Done("couriers.planned", f"{plan.why} ({plan.rule})", result=to_json(kept))

        return from_json(Plan, await run_step(self._db, at.order_id, f"plan/{at.revision}", "rules", work))
