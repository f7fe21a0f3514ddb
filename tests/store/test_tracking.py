from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlmodel import col, select

from domain.shipping import Carrier, TrackCode, TrackNode, TrackReport, Trouble
from domain.tracking import Gap, Phase
from domain.words import About, Word
from store import tracking
from store.database import Database
from store.shipping import apply_track
from store.tables import ParcelRow, TaskRow, TrackNodeRow, WaybillRow
from tests.store.samples import NOON
from tests.store.test_shipping import parcel, waybill

HOUR = timedelta(hours=1)
PHONE = "13800000001"


async def _underway(db: Database, told_at: datetime | None = NOON) -> None:
    async with db.transaction() as tx:
        row = parcel()
        row.told_at = told_at
        tx.add_all([row, waybill("K1")])


async def _hear(db: Database, hours: int, code: TrackCode, trouble: Trouble | None = None, phone: str = "") -> None:
    node = TrackNode(NOON + hours * HOUR, code, "", trouble=trouble)
    async with db.transaction() as tx:
        await apply_track(tx, TrackReport(Carrier.SF, "SF1", (node,), phone))


async def _open(db: Database) -> list[TaskRow]:
    async with db.reading() as tx:
        tasks = (await tx.execute(select(TaskRow))).scalars().all()
    return sorted((task for task in tasks if task.closed_at is None), key=lambda task: task.kind)


async def _kinds(db: Database) -> list[str]:
    return [task.kind for task in await _open(db)]


async def test_the_courier_whom_to_call_is_kept_with_the_parcel(database: Database) -> None:
    await _underway(database)
    await _hear(database, 1, TrackCode.OUT_FOR_DELIVERY, phone=PHONE)
    await _hear(database, 2, TrackCode.IN_TRANSIT)
    async with database.reading() as tx:
        assert (await tx.get_one(ParcelRow, "O1#1")).courier_phone == PHONE


async def test_a_word_that_nobody_knows_leaves_a_parcel_where_it_was(database: Database) -> None:
    await _underway(database)
    await _hear(database, 1, TrackCode.PROBLEM, Trouble.ADDRESS)
    before = await _open(database)
    unknown = TrackNode(NOON + 2 * HOUR, TrackCode.NONE, "新状态", unknown=Word("kdniao", About.PARCEL, "499"))
    for _ in range(2):
        async with database.transaction() as tx:
            assert await apply_track(tx, TrackReport(Carrier.SF, "SF1", (unknown,))) == []
    async with database.reading() as tx:
        bill = await tx.get_one(WaybillRow, "K1")
        assert (bill.unknown_word, bill.unknown_since) == ("kdniao/parcel/499", NOON + 2 * HOUR)
        assert (bill.last_node_code, bill.last_node_at) == ("PROBLEM", NOON + 2 * HOUR)
        assert (await tx.get_one(ParcelRow, "O1#1")).status == "numbered"
    assert [task.key for task in await _open(database)] == [task.key for task in before]
    # Read again when it means something, it is the same line of the journey, and what it means happens.
    async with database.transaction() as tx:
        signed = replace(unknown, code=TrackCode.SIGNED, unknown=None)
        (change,) = await apply_track(tx, TrackReport(Carrier.SF, "SF1", (signed,)))
        assert change.status == "signed"
    async with database.reading() as tx:
        bill = await tx.get_one(WaybillRow, "K1")
        assert (bill.unknown_word, bill.unknown_since) == ("", None)
        nodes = (await tx.execute(select(TrackNodeRow).order_by(col(TrackNodeRow.at)))).scalars()
        assert [node.code for node in nodes] == ["PROBLEM", "SIGNED"]
    assert await _open(database) == []


async def test_newer_news_go_on_without_the_word(database: Database) -> None:
    await _underway(database)
    unknown = TrackNode(NOON + HOUR, TrackCode.NONE, "", unknown=Word("sf", About.PARCEL, "777"))
    async with database.transaction() as tx:
        await apply_track(tx, TrackReport(Carrier.SF, "SF1", (unknown,)))
    await _hear(database, 2, TrackCode.IN_TRANSIT)
    async with database.transaction() as tx:
        await apply_track(tx, TrackReport(Carrier.SF, "SF1", (unknown,)))  # late, and no news any more
        assert (await tx.get_one(WaybillRow, "K1")).unknown_word == ""


async def test_a_trouble_is_one_task_with_a_proposal_until_the_next_news(database: Database) -> None:
    await _underway(database)
    for _ in range(2):
        await _hear(database, 1, TrackCode.PROBLEM, Trouble.ADDRESS, PHONE)
    [task] = await _open(database)
    assert (task.kind, task.text) == ("parcel_trouble", "顺丰速运 SF1：地址不详")
    assert task.proposal == {"kind": "MEND_ADDRESS", "parcel_id": "O1#1", "params": {}}
    assert task.due_at is not None
    assert round((task.due_at - task.opened_at) / HOUR) == 12
    await _hear(database, 2, TrackCode.PROBLEM)
    assert [task.text for task in await _open(database)] == ["顺丰速运 SF1：快递公司报告异常"]
    await _hear(database, 3, TrackCode.IN_TRANSIT)
    assert await _open(database) == []


