"""Records the committed histories: `python -m tests.replay.record [NAME ...]`, from the repository's root.

When to do so: after a change of `workflows/` that is *meant* to break old histories (then running orders break too:
see the versioning notes before releasing it), or to add a path. A red replay test is otherwise a bug, and recording
again would hide it. Everything in a history is made up, and nothing in it is encrypted: read it (`zcat`) before you
commit it.
"""

from __future__ import annotations

import asyncio
import gzip
import sys
import tempfile
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

from activities.credit import request_id
from activities.partners import HubConfig
from connectors.errors import Rejected
from domain.clock import utc_now
from domain.golden import GoldenState
from domain.holds import HoldReason
from domain.order import ChannelStatus, Region
from domain.pauses import Slice
from domain.refund import RefundStatus
from domain.shipping import CreditDecision, TrackCode
from intake.dispatcher import Dispatcher, Pace
from rules import engine
from store import approvers, pauses
from store.approvers import Changes
from store.database import Database
from store.migrate import upgrade
from store.tables import MergeMemberRow
from tests.rules.merging import merging
from tests.store.samples import receiver
from tests.workflows.goods import GIFT, mugs, on_account
from tests.workflows.partners import Town, away, fails, lost
from tests.workflows.server import LocalServer, connect
from tests.workflows.stage import Living, Stage, playing, until
from tests.workflows.test_approvals import LARGE, ROLES, costs, say
from tests.workflows.test_refunds import TWO_LINES, refund
from workflows.contracts import AddressWish, CancelOrder, RecordWaybill, ReleaseHold, Timings

FOLDER = Path(__file__).parent / "histories"
QUICK = Timings(stock_retry_s=1, channel_retry_s=1)
"""Time is not skipped while recording: a history must hold nothing that a production server would not write."""


async def happy(stage: Stage) -> Living:
    """No trouble at all."""
    return await _delivered(await stage.start("HAPPY"))


async def wrong_scan(stage: Stage) -> Living:
    """A region that is completed, and a box that is stopped for a gift while a part of its goods is refunded."""
    await stage.receive("CARD", 1)
    await stage.receive("PLATE", 1)
    lacking = receiver("余杭区示例路1号").model_copy(update={"region": Region(province="浙江省", city="杭州市")})
    gift = GIFT.model_copy(update={"line_no": "3"})
    order = await stage.start(
        "WRONGSCAN", lines=(*TWO_LINES["lines"], gift), amounts=TWO_LINES["amounts"], receiver=lacking
    )
    code = await order.instructed()
    report = stage.town.warehouse.pack(code, {"MUG": 1, "PLATE": 1})
    stage.town.warehouse.status[code] = "accepted"  # it scanned, and can still be told otherwise
    await order.warehouse_reports(report)
    await order.held(HoldReason.SCAN_MISMATCH)
    await order.calls("messenger", "send")
    await refund(order, 1, RefundStatus.REFUNDED, 4950, "1")
    await order.packed({"PLATE": 1}, n=2)
    await order.signed()
    return order


async def cancel(stage: Stage) -> Living:
    """Cancelled by the buyer at the warehouse, everything undone."""
    order = await stage.start("CANCEL", **on_account())
    await order.instructed()
    await order.ask("cancel", CancelOrder("不想要了", "buyer"))
    return order


async def address_change(stage: Stage) -> Living:
    """Another address after the push: held, stopped, instructed anew."""
    order = await stage.start("ADDRESS")
    await order.instructed()
    await order.wishes(1, receiver("新路22号"))
    await order.ask("change_address", AddressWish(1, "buyer"))
    await order.at_warehouse("held")
    await order.ask("confirm_address", AddressWish(1, "staff"))
    return await _delivered(order, n=2)


async def manual_waybill(stage: Stage) -> Living:
    """No courier gives a number: the clerk types one."""
    for courier in (stage.town.sf, stage.town.cainiao):
        courier.always("create", fails(Rejected(courier.provider, "create", "no route", "8016")))
    order = await stage.start("MANUAL")
    await order.packed()
    await order.held(HoldReason.WAYBILL_BY_PERSON)
    await order.calls("messenger", "send")
    await order.ask("record_waybill", RecordWaybill(f"{order.id}#1", "ZTO", "71234567890123", "clerk"))
    await order.signed()
    return order


async def credit_assumed(stage: Stage) -> Living:
    """The bureau decides later: assumed good; its approval comes while the warehouse packs."""
    stage.town.bureau.decision = None
    order = await stage.start("CREDIT", **on_account())
    await order.instructed()
    stage.town.bureau.decision = CreditDecision.APPROVED
    await order.bureau_decides(stage.town.bureau.answer(request_id(order.id)))
    return await _delivered(order)


