"""`orderhub demo`: orders from buyers to warranty, through outages and crashes, judged by the partners' own books."""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
from rich.console import Console
from sqlmodel import col, select

from audit.run import run_audit
from audit.shown import show_report
from domain.order import ChannelStatus
from domain.texts import text, use_language
from embedded.environment import SHELL_FILE, Home, HomeInUse, open_home
from embedded.people import People
from embedded.plan import fault_plan
from embedded.progress import Progress, standing
from embedded.scenarios import SCENARIOS, Scenario
from embedded.scenarios.scenario import Stage
from embedded.summary import Summary, summarise
from embedded.supervisor import Supervisor
from runtime.client import connect
from runtime.shutdown import stopped
from settings import load_settings
from store import inbox
from store.database import Database
from store.tables import OrderRow

_QUICK_WORLD = {
    # Nobody wants to watch a parcel for two days: the sandbox's world and the hub's second tries turn faster.
    "ORDERHUB_SANDBOX__PACE__PACK_S": "3",
    "ORDERHUB_SANDBOX__PACE__PICKUP_S": "1",
    "ORDERHUB_SANDBOX__PACE__TRANSIT_S": "5",
    "ORDERHUB_SANDBOX__PACE__DECIDE_S": "4",
    "ORDERHUB_TIMINGS__STOCK_RETRY_S": "5",
    "ORDERHUB_TIMINGS__CHANNEL_RETRY_S": "5",
    "ORDERHUB_TIMINGS__PACK_DEADLINE_S": "60",
    "ORDERHUB_TIMINGS__SIGN_DEADLINE_S": "60",
    "ORDERHUB_SWEEPS__WAYBILLS_S": "20",
    "ORDERHUB_SWEEPS__TRACKING_S": "3",
    "ORDERHUB_SWEEPS__PULLS_S": "5",
    "ORDERHUB_SWEEPS__DEADLINES_S": "10",
    # A demo is nothing but anomalies.
    "ORDERHUB_SWEEPS__ANOMALIES_S": "86400",
    "ORDERHUB_SWEEPS__FILES_S": "5",
    "ORDERHUB_SWEEPS__STOCK_PUBLISH_S": "2",
    "ORDERHUB_SWEEPS__STOCK_COMPARE_S": "10",
    "ORDERHUB_SWEEPS__STOCK_LOOK_S": "5",
    "ORDERHUB_WECHAT__ASK_UNPAID_AFTER_S": "6",
    "ORDERHUB_CREDIT__LIMITS__BREAKER_OPEN_S": "10",
    "ORDERHUB_SF__LIMITS__BREAKER_OPEN_S": "6",
    "ORDERHUB_COMPANY__SETTLE_AFTER_S": "10",
    "ORDERHUB_COMPANY__TRACK_SILENT_AFTER_S": "30",
}


@dataclass(frozen=True)
class DemoOptions:
    """What `orderhub demo` was asked for."""

    home: Path
    orders: int
    seed: int
    scenario: str
    faults: str
    kill_worker: int
    kill_server: int
    keep: bool
    timeout: float
    as_json: bool


async def main(options: DemoOptions) -> int:
    """Run the demo. Exit code 1 when the audit finds anything, or orders are left over."""
    console = Console(stderr=options.as_json)
    try:
        plan = fault_plan(options.faults, options.seed)
        if options.scenario not in SCENARIOS:
            raise ValueError(f"--scenario: none of {', '.join(SCENARIOS)}: {options.scenario}")
        scenario = SCENARIOS[options.scenario](options.orders, options.seed)
        plan = plan.model_copy(update={"faults": [*plan.faults, *scenario.faults()]})
    except ValueError as error:
        console.print(f"[red]{error}[/]")
        return 2
    try:
        home = _fresh_home(options.home, scenario.world())
    except HomeInUse as error:
        console.print(f"[red]{error}[/]")
        return 2
    settings = load_settings()
    use_language(settings.language)
    db = Database(settings.database_url.get_secret_value())
    started = time.monotonic()
    try:
        async with Supervisor(home, settings, lambda line: console.print(f"[dim]{line}[/]")) as supervisor:
            async with httpx.AsyncClient(base_url=home.sandbox_url, timeout=30) as sandbox:
                run = _Run(options, home, db, supervisor, sandbox, console)
                await sandbox.put("/control/faults", json=plan.model_dump(mode="json"))
                unfinished = await run.play(scenario)
                happened = await scenario.report(run.stage(console.print))
            report = await run_audit(db, home.sandbox_url)
            client = await connect(settings)
            summary = await summarise(db, client, home, run.people.deeds, report, supervisor, options.seed)
            summary.seconds = round(time.monotonic() - started, 1)
            summary.unfinished = unfinished
            summary.scenario, summary.happened = options.scenario, happened
            if options.as_json:
                print(json.dumps(summary.to_json(), ensure_ascii=False))  # noqa: T201
            else:
                show_report(report, console)
                _show(summary, home, console)
            if options.keep:
                console.print(text("demo.keep", ui=home.ui_url))
                await stopped()
    finally:
        await db.close()
    return 0 if report.clean and not unfinished and not happened.get("flags_lacking") else 1


