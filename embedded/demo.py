"""`orderhub demo`: orders from buyers to warranty, through outages and crashes, judged by the partners' own books."""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
from rich.console import Console
from sqlmodel import col, select

from audit.run import run_audit
from commands.audit import show_report
from domain.ids import order_id as make_order_id
from domain.order import ChannelStatus
from domain.texts import text, use_language
from embedded.environment import SHELL_FILE, Home, HomeInUse, open_home
from embedded.people import People
from embedded.plan import RefundWish, Script, fault_plan, opening_stock, scarce_article, write_script
from embedded.progress import Progress, standing
from embedded.summary import Summary, summarise
from embedded.supervisor import Supervisor
from runtime.client import connect
from runtime.shutdown import stopped
from sandbox.buyers import Draft
from settings import load_settings
from store import inbox, stock
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
    "ORDERHUB_SWEEPS__FILES_S": "5",
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
    except ValueError as error:
        console.print(f"[red]{error}[/]")
        return 2
    try:
        home = _fresh_home(options.home)
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
                unfinished = await run.play()
            report = await run_audit(db, home.sandbox_url)
            client = await connect(settings)
            summary = await summarise(db, client, home, run.people.deeds, report, supervisor, options.seed)
            summary.seconds = round(time.monotonic() - started, 1)
            summary.unfinished = unfinished
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
    return 0 if report.clean and not unfinished else 1


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

    async def play(self) -> list[str]:
        """Play the script. Returns the orders that did not come to their end in time."""
        script = write_script(self._options.orders, self._options.seed)
        scarce, missing = scarce_article(script.drafts)
        await self._receive(opening_stock(script.drafts, scarce, missing), "opening")
        async with Progress(self._console, self._db, self._options.orders) as progress:
            self.people.start(self.people.clerk_types_numbers)
            self.people.start(self.people.finance_releases)
            self.people.start(self.people.service_completes_addresses)
            acts = [
                asyncio.create_task(act)
                for act in (
                    self._place(script, progress),
                    self._restock(scarce, missing, progress),
                    self._crash(progress),
                )
            ]
            try:
                return await self._until_ended(acts)
            finally:
                for act in acts:
                    act.cancel()
                await asyncio.gather(*acts, return_exceptions=True)
                await self.people.stop()

    async def _place(self, script: Script, progress: Progress) -> None:
        """Buyers order: first those that something happens to, then the crowd, then duplicates and stale versions."""
        numbers: dict[str, list[str]] = {}
        for name in ("refused_credit", "by_person", "address_in_time", "address_too_late", "cancelled", "bad_address"):
            numbers[name] = await self._order(getattr(script, name))
        special = [asyncio.create_task(self._change_in_time(order)) for order in numbers["address_in_time"]]
        special += [asyncio.create_task(self._change_too_late(order)) for order in numbers["address_too_late"]]
        special += [asyncio.create_task(self._cancel(order)) for order in numbers["cancelled"]]
        for draft, wish in script.refunds:
            [order_id] = await self._order([draft])
            special.append(asyncio.create_task(self._refund(order_id, wish)))
        await self._export(script.exported)
        placed = []
        for start in range(0, len(script.crowd), 10):
            placed += await self._order(script.crowd[start : start + 10])
            await asyncio.sleep(0.6)
        progress.say(text("demo.placed", count=self._options.orders))
        await self._noise(placed, progress)
        await asyncio.gather(*special)

    async def _order(self, drafts: list[Draft]) -> list[str]:
        if not drafts:
            return []
        body = [draft.model_dump(mode="json") for draft in drafts]
        answer = await self._sandbox.post("/control/orders", json=body)
        answer.raise_for_status()
        return [make_order_id(order["channel"], order["shop"], order["order_no"]) for order in answer.json()]

    async def _export(self, drafts: list[Draft]) -> None:
        """Orders that the shop's app may not read: the back office's export lies on a server, half of it at first,
        and once more under another name."""
        numbers = [order_id.split(":")[2] for order_id in await self._order(drafts)]
        if not numbers:
            return
        wish = {"order_nos": numbers, "partly": True, "bad_rows": 1}
        answer = (await self._sandbox.post("/control/jd/export", json=wish)).raise_for_status()
        name = answer.json()["name"]
        await asyncio.sleep(1)
        (await self._sandbox.post(f"/control/jd/files/{name}/complete")).raise_for_status()
        (await self._sandbox.post(f"/control/jd/files/{name}/again")).raise_for_status()

    async def _noise(self, placed: list[str], progress: Progress) -> None:
        """Channels send again what they sent, and an old version after a newer one; a warehouse confirms twice."""
        sample = self._dice.sample(placed, min(len(placed), 5 + len(placed) // 10))
        for order_id in sample:
            channel, _, number = order_id.split(":")
            await self._sandbox.post(f"/control/{channel}/{number}/touch")
        changed = [order_id for order_id in sample if order_id.startswith("own:")][:3]
        for order_id in changed:
            number = order_id.split(":")[2]
            await self._sandbox.post(f"/control/own/{number}/change", json={"buyer_note": "请尽快"})
            await self._sandbox.post(f"/control/own/{number}/resend", json={"version": 1})
        packed = [d for d in (await self._sandbox.get("/books/qimen")).json()["deliveries"] if d["status"] == "PACKED"]
        for delivery in packed[:3]:
            await self._sandbox.post(f"/control/qimen/{delivery['code']}/confirm-again")
        progress.say(text("demo.noise", count=len(sample) + len(changed)))

    async def _change_in_time(self, order_id: str) -> None:
        await _until(lambda: self.people.paid(order_id))
        changed = await self.people.change_address(order_id)
        self.people.deeds.addresses_changed += changed

    async def _change_too_late(self, order_id: str) -> None:
        await _until(lambda: self.people.packed(order_id))
        changed = await self.people.change_address(order_id)
        self.people.deeds.addresses_too_late += not changed

    async def _refund(self, order_id: str, wish: RefundWish) -> None:
        """A buyer applies for a refund at once; the merchant decides when the order is seen to wait for it."""
        channel, _, number = order_id.split(":")
        asked = await self._sandbox.post(f"/control/{channel}/{number}/refund", json={"line": wish.line})
        refund_id = asked.raise_for_status().json()["refund_id"]
        await _until(lambda: self.people.waits_for_refund_or_left(order_id))
        # An order that was packed before anybody heard of the refund goes out: the buyer takes it back.
        verdict = wish.verdict if await self.people.waits_for_refund(order_id) else "withdraw"
        answer = await self._sandbox.post(f"/control/{channel}/refunds/{refund_id}/{verdict}")
        self.people.deeds.refunds += answer.is_success

    async def _cancel(self, order_id: str) -> None:
        await _until(lambda: self.people.paid(order_id))
        await asyncio.sleep(self._dice.random() * 3)
        cancelled = await self.people.cancel(order_id)
        self.people.deeds.cancelled += cancelled
        self.people.deeds.cancelled_too_late += not cancelled

    async def _restock(self, scarce: str, missing: int, progress: Progress) -> None:
        await asyncio.sleep(15)
        await self._receive({scarce: missing}, "restock")
        progress.say(text("demo.restocked", sku=scarce, count=missing))

    async def _receive(self, quantities: dict[str, int], key: str) -> None:
        async with self._db.transaction() as tx:
            for sku, quantity in sorted(quantities.items()):
                if quantity:
                    movement = stock.Movement(f"demo/{key}/{sku}", key, "demo")
                    await stock.receive(tx, sku, "WH01", quantity, movement)

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


async def _until(true: Callable[[], Awaitable[bool]]) -> None:
    """Look again and again, as a person would."""
    for _ in range(5000):
        if await true():
            return
        await asyncio.sleep(0.2)


def _fresh_home(path: Path) -> Home:
    """An empty installation: what an earlier demo left there is removed, unless it still runs."""
    if (path / SHELL_FILE).is_file():
        open_home(path)  # raises HomeInUse while it runs
        shutil.rmtree(path)
    home = open_home(path)
    # Demo and children read the same environment; what the caller has set wins.
    for name, value in {**home.variables, **_QUICK_WORLD}.items():
        os.environ.setdefault(name, value)
    return home


def _show(summary: Summary, home: Home, console: Console) -> None:
    console.print()
    for line in summary.lines():
        console.print(line)
    console.print()
    console.print(text("demo.look", ui=home.ui_url, logs=str(home.path / "logs")))
    sys.stdout.flush()
