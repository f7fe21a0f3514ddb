"""The sweeps, each a short workflow on a Temporal Schedule: what they find becomes signals to orders."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from activities.contracts import (
    COMPARE_SHADOWS,
    FOLLOW_PARCELS,
    LIST_FEEDS,
    LIST_WAITING,
    PULL_CHANGES,
    RECONCILE_SHOP,
    RENEW_AUTHORISATIONS,
    WATCH_ANOMALIES,
    WATCH_DEADLINES,
    WATCH_PARTNERS,
    AnomalyAsk,
    Batch,
    DeadlineAsk,
    PartnerWatch,
    PullAsk,
    ReconcileAsk,
    ShadowAsk,
)
from domain.clock import BEIJING
from domain.texts import partner_name, text
from workflows.contracts import (
    ANOMALY_WORKFLOW,
    AUTHORISATION_WORKFLOW,
    COMPARE_SHADOWS_WORKFLOW,
    DEADLINE_WORKFLOW,
    PARTNER_HEALTH_WORKFLOW,
    PULL_WORKFLOW,
    RECONCILE_WORKFLOW,
    TRACKING_SWEEP_WORKFLOW,
    WAYBILL_SWEEP_WORKFLOW,
    PullStart,
    ReconcileStart,
    SweepStart,
    TrackSignal,
)
from workflows.steps import own, partner


@workflow.defn(name=WAYBILL_SWEEP_WORKFLOW)
class WaybillSweepWorkflow:
    """Every 15 minutes: let every order without a waybill number ask all its couriers again."""

    @workflow.run
    async def run(self, start: SweepStart) -> int:
        """How many orders were told."""
        waiting = await own(LIST_WAITING, Batch(start.batch))
        told = 0
        for order_id in waiting.order_ids:
            told += await _signal(order_id, "ask_couriers_again")
        return told


@workflow.defn(name=TRACKING_SWEEP_WORKFLOW)
class TrackingSweepWorkflow:
    """Every minute: subscribe new parcels at the tracker, and ask for silent ones."""

    @workflow.run
    async def run(self, start: SweepStart) -> int:
        """How many orders were told."""
        followed = await partner(FOLLOW_PARCELS, Batch(start.batch))
        told = 0
        for turn in followed.turns:
            told += await _signal(turn.order_id, "tracked", TrackSignal(turn.parcel_id, turn.status))
        return told


@workflow.defn(name=PULL_WORKFLOW)
class PullWorkflow:
    """Every minute and for each shop: ask the channel what changed, until there is nothing left."""

    @workflow.run
    async def run(self, start: PullStart) -> int:
        """How many documents were new."""
        fresh = 0
        for _ in range(start.rounds):
            pulled = await partner(PULL_CHANGES, PullAsk(start.source, start.shop))
            fresh += pulled.fresh
            # In sight of operators: how far behind a shop is after the hub was down.
            workflow.set_current_details(text("pull.behind", fresh=fresh, seconds=pulled.behind_s))
            if pulled.pages == 0 or pulled.behind_s == 0:
                break
        return fresh


@workflow.defn(name=PARTNER_HEALTH_WORKFLOW)
class PartnerHealthWorkflow:
    """Every minute: open an alert for each partner whose interface is not well, close it when it is well again."""

    @workflow.run
    async def run(self, start: SweepStart) -> int:
        """How many partners are not well."""
        seen = await own(WATCH_PARTNERS, PartnerWatch())
        if seen.ill:
            names = ", ".join(partner_name(name) for name in seen.ill)
            workflow.set_current_details(text("health.ill", partners=names))
        return len(seen.ill)


@workflow.defn(name=ANOMALY_WORKFLOW)
class AnomalyWorkflow:
    """Every minute: pause the step of a slice where too much goes wrong; tell orders that wait that a pause is over."""

    @workflow.run
    async def run(self, start: SweepStart) -> int:
        """How many slices are paused."""
        seen = await partner(WATCH_ANOMALIES, AnomalyAsk())
        if seen.in_force:
            workflow.set_current_details(text("pause.now", count=seen.in_force))
        for order_id in seen.wake:
            await _signal(order_id, "pause_ended")
        return seen.in_force


@workflow.defn(name=DEADLINE_WORKFLOW)
class DeadlineWorkflow:
    """Every minute: work out when stages are due, warn before and escalate after."""

    @workflow.run
    async def run(self, start: SweepStart) -> int:
        """How many stages are late."""
        seen = await partner(WATCH_DEADLINES, DeadlineAsk())
        if seen.late:
            workflow.set_current_details(text("deadline.now_late", count=seen.late))
        return seen.late


@workflow.defn(name=AUTHORISATION_WORKFLOW)
class AuthorisationWorkflow:
    """Every five minutes: renew the shops' tokens that are due, and ask a person where only the owner can."""

    @workflow.run
    async def run(self, start: SweepStart) -> int:
        """How many shops are refused, or end soon."""
        renewed = await partner(RENEW_AUTHORISATIONS, Batch(start.batch))
        return renewed.refused + renewed.ending


@workflow.defn(name=RECONCILE_WORKFLOW)
class ReconcileWorkflow:
    """Every night: each channel's own list of a day against our orders; what was missed is taken in."""

    @workflow.run
    async def run(self, start: ReconcileStart) -> dict[str, int]:
        """How many orders of each (feed, shop) had been missed or were stale."""
        day = start.day or (workflow.now().astimezone(BEIJING) - timedelta(days=1)).date().isoformat()
        feeds = await own(LIST_FEEDS, Batch(0))
        repaired: dict[str, int] = {}
        for feed, shop in feeds.pairs:
            try:
                found = await partner(RECONCILE_SHOP, ReconcileAsk(feed, shop, day), shop=shop, day=day)
            except ActivityError:
                repaired[f"{feed}:{shop}"] = -1  # not compared: the report of that day is missing, and says so
                continue
            repaired[f"{feed}:{shop}"] = found.missing + found.stale
            workflow.set_current_details(text("reconcile.done", day=day, shops=len(repaired), all=len(feeds.pairs)))
        return repaired


@workflow.defn(name=COMPARE_SHADOWS_WORKFLOW)
class CompareShadowsWorkflow:
    """Every night: what the old system did with the orders of two weeks, against what we would have done."""

    @workflow.run
    async def run(self, start: SweepStart) -> int:
        """How often the two did not do the same."""
        return (await partner(COMPARE_SHADOWS, ShadowAsk())).differences


async def _signal(order_id: str, name: str, *arguments: object) -> bool:
    try:
        await workflow.get_external_workflow_handle(order_id).signal(name, args=arguments)
    except ApplicationError:
        return False  # the order has ended meanwhile
    return True
