from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import select
from temporalio.exceptions import ApplicationError

from activities import contracts as c
from activities.contracts import WaybillAnswer, WaybillAsk, WaybillOutcome
from activities.waybill_requests import waybill_key
from connectors.errors import BreakerOpen, Misconfigured, OutcomeUnknown, PartnerError, Rejected, Throttled, Unavailable
from domain.clock import utc_now
from domain.shipping import VoidOutcome
from store import articles, labels
from store.tables import OrderEventRow, ParcelRow, TaskRow, WaybillRow
from tests.activities.conftest import Bench
from tests.activities.life import packed, prepare, to_the_warehouse
from tests.workflows.partners import Twist, away, fails, hangs, lost

LIVE, NONE, UNKNOWN = WaybillOutcome.LIVE, WaybillOutcome.NONE, WaybillOutcome.UNKNOWN


@pytest.fixture
async def oid(bench: Bench) -> str:
    """A packed order of one parcel."""
    order_id = await prepare(bench)
    for turn in to_the_warehouse(order_id):
        await bench.run(turn.step, turn.argument)
    for turn in await packed(bench, order_id):
        await bench.run(turn.step, turn.argument)
    return order_id


def _sf(oid: str, attempt: int = 1) -> WaybillAsk:
    return WaybillAsk(oid, f"{oid}#1", "sf", "SF", attempt)


def _cainiao(oid: str, attempt: int = 2) -> WaybillAsk:
    return WaybillAsk(oid, f"{oid}#1", "cainiao", "ZTO", attempt)


async def _status(bench: Bench, ask: WaybillAsk) -> str:
    async with bench.db.transaction() as tx:
        row = await tx.get(WaybillRow, waybill_key(ask))
    assert row is not None
    return row.status


async def _live(bench: Bench) -> list[str]:
    async with bench.db.transaction() as tx:
        return list((await tx.execute(select(WaybillRow.number).where(WaybillRow.status == "live"))).scalars())


async def _tasks(bench: Bench) -> list[str]:
    async with bench.db.transaction() as tx:
        kinds = (await tx.execute(select(TaskRow.kind))).scalars()
    return [kind for kind in kinds if kind.endswith("_waybill")]


async def test_a_lost_answer_is_asked_after_at_once(bench: Bench, oid: str) -> None:
    bench.town.sf.will("create", lost())
    answer = await bench.run(c.REQUEST_WAYBILL, _sf(oid))
    assert answer.outcome is LIVE
    assert [answer.number] == await _live(bench) == [number for _, number in bench.town.sf.live()]


async def test_a_second_run_after_a_lost_answer_that_nobody_could_clear_up_asks_nobody(bench: Bench, oid: str) -> None:
    bench.town.sf.will("create", lost())
    bench.town.sf.will("find", away("sf"))
    first = await bench.run(c.REQUEST_WAYBILL, _sf(oid))
    assert first.outcome is UNKNOWN
    assert await bench.run(c.REQUEST_WAYBILL, _sf(oid)) == first
    assert bench.town.sf.calls == {"create": 1, "find": 1}


