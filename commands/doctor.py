"""`orderhub doctor`: what is there, what answers, and what to do about the rest."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import date

from rich.console import Console
from rich.table import Table
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.service import RPCError

from commands.house import house
from domain.clock import BEIJING, utc_now
from rules.engine import Book, trying
from rules.workdays import missing
from runtime.client import connect, key_ring
from runtime.partners import open_partners
from runtime.plugins import described
from runtime.rule_desk import RuleDesk
from runtime.setup import missing_search_attributes, sweeps
from runtime.shops import pulled_shops
from settings import Settings
from store import inbox
from store.migrate import current, head


@dataclass(frozen=True)
class Checkup:
    """One thing that was looked at. `remedy` says what to do when it is not well, or soon will not be."""

    name: str
    well: bool
    found: str
    remedy: str = ""
    soon: bool = False
    """It is well, but will not be unless something is done."""


async def main(settings: Settings, *, as_json: bool) -> int:
    """Look at everything. Exit code 1 when something is not well."""
    checkups = [await _looked("store", lambda: _store(settings), "run: orderhub setup")]
    try:
        client = await connect(settings)
    except RuntimeError:
        remedy = "start Temporal, or mend ORDERHUB_TEMPORAL__ADDRESS"
        checkups.append(Checkup("temporal", False, f"no answer from {settings.temporal.address}", remedy))
    else:
        checkups.append(Checkup("temporal", True, f"{settings.temporal.address}, namespace {client.namespace}"))
        checkups.append(await _looked("search attributes", lambda: _attributes(client), "run: orderhub setup"))
        checkups.append(await _looked("schedules", lambda: _schedules(settings, client), "run: orderhub setup"))
        checkups.append(await _looked("workers", lambda: _workers(settings, client), "run: orderhub worker"))
    checkups.append(await days(settings))
    checkups += await plugins(settings)
    _show(checkups, as_json=as_json)
    return 0 if all(checkup.well for checkup in checkups) else 1


async def _looked(name: str, look: Callable[[], Awaitable[str]], remedy: str) -> Checkup:
    try:
        return Checkup(name, True, await look())
    except Exception as error:
        return Checkup(name, False, f"{type(error).__name__}: {error}", remedy)


async def _store(settings: Settings) -> str:
    url = settings.database_url.get_secret_value()
    version = await current(url)
    if version != head():
        raise LookupError(f"the tables are at {version}, this build needs {head()}")
    async with house(settings) as db, db.reading() as tx:
        counts = await inbox.counts(tx)
    return f"{db.engine.dialect.name}, tables at {version}, inbox {counts or 'empty'}"


async def _attributes(client: Client) -> str:
    missing = await missing_search_attributes(client)
    if missing:
        raise LookupError(f"missing: {', '.join(missing)}")
    return "all there"


async def _schedules(settings: Settings, client: Client) -> str:
    found = []
    async with house(settings) as db:
        pulled = await pulled_shops(settings, db, key_ring(settings.encryption))
    for sweep in sweeps(settings, pulled):
        described = await client.get_schedule_handle(sweep.schedule_id).describe()
        if described.schedule.state.paused:
            raise LookupError(f"{sweep.schedule_id} is paused")
        found.append(sweep.schedule_id)
    return ", ".join(found)


async def _workers(settings: Settings, client: Client) -> str:
    request = DescribeTaskQueueRequest(
        namespace=client.namespace,
        task_queue=TaskQueue(name=settings.temporal.task_queue),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    )
    try:
        answer = await client.workflow_service.describe_task_queue(request)
    except RPCError as error:
        raise LookupError(str(error)) from error
    if not answer.pollers:
        raise LookupError(f"nobody works on task queue {settings.temporal.task_queue}")
    return f"{len(answer.pollers)} on task queue {settings.temporal.task_queue}"


async def days(settings: Settings) -> Checkup:
    """The calendar by what is published; without a store, which is told of apart, by what came with orderhub."""
    try:
        async with house(settings) as db:
            book = await RuleDesk(db, settings.company.warehouse).published()
    except Exception:
        book = Book()
    with trying(book=book):
        return calendar(utc_now().astimezone(BEIJING).date())


def calendar(today: date) -> Checkup:
    """Whether the shifted weekends are there by which deadlines in office hours are counted."""
    missed = missing(today)
    if missed is None:
        return Checkup("calendar", True, f"China's holidays and shifted weekends of {today.year}")
    found = f"the shifted weekends of {missed.year} are not there"
    if missed.begun:
        found += ": official_days names some of its days, " + (
            f"but not the holidays {', '.join(map(str, missed.lacks))}" if missed.lacks else "but none that is worked"
        )
    remedy = (
        "once the State Council has published them, publish them as a rule: orderhub rules export official_days "
        "official_days.xlsx, add the year's rows, then orderhub rules import, test and publish"
    )
    return Checkup("calendar", not missed.now, found, remedy, soon=not missed.now)


async def plugins(settings: Settings) -> list[Checkup]:
    """Every third party's package that has settings."""
    if not settings.plugins:
        return []
    async with house(settings) as db, open_partners(settings, db) as outside:
        return [
            Checkup(
                f"plugin {plugin.name}",
                not plugin.trouble,
                plugin.trouble or f"{plugin.package}: {described(plugin.brought)}",
                f"install or mend its package, or unset ORDERHUB_PLUGINS__{plugin.name.upper()}",
            )
            for plugin in outside.plugins
        ]


def _show(checkups: list[Checkup], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"well": all(c.well for c in checkups), "checks": [asdict(c) for c in checkups]}))  # noqa: T201
        return
    table = Table("", "what", "found", "what to do")
    for checkup in checkups:
        mark = "[yellow]soon[/]" if checkup.soon else "[green]ok[/]" if checkup.well else "[red]no[/]"
        table.add_row(mark, checkup.name, checkup.found, "" if checkup.well and not checkup.soon else checkup.remedy)
    Console().print(table)