async def stock_short(stage: Stage) -> Living:
    """Short stock, asked for again after restocking."""
    order = await stage.start("STOCK", **mugs(12))
    await order.held(HoldReason.STOCK_SHORT)
    await stage.receive("MUG", 2)
    return await _delivered(order)


async def stock_woken(stage: Stage) -> Living:
    """Short, and told at once that goods have come."""
    order = await stage.start("WOKEN", **mugs(12))
    await order.held(HoldReason.STOCK_SHORT)
    await stage.receive("MUG", 2)
    assert await stage.wakes_short() == 1
    return await _delivered(order)


async def paused(stage: Stage) -> Living:
    """Its article is paused, then its warehouse; the first pause is ended, by the second a person lets it through."""
    numbers = []
    async with stage.db.transaction() as tx:
        for kind, name in ((Slice.SKU, "MUG"), (Slice.WAREHOUSE, "WH01")):
            row = await pauses.begin(tx, kind, name, "x", "zhao", now=utc_now())
            numbers.append(row.n if row is not None and row.n is not None else 0)
    order = await stage.start("PAUSED")
    await order.held(HoldReason.PAUSED)
    async with stage.db.transaction() as tx:
        await pauses.end(tx, numbers[0], "zhao", utc_now())
    await order.handle.signal("pause_ended")
    await order.reaches(GoldenState.STOCK_LOCKED)
    await order.step("hold.opened", times=2)
    await order.ask("release_hold", ReleaseHold("PAUSED", "zhao", "looked at"))
    return await _delivered(order)


async def failover(stage: Stage) -> Living:
    """SF's answer is lost, Cainiao gives a number, what SF made is found and voided."""
    stage.town.sf.will("create", lost())
    stage.town.sf.will("find", away("sf"), away("sf"))
    order = await stage.start("FAILOVER")
    await order.packed()
    await order.signed()
    return order


async def refund_in_part(stage: Stage) -> Living:
    """A refund is asked for at the warehouse: held; a line is paid back: freed, instructed anew without it."""
    await stage.receive("PLATE", 5)
    order = await stage.start("REFUND", **TWO_LINES)
    await order.instructed()
    await refund(order, 1, RefundStatus.REQUESTED, 4950, "2")
    await order.held(HoldReason.REFUND_PENDING)
    await order.at_warehouse("held")
    await refund(order, 2, RefundStatus.REFUNDED, 4950, "2")
    await order.packed({"MUG": 1}, n=2)
    await order.reaches(GoldenState.WAYBILL_RETURNED)
    await order.signed()
    return order


async def refund_after_packing(stage: Stage) -> Living:
    """Packed while the refund was undecided, then paid back: the parcel stays."""
    order = await stage.start("STAYS")
    await order.instructed()
    await refund(order, 1, RefundStatus.REQUESTED, 4950)
    await order.held(HoldReason.REFUND_PENDING)
    await order.packed()
    await order.reaches(GoldenState.PACKED)
    await refund(order, 2, RefundStatus.REFUNDED, 4950)
    return order


async def split(stage: Stage) -> Living:
    """Two warehouses, one with a wrong scan; another address when one part has left; each told by itself."""
    await stage.opens("WH02")
    await stage.receive("PLATE", 5, "WH02")
    order = await stage.start("SPLIT", **TWO_LINES)
    await order.packed_at("WH01", {"MUG": 2})
    await order.held(HoldReason.SCAN_MISMATCH)
    await order.packed_at("WH01")
    await order.channel_knows(1)
    await order.wishes(1, receiver("新路22号"))
    await order.ask("change_address", AddressWish(1, "buyer"))
    await order.stands_at("WH02", "held")
    await order.ask("confirm_address", AddressWish(1, "staff"))
    await order.packed_at("WH02", times=2)
    await order.reaches(GoldenState.WAYBILL_RETURNED)
    await order.signed()
    return order


async def backorder(stage: Stage) -> Living:
    """A part goes, the other waits for a purchase, is woken when it is booked in, and is taken back by its channel."""
    await stage.expects("PO1", "PLATE", 5, utc_now() + timedelta(days=3))
    order = await stage.start("BACKORDER", **TWO_LINES)
    await order.held(HoldReason.BACKORDER)
    await order.packed({"MUG": 1})
    await order.channel_knows(1)
    await stage.comes("PO1", PLATE=5)
    await stage.wakes()
    await order.instructed(2)
    await order.document(status=ChannelStatus.CANCELLED)
    return order


