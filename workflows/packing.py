"""Stage four: the warehouse is instructed, watched, held, and instructed anew after a change, until it has packed."""

from __future__ import annotations

import asyncio

from temporalio import workflow
from temporalio.exceptions import ActivityError

from activities.contracts import (
    ASK_WAREHOUSE,
    FIT_STOCK,
    PLAN_COURIERS,
    RECORD_REPORT,
    SEND_SCAN_ALERT,
    DeliveryRef,
    OrderAt,
    Plan,
    ReportRef,
    Scan,
    ScanAlert,
    Stop,
)
from domain.golden import GoldenState, reached
from domain.holds import HoldReason, Release, Step
from domain.texts import text
from workflows.life import OrderLife, first_of
from workflows.steps import own, partner
from workflows.warehouse import AtWarehouse, WarehouseDesk


class Packing:
    """One order in the warehouse. `parcels` and `plan` are what the next stage ships."""

    def __init__(self, life: OrderLife, desk: WarehouseDesk) -> None:
        self.reports: list[int] = []
        self.parcels: list[str] = []
        self.plan = Plan([], "", "")
        self._life = life
        self._desk = desk
        self._hold_refused = False
        self._taken: set[int] = set()
        self._alerts: list[asyncio.Task[None]] = []

    async def run(self) -> None:
        """PACKED, or back early with the cancellation settled: still set when everything must be undone."""
        life, desk = self._life, self._desk
        self.plan = await self._plan_couriers()
        while not reached(life.state, GoldenState.PACKED):
            if self.reports and not desk.busy:
                await self._take_report(self.reports.pop(0))
            elif life.cancel is not None:
                if await self.stopped_for_cancel():
                    return
            elif life.newer():
                await self._hear()
            elif self._blocked():
                await self._wait_blocked()
            elif desk.at is AtWarehouse.NOWHERE:
                await self._push()
            elif life.facts is not None and life.facts.ship_digest != desk.told:
                await self._replace_instruction()
            elif desk.at is AtWarehouse.HELD:
                await desk.restore()
            else:
                await self._turn("wait.packed")
        if life.cancel is not None:
            await self.stopped_for_cancel()

    async def stopped_for_cancel(self) -> bool:
        """Whether the cancellation goes through: the warehouse has the last word. If not, the order goes on."""
        life = self._life
        if life.cancel is None:
            return False
        stopped = await self._desk.stop(life.cancel.reason)
        if stopped.outcome is Stop.STOPPED:
            return True
        life.cancel_refused = stopped.why or text("cancel.too_late")
        life.cancel = None
        await life.ask_person("cancel_too_late", why=life.cancel_refused)
        return False

    async def _plan_couriers(self) -> Plan:
        plan: Plan = await own(PLAN_COURIERS, OrderAt(self._life.order_id, self._life.revision))
        return plan

    def _blocked(self) -> bool:
        return self._life.board.blocks(Step.REVIEW, Step.WAREHOUSE, Step.PACK)

    async def _wait_blocked(self) -> None:
        # What blocks the packing itself (a wrong scan) is mended in the warehouse: do not hold it there.
        wants_hold = self._life.board.blocks(Step.REVIEW, Step.WAREHOUSE)
        if wants_hold and self._desk.at is AtWarehouse.PUSHED and not self._hold_refused:
            held = await self._desk.hold(text("warehouse.hold"))
            self._hold_refused = held.outcome is Stop.TOO_LATE
            return
        await self._turn("wait.release")

    async def _turn(self, waits_for: str) -> None:
        """Wait until there is something new; ask the warehouse when there is not for too long."""
        life, desk, blocked, at = self._life, self._desk, self._blocked(), self._desk.at
        heard = await life.wait(
            lambda: (
                (bool(self.reports) and not desk.busy)
                or life.cancel is not None
                or life.newer()
                or self._blocked() is not blocked
                or desk.at is not at
            ),
            waits_for,
            life.timings.pack_deadline(),
        )
        if not heard and desk.at is not AtWarehouse.NOWHERE:
            await self._ask_warehouse()

    async def _hear(self) -> None:
        before = self._life.facts
        now = await self._life.accept()
        if before is not None and before.goods_digest != now.goods_digest:
            await self._goods_changed()
        self.plan = await self._plan_couriers()

    async def _goods_changed(self) -> None:
        """Fewer goods (a refund) are freed, and the warehouse is told anew. More goods than are locked: a person."""
        life = self._life
        if workflow.patched("fit-stock") and (await own(FIT_STOCK, OrderAt(life.order_id, life.revision))).ok:
            self._desk.told = ""  # whatever it was told is out of date
            return
        await life.ask_person("goods_changed")

    async def _push(self) -> None:
        life = self._life
        digest = life.facts.ship_digest if life.facts else ""
        push = asyncio.create_task(self._desk.push(self.plan.steps[0].carrier, life.revision, digest))
        if not await first_of(push, lambda: life.cancel is not None):
            return
        self._hold_refused = False
        pushed = push.result()
        if not pushed.ok:
            await life.board.open(HoldReason.WAREHOUSE_EXCEPTION, pushed.why)

    async def _replace_instruction(self) -> None:
        stopped = await self._desk.stop(text("warehouse.changed"))
        if stopped.outcome is Stop.TOO_LATE:
            self._desk.told = self._life.facts.ship_digest if self._life.facts else ""
            await self._life.ask_person("changed_too_late", why=stopped.why)

    async def _ask_warehouse(self) -> None:
        known = await partner(ASK_WAREHOUSE, DeliveryRef(self._life.order_id, self._desk.n))
        if known.report_id:
            await self._take_report(known.report_id)
        if not reached(self._life.state, GoldenState.PACKED) and not self._blocked():
            await self._life.ask_person("pack_overdue")

    async def _take_report(self, report_id: int) -> None:
        life = self._life
        if report_id in self._taken:
            return  # told twice: it may be about an instruction that was followed by another one since
        self._taken.add(report_id)
        scanned = await own(RECORD_REPORT, ReportRef(life.order_id, report_id))
        match scanned.scan:
            case Scan.PACKED:
                self._desk.at = AtWarehouse.PACKED
                life.state = GoldenState.PACKED
                self.parcels = scanned.parcels
                for reason in (HoldReason.SCAN_MISMATCH, HoldReason.WAREHOUSE_EXCEPTION):
                    await life.board.close(reason, "warehouse", Release.PARTNER)
            case Scan.MISMATCH:
                begins = not life.board.has(HoldReason.SCAN_MISMATCH)
                await life.board.open(HoldReason.SCAN_MISMATCH, scanned.detail)
                if begins and workflow.patched("tell-clerk-of-scan"):
                    self._alerts.append(asyncio.create_task(self._tell_clerk(report_id)))
            case Scan.EXCEPTION:
                await life.board.open(HoldReason.WAREHOUSE_EXCEPTION, scanned.detail)
            case Scan.CANCELLED:
                self._desk.at = AtWarehouse.NOWHERE
                await life.board.open(HoldReason.WAREHOUSE_EXCEPTION, scanned.detail)
            case Scan.PARTIAL | Scan.NOTHING:
                pass

    async def _tell_clerk(self, report_id: int) -> None:
        """Beside everything else: a messenger that is away must not keep the parcel stopped."""
        try:
            await partner(SEND_SCAN_ALERT, ScanAlert(self._life.order_id, report_id))
        except ActivityError:
            return  # not told in time: the hold's task stands where people look