@pytest.mark.parametrize(
    "told",
    [
        BreakerOpen("sf", "create"),
        Unavailable("sf", "create"),
        Throttled("sf", "create"),
        Misconfigured("sf", "create"),
        Rejected("sf", "create"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_what_a_run_after_a_crash_is_told_says_nothing_of_the_run_before(
    bench: Bench, oid: str, told: PartnerError
) -> None:
    """Seen with workers killed by signal 9: SF had made the waybill, and the next run found the breaker open."""
    dies_here = hangs()
    bench.town.sf.will("create", lost(), fails(told))
    bench.town.sf.will("find", dies_here, away("sf"))
    dying = asyncio.create_task(bench.run(c.REQUEST_WAYBILL, _sf(oid)))
    await dies_here.arrived.wait()
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    assert await _status(bench, _sf(oid)) == "asked"
    assert (await bench.run(c.REQUEST_WAYBILL, _sf(oid))).outcome is UNKNOWN
    assert (await bench.run(c.REQUEST_WAYBILL, _cainiao(oid))).outcome is LIVE
    await bench.run(c.SETTLE_WAYBILL, _sf(oid))
    assert await _status(bench, _sf(oid)) == "void"
    assert bench.town.sf.live() == []


async def test_a_second_run_after_a_crash_asks_again_under_the_same_key(bench: Bench, oid: str) -> None:
    slow = hangs()
    bench.town.sf.will("create", slow)
    dying = asyncio.create_task(bench.run(c.REQUEST_WAYBILL, _sf(oid)))
    await slow.arrived.wait()
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    assert await _status(bench, _sf(oid)) == "asked"
    answer = await bench.run(c.REQUEST_WAYBILL, _sf(oid))
    assert answer.outcome is LIVE
    assert len({request.key for request in bench.town.sf.asked}) == 1


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Rejected("sf", "create", "no route", "8016"), "refused"),
        (Unavailable("sf", "create"), "absent"),
        (BreakerOpen("sf", "create"), "absent"),
        (Throttled("sf", "create"), "absent"),
        (Misconfigured("sf", "create", "bad signature", "A1001"), "absent"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, PartnerError) else value,
)
async def test_a_courier_that_surely_gave_none_lets_the_next_one_try(
    bench: Bench, oid: str, error: PartnerError, status: str
) -> None:
    bench.town.sf.always("create", fails(error))
    answer = await bench.run(c.REQUEST_WAYBILL, _sf(oid))
    assert answer == WaybillAnswer(NONE, why=error.operator_text)
    assert await _status(bench, _sf(oid)) == status
    # A later run of the same question answers the same, whatever the courier says by now.
    bench.town.sf.always("create", None)
    assert (await bench.run(c.REQUEST_WAYBILL, _sf(oid))).outcome is NONE
    assert await _live(bench) == []


async def test_a_wrong_key_is_a_task_once(bench: Bench, oid: str) -> None:
    bench.town.sf.always("create", fails(Misconfigured("sf", "create", "bad signature", "A1001")))
    for attempt in (1, 2):
        await bench.run(c.REQUEST_WAYBILL, _sf(oid, attempt))
    async with bench.db.transaction() as tx:
        kinds = list((await tx.execute(select(TaskRow.kind).where(TaskRow.severity == "alert"))).scalars())
    assert kinds.count("misconfigured") == 1


async def test_a_courier_that_is_not_configured_gives_none(bench: Bench, oid: str) -> None:
    answer = await bench.run(c.REQUEST_WAYBILL, replace(_sf(oid), provider="manual"))
    assert answer.outcome is NONE


async def test_not_found_is_believed_only_after_a_while(bench: Bench, oid: str) -> None:
    bench.town.sf.will("create", lost(done=False))
    assert (await bench.run(c.REQUEST_WAYBILL, _sf(oid))).outcome is UNKNOWN
    impatient, patient = bench, Bench(bench.db, bench.town, replace(bench.config, settle_after=timedelta(minutes=1)))
    with pytest.raises(ApplicationError) as early:
        await patient.run(c.SETTLE_WAYBILL, _sf(oid))
    assert (early.value.type, early.value.non_retryable) == ("NotSettled", False)
    assert await _status(bench, _sf(oid)) == "unknown"
    assert (await impatient.run(c.SETTLE_WAYBILL, _sf(oid))).outcome is NONE
    assert await _status(bench, _sf(oid)) == "absent"


async def test_a_courier_that_cannot_be_asked_settles_nothing(bench: Bench, oid: str) -> None:
    bench.town.sf.will("create", lost())
    bench.town.sf.always("find", away("sf"))
    await bench.run(c.REQUEST_WAYBILL, _sf(oid))
    with pytest.raises(ApplicationError) as error:
        await bench.run(c.SETTLE_WAYBILL, _sf(oid))
    assert (error.value.type, error.value.non_retryable) == ("Unavailable", False)
    assert await _status(bench, _sf(oid)) == "unknown"


async def test_a_platform_that_answers_no_more_questions_is_looked_into_by_a_person(bench: Bench, oid: str) -> None:
    refunded = fails(Rejected("sf", "create", "the buyer has the money back", "order-refunded"))
    bench.town.sf.will("create", lost(done=False))
    bench.town.sf.always("find", refunded)
    await bench.run(c.REQUEST_WAYBILL, _sf(oid))
    patient = Bench(bench.db, bench.town, replace(bench.config, settle_after=timedelta(minutes=1)))
    for step, argument in ((c.SETTLE_WAYBILL, _sf(oid)), (c.VOID_WAYBILLS, c.ParcelRef(oid, f"{oid}#1"))):
        with pytest.raises(ApplicationError) as early:
            await patient.run(step, argument)
        assert early.value.type == "NotSettled"
    await bench.run(c.VOID_WAYBILLS, c.ParcelRef(oid, f"{oid}#1"))
    assert await _status(bench, _sf(oid)) == "absent"
    assert (await bench.run(c.SETTLE_WAYBILL, _sf(oid))).outcome is NONE
    assert await _tasks(bench) == ["unsettled_waybill"]


async def test_a_courier_that_refuses_to_void_is_called_by_a_person(bench: Bench, oid: str) -> None:
    await bench.run(c.REQUEST_WAYBILL, _sf(oid))
    bench.town.sf.always("void", fails(Rejected("sf", "void", "system busy", "9999")))
    await bench.run(c.VOID_WAYBILLS, c.ParcelRef(oid, f"{oid}#1"))
    assert await _status(bench, _sf(oid)) == "void"
    assert await _tasks(bench) == ["second_waybill"]


async def test_what_is_found_is_adopted_while_the_parcel_has_no_number(bench: Bench, oid: str) -> None:
    bench.town.sf.will("create", lost())
    bench.town.sf.will("find", away("sf"))
    await bench.run(c.REQUEST_WAYBILL, _sf(oid))
    answer = await bench.run(c.SETTLE_WAYBILL, _sf(oid))
    assert answer.outcome is LIVE
    assert await _live(bench) == [answer.number]


@pytest.mark.parametrize("trouble", [None, away("sf"), lost()])
async def test_what_is_found_is_voided_when_the_parcel_has_another(
    bench: Bench, oid: str, trouble: Twist | None
) -> None:
    bench.town.sf.will("create", lost())
    bench.town.sf.will("find", away("sf"))
    await bench.run(c.REQUEST_WAYBILL, _sf(oid))
    kept = await bench.run(c.REQUEST_WAYBILL, _cainiao(oid))
    if trouble is not None:
        bench.town.sf.will("void", trouble)
        with pytest.raises(ApplicationError):
            await bench.run(c.SETTLE_WAYBILL, _sf(oid))
    settled = await bench.run(c.SETTLE_WAYBILL, _sf(oid))
    # Temporal may run it once more.
    await bench.run(c.SETTLE_WAYBILL, _sf(oid))
    assert await _live(bench) == [kept.number]
    assert not bench.town.sf.live()
    if trouble is None:
        assert settled == WaybillAnswer(LIVE, kept.number)
        assert await _status(bench, _sf(oid)) == "void"


async def test_a_waybill_that_cannot_be_voided_is_a_task(bench: Bench, oid: str) -> None:
    await bench.run(c.REQUEST_WAYBILL, _cainiao(oid))
    bench.town.sf.void_outcome = VoidOutcome.TOO_LATE
    await bench.run(c.REQUEST_WAYBILL, _sf(oid))
    async with bench.db.transaction() as tx:
        tasks = (await tx.execute(select(TaskRow).where(TaskRow.kind == "second_waybill"))).scalars().all()
    assert [task.severity for task in tasks] == ["alert"]


async def test_couriers_that_answer_at_the_same_moment_leave_one_live_waybill(bench: Bench, oid: str) -> None:
    gates = [hangs() for _ in range(4)]
    bench.town.sf.will("create", *gates[:2])
    bench.town.cainiao.will("create", *gates[2:])
    asks = [_sf(oid, 1), _sf(oid, 2), _cainiao(oid, 3), _cainiao(oid, 4)]
    asking = asyncio.gather(*(bench.run(c.REQUEST_WAYBILL, ask) for ask in asks))
    for gate in gates:
        await gate.arrived.wait()
    for gate in gates:
        assert gate.gate is not None
        gate.gate.set()
    answers = await asking
    (number,) = await _live(bench)
    assert {(answer.outcome, answer.number) for answer in answers} == {(LIVE, number)}
    books = [*bench.town.sf.live(), *bench.town.cainiao.live()]
    assert books == [(f"{oid}#1", number)]
    async with bench.db.transaction() as tx:
        voids = (await tx.execute(select(OrderEventRow).where(OrderEventRow.what == "waybill.void"))).scalars().all()
    assert len(voids) == 3


async def test_a_person_and_a_courier_at_the_same_moment_leave_one_live_waybill(bench: Bench, oid: str) -> None:
    slow = hangs()
    assert slow.gate is not None
    bench.town.sf.will("create", slow)
    asking = asyncio.create_task(bench.run(c.REQUEST_WAYBILL, _sf(oid)))
    await slow.arrived.wait()
    typed = c.ManualWaybill(oid, f"{oid}#1", "ZTO", "71234567890123", "clerk")
    slow.gate.set()
    by_hand, by_courier = await asyncio.gather(bench.run(c.RECORD_MANUAL_WAYBILL, typed), asking)
    (number,) = await _live(bench)
    assert by_courier == WaybillAnswer(LIVE, number)
    assert by_hand.outcome is (LIVE if number == typed.number else NONE)
    assert len(bench.town.sf.live()) == (0 if number == typed.number else 1)


async def test_an_outcome_that_is_unknown_is_no_no(bench: Bench, oid: str) -> None:
    bench.town.sf.will("create", fails(OutcomeUnknown("sf", "create", "no answer")))
    bench.town.sf.hidden = True
    answer = await bench.run(c.REQUEST_WAYBILL, _sf(oid))
    assert answer.outcome is UNKNOWN
    assert await _status(bench, _sf(oid)) == "unknown"


async def test_a_parcel_waits_for_its_label_from_the_moment_it_got_its_number(bench: Bench, oid: str) -> None:
    before = utc_now()
    await bench.run(c.REQUEST_WAYBILL, _sf(oid))
    async with bench.db.reading() as tx:
        [group] = (await labels.plan(tx, before)).groups
    await bench.run(c.REQUEST_WAYBILL, _sf(oid))
    async with bench.db.reading() as tx:
        assert (await labels.plan(tx, before)).groups == [group]
    assert before <= group.window.opens_at <= utc_now()
    assert (group.window.lane.warehouse, group.window.lane.carrier) == ("WH01", "SF")
    assert [parcel.parcel_id for parcel in group.parcels] == [f"{oid}#1"]


async def test_couriers_are_told_what_a_parcel_weighs(bench: Bench, oid: str) -> None:
    async with bench.db.transaction() as tx:
        pieces = {item["sku"]: item["quantity"] for item in (await tx.get_one(ParcelRow, f"{oid}#1")).items}
        await articles.put(tx, [articles.Article(sku, weight_g=300) for sku in pieces])
    await bench.run(c.REQUEST_WAYBILL, _sf(oid))
    (asked,) = bench.town.sf.asked
    assert asked.weight_g == 300 * sum(pieces.values())