class _Run:
    """One run: the orders come, people act, processes crash, until everything is at its end."""

    def __init__(
        self,
        options: DemoOptions,
        home: Home,
        db: Database,
        supervisor: Supervisor,
        sandbox: httpx.AsyncClient,
        console: Console,
    ) -> None:
        self._options = options
        self._db = db
        self._supervisor = supervisor
        self._sandbox = sandbox
        self._console = console
        self._dice = random.Random(options.seed)
        self.people = People(home, db, options.seed)

    async def play(self, scenario: Scenario) -> list[str]:
        """Play the scenario. Returns the orders that did not come to their end in time."""
        async with Progress(self._console, self._db, self._options.orders) as progress:
            stage = self.stage(progress.say)
            await stage.clear_shelves()
            await stage.offer()
            await scenario.open(stage)
            for deed in scenario.crew(stage):
                self.people.start(deed)
            acts = [asyncio.create_task(act) for act in (*scenario.acts(stage), self._crash(progress))]
            try:
                return await self._until_ended(acts)
            finally:
                for act in acts:
                    act.cancel()
                await asyncio.gather(*acts, return_exceptions=True)
                await self.people.stop()

    def stage(self, say: Callable[[str], None]) -> Stage:
        """Where the scenario plays."""
        return Stage(self._options.orders, self._options.seed, self._dice, self.people, self._db, self._sandbox, say)

    async def _crash(self, progress: Progress) -> None:
        """Kill processes with signal 9 at random moments."""
        victims = ["worker"] * self._options.kill_worker + ["temporal"] * self._options.kill_server
        self._dice.shuffle(victims)
        for victim in victims:
            await asyncio.sleep(2 + self._dice.random() * 4)
            child = self._supervisor.worker if victim == "worker" else self._supervisor.temporal
            progress.say(text("demo.killed", process=victim))
            await self._supervisor.crash(child, down_s=self._dice.random())

    async def _until_ended(self, acts: list[asyncio.Task[None]]) -> list[str]:
        deadline = time.monotonic() + self._options.timeout
        while time.monotonic() < deadline:
            for act in acts:
                if act.done() and not act.cancelled() and act.exception() is not None:
                    raise act.exception() or RuntimeError("an act failed")
            now = await standing(self._db)
            async with self._db.reading() as tx:
                waiting = (await inbox.counts(tx)).get(inbox.NEW, 0)
            played = all(act.done() for act in acts) and not waiting
            if played and now.closed >= self._options.orders and await self._at_rest():
                return []
            await asyncio.sleep(0.5)
        return await self._open_orders()

    async def _at_rest(self) -> bool:
        """Nothing is on its way any more.

        Orders are closed in the store a moment before their workflows have settled the last things, and a duplicate
        push may come after all is done.
        """
        if (await self._sandbox.get("/control/pending")).json()["pending"]:
            return False
        client = await connect(load_settings())
        running = await client.count_workflows("WorkflowType = 'OrderWorkflow' AND ExecutionStatus = 'Running'")
        async with self._db.reading() as tx:
            waiting = (await inbox.counts(tx)).get(inbox.NEW, 0)
        return running.count == 0 and not waiting

    async def _open_orders(self) -> list[str]:
        async with self._db.reading() as tx:
            query = select(OrderRow.order_id, OrderRow.state).where(
                col(OrderRow.closed_at).is_(None), OrderRow.status != ChannelStatus.CANCELLED
            )
            return [f"{order_id} ({state})" for order_id, state in (await tx.execute(query)).all()]


def _fresh_home(path: Path, world: dict[str, str]) -> Home:
    """An empty installation: what an earlier demo left there is removed, unless it still runs."""
    if (path / SHELL_FILE).is_file():
        open_home(path)  # raises HomeInUse while it runs
        shutil.rmtree(path)
    home = open_home(path)
    # Demo and children read the same environment; what the caller has set wins.
    for name, value in {**home.variables, **_QUICK_WORLD, **world}.items():
        os.environ.setdefault(name, value)
    return home


def _show(summary: Summary, home: Home, console: Console) -> None:
    console.print()
    for line in summary.lines():
        console.print(line)
    console.print()
    console.print(text("demo.look", ui=home.ui_url, logs=str(home.path / "logs")))
    sys.stdout.flush()
