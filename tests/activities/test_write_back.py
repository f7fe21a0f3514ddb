"""What a channel is told of a parcel: its own number, and what is known of the order's other parcels."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlmodel import col

from activities import contracts as c
from activities.instructions import delivery_code
from domain.clock import utc_now
from domain.order import Amounts, OrderLine
from domain.shipping import Carrier, SentParcel
from store import planning
from store.tables import ConsignmentRow, OrderEventRow
from tests.activities.conftest import Bench
from tests.activities.life import prepare, to_the_warehouse


@pytest.fixture
async def oid(bench: Bench) -> str:
    """An order of two mugs, packed in two boxes."""
    two = OrderLine(line_no="1", sku="MUG", title="马克杯", quantity=2, unit_price_fen=4950, amount_fen=9900)
    order_id = await prepare(bench, lines=(two,), amounts=Amounts(goods_fen=9900, paid_fen=9900))
    for turn in to_the_warehouse(order_id):
        await bench.run(turn.step, turn.argument)
    report = bench.town.warehouse.pack(delivery_code(order_id, 1), {"MUG": 1}, {"MUG": 1})
    await bench.run(c.ASK_WAREHOUSE, c.DeliveryRef(order_id, 1))
    await bench.run(c.RECORD_REPORT, c.ReportRef(order_id, await bench.report(report)))
    return order_id


async def test_a_parcel_is_told_with_what_is_known_of_the_others(bench: Bench, oid: str) -> None:
    first, second = f"{oid}#1", f"{oid}#2"
    await bench.run(c.REQUEST_WAYBILL, c.WaybillAsk(oid, first, "sf", "SF", 1))
    await bench.run(c.WRITE_BACK, c.ParcelRef(oid, first))
    await bench.run(c.RECORD_MANUAL_WAYBILL, c.ManualWaybill(oid, second, "ZTO", "71234567890123", "clerk"))
    await bench.run(c.WRITE_BACK, c.ParcelRef(oid, second))
    told = bench.town.own.told
    assert (told[first].others, told[first].numberless, told[first].whole_order) == ((), 1, False)
    sf = SentParcel(Carrier.SF, told[first].number, ("1",))
    assert (told[second].others, told[second].numberless) == ((sf,), 0)
    # Told again, the first one knows of the second as well.
    bench.town.own.told.clear()
    await bench.run(c.WRITE_BACK, c.ParcelRef(oid, first))
    assert told[first].others == (SentParcel(Carrier.ZTO, "71234567890123", ("1",)),)
    assert told[first].numberless == 0


async def test_an_order_in_one_parcel_has_no_others(bench: Bench) -> None:
    order_id = await prepare(bench)
    for turn in to_the_warehouse(order_id):
        await bench.run(turn.step, turn.argument)
    report = bench.town.warehouse.pack(delivery_code(order_id, 1))
    await bench.run(c.RECORD_REPORT, c.ReportRef(order_id, await bench.report(report)))
    await bench.run(c.REQUEST_WAYBILL, c.WaybillAsk(order_id, f"{order_id}#1", "sf", "SF", 1))
    await bench.run(c.WRITE_BACK, c.ParcelRef(order_id, f"{order_id}#1"))
    shipment = bench.town.own.told[f"{order_id}#1"]
    assert (shipment.others, shipment.numberless, shipment.whole_order) == ((), 0, True)


async def test_the_trail_says_whose_number_the_channel_shows(bench: Bench, oid: str) -> None:
    for n, number in ((1, "71234567890121"), (2, "71234567890122")):
        await bench.run(c.RECORD_MANUAL_WAYBILL, c.ManualWaybill(oid, f"{oid}#{n}", "ZTO", number, "clerk"))
    await bench.run(c.WRITE_BACK, c.ParcelRef(oid, f"{oid}#1"))
    bench.town.own.shows = SentParcel(Carrier.ZTO, "71234567890121", ("1",))
    for _ in range(2):
        assert (await bench.run(c.WRITE_BACK, c.ParcelRef(oid, f"{oid}#2"))).ok
    async with bench.db.reading() as tx:
        rows = await tx.execute(select(OrderEventRow).where(col(OrderEventRow.step).like("told/%")))
        first, second = sorted(rows.scalars(), key=lambda row: row.step)
    assert (first.what, first.why) == ("channel.told", "ZTO 71234567890121")
    assert second.what == "channel.shows_other"
    assert "ZTO 71234567890121" in second.why
    assert "ZTO 71234567890122" in second.why
    await bench.run(c.FINISH_SHIPPING, c.OrderRef(oid))


async def test_a_channel_knows_how_many_consignments_are_still_to_come(bench: Bench, oid: str) -> None:
    await bench.run(c.RECORD_MANUAL_WAYBILL, c.ManualWaybill(oid, f"{oid}#1", "ZTO", "71234567890121", "clerk"))
    async with bench.db.transaction() as tx:
        for n, status in ((2, planning.OFF), (3, "waiting"), (4, planning.PACKED)):
            tx.add(ConsignmentRow(order_id=oid, n=n, warehouse="WH02", lines=[], status=status, at=utc_now()))
    await bench.run(c.WRITE_BACK, c.ParcelRef(oid, f"{oid}#1"))
    assert bench.town.own.told[f"{oid}#1"].to_come == 1
