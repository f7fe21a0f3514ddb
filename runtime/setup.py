"""Everything that must exist before the first order: tables, search attributes, schedules. Running it again is safe."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from google.protobuf.duration_pb2 import Duration
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, RegisterNamespaceRequest
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleState,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.common import SearchAttributeIndexedValueType
from temporalio.service import RPCError, RPCStatusCode

from connectors.drops import FILES
from runtime.client import key_ring
from runtime.shops import pulled_shops, take_over
from settings import Settings
from store.database import Database
from store.migrate import upgrade
from workflows.contracts import (
    ANOMALY_WORKFLOW,
    AUTHORISATION_WORKFLOW,
    COMPARE_SHADOWS_WORKFLOW,
    COMPARE_SHELVES_WORKFLOW,
    DEADLINE_WORKFLOW,
    FREEZE_SWEEP_WORKFLOW,
    PARTNER_HEALTH_WORKFLOW,
    PUBLISH_STOCK_WORKFLOW,
    PULL_FILES_WORKFLOW,
    PULL_WORKFLOW,
    PURGE_LOGS_WORKFLOW,
    RECONCILE_WORKFLOW,
    TRACKING_SWEEP_WORKFLOW,
    WATCH_SAFETY_WORKFLOW,
    WAYBILL_SWEEP_WORKFLOW,
    CompareStart,
    FilesStart,
    PublishStart,
    PullStart,
    PurgeStart,
    ReconcileStart,
    SweepStart,
)
from workflows.details import SEARCH_ATTRIBUTES

_PULLS = "orderhub-pull-"
_RENEWING = timedelta(minutes=5)
_NIGHT = timedelta(hours=19)
"""Three in the morning in Beijing: the day before is over, and channels have time."""

RETENTION = timedelta(days=30)
"""How long Temporal keeps the history of a finished order; the audit trail in the store is kept longer."""

_KINDS = {
    SearchAttributeIndexedValueType.KEYWORD: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    SearchAttributeIndexedValueType.KEYWORD_LIST: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD_LIST,
    SearchAttributeIndexedValueType.DATETIME: IndexedValueType.INDEXED_VALUE_TYPE_DATETIME,
    SearchAttributeIndexedValueType.INT: IndexedValueType.INDEXED_VALUE_TYPE_INT,
}


class SetupConflict(RuntimeError):
    """Something exists already, but is not what orderhub needs."""


@dataclass(frozen=True)
class Sweep:
    """A workflow that runs again and again."""

    schedule_id: str
    workflow: str
    every: timedelta
    argument: object = SweepStart()
    offset: timedelta = timedelta(0)
    """When in its interval it runs, counted from midnight UTC."""


async def set_up(settings: Settings, client: Client, say: Callable[[str], None]) -> None:
    """Create what is missing. `say` is told each thing. Raises SetupConflict."""
    url = settings.database_url.get_secret_value()
    await upgrade(url)
    say("tables are at the newest version")
    await ensure_namespace(client, say)
    await ensure_search_attributes(client, say)
    db, keys = Database(url), key_ring(settings.encryption)
    try:
        async with db.transaction() as tx:
            await take_over(tx, settings, keys)
        await ensure_sweeps(client, settings, await pulled_shops(settings, db, keys), say)
    finally:
        await db.close()


async def ensure_sweeps(
    client: Client, settings: Settings, pulled: Sequence[tuple[str, str]], say: Callable[[str], None]
) -> None:
    """Every schedule exists and runs as often as wanted; those of shops that are no more are gone."""
    wanted = sweeps(settings, pulled)
    for sweep in wanted:
        await ensure_sweep(client, sweep, settings.temporal.task_queue)
        say(f"schedule {sweep.schedule_id}: every {sweep.every}")
    await remove_old_pulls(client, {sweep.schedule_id for sweep in wanted}, say)


def sweeps(settings: Settings, pulled: Sequence[tuple[str, str]]) -> list[Sweep]:
    """All sweeps, as the settings want them; `pulled` are the (feed, shop) whose changes are asked for."""
    return [
        Sweep("orderhub-waybill-sweep", WAYBILL_SWEEP_WORKFLOW, timedelta(seconds=settings.sweeps.waybills_s)),
        Sweep("orderhub-tracking-sweep", TRACKING_SWEEP_WORKFLOW, timedelta(seconds=settings.sweeps.tracking_s)),
        Sweep("orderhub-partner-health", PARTNER_HEALTH_WORKFLOW, timedelta(seconds=settings.sweeps.health_s)),
        Sweep("orderhub-anomalies", ANOMALY_WORKFLOW, timedelta(seconds=settings.sweeps.anomalies_s)),
        Sweep("orderhub-deadlines", DEADLINE_WORKFLOW, timedelta(seconds=settings.sweeps.deadlines_s)),
        Sweep("orderhub-freezes", FREEZE_SWEEP_WORKFLOW, timedelta(seconds=settings.sweeps.freezes_s)),
        Sweep(
            "orderhub-stock-publish",
            PUBLISH_STOCK_WORKFLOW,
            timedelta(seconds=settings.sweeps.stock_publish_s),
            PublishStart(),
        ),
        Sweep("orderhub-stock-safety", WATCH_SAFETY_WORKFLOW, timedelta(seconds=settings.sweeps.stock_safety_s)),
        Sweep(
            "orderhub-stock-compare",
            COMPARE_SHELVES_WORKFLOW,
            timedelta(seconds=settings.sweeps.stock_look_s),
            CompareStart(
                every_s=settings.sweeps.stock_compare_s,
                again_s=settings.sweeps.stock_look_s,
                booked_within_s=settings.sweeps.transfer_booked_s,
            ),
        ),
        Sweep("orderhub-authorisations", AUTHORISATION_WORKFLOW, _RENEWING),
        Sweep("orderhub-reconcile", RECONCILE_WORKFLOW, timedelta(days=1), ReconcileStart(), _NIGHT),
        # After the channels' lists were compared, so that what had been missed is in it.
        Sweep(
            "orderhub-shadow-report",
            COMPARE_SHADOWS_WORKFLOW,
            timedelta(days=1),
            SweepStart(),
            _NIGHT + timedelta(hours=2),
        ),
        Sweep(
            "orderhub-purge-logs",
            PURGE_LOGS_WORKFLOW,
            timedelta(days=1),
            PurgeStart(settings.sweeps.logs_kept_days),
            _NIGHT + timedelta(hours=1),
        ),
        *(
            Sweep(
                f"{_PULLS}{feed.replace('/', '-')}-{shop}",
                PULL_FILES_WORKFLOW,
                timedelta(seconds=settings.sweeps.files_s),
                FilesStart(feed, shop),
            )
            if feed.endswith(FILES)
            else Sweep(
                f"{_PULLS}{feed.replace('/', '-')}-{shop}",
                PULL_WORKFLOW,
                timedelta(seconds=settings.sweeps.pulls_s),
                PullStart(feed, shop),
            )
            for feed, shop in pulled
        ),
    ]


async def remove_old_pulls(client: Client, wanted: Collection[str], say: Callable[[str], None]) -> None:
    """A shop that is not in the settings any more is not pulled any more."""
    async for listed in await client.list_schedules():
        if listed.id.startswith(_PULLS) and listed.id not in wanted:
            await client.get_schedule_handle(listed.id).delete()
            say(f"schedule {listed.id} removed")


async def ensure_namespace(client: Client, say: Callable[[str], None]) -> None:
    """The namespace exists, with our retention if it is made here."""
    try:
        await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=client.namespace))
        return
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
    retention = Duration(seconds=int(RETENTION.total_seconds()))
    request = RegisterNamespaceRequest(
        namespace=client.namespace, workflow_execution_retention_period=retention, description="orderhub"
    )
    await client.workflow_service.register_namespace(request)
    say(f"namespace {client.namespace} made")


async def ensure_search_attributes(client: Client, say: Callable[[str], None]) -> None:
    """All search attributes exist with the right type; the server would silently keep a wrong one."""
    have = await _search_attributes(client)
    wanted = _wanted()
    wrong = [name for name, kind in wanted.items() if name in have and have[name] != kind]
    if wrong:
        raise SetupConflict(f"search attributes of another type exist: {', '.join(wrong)}; remove them first")
    missing = {name: kind for name, kind in wanted.items() if name not in have}
    if missing:
        request = AddSearchAttributesRequest(namespace=client.namespace, search_attributes=missing)
        await client.operator_service.add_search_attributes(request)
        # A new namespace and new attributes take a moment until every part of the server knows them.
        for _ in range(100):
            if set(wanted) <= set(await _search_attributes(client)):
                break
            await asyncio.sleep(0.1)
    say(f"search attributes: {', '.join(sorted(wanted))}")


async def ensure_sweep(client: Client, sweep: Sweep, task_queue: str) -> None:
    """The schedule exists and runs as often as wanted."""
    schedule = Schedule(
        action=ScheduleActionStartWorkflow(
            sweep.workflow, sweep.argument, id=sweep.schedule_id.removeprefix("orderhub-"), task_queue=task_queue
        ),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=sweep.every, offset=sweep.offset)]),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=timedelta(minutes=1)),
        state=ScheduleState(note="made by orderhub setup"),
    )
    try:
        await client.create_schedule(sweep.schedule_id, schedule)
    except ScheduleAlreadyRunningError:

        def updated(_: ScheduleUpdateInput) -> ScheduleUpdate:
            return ScheduleUpdate(schedule=schedule)

        await client.get_schedule_handle(sweep.schedule_id).update(updated)


async def missing_search_attributes(client: Client) -> list[str]:
    """The search attributes that `ensure_search_attributes` would make."""
    return sorted(set(_wanted()) - set(await _search_attributes(client)))


def _wanted() -> dict[str, IndexedValueType.ValueType]:
    return {key.name: _KINDS[key.indexed_value_type] for key in SEARCH_ATTRIBUTES}


async def _search_attributes(client: Client) -> dict[str, int]:
    request = ListSearchAttributesRequest(namespace=client.namespace)
    return dict((await client.operator_service.list_search_attributes(request)).custom_attributes)
