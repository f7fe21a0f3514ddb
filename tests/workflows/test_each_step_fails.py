"""Each step from the review on fails for good, and its order leaves by the exit that fits: all that was done is undone.

Once for an order in one piece, and once for an order of two warehouses of which the far one fails: then what the near
one has done is undone too.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import select

from connectors.errors import Rejected
from domain.clock import utc_now
from domain.golden import GoldenState
from domain.holds import HoldReason
from domain.order import ChannelStatus
from domain.shipping import CreditDecision, TrackCode, WarehouseReport, WarehouseStatus
from store.tables import IncomingRow, ReservationRow, StockLedgerRow, StockRow
from tests.workflows.goods import mugs, on_account, short_address
from tests.workflows.partners import Twist, away, fails, lost
from tests.workflows.stage import Living, Stage
from tests.workflows.test_refunds import TWO_LINES
from workflows.contracts import CancelOrder, ReleaseHold

NEAR, FAR = "WH01", "WH02"
NO = fails(Rejected("partner", "call", "never", "E1"))
STOCK = {"MUG": 10, "PLATE": 5}

Fail = Callable[[Living, str], Awaitable[None]]
"""Lets a step fail at a warehouse, and takes the exit."""


async def _cancel(order: Living) -> None:
    assert (await order.ask("cancel", CancelOrder("做不了", "staff"))).done


async def _take_back(order: Living) -> None:
    await order.document(status=ChannelStatus.CANCELLED)


async def _others_are_instructed(order: Living, where: str) -> None:
    if where == FAR:
        await order.instructed_at(NEAR)


# ------------------------------------------------------------------------------------------ until it is packed


async def _push_is_refused(order: Living, where: str) -> None:
    await order.held(HoldReason.WAREHOUSE_EXCEPTION)
    await _others_are_instructed(order, where)
    await _cancel(order)


async def _push_is_never_answered(order: Living, where: str) -> None:
    await order.calls("warehouse", "push", 2)
    await _cancel(order)


async def _warehouse_has_an_exception(order: Living, where: str) -> None:
    await _others_are_instructed(order, where)
    code = await order.instructed_at(where)
    await order.warehouse_reports(WarehouseReport(code, WarehouseStatus.EXCEPTION, message="货架为空"))
    await order.held(HoldReason.WAREHOUSE_EXCEPTION)
    await _cancel(order)


async def _warehouse_cannot_pack_it_right(order: Living, where: str) -> None:
    await _others_are_instructed(order, where)
    await order.packed_at(where, {"LAMP": 1})
    await order.held(HoldReason.SCAN_MISMATCH)
    assert not (await order.ask("cancel", CancelOrder("做不了", "staff"))).done
    # It unpacks the box, and gives the instruction back.
    code = next(row.code for row in await order.deliveries() if row.warehouse == where)
    order.stage.town.warehouse.status[code] = "cancelled"
    await order.warehouse_reports(WarehouseReport(code, WarehouseStatus.CANCELLED))
    await order.held(HoldReason.SCAN_MISMATCH, HoldReason.WAREHOUSE_EXCEPTION)
    await _cancel(order)


UNTIL_PACKED: dict[str, tuple[tuple[str, ...], Fail]] = {
    "push refused": (("push",), _push_is_refused),
    "push never answered": (("push lost",), _push_is_never_answered),
    "exception": ((), _warehouse_has_an_exception),
    "wrong scan": ((), _warehouse_cannot_pack_it_right),
}


async def _books(stage: Stage) -> tuple[dict[str, int], int]:
    """What is on hand, and what is bound of it; as the ledger has it too."""
    async with stage.db.transaction() as tx:
        pools = (await tx.execute(select(StockRow))).scalars().all()
        ledger = (await tx.execute(select(StockLedgerRow))).scalars().all()
    on_hand = {pool.sku: pool.on_hand for pool in pools}
    assert on_hand == {sku: sum(line.on_hand_delta for line in ledger if line.sku == sku) for sku in on_hand}
    assert sum(line.reserved_delta for line in ledger) == sum(pool.reserved for pool in pools)
    return on_hand, sum(pool.reserved for pool in pools)


async def _begin(stage: Stage, where: str) -> Living:
    """A mug, or a mug here and a plate in the other warehouse; on account, so that credit is bound as well."""
    await stage.receive("PLATE", 5, FAR)
    if where == FAR:
        await stage.opens(FAR)
    return await stage.start(**{**(TWO_LINES if where == FAR else {}), **on_account()})


def _fail(stage: Stage, what: str, where: str) -> None:
    """Let a partner's step fail for good; of two warehouses, only the far one's."""
    warehouse = stage.town.warehouse
    twist = lost("qimen") if what.endswith("lost") else NO

    async def push(order, *, real=warehouse.push):  # type: ignore[no-untyped-def]
        if order.warehouse == where:
            warehouse.always("push", replace(twist))
        try:
            await real(order)
        finally:
            warehouse.always("push", None)

    warehouse.push = push  # type: ignore[method-assign]


@pytest.mark.parametrize("where", [NEAR, FAR], ids=["one", "two"])
@pytest.mark.parametrize("step", UNTIL_PACKED)
async def test_until_it_is_packed_everything_is_undone(stage: Stage, step: str, where: str) -> None:
    failing, fail = UNTIL_PACKED[step]
    for what in failing:
        _fail(stage, what, where)
    order = await _begin(stage, where)
    await fail(order, where)
    assert (await order.end()).exit == "CANCELLED"
    assert set(stage.town.warehouse.status.values()) <= {"cancelled"}
    assert await _books(stage) == (STOCK, 0)
    assert {row.status for row in await order.rows(ReservationRow)} == {"released"}
    await _nothing_is_left(stage, order)


@pytest.mark.parametrize("where", [NEAR, FAR], ids=["one", "two"])
async def test_goods_that_never_come_leave_nothing_bound(stage: Stage, where: str) -> None:
    await stage.receive("PLATE", 5, FAR)
    order = await stage.start(**{**(TWO_LINES if where == FAR else mugs(12)), **on_account()})
    await order.held(HoldReason.STOCK_SHORT)
    await _cancel(order)
    assert (await order.end()).exit == "CANCELLED"
    assert not stage.town.warehouse.orders
    assert await _books(stage) == (STOCK, 0)
    assert not await order.rows(ReservationRow)
    await _nothing_is_left(stage, order)


async def test_goods_on_their_way_that_never_come_leave_nothing_promised(stage: Stage) -> None:
    """What is there is instructed already, and is stopped; what was to come is promised to others."""
    await stage.expects("PO1", "PLATE", 5, utc_now() + timedelta(days=3))
    order = await stage.start(**{**TWO_LINES, **on_account()})
    await order.held(HoldReason.BACKORDER)
    await order.instructed_at(NEAR)
    await _cancel(order)
    assert (await order.end()).exit == "CANCELLED"
    assert set(stage.town.warehouse.status.values()) == {"cancelled"}
    assert await _books(stage) == ({"MUG": 10}, 0)
    assert {row.status for row in await order.rows(ReservationRow)} == {"released"}
    async with stage.db.reading() as tx:
        [(promised, status)] = (await tx.execute(select(IncomingRow.reserved, IncomingRow.status))).tuples()
    assert (promised, status) == (0, "open")
    await _nothing_is_left(stage, order)


@pytest.mark.parametrize("what", ["address", "credit"])
async def test_a_review_that_never_clears_binds_nothing(stage: Stage, what: str) -> None:
    stage.town.bureau.decision = CreditDecision.REJECTED
    wrong = {"receiver": short_address()} if what == "address" else on_account()
    order = await stage.start(**wrong)
    await order.held(HoldReason.ADDRESS_INCOMPLETE if what == "address" else HoldReason.CREDIT_REFUSED)
    await _cancel(order)
    assert (await order.end()).exit == "CANCELLED"
    assert await _books(stage) == ({"MUG": 10}, 0)
    assert not await order.rows(ReservationRow)
    assert not stage.town.warehouse.orders
    assert set(stage.town.bureau.reservations.values()) <= {"released"}
    assert not (await order.row()).holds


async def _nothing_is_left(stage: Stage, order: Living) -> None:
    town = stage.town
    assert not [waybill for courier in town.couriers() for waybill in courier.live()]
    assert not town.own.told
    assert set(town.bureau.reservations.values()) == {"released"}
    assert not (await order.row()).holds


# ------------------------------------------------------------------------------------------- after it is packed


async def _nobody_carries_it(order: Living, where: str) -> None:
    await order.held(HoldReason.WAYBILL_BY_PERSON)
    await _take_back(order)


async def _nobody_knows_who_carries_it(order: Living, where: str) -> None:
    await order.held(HoldReason.WAYBILL_BY_PERSON)
    # Only now SF can be asked, and has made one.
    order.stage.town.sf.always("find", None)
    assert order.stage.town.sf.live()
    await _take_back(order)


async def _the_channel_does_not_take_the_number(order: Living, where: str) -> None:
    await order.held(HoldReason.CHANNEL_REFUSED)
    await _take_back(order)


AFTER_PACKING: dict[str, tuple[tuple[tuple[str, str, Twist], ...], Fail]] = {
    "no waybill": ((("sf", "create", NO), ("cainiao", "create", NO)), _nobody_carries_it),
    "a waybill nobody knows of": (
        (("sf", "create", lost()), ("sf", "find", away("sf")), ("cainiao", "create", NO)),
        _nobody_knows_who_carries_it,
    ),
    "no write-back": ((("own", "write_back", NO),), _the_channel_does_not_take_the_number),
}


@pytest.mark.parametrize("where", [NEAR, FAR], ids=["one", "two"])
@pytest.mark.parametrize("step", AFTER_PACKING)
async def test_what_is_packed_stays_and_all_else_is_undone(stage: Stage, step: str, where: str) -> None:
    failing, fail = AFTER_PACKING[step]
    for name, operation, twist in failing:
        getattr(stage.town, name).always(operation, twist)
    order = await _begin(stage, where)
    await _others_are_instructed(order, where)
    await order.packed_at(where)
    await fail(order, where)
    await order.pass_time(minutes=10)  # whoever may still have made a waybill is asked until it is certain
    assert (await order.end()).exit == "UNDELIVERED"
    books = {row.warehouse: row.status for row in await order.deliveries()}
    assert books == ({NEAR: "cancelled", FAR: "packed"} if where == FAR else {NEAR: "packed"})
    await _nothing_is_left(stage, order)
    # A person unpacks the box and books its goods in: the ledger is as it was before.
    assert "stop_parcel" in await order.tasks()
    await stage.receive("PLATE" if where == FAR else "MUG", 1, where)
    assert await _books(stage) == (STOCK, 0)


@pytest.mark.parametrize(
    ("course", "where"),
    [(TrackCode.REFUSED, NEAR), (TrackCode.LOST, NEAR), (TrackCode.RETURNED, NEAR), (TrackCode.LOST, FAR)],
)
async def test_a_parcel_that_never_comes_to_its_buyer_ends_the_order(
    stage: Stage, course: TrackCode, where: str
) -> None:
    order = await _begin(stage, where)
    if where == FAR:
        await order.packed_at(NEAR)
        await order.channel_knows(1)
    await order.packed_at(where)
    await order.reaches(GoldenState.WAYBILL_RETURNED)
    if where == FAR:
        await order.tracked(TrackCode.SIGNED, 1)
    await order.tracked(course, len(await order.parcels()))
    await order.held(HoldReason.DELIVERY_PROBLEM)
    assert (await order.ask("release_hold", ReleaseHold("DELIVERY_PROBLEM", "钱", "已退款"))).done
    assert (await order.end()).exit == "UNDELIVERED"
    assert (await _books(stage))[1] == 0
    assert not (await order.row()).holds
