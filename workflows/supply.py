"""What goes in and out of the stock pool by itself, each a short workflow on a Temporal Schedule."""

from __future__ import annotations

from temporalio import workflow

from activities.contracts import (
    COMPARE_SHELVES,
    LET_FREEZES_GO,
    PUBLISH_STOCK,
    PURGE_LOGS,
    WATCH_SAFETY,
    Batch,
    CompareAsk,
    PublishAsk,
    PurgeAsk,
    SafetyAsk,
)
from domain.texts import text
from workflows.contracts import (
    COMPARE_SHELVES_WORKFLOW,
    FREEZE_SWEEP_WORKFLOW,
    PUBLISH_STOCK_WORKFLOW,
    PURGE_LOGS_WORKFLOW,
    WATCH_SAFETY_WORKFLOW,
    CompareStart,
    PublishStart,
    PurgeStart,
    SweepStart,
)
from workflows.steps import own, partner


@workflow.defn(name=COMPARE_SHELVES_WORKFLOW)
class CompareShelvesWorkflow:
    """Every minute: compare what is due with the warehouse's own figures."""

    @workflow.run
    async def run(self, start: CompareStart) -> int:
        """How many articles differ."""
        ask = CompareAsk(start.batch, start.every_s, start.again_s, start.booked_within_s)
        compared = await partner(COMPARE_SHELVES, ask)
        if compared.differing:
            workflow.set_current_details(text("stock.differing", count=compared.differing))
        return compared.differing


@workflow.defn(name=FREEZE_SWEEP_WORKFLOW)
class FreezeSweepWorkflow:
    """Every minute: let go what transfers froze and did not send in time."""

    @workflow.run
    async def run(self, start: SweepStart) -> int:
        """How many transfers bound something for too long."""
        gone = 0
        while numbers := (await own(LET_FREEZES_GO, Batch(start.batch))).numbers:
            gone += len(numbers)
        return gone


@workflow.defn(name=PUBLISH_STOCK_WORKFLOW)
class PublishStockWorkflow:
    """Every few seconds: tell channels how many pieces they may sell, where that changed."""

    @workflow.run
    async def run(self, start: PublishStart) -> int:
        """How many figures were told."""
        published = await partner(PUBLISH_STOCK, PublishAsk(start.batch, start.everything_s))
        if published.not_taken:
            workflow.set_current_details(text("stock.not_taken", count=published.not_taken))
        return published.taken


@workflow.defn(name=WATCH_SAFETY_WORKFLOW)
class WatchSafetyWorkflow:
    """Every five minutes: look after articles below their safety stock, and suggest what to order."""

    @workflow.run
    async def run(self, start: SweepStart) -> int:
        """How many articles are below it."""
        return (await partner(WATCH_SAFETY, SafetyAsk(start.batch))).short


@workflow.defn(name=PURGE_LOGS_WORKFLOW)
class PurgeLogsWorkflow:
    """Every night: drop what channels and warehouses were told and told us, once it was kept for long enough."""

    @workflow.run
    async def run(self, start: PurgeStart) -> int:
        """How many rows were dropped."""
        purged = await partner(PURGE_LOGS, PurgeAsk(start.days))
        return purged.published + purged.shelf_changes
