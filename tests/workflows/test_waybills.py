from __future__ import annotations

from typing import Any

import pytest

from activities.partners import HubConfig
from connectors.errors import Rejected
from domain.golden import GoldenState
from domain.holds import HoldReason
from domain.links import form_code
from domain.shipping import Carrier, VoidOutcome
from store.tables import FormLinkRow, WaybillRow
from tests.workflows.goods import encrypted, mugs
from tests.workflows.partners import Twist, away, fails, hangs, lost
from tests.workflows.stage import Living, Stage
from workflows.contracts import OrderEnd, RecordWaybill

NO_ROUTE = fails(Rejected("sf", "create", "no route", "8016"))
NUMBER = "71234567890123"


async def _packed(stage: Stage, **changes: Any) -> Living:
    order = await stage.start(**changes)
    await order.packed()
    return order


async def _waits_for_person(stage: Stage, trouble: Twist | None = None) -> Living:
    for courier in (stage.town.sf, stage.town.cainiao):
        courier.always("create", trouble or away(courier.provider))
    order = await _packed(stage)
    await order.held(HoldReason.WAYBILL_BY_PERSON)
    return order


def _typed(order: Living, number: str = NUMBER, carrier: str = "ZTO", n: int = 1) -> RecordWaybill:
    return RecordWaybill(f"{order.id}#{n}", carrier, number, "孙")


async def _statuses(order: Living) -> dict[str, str]:
    return {f"{row.provider}:{row.carrier}": row.status for row in await order.rows(WaybillRow)}


@pytest.mark.parametrize("trouble", [NO_ROUTE, away("sf")])
async def test_when_sf_gives_none_cainiao_is_asked(stage: Stage, trouble: Twist) -> None:
    stage.town.sf.always("create", trouble)
    order = await _packed(stage)
    await order.signed()
    assert await order.end() == OrderEnd("WARRANTY_ACTIVATED")
    assert stage.town.own.told[f"{order.id}#1"].carrier is Carrier.ZTO
    assert (await order.row()).courier == "cainiao:ZTO"


async def test_a_lost_answer_is_asked_after_and_what_is_found_adopted(stage: Stage) -> None:
    stage.town.sf.will("create", lost())
    order = await _packed(stage)
    await order.signed()
    assert await order.end() == OrderEnd("WARRANTY_ACTIVATED")
    assert stage.town.own.told[f"{order.id}#1"].carrier is Carrier.SF
    assert not stage.town.cainiao.calls


async def test_what_turns_up_after_the_next_courier_gave_one_is_voided(stage: Stage) -> None:
    stage.town.sf.will("create", lost())
    stage.town.sf.will("find", away("sf"), away("sf"))
    order = await _packed(stage)
    await order.reaches(GoldenState.WAYBILL_RETURNED)
    assert (await order.row()).courier == "cainiao:ZTO"
    await order.signed()
    await order.pass_time(minutes=10)
    assert await order.end() == OrderEnd("WARRANTY_ACTIVATED")
    assert not stage.town.sf.live()
    assert await _statuses(order) == {"sf:SF": "void", "cainiao:ZTO": "live"}


async def test_what_cannot_be_voided_any_more_is_a_task(stage: Stage) -> None:
    stage.town.sf.will("create", lost())
    stage.town.sf.will("find", away("sf"), away("sf"))
    stage.town.sf.void_outcome = VoidOutcome.TOO_LATE
    order = await _packed(stage)
    await order.reaches(GoldenState.WAYBILL_RETURNED)
    await order.signed()
    await order.pass_time(minutes=10)
    await order.end()
    assert "second_waybill" in await order.tasks()
    assert await _statuses(order) == {"sf:SF": "void", "cainiao:ZTO": "live"}
    stage.town.sf.void_outcome = None
    stage.town.sf.void_numbers.update(number for _, number in stage.town.sf.live())  # the person called the courier


async def test_an_unknown_outcome_that_turns_out_to_be_none_ends_the_search(stage: Stage) -> None:
    stage.town.sf.will("create", lost(done=False))
    order = await _packed(stage)
    await order.reaches(GoldenState.WAYBILL_RETURNED)
    await order.signed()
    await order.end()
    assert await _statuses(order) == {"sf:SF": "absent", "cainiao:ZTO": "live"}


