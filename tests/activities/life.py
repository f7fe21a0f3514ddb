"""A whole order's life as a list of activities, so that each can be run in its place as often as a test likes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from activities import contracts as c
from activities.instructions import delivery_code
from domain.clock import utc_now
from domain.holds import HoldReason
from domain.shipping import TrackCode
from store import shipping
from store.tables import AddressChangeRow
from tests.activities.conftest import Bench
from tests.store.samples import receiver
from tests.workflows.partners import track

Step = c.OwnStep[Any, Any] | c.PartnerStep[Any, Any]


@dataclass(frozen=True)
class Turn:
    """One activity and its argument."""

    step: Step
    argument: object


async def prepare(bench: Bench, **changes: Any) -> str:
    """An order that wants another address, in a store. Returns its id."""
    order = await bench.order(**changes)
    async with bench.db.transaction() as tx:
        for n in (1, 2):
            wanted = receiver(f"新路{n}号").model_dump(mode="json")
            row = AddressChangeRow(
                order_id=order.order_id, n=n, receiver={}, status="wished", asked_by="b", at=utc_now()
            )
            row.receiver = wanted
            tx.add(row)
    return order.order_id


def to_the_warehouse(oid: str) -> list[Turn]:
    """From the first review to an instruction, with a hold, a task and two wished addresses on the way."""
    later = utc_now()
    hold, end = (oid, 1, HoldReason.STOCK_SHORT), (oid, 1, HoldReason.STOCK_SHORT, "timer")
    ref = c.OrderRef(oid)
    return [
        Turn(c.ACCEPT_ORDER, c.OrderAt(oid, 1)),
        Turn(c.CHECK_CREDIT, ref),
        Turn(c.ASSUME_CREDIT, c.Reasoned(oid, "too slow")),
        Turn(c.PASS_REVIEW, ref),
        Turn(c.OPEN_HOLD, c.HoldFact(*hold, "short", later)),
        Turn(c.ESCALATE_HOLD, c.HoldEnd(*end, "ESCALATE", later)),
        Turn(c.CLOSE_HOLD, c.HoldEnd(*end, "RETRY")),
        Turn(c.RAISE_TASK, c.TaskFact(oid, f"{oid}/look", "goods_changed", "look", alert=True)),
        Turn(c.RESERVE_STOCK, ref),
        Turn(c.CHECK_ARRIVAL, c.ConsignmentRef(oid, 1)),
        Turn(c.APPLY_ADDRESS, c.AddressRef(oid, 1, "staff")),
        Turn(c.DROP_ADDRESS, c.AddressRef(oid, 2, "buyer", "late")),
        Turn(c.ACCEPT_ORDER, c.OrderAt(oid, 2)),
        Turn(c.FIT_STOCK, c.OrderAt(oid, 2)),
        Turn(c.FIT_CONSIGNMENTS, c.FitAsk(oid, 2)),
        Turn(c.FIT_CONSIGNMENTS, c.FitAsk(oid, 2, change=True)),
        Turn(c.PLAN_COURIERS, c.OrderAt(oid, 2)),
        Turn(c.PUSH_TO_WAREHOUSE, c.DeliveryRef(oid, 1, "SF", "", 2)),
        Turn(c.HOLD_AT_WAREHOUSE, c.DeliveryRef(oid, 1, "", "wait")),
        Turn(c.RESTORE_AT_WAREHOUSE, c.DeliveryRef(oid, 1)),
    ]


async def packed(bench: Bench, oid: str) -> list[Turn]:
    """The warehouse's report of the first instruction."""
    report = bench.town.warehouse.pack(delivery_code(oid, 1))
    return [
        Turn(c.ASK_WAREHOUSE, c.DeliveryRef(oid, 1)),
        Turn(c.RECORD_REPORT, c.ReportRef(oid, await bench.report(report))),
    ]


def shipped(oid: str) -> list[Turn]:
    """From packed to the channel's knowing the number."""
    parcel = f"{oid}#1"
    return [
        Turn(c.REQUEST_WAYBILL, c.WaybillAsk(oid, parcel, "sf", "SF", 1)),
        Turn(c.SETTLE_WAYBILL, c.WaybillAsk(oid, parcel, "sf", "SF", 1)),
        Turn(c.SEND_CLERK_LINK, c.ClerkLink(oid, parcel, 1)),
        Turn(c.WRITE_BACK, c.ParcelRef(oid, parcel)),
        Turn(c.FINISH_SHIPPING, c.OrderRef(oid)),
        Turn(c.COMMIT_CREDIT, c.OrderRef(oid)),
    ]


async def signed(bench: Bench, oid: str) -> list[Turn]:
    """From the signature to the end."""
    async with bench.db.transaction() as tx:
        waybill = await shipping.live_waybill(tx, f"{oid}#1")
        assert waybill is not None
        await shipping.apply_track(tx, track(waybill.number, TrackCode.SIGNED))
    bench.town.tracker.known[waybill.number] = TrackCode.SIGNED
    ref = c.OrderRef(oid)
    return [Turn(c.ASK_TRACKER, ref), Turn(c.RECORD_SIGNED, ref), Turn(c.ACTIVATE_WARRANTY, ref)]


def by_hand(oid: str) -> list[Turn]:
    """A number that a person typed."""
    return [Turn(c.RECORD_MANUAL_WAYBILL, c.ManualWaybill(oid, f"{oid}#1", "ZTO", "71234567890123", "clerk"))]


def undone(oid: str) -> list[Turn]:
    """A cancellation."""
    return [
        Turn(c.CANCEL_AT_WAREHOUSE, c.DeliveryRef(oid, 1, "", "off")),
        Turn(c.RELEASE_STOCK, c.OrderRef(oid)),
        Turn(c.RELEASE_CREDIT, c.OrderRef(oid)),
        Turn(c.RECORD_CANCELLED, c.Reasoned(oid, "off")),
    ]


def stopping(order_id: str) -> list[Turn]:
    """The buyer wants the money back: the courier does not collect the parcel, and cannot bring it elsewhere then."""
    parcel = f"{order_id}#1"
    stop = c.InterceptAsk(order_id, parcel, 1, c.InterceptWish.STOP, "orderhub")
    again = c.InterceptAsk(order_id, parcel, 2, c.InterceptWish.REROUTE, "wei", 1)
    void = c.Intercepted(parcel, c.InterceptHow.VOID)
    refused = c.Intercepted(parcel, c.InterceptHow.REFUSED, "no")
    return [
        Turn(c.INTERCEPT_PARCEL, stop),
        Turn(c.INTERCEPT_PARCEL, again),
        Turn(c.FINISH_STOP, c.StopEnd(order_id, "R1", [void])),
        Turn(c.FINISH_REROUTE, c.RerouteEnd(order_id, 1, "wei", [refused])),
    ]
