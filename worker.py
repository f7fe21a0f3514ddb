"""Runs a worker: order workflows, their activities, the inbox dispatcher. `python worker.py` is `orderhub worker`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

from temporalio import activity
from temporalio.client import Client
from temporalio.common import MetricMeter, VersioningBehavior, WorkerDeploymentVersion
from temporalio.worker import UnsandboxedWorkflowRunner, Worker, WorkerDeploymentConfig, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

import telemetry
from activities.contracts import QUEUES
from activities.planning import Router
from activities.registry import all_activities
from activities.review import ReviewSteps
from activities.shadow import ShadowDesk
from domain.texts import use_language
from intake.dispatcher import Dispatcher, Pace
from intake.linking import Linker
from intake.orders import TemporalOrders
from runtime.call_book import counting_calls
from runtime.call_metrics import CallMetrics
from runtime.client import connect, key_ring, metrics_runtime
from runtime.partners import hub_config, open_partners
from runtime.rules import RuleKeeper
from runtime.shops import ShopKeeper
from runtime.shutdown import run, stopped
from settings import Settings, TemporalSettings, load_settings
from store.database import Database
from workflows.contracts import Timings
from workflows.files import PullFilesWorkflow
from workflows.order import OrderWorkflow
from workflows.supply import (
    CompareShelvesWorkflow,
    FreezeSweepWorkflow,
    PublishStockWorkflow,
    PurgeLogsWorkflow,
    WatchSafetyWorkflow,
)
from workflows.sweeps import (
    AnomalyWorkflow,
    AuthorisationWorkflow,
    CompareShadowsWorkflow,
    DeadlineWorkflow,
    PartnerHealthWorkflow,
    PullWorkflow,
    ReconcileWorkflow,
    TrackingSweepWorkflow,
    WaybillSweepWorkflow,
)

log = logging.getLogger("orderhub.worker")

WORKFLOWS: list[type[Any]] = [
    OrderWorkflow,
    WaybillSweepWorkflow,
    TrackingSweepWorkflow,
    PullWorkflow,
    PartnerHealthWorkflow,
    ReconcileWorkflow,
    AuthorisationWorkflow,
    DeadlineWorkflow,
    CompareShadowsWorkflow,
    AnomalyWorkflow,
    PullFilesWorkflow,
    CompareShelvesWorkflow,
    FreezeSweepWorkflow,
    PublishStockWorkflow,
    WatchSafetyWorkflow,
    PurgeLogsWorkflow,
]
PASSED_THROUGH = ("domain", "activities.contracts", "activities", "pydantic", "pydantic_core", "annotated_types")
GRACE = timedelta(seconds=10)
"""Activities under way when the worker is told to stop get so long to finish."""


def workflow_runner(*, sandboxed: bool) -> WorkflowRunner:
    """The SDK's sandbox in tests and CI; without it in production, where it costs a third of the worker's CPU."""
    if not sandboxed:
        return UnsandboxedWorkflowRunner()
    return SandboxedWorkflowRunner(restrictions=SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH))


def build_workers(client: Client, settings: TemporalSettings, activities: list[Callable[..., Any]]) -> list[Worker]:
    """The orders' worker, and one per queue that a partner has for itself."""
    QUEUES.update(settings.partner_queues)
    queues: dict[str, list[Callable[..., Any]]] = {settings.task_queue: activities}
    by_name = {_name(step): step for step in activities}
    for name, queue in settings.partner_queues.items():
        if name not in by_name:
            raise ValueError(f"ORDERHUB_TEMPORAL__PARTNER_QUEUES names no activity: {name}")
        queues.setdefault(queue, []).append(by_name[name])
    return [
        Worker(
            client,
            task_queue=queue,
            workflows=WORKFLOWS if queue == settings.task_queue else [],
            activities=steps,
            workflow_runner=workflow_runner(sandboxed=settings.sandboxed),
            max_cached_workflows=settings.max_cached_workflows,
            max_concurrent_activities=settings.max_concurrent_activities,
            max_concurrent_workflow_tasks=settings.max_concurrent_workflow_tasks,
            graceful_shutdown_timeout=GRACE,
            deployment_config=_deployment(settings),
        )
        for queue, steps in queues.items()
    ]


async def main(settings: Settings) -> int:
    """Work until told to stop."""
    use_language(settings.language)
    telemetry.set_up(settings.telemetry, "worker")
    async with AsyncExitStack() as stack:
        db = Database(settings.database_url.get_secret_value())
        stack.push_async_callback(db.close)
        runtime = metrics_runtime(settings.telemetry)
        metrics = CallMetrics(runtime.metric_meter if runtime else MetricMeter.noop)
        await stack.enter_async_context(counting_calls(db, "worker", metrics))
        outside = await stack.enter_async_context(open_partners(settings, db))
        keys = key_ring(settings.encryption)
        keeper = ShopKeeper(settings, db, keys, outside)
        rule_keeper = RuleKeeper(db)
        await rule_keeper.first_look()  # nothing may be decided by the files while something else is published
        client = await connect(settings, runtime=runtime)
        activities = all_activities(db, outside.partners, hub_config(settings))
        for worker in build_workers(client, settings.temporal, activities):
            await stack.enter_async_context(worker)
        orders = TemporalOrders(client, settings.temporal.task_queue, Timings(**settings.timings.model_dump()))
        linker = Linker(keys.derive("order-links"))
        config = hub_config(settings)
        shadows = ShadowDesk(db, ReviewSteps(db, config.credit_above_fen, config.declaration), Router(config.warehouse))
        pace = Pace(**settings.intake.model_dump())
        dispatcher = Dispatcher(db, outside.sources, orders, pace, linker, shadows.decide)
        dispatching = asyncio.create_task(dispatcher.run())
        keeping = [asyncio.create_task(keeper.run()), asyncio.create_task(rule_keeper.run())]
        stopping = asyncio.create_task(stopped())
        log.info("worker started", extra={"task_queue": settings.temporal.task_queue})
        await asyncio.wait({dispatching, stopping}, return_when=asyncio.FIRST_COMPLETED)
        for task in (dispatching, *keeping):
            task.cancel()
        await asyncio.gather(dispatching, *keeping, return_exceptions=True)
        log.info("worker stopping")
    return 0


def _name(step: Callable[..., Any]) -> str:
    definition = activity._Definition.must_from_callable(step)
    return definition.name or ""


def _deployment(settings: TemporalSettings) -> WorkerDeploymentConfig | None:
    if not settings.deployment:
        return None
    return WorkerDeploymentConfig(
        version=WorkerDeploymentVersion(settings.deployment, settings.build_id),
        use_worker_versioning=True,
        # Here and not in the workflow definition, where it would break every unversioned worker.
        # Orders live for weeks: they go on with the newest build, which replays every committed history.
        default_versioning_behavior=VersioningBehavior.AUTO_UPGRADE,
    )


if __name__ == "__main__":
    run(main(load_settings()))