class TestPatience:
    @pytest.fixture
    def config(self) -> HubConfig:
        return HubConfig()  # "not found" is not believed for a minute

    async def test_not_found_is_asked_again_while_it_may_be_on_its_way(self, stage: Stage) -> None:
        stage.town.sf.will("create", lost())
        stage.town.sf.hidden = True
        order = await _packed(stage)
        await order.reaches(GoldenState.WAYBILL_RETURNED)
        await order.calls("sf", "find", times=2)
        stage.town.sf.hidden = False
        await order.signed()
        await order.pass_time(minutes=10)
        await order.end()
        assert await _statuses(order) == {"sf:SF": "void", "cainiao:ZTO": "live"}

    async def test_what_turns_up_while_a_person_is_asked_is_adopted(self, stage: Stage) -> None:
        stage.town.sf.will("create", lost())
        stage.town.sf.hidden = True
        stage.town.cainiao.always("create", away("cainiao"))
        order = await _packed(stage)
        await order.held(HoldReason.WAYBILL_BY_PERSON)
        await order.calls("sf", "find", times=2)
        stage.town.sf.hidden = False
        await order.pass_time(minutes=10)
        await order.reaches(GoldenState.WAYBILL_RETURNED)
        assert stage.town.own.told[f"{order.id}#1"].carrier is Carrier.SF
        assert not (await order.row()).holds

    async def test_a_sweep_does_not_ask_a_courier_whose_answer_is_still_sought(self, stage: Stage) -> None:
        stage.town.sf.will("create", lost())
        stage.town.sf.hidden = True
        stage.town.cainiao.always("create", away("cainiao"))
        order = await _packed(stage)
        await order.held(HoldReason.WAYBILL_BY_PERSON)
        stage.town.cainiao.always("create", None)
        await order.handle.signal("ask_couriers_again")
        await order.reaches(GoldenState.WAYBILL_RETURNED)
        assert stage.town.sf.calls["create"] == 1
        stage.town.sf.hidden = False
        await order.signed()
        await order.pass_time(minutes=10)
        await order.end()


async def test_when_no_courier_gives_one_the_clerk_gets_a_link_and_types_it(stage: Stage, config: HubConfig) -> None:
    order = await _waits_for_person(stage)
    await order.calls("messenger", "send")
    (link,) = await order.rows(FormLinkRow)
    (sms,) = stage.town.messenger.sent
    assert sms.params["code"] == link.code == form_code(config.link_secret, f"{order.id}#1", 1)
    assert "不可用" in (await order.hold(HoldReason.WAYBILL_BY_PERSON)).detail

    outcome = await order.ask("record_waybill", _typed(order, " 7123-4567 890 １23"))
    assert outcome.done
    await order.signed()
    assert await order.end() == OrderEnd("WARRANTY_ACTIVATED")
    row = await order.row()
    assert (row.courier, row.holds) == ("manual:ZTO", [])
    assert len(stage.town.messenger.sent) == 1


async def test_numbers_that_cannot_be_are_refused_in_words(stage: Stage) -> None:
    order = await _waits_for_person(stage)
    for carrier, number in (("SF", "123"), ("ZTO", "SF1234567890123"), ("NOBODY", NUMBER)):
        assert "不符" in await order.refusal("record_waybill", _typed(order, number, carrier))
    assert "不在等待" in await order.refusal("record_waybill", _typed(order, n=7))
    assert (await order.ask("record_waybill", _typed(order))).done
    assert NUMBER in await order.refusal("record_waybill", _typed(order))


async def test_a_number_belongs_to_one_parcel(stage: Stage) -> None:
    first = await _waits_for_person(stage)
    assert (await first.ask("record_waybill", _typed(first))).done
    second = await _waits_for_person(stage)
    assert "其他包裹" in await second.refusal("record_waybill", _typed(second))
    assert (await second.row()).holds == ["WAYBILL_BY_PERSON"]
    assert (await second.ask("record_waybill", _typed(second, "71234567890999"))).done