@pytest.mark.parametrize(
    ("code", "kind", "proposal"),
    [
        (TrackCode.REFUSED, "parcel_refused", "AWAIT_RETURN"),
        (TrackCode.LOST, "parcel_lost", "CLAIM_AND_RESEND"),
        (TrackCode.RETURNED, "parcel_returned", "RESTOCK_AND_REFUND"),
    ],
)
async def test_another_course_is_a_task_that_a_signature_ends(
    database: Database, code: TrackCode, kind: str, proposal: str
) -> None:
    await _underway(database)
    await _hear(database, 1, code)
    [task] = await _open(database)
    assert task.proposal is not None
    assert (task.kind, task.proposal["kind"]) == (kind, proposal)
    await _hear(database, 2, TrackCode.SIGNED)
    assert await _open(database) == []


async def test_refused_and_then_returned_is_one_task_at_a_time(database: Database) -> None:
    await _underway(database)
    await _hear(database, 1, TrackCode.REFUSED)
    await _hear(database, 2, TrackCode.IN_TRANSIT)
    assert await _kinds(database) == ["parcel_refused"]
    await _hear(database, 3, TrackCode.RETURNED)
    assert await _kinds(database) == ["parcel_returned"]


async def test_news_that_were_overtaken_ask_nobody(database: Database) -> None:
    await _underway(database)
    await _hear(database, 5, TrackCode.IN_TRANSIT)
    await _hear(database, 1, TrackCode.PROBLEM, Trouble.ADDRESS)
    assert await _open(database) == []


async def _silent(db: Database, now: datetime) -> list[tracking.Silent]:
    async with db.reading() as tx:
        return await tracking.silent(tx, now, 10)


async def _ask(db: Database, silent: tracking.Silent, now: datetime) -> bool:
    async with db.transaction() as tx:
        return await tracking.ask_about_silence(tx, silent, Phase.IN_TRANSIT, "silence@1/usual", now)


async def test_silence_is_judged_once_and_asked_about_once_an_episode(database: Database) -> None:
    await _underway(database)
    await _hear(database, 1, TrackCode.IN_TRANSIT)
    [silent] = await _silent(database, NOON)
    assert (silent.since, silent.code, silent.due_at) == (NOON + HOUR, "IN_TRANSIT", None)
    async with database.transaction() as tx:
        await tracking.judge(tx, silent, NOON + 37 * HOUR)
    assert await _silent(database, NOON + 36 * HOUR) == []
    [due] = await _silent(database, NOON + 37 * HOUR)
    assert due.due_at == NOON + 37 * HOUR

    now = NOON + 38 * HOUR
    assert await _ask(database, due, now)
    assert not await _ask(database, due, now)
    [task] = await _open(database)
    assert (task.kind, task.proposal and task.proposal["kind"]) == ("parcel_stuck", "URGE_COURIER")
    assert "37 小时" in task.text
    assert await _silent(database, NOON + 99 * HOUR) == []

    await _hear(database, 40, TrackCode.IN_TRANSIT)
    assert await _open(database) == []
    [again] = await _silent(database, NOON + 99 * HOUR)
    assert await _ask(database, again, NOON + 99 * HOUR)
    assert await _kinds(database) == ["parcel_stuck"]


async def test_news_that_come_while_silence_is_judged_win(database: Database) -> None:
    await _underway(database)
    [waiting] = await _silent(database, NOON)
    assert (waiting.since, waiting.code) == (NOON, "")
    await _hear(database, 1, TrackCode.COLLECTED)
    assert not await _ask(database, waiting, NOON + 30 * HOUR)
    async with database.transaction() as tx:
        await tracking.judge(tx, waiting, NOON)
        assert (await tx.get_one(WaybillRow, "K1")).silence_due_at is None
    assert await _open(database) == []


async def test_news_that_say_nothing_of_where_it_is_end_its_silence_where_it_was(database: Database) -> None:
    await _underway(database)
    await _hear(database, 1, TrackCode.IN_TRANSIT)
    await _hear(database, 2, TrackCode.NONE)
    [silent] = await _silent(database, NOON)
    assert (silent.since, silent.code) == (NOON + 2 * HOUR, "IN_TRANSIT")


async def test_only_parcels_that_their_courier_should_have_are_judged(database: Database) -> None:
    await _underway(database, told_at=None)
    assert await _silent(database, NOON) == []


async def test_a_task_that_is_overdue_becomes_an_alert(database: Database) -> None:
    await _underway(database)
    await _hear(database, 1, TrackCode.PROBLEM)
    [task] = await _open(database)
    assert task.due_at is not None
    for now, count in ((task.due_at - HOUR, 0), (task.due_at, 1), (task.due_at, 0)):
        async with database.transaction() as tx:
            assert await tracking.alert_overdue(tx, now) == count
    assert [task.severity for task in await _open(database)] == ["alert"]


async def test_the_end_of_an_order_ends_what_was_asked_about_its_parcels(database: Database) -> None:
    await _underway(database)
    await _hear(database, 1, TrackCode.REFUSED)
    async with database.transaction() as tx:
        await tracking.close_tasks(tx, "O1", "吴")
    assert await _open(database) == []


async def test_gaps_are_read_from_the_journeys(database: Database) -> None:
    await _underway(database)
    for hours, code in ((1, TrackCode.COLLECTED), (3, TrackCode.IN_TRANSIT), (8, TrackCode.SIGNED)):
        await _hear(database, hours, code)
    async with database.reading() as tx:
        assert await tracking.gaps(tx, NOON, 100) == [
            Gap(Carrier.SF, Phase.COLLECTED, 2 * HOUR),
            Gap(Carrier.SF, Phase.IN_TRANSIT, 5 * HOUR),
        ]
        assert await tracking.gaps(tx, NOON + 9 * HOUR, 100) == []
