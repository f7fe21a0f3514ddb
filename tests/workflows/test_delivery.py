from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from activities import contracts
from domain.golden import GoldenState
from domain.holds import HoldReason
from domain.shipping import TrackCode
from tests.workflows.goods import mugs
from tests.workflows.partners import away
from tests.workflows.stage import Living, Stage
from workflows.contracts import OrderEnd, ReleaseHold, TrackSignal


async def _shipped(stage: Stage, *boxes: dict[str, int], **changes: Any) -> Living:
    order = await stage.start(**changes)
    await order.packed(*boxes)
    await order.reaches(GoldenState.WAYBILL_RETURNED)
    return order


@pytest.mark.parametrize(
    ("code", "words"),
    [(TrackCode.REFUSED, "收件人拒收"), (TrackCode.LOST, "包裹丢失"), (TrackCode.RETURNED, "包裹已退回")],
)
async def test_a_problem_holds_the_order_and_a_later_signature_ends_it(
    stage: Stage, code: TrackCode, words: str
) -> None:
    order = await _shipped(stage)
    await order.tracked(code)
    await order.held(HoldReason.DELIVERY_PROBLEM)
    assert (await order.hold(HoldReason.DELIVERY_PROBLEM)).detail == words
    await order.signed()
    assert await order.end() == OrderEnd("WARRANTY_ACTIVATED")
    assert not (await order.row()).holds


async def test_an_order_that_was_refused_is_closed_by_a_person(stage: Stage) -> None:
    order = await _shipped(stage)
    await order.tracked(TrackCode.REFUSED)
    await order.held(HoldReason.DELIVERY_PROBLEM)
    assert (await order.ask("release_hold", ReleaseHold("DELIVERY_PROBLEM", "吴", "已退款"))).done
    assert await order.end() == OrderEnd("WAYBILL_RETURNED", "UNDELIVERED")
    row = await order.row()
    assert (row.exit, row.holds) == ("UNDELIVERED", [])
    assert row.closed_at is not None


async def test_a_silent_parcel_is_asked_for(stage: Stage) -> None:
    order = await _shipped(stage)
    stage.town.tracker.known[await order.number()] = TrackCode.SIGNED
    await order.pass_time(hours=73)
    assert await order.end() == OrderEnd("WARRANTY_ACTIVATED")
    assert not await order.tasks()


async def test_a_parcel_that_nobody_has_seen_is_a_task_and_asked_for_again(stage: Stage) -> None:
    order = await _shipped(stage)
    await order.pass_time(hours=73)
    await order.task("sign_overdue")
    stage.town.tracker.known[await order.number()] = TrackCode.REFUSED
    await order.pass_time(hours=73)
    await order.held(HoldReason.DELIVERY_PROBLEM)


async def test_a_tracker_that_is_away_is_asked_at_the_next_deadline(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contracts, "ASK_TRACKER", replace(contracts.ASK_TRACKER, within=timedelta(seconds=1)))
    order = await _shipped(stage)
    stage.town.tracker.will("query", away("kdniao"))
    stage.town.tracker.known[await order.number()] = TrackCode.SIGNED
    await order.pass_time(hours=73)
    assert (await order.row()).state == "WAYBILL_RETURNED"
    await order.pass_time(hours=73)
    assert await order.end() == OrderEnd("WARRANTY_ACTIVATED")


async def test_all_parcels_must_be_signed(stage: Stage) -> None:
    order = await _shipped(stage, {"MUG": 1}, {"MUG": 1}, **mugs(2))
    await order.tracked(TrackCode.SIGNED, 1)
    await order.tracked(TrackCode.IN_TRANSIT, 2)
    await order.rests()
    assert (await order.row()).state == "WAYBILL_RETURNED"
    await order.tracked(TrackCode.SIGNED, 2)
    assert await order.end() == OrderEnd("WARRANTY_ACTIVATED")


async def test_news_after_the_signature_changes_nothing(stage: Stage) -> None:
    order = await _shipped(stage, {"MUG": 1}, {"MUG": 1}, **mugs(2))
    await order.tracked(TrackCode.SIGNED, 1)
    await order.tracked(TrackCode.RETURNED, 1)
    await order.handle.signal("tracked", TrackSignal(f"{order.id}#1", "returned"))
    await order.rests()
    assert not (await order.row()).holds
    await order.tracked(TrackCode.SIGNED, 2)
    assert await order.end() == OrderEnd("WARRANTY_ACTIVATED")


async def test_news_may_come_before_the_channel_was_told(stage: Stage) -> None:
    stage.town.own.will("write_back", away("own"))
    order = await stage.start()
    await order.packed()
    await order.calls("own", "write_back")
    await order.tracked(TrackCode.SIGNED)
    await order.pass_time(minutes=1)
    assert await order.end() == OrderEnd("WARRANTY_ACTIVATED")