async def test_nobody_may_type_a_number_while_couriers_are_asked(stage: Stage) -> None:
    slow = hangs()
    stage.town.sf.will("create", slow)
    order = await _packed(stage)
    await slow.arrived.wait()
    assert "不在等待" in await order.refusal("record_waybill", _typed(order))


async def test_a_sweep_completes_the_order_by_itself(stage: Stage) -> None:
    order = await _waits_for_person(stage)
    await order.handle.signal("ask_couriers_again")
    await order.calls("cainiao", "create", times=2)
    stage.town.sf.always("create", None)
    await order.handle.signal("ask_couriers_again")
    await order.signed()
    assert await order.end() == OrderEnd("WARRANTY_ACTIVATED")
    assert stage.town.own.told[f"{order.id}#1"].carrier is Carrier.SF
    # Every round asks under a new key: an old one may be void at the courier.
    keys = [request.key for request in stage.town.sf.asked]
    assert len(keys) == len(set(keys)) == 3


async def test_an_sms_partner_that_is_away_holds_up_nobody(stage: Stage) -> None:
    stage.town.messenger.always("send", away("sms"))
    order = await _waits_for_person(stage)
    assert (await order.ask("record_waybill", _typed(order))).done
    await order.signed()
    assert await order.end() == OrderEnd("WARRANTY_ACTIVATED")
    assert not stage.town.messenger.sent


async def test_each_of_two_parcels_has_its_number_and_the_channel_is_told_of_both(stage: Stage) -> None:
    stage.town.sf.will("create", NO_ROUTE)
    order = await stage.start(**mugs(3))
    await order.packed({"MUG": 2}, {"MUG": 1})
    await order.signed()
    assert await order.end() == OrderEnd("WARRANTY_ACTIVATED")
    told = stage.town.own.told
    assert set(told) == {f"{order.id}#1", f"{order.id}#2"}
    assert {shipment.carrier for shipment in told.values()} == {Carrier.SF, Carrier.ZTO}
    assert not any(shipment.whole_order for shipment in told.values())


async def test_one_parcel_by_hand_does_not_hold_up_the_other(stage: Stage) -> None:
    stage.town.sf.always("create", away("sf"))
    stage.town.cainiao.will("create", away("cainiao"))
    order = await stage.start(**mugs(3))
    await order.packed({"MUG": 2}, {"MUG": 1})
    await order.held(HoldReason.WAYBILL_BY_PERSON)
    await order.step("channel.told")
    (told,) = stage.town.own.told
    waiting = 2 if told.endswith("#1") else 1
    assert (await order.ask("record_waybill", _typed(order, n=waiting))).done
    await order.signed()
    assert await order.end() == OrderEnd("WARRANTY_ACTIVATED")
    assert not (await order.row()).holds


async def test_an_encrypted_receiver_goes_to_the_platforms_own_waybill_only(stage: Stage) -> None:
    stage.town.platform.will("create", NO_ROUTE)
    order = await _packed(stage, **encrypted())
    await order.signed()
    assert await order.end() == OrderEnd("WARRANTY_ACTIVATED")
    assert [request.carrier for request in stage.town.platform.asked] == [Carrier.SF, Carrier.ZTO]
    assert stage.town.platform.asked[0].receiver == order.order.receiver
    assert not stage.town.sf.calls
    assert not stage.town.cainiao.calls
    assert stage.town.douyin.told[f"{order.id}#1"].carrier is Carrier.ZTO


async def test_a_breaking_courier_connection_is_not_the_orders_problem(stage: Stage) -> None:
    stage.town.sf.always("find", away("sf"))
    stage.town.sf.will("create", lost(done=False))
    order = await _packed(stage)
    await order.signed()
    # The order is signed, but stays open until it is certain that there is no second waybill.
    await order.calls("sf", "find", times=2)
    assert (await order.handle.describe()).close_time is None
    stage.town.sf.always("find", None)
    await order.pass_time(minutes=10)
    assert await order.end() == OrderEnd("WARRANTY_ACTIVATED")