async def intercepted(stage: Stage) -> Living:
    """On its way: the courier is asked for another address, loses its answer and shows it; then a refund stops it."""
    order = await stage.start("INTERCEPT")
    await order.packed()
    await order.reaches(GoldenState.WAYBILL_RETURNED)
    await order.tracked(TrackCode.COLLECTED)
    stage.town.sf.will("intercept", lost())
    await order.wishes(1, receiver("新路22号"))
    await order.ask("change_address", AddressWish(1, "staff"))
    await order.step("address.rerouted")
    await refund(order, 1, RefundStatus.REQUESTED, 4950)
    await order.task("refund_stopped")
    await order.tracked(TrackCode.RETURNED)
    await order.held(HoldReason.DELIVERY_PROBLEM)
    await order.ask("release_hold", ReleaseHold("DELIVERY_PROBLEM", "staff", "已退款"))
    return order


async def merged(stage: Stage) -> Living:
    """Others are packed with it: told anew with each that comes or leaves, and one of them asks for the number."""
    order, _ = await _merged(stage, "MERGED")
    return order


async def merged_with(stage: Stage) -> Living:
    """Packed with another order, whose number it takes."""
    _, order = await _merged(stage, "MERGED-WITH")
    return order


async def _merged(stage: Stage, name: str) -> tuple[Living, Living]:
    merging()
    dispatcher = Dispatcher(stage.db, {}, stage.orders, Pace())
    first = await stage.start(name)
    await first.instructed()
    second, third = await stage.start(f"{name}-2"), await stage.start(f"{name}-3")

    async def together(order: Living, count: int) -> str:
        await dispatcher.wake_merged()
        [code] = [row.code for row in await order.rows(MergeMemberRow)] or [""]
        told = stage.town.warehouse.orders.get(code)
        return code if told is not None and len(told.lines) == count else ""

    await until(lambda: together(third, 3), "all three")
    await third.ask("cancel", CancelOrder("不想要了", "buyer"))
    code = await until(lambda: together(second, 2), "two of them")
    await until(lambda: first.instructed(len(stage.town.warehouse.orders)), "taken")
    await first.warehouse_reports(stage.town.warehouse.pack(code))

    async def told() -> bool:
        await dispatcher.wake_merged()
        return all([(await one.row()).state == GoldenState.WAYBILL_RETURNED for one in (first, second)])

    await until(told, "both are told")
    await first.tracked(TrackCode.SIGNED)
    engine.use(engine.Book())
    return first, second


async def approval(stage: Stage) -> Living:
    """Two directors must agree: one does, takes it back and does again, then the other does."""
    async with stage.db.transaction() as tx:
        for who, role in ROLES.items():
            await approvers.put(tx, who, Changes(roles=(role,)), "test")
    order = await stage.start("APPROVAL", **costs(LARGE))
    await order.held(HoldReason.APPROVAL)
    for verdict in ("approve", "withdraw", "approve"):
        await order.ask("approve", say(1, verdict, "li"))
    await order.ask("approve", say(2, "approve", "wang"))
    return await _delivered(order)


PATHS: dict[str, Callable[[Stage], Awaitable[Living]]] = {
    path.__name__: path
    for path in (
        happy,
        wrong_scan,
        cancel,
        address_change,
        manual_waybill,
        credit_assumed,
        stock_short,
        stock_woken,
        paused,
        failover,
        refund_in_part,
        refund_after_packing,
        split,
        backorder,
        intercepted,
        approval,
        merged,
        merged_with,
    )
}


async def _delivered(order: Living, n: int = 1) -> Living:
    await order.packed(n=n)
    await order.reaches(GoldenState.WAYBILL_RETURNED)
    await order.signed()
    return order


async def record(name: str, address: str) -> bytes:
    """Play one path to its end, and return its history as packed JSON."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite+aiosqlite:///{folder}/store.db"
        await upgrade(url)
        db = Database(url)
        config = HubConfig(clerk_phones=("13800000001",), link_secret=b"made up", settle_after=timedelta(0))
        async with playing(await connect(address), db, Town(), config, QUICK) as stage:
            order = await PATHS[name](stage)
            await order.end()
            history = await order.handle.fetch_history()
        await db.close()
    return gzip.compress(history.to_json().encode(), mtime=0)


async def main(names: list[str]) -> None:
    """Record the named paths; all without a name."""
    server = LocalServer()
    await server.start()
    try:
        for name in names or PATHS:
            (FOLDER / f"{name}.json.gz").write_bytes(await record(name, server.address))
    finally:
        await server.stop()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
