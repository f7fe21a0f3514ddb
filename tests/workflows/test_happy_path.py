from __future__ import annotations

from domain.golden import SEQUENCE, GoldenState
from domain.order import Amounts, OrderLine
from domain.shipping import Carrier, TrackCode
from store.tables import ReservationRow, WarrantyRow
from tests.workflows.goods import GIFT, MUG
from tests.workflows.stage import Stage
from workflows.contracts import OrderEnd


async def test_an_order_walks_through_all_seven_states(stage: Stage) -> None:
    order = await stage.start()
    await order.packed()
    await order.signed()
    assert await order.end() == OrderEnd("WARRANTY_ACTIVATED")

    moves = [event.state_after for event in await order.events() if event.state_after != event.state_before]
    assert moves == list(SEQUENCE)
    row = await order.row()
    assert (row.state, row.exit, row.holds, row.courier) == ("WARRANTY_ACTIVATED", None, [], "sf:SF")
    assert row.closed_at is not None
    assert not row.in_flight
    assert not await order.tasks()
    assert [reservation.status for reservation in await order.rows(ReservationRow)] == ["shipped"]


async def test_each_partner_is_asked_once(stage: Stage) -> None:
    order = await stage.start()
    await order.packed()
    await order.signed()
    await order.end()

    town = stage.town
    shipment = town.own.told[f"{order.id}#1"]
    assert (shipment.carrier, shipment.number) == (Carrier.SF, await order.number())
    assert (shipment.whole_order, shipment.line_nos) == (True, ("1",))
    assert town.own.calls == {"write_back": 1}
    assert town.warehouse.calls == {"push": 1}
    assert town.sf.calls == {"create": 1}
    assert not town.cainiao.calls
    assert not town.bureau.calls
    assert not town.messenger.sent


async def test_gifts_are_locked_packed_and_shipped_with_the_goods_and_warranties_written(stage: Stage) -> None:
    await stage.receive("CARD", 3)
    machine = OrderLine(
        line_no="3", sku="FAN", title="风扇", quantity=2, unit_price_fen=1000, amount_fen=2000, warranty_months=12
    )
    await stage.receive("FAN", 2)
    order = await stage.start(lines=(MUG, GIFT, machine), amounts=Amounts(goods_fen=6950, paid_fen=6950))
    await order.packed({"MUG": 1, "CARD": 1, "FAN": 2})
    await order.signed()
    await order.end()

    assert {r.sku: (r.quantity, r.status) for r in await order.rows(ReservationRow)} == {
        "MUG": (1, "shipped"),
        "CARD": (1, "shipped"),
        "FAN": (2, "shipped"),
    }
    assert stage.town.own.told[f"{order.id}#1"].line_nos == ("1", "2", "3")
    (warranty,) = await order.rows(WarrantyRow)
    assert (warranty.line_no, warranty.sku) == ("3", "FAN")
    assert (warranty.ends_at - warranty.starts_at).days in {365, 366}


async def test_news_that_is_told_twice_changes_nothing(stage: Stage) -> None:
    order = await stage.start()
    await order.packed()
    await order.packed()
    await order.reaches(GoldenState.WAYBILL_RETURNED)
    await order.tracked(TrackCode.IN_TRANSIT)
    await order.signed()
    await order.tracked(TrackCode.SIGNED)
    assert await order.end() == OrderEnd("WARRANTY_ACTIVATED")
    steps = await order.steps()
    assert steps.count("warehouse.packed") == 1
    assert steps.count("order.signed") == 1


async def test_starting_an_order_twice_leaves_the_first_alone(stage: Stage) -> None:
    order = await stage.start()
    run = (await order.handle.describe()).run_id
    await stage.start_again(order)
    await order.packed()
    await order.signed()
    await order.end()
    await stage.start_again(order)
    assert (await order.handle.describe()).run_id == run
