"""Who is packed with whom, on both databases."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from domain.clock import utc_now
from domain.merging import MergeRule
from store import merges
from store.database import Database
from store.merges import Merge
from store.tables import MergeMemberRow, MergeRow
from tests.store.test_shipping import parcel

RULE = MergeRule(True, "open", timedelta(hours=2), 3, "merge_rules@x/open")


async def _join(db: Database, *order_ids: str, minutes: int = 0, mark: str = "m") -> Merge | None:
    merge = None
    for order_id in order_ids:
        async with db.transaction() as tx:
            merge = await merges.join(tx, order_id, 1, mark, RULE, "WH01", utc_now() + timedelta(minutes=minutes))
    return merge


async def _merge(db: Database, order_id: str) -> Merge:
    async with db.transaction() as tx:
        merge = await merges.find(tx, order_id)
    assert merge is not None
    return merge


async def _told(db: Database) -> set[str]:
    """Whom the dispatcher would tell; told once."""
    async with db.transaction() as tx:
        untold = await merges.untold(tx, 50)
        for one in untold:
            await merges.mark_told(tx, one)
    return {one.order_id for one in untold}


async def test_the_first_opens_it_and_the_others_join_while_there_is_room(database: Database) -> None:
    merge = await _join(database, "A", "B", "A", "C")
    assert merge is not None
    assert ([one.order_id for one in merge.joined()], merge.row.leader) == (["A", "B", "C"], "A")
    assert await _told(database) == {"A"}
    other = await _join(database, "D")
    assert other is not None
    assert (other.row.leader, other.number) != (merge.row.leader, merge.number)
    assert not (await _merge(database, "A")).row.joinable


async def test_after_the_window_another_one_is_opened(database: Database) -> None:
    await _join(database, "A")
    late = await _join(database, "B", minutes=121)
    assert late is not None
    assert late.row.leader == "B"


async def test_many_at_the_same_moment_come_to_one_merge_at_a_time(database: Database) -> None:
    await asyncio.gather(*(_join(database, f"O{n}") for n in range(7)))
    found = [await _merge(database, f"O{n}") for n in range(7)]
    assert sorted({merge.number: len(merge.members) for merge in found}.values()) == [1, 3, 3]
    assert [one.row.joinable for one in found].count(True) == 1


async def test_the_database_itself_keeps_a_second_open_merge_and_a_second_asking_parcel_out(database: Database) -> None:
    await _join(database, "A")
    twin = MergeRow(
        mark="m", group_name="open", warehouse="WH01", leader="X", state="open", rule="", opened_at=utc_now()
    )
    with pytest.raises(IntegrityError):
        async with database.transaction() as tx:
            tx.add(twin)
    first, second = parcel(1), parcel(2)
    first.box = second.box = "C/1"
    first.asks = second.asks = True
    with pytest.raises(IntegrityError):
        async with database.transaction() as tx:
            tx.add_all([first, second])


async def test_whoever_leaves_is_never_merged_again_and_the_next_one_leads(database: Database) -> None:
    await _join(database, "A", "B", "C")
    async with database.transaction() as tx:
        assert await merges.instruct(tx, "B", "CODE") is None, "it does not lead"
        assert await merges.instruct(tx, "A", "CODE") is not None
    await _told(database)
    async with database.transaction() as tx:
        assert await merges.begin_leaving(tx, "A", everyone=False) == "CODE"
    async with database.transaction() as tx:
        assert await merges.instruct(tx, "A", "NEXT") is None, "not while it is leaving"
        assert await merges.leave(tx, "A", "held", "orderhub")
    async with database.transaction() as tx:
        assert not await merges.leave(tx, "A", "held", "orderhub")
    merge = await _merge(database, "A")
    assert ([one.order_id for one in merge.joined()], merge.row.leader) == (["B", "C"], "B")
    assert {one.code for one in merge.members} == {""}, "that instruction was stopped"
    assert await _told(database) == {"B", "C"}
    assert await _join(database, "A") is None


async def test_too_late_to_leave_it_stays(database: Database) -> None:
    await _join(database, "A", "B")
    async with database.transaction() as tx:
        await merges.begin_leaving(tx, "A", everyone=True)
        await merges.stay(tx, "A")
    assert {one.state for one in (await _merge(database, "A")).members} == {"joined"}


async def test_packed_together_and_who_came_too_late_goes_alone(database: Database) -> None:
    await _join(database, "A", "B")
    async with database.transaction() as tx:
        await merges.instruct(tx, "A", "CODE")
    await _join(database, "C")
    await _told(database)
    async with database.transaction() as tx:
        merge = await merges.of_code(tx, "CODE")
        assert merge is not None
        await merges.pack(tx, merge, "CODE", 7, {"A": [{"box": "CODE/1"}], "B": [{"box": "CODE/1"}]}, "late")
    merge = await _merge(database, "C")
    assert [(one.order_id, one.state, one.report_id) for one in merge.members] == [
        ("A", "packed", 7),
        ("B", "packed", 7),
        ("C", "left", 0),
    ]
    assert (merge.row.state, merge.row.joinable) == ("packed", False)
    assert await _told(database) == {"B", "C"}
    async with database.transaction() as tx:
        assert await merges.dissolve(tx, "A", "too late", "li") == []
        assert [one.order_id for one in await merges.box_of(tx, "A", "CODE/1")] == ["A", "B"]


async def test_undone_by_a_person_all_go_alone(database: Database) -> None:
    await _join(database, "A", "B")
    await _told(database)
    async with database.transaction() as tx:
        assert await merges.dissolve(tx, "B", "two gifts", "li") == ["A", "B"]
    merge = await _merge(database, "A")
    assert (merge.row.state, merge.row.joinable) == ("undone", False)
    assert await _told(database) == {"A"}
    async with database.transaction() as tx:
        assert [one.number for one in await merges.newest(tx, 10)] == [merge.number]
        assert await merges.with_whom(tx, "A") is not None


async def test_behind_a_held_leader_nobody_waits(database: Database) -> None:
    await _join(database, "A", "B")
    await _told(database)
    async with database.transaction() as tx:
        merge = await merges.find(tx, "A")
        assert merge is not None
        await merges.shut(tx, merge, "held")
    merge = await _merge(database, "A")
    assert {one.state for one in merge.members} == {"left"}
    assert merge.row.state == "undone"
    assert await _told(database) == {"B"}


async def test_an_instruction_that_is_off_has_nobodys_goods(database: Database) -> None:
    await _join(database, "A", "B")
    async with database.transaction() as tx:
        await merges.instruct(tx, "A", "CODE")
        await merges.called_off(tx, "CODE")
        assert await merges.of_code(tx, "CODE") is None
    async with database.transaction() as tx:
        row = await tx.get(MergeMemberRow, "B")
        assert row is not None
        assert row.code == ""
        assert await merges.shares_box(tx, parcel(order_id="A")) == []
