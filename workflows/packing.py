"""Stage four: the warehouse is instructed, watched, held, and instructed anew after a change, until it has packed."""

from __future__ import annotations

import asyncio

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from activities.contracts import (
    ASK_WAREHOUSE,
    CHECK_MERGE,
    FIT_STOCK,
    PLAN_COURIERS,
    RECORD_REPORT,
    SEND_SCAN_ALERT,
    DeliveryRef,
    MergeAsk,
    MergeRole,
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
    """An order, or one consignment of it, in its warehouse. `parcels` and `plan` are what the next stage ships."""

    def __init__(self, life: OrderLife, desk: WarehouseDesk) -> None:
        self.reports: list[int] = []
        self.parcels: list[str] = []
        self.shared: set[str] = set()
        """Those of the parcels in whose boxes other orders' goods lie as well."""
        self.plan = Plan([], "", "")
        self._merge_news = False
        self._shut = False
        self._life = life
        self._desk = desk
        self._of = desk.consignment
        self._hold_refused = False
        self._taken: set[int] = set()
        self._alerts: list[asyncio.Task[None]] = []

    async def run(self) -> None:
        """The whole order: PACKED, or back early with the cancellation settled: still set when all must be undone."""
        life = self._life
        await self._plan_couriers()
        while not reached(life.state, GoldenState.PACKED):
            if self.report_waits():
                await self.take_report()
            elif life.cancel is not None:
                if await self.stopped_for_cancel():
                    return
            elif life.newer():
                await self._hear()
            elif self._merge_news:
                await self._look_at_merge()
            else:
                await self.move()
        if life.cancel is not None:
            await self.stopped_for_cancel()

    def interrupted(self) -> bool:
        """Whether something has come up that goes before the work at the warehouse."""
        return self._life.cancel is not None or self._life.newer() or self._merge_news

    def merge_changed(self) -> None:
        """Something became of the merge: look."""
        self._merge_news = True

    async def undo_merge(self, why: str, by: str) -> str:
        """Let all orders of the merge go alone. "" when that is done, or the warehouse's words."""
        stopped = await self._desk.leave(why, by, everyone=True)
        return "" if stopped.outcome is Stop.STOPPED else stopped.why or text("merge.too_late")

    def check_undo_merge(self) -> None:
        """Raises ApplicationError unless the order is merged, and not packed."""
        if reached(self._life.state, GoldenState.PACKED):
            raise ApplicationError(text("merge.too_late"), type="TooLate")
        if self._desk.merged is MergeRole.ALONE:
            raise ApplicationError(text("merge.not_merged"), type="NotOpen")

    def gives_up_pushing(self) -> bool:
        """Whether an instruction is not waited for any longer: it is about to be stopped, whatever became of it."""
        return self._life.cancel is not None

    def report_waits(self) -> bool:
        """Whether there is a report to be taken now."""
        return bool(self.reports) and not self._desk.busy

    async def move(self) -> None:
        """The next thing that is to be done at the warehouse, or to be waited for."""
        desk, facts = self._desk, self._life.facts
        if self._out_of_date_in_a_wrong_box() and workflow.patched("replace-wrong-box"):
            await self._replace_instruction()
            if desk.at is AtWarehouse.NOWHERE:
                await self._life.board.close(HoldReason.SCAN_MISMATCH, "warehouse", Release.PARTNER, of=self._of)
        elif self._blocked():
            await self._wait_blocked()
        elif desk.at is AtWarehouse.NOWHERE:
            await self._push()
        elif facts is not None and facts.ship_digest != desk.told:
            await self._replace_instruction()
        elif desk.at is AtWarehouse.HELD:
            await desk.restore()
        else:
            await self._turn("wait.merged" if desk.merged is MergeRole.FOLLOWS else "wait.packed")

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

    def _blocked(self) -> bool:
        return self._life.board.blocks(Step.REVIEW, Step.WAREHOUSE, Step.PACK, of=self._of)

    def _out_of_date_in_a_wrong_box(self) -> bool:
        """A box is stopped for a wrong scan, and meanwhile the goods changed: what it was told need not be scanned."""
        board, desk = self._life.board, self._desk
        wrong = board.has(HoldReason.SCAN_MISMATCH, self._of) and not board.blocks(
            Step.REVIEW, Step.WAREHOUSE, of=self._of
        )
        return wrong and desk.at is AtWarehouse.PUSHED and not desk.told

    async def _wait_blocked(self) -> None:
        if self._desk.merged is MergeRole.LEADS and not self._shut:
            # Nobody is to wait behind an order that is held.
            self._shut = True
            await self._look_at_merge()
            return
        # What blocks the packing itself (a wrong scan) is mended in the warehouse: do not hold it there.
        wants_hold = self._life.board.blocks(Step.REVIEW, Step.WAREHOUSE, of=self._of)
        if wants_hold and self._desk.at is AtWarehouse.PUSHED and not self._hold_refused:
            held = await self._desk.hold(text("warehouse.hold"))
            self._hold_refused = held.outcome is Stop.TOO_LATE
            return
        await self._turn("wait.release")

    async def _turn(self, waits_for: str) -> None:
        """Wait until there is something new; ask the warehouse when there is not for too long."""
        life, desk, blocked, at = self._life, self._desk, self._blocked(), self._desk.at
        heard = await life.wait(
            lambda: self.report_waits() or self.interrupted() or self._blocked() is not blocked or desk.at is not at,
            waits_for,
            life.timings.pack_deadline(),
            self._of,
        )
        if not heard and desk.merged is MergeRole.FOLLOWS:
            await self._look_at_merge()
        elif not heard and desk.at is not AtWarehouse.NOWHERE:
            await self._ask_warehouse()

    async def _hear(self) -> None:
        before = self._life.facts
        now = await self._life.accept()
        if before is not None and before.goods_digest != now.goods_digest:
            await self._goods_changed()
        await self._plan_couriers()

    async def _plan_couriers(self) -> None:
        life, desk = self._life, self._desk
        self.plan = await plan_couriers(life)
        if self.plan.merge is None or desk.merged is not MergeRole.ALONE or desk.at is not AtWarehouse.NOWHERE:
            return
        if self.plan.merge.leader == life.order_id:
            desk.lead()
        else:
            desk.follow(life.facts.ship_digest if life.facts else "")

    async def _look_at_merge(self) -> None:
        """Others came or left, or it was packed with them: what that means here is in the store."""
        life, desk = self._life, self._desk
        self._merge_news = False
        if desk.merged is MergeRole.ALONE:
            return
        seen = await own(CHECK_MERGE, MergeAsk(life.order_id, desk.n, self._shut))
        match seen.role:
            case MergeRole.PACKED:
                self.reports.append(seen.report_id)
            case MergeRole.ALONE:
                desk.go_alone()
            case MergeRole.LEADS if desk.merged is MergeRole.FOLLOWS:
                desk.go_alone()
                desk.lead()
            case MergeRole.LEADS if desk.at is AtWarehouse.PUSHED and seen.others != desk.others and not seen.stopped:
                # Told anew with those who came; too late, and they go alone when the report has come.
                recalled = await desk.recall(text("warehouse.changed"))
                if recalled.outcome is Stop.TOO_LATE:
                    desk.others = seen.others
        if seen.stopped and desk.at is AtWarehouse.PUSHED and desk.merged is not MergeRole.FOLLOWS:
            desk.at = AtWarehouse.NOWHERE

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
        carrier = self.plan.steps[0].carrier
        push = asyncio.create_task(self._desk.push(carrier, life.revision, digest))
        if not await first_of(push, self.gives_up_pushing):
            return
        self._hold_refused = False
        pushed = push.result()
        if pushed.paused:
            await life.stay_paused(
                pushed.why, pushed.paused_until, lambda: self.report_waits() or self.interrupted(), self._of
            )
            return
        await life.board.close(HoldReason.PAUSED, "orderhub", Release.RETRY, of=self._of)
        if pushed.again:
            self._merge_news = True  # whoever left, or had all go alone, is in the store
        elif not pushed.ok:
            await life.board.open(HoldReason.WAREHOUSE_EXCEPTION, life.detail(self._of, pushed.why), self._of)

    async def _replace_instruction(self) -> None:
        stopped = await self._desk.stop(text("warehouse.changed"))
        if stopped.outcome is Stop.TOO_LATE:
            self._desk.told = self._life.facts.ship_digest if self._life.facts else ""
            await self._life.ask_person("changed_too_late", why=stopped.why)

    async def _ask_warehouse(self) -> None:
        ref = DeliveryRef(self._life.order_id, self._desk.n, consignment=self._of)
        known = await partner(ASK_WAREHOUSE, ref)
        if known.report_id:
            self.reports.insert(0, known.report_id)
            await self.take_report()
        if self._desk.at is not AtWarehouse.PACKED and not self._blocked():
            await self._life.ask_person("pack_overdue")

    async def take_report(self) -> None:
        """Understand the oldest report that waits."""
        life, report_id = self._life, self.reports.pop(0)
        if report_id in self._taken:
            return  # told twice: it may be about an instruction that was followed by another one since
        self._taken.add(report_id)
        scanned = await own(RECORD_REPORT, ReportRef(life.order_id, report_id))
        life.due(scanned.stages)
        if scanned.consignment not in (0, self._of):
            return  # an older intake tells all consignments of every report
        match scanned.scan:
            case Scan.PACKED:
                self._desk.at = AtWarehouse.PACKED
                if scanned.all_packed:
                    life.state = GoldenState.PACKED
                self.parcels, self.shared = scanned.parcels, set(scanned.shared)
                for reason in (HoldReason.SCAN_MISMATCH, HoldReason.WAREHOUSE_EXCEPTION):
                    await life.board.close(reason, "warehouse", Release.PARTNER, of=self._of)
            case Scan.MISMATCH:
                begins = not life.board.has(HoldReason.SCAN_MISMATCH, self._of)
                await life.board.open(HoldReason.SCAN_MISMATCH, life.detail(self._of, scanned.detail), self._of)
                if begins and workflow.patched("tell-clerk-of-scan"):
                    self._alerts.append(asyncio.create_task(self._tell_clerk(report_id)))
            case Scan.EXCEPTION:
                await life.board.open(HoldReason.WAREHOUSE_EXCEPTION, life.detail(self._of, scanned.detail), self._of)
            case Scan.CANCELLED:
                self._desk.go_alone()
                self._desk.at = AtWarehouse.NOWHERE
                await life.board.open(HoldReason.WAREHOUSE_EXCEPTION, life.detail(self._of, scanned.detail), self._of)
            case Scan.PARTIAL | Scan.NOTHING:
                pass

    async def _tell_clerk(self, report_id: int) -> None:
        """Beside everything else: a messenger that is away must not keep the parcel stopped."""
        try:
            await partner(SEND_SCAN_ALERT, ScanAlert(self._life.order_id, report_id))
        except ActivityError:
            return  # not told in time: the hold's task stands where people look


async def plan_couriers(life: OrderLife) -> Plan:
    """Which couriers are asked for the present revision's parcels, in which order."""
    plan: Plan = await own(PLAN_COURIERS, OrderAt(life.order_id, life.revision))
    return plan
