from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, func, select

from domain.shipping import (
    Carrier,
    Package,
    ScannedItem,
    TrackCode,
    TrackNode,
    TrackReport,
    WarehouseReport,
    WarehouseStatus,
)
from store.database import Database
from store.shipping import (
    box_items,
    delivery,
    keep_report,
    keep_track,
    live_waybill,
    packed_boxes,
    parcels,
    report,
    waybill_by_number,
    waybills_to_follow,
)
from store.tables import DeliveryRow, ParcelRow, TrackNodeRow, WarehouseReportRow, WaybillRow
from tests.store.samples import NOON

ONE_ITEM = (ScannedItem("MUG", 1, "1"),)
PACKED = WarehouseReport("DO1", WarehouseStatus.PACKED, (Package("BOX1", ONE_ITEM, 800),), final=False, message="好")


def parcel(n: int = 1, status: str = "numbered", order_id: str = "O1") -> ParcelRow:
    items = box_items(ONE_ITEM)
    return ParcelRow(
        parcel_id=f"{order_id}#{n}", order_id=order_id, n=n, package_code=f"BOX{n}", items=items, status=status
    )


def waybill(
    key: str,
    parcel_id: str = "O1#1",
    status: str = "live",
    number: str = "SF1",
    *,
    subscribed_at: datetime | None = None,
    last_news_at: datetime | None = None,
) -> WaybillRow:
    return WaybillRow(
        key=key,
        parcel_id=parcel_id,
        order_id="O1",
        provider="sf",
        carrier="SF",
        attempt=1,
        number=number,
        status=status,
        subscribed_at=subscribed_at,
        last_news_at=last_news_at,
        asked_at=NOON,
        updated_at=NOON,
    )


async def _add(db: Database, *rows: ParcelRow | WaybillRow | DeliveryRow) -> None:
    async with db.transaction() as tx:
        tx.add_all(rows)


async def test_a_second_live_waybill_of_a_parcel_is_refused_by_the_database(database: Database) -> None:
    await _add(database, waybill("K1"))
    with pytest.raises(IntegrityError):
        await _add(database, waybill("K2", number="SF2"))
    await _add(database, waybill("K2", status="asked"), waybill("K3", status="void"), waybill("K4", "O1#2"))
    with pytest.raises(IntegrityError):
        async with database.transaction() as tx:
            await tx.execute(update(WaybillRow).where(col(WaybillRow.key) == "K2").values(status="live"))
    async with database.transaction() as tx:
        found = await live_waybill(tx, "O1#1")
        assert found is not None
        assert found.key == "K1"


async def test_of_couriers_answering_at_the_same_moment_one_waybill_is_live(database: Database) -> None:
    answers = await asyncio.gather(*(_add(database, waybill(f"K{n}")) for n in range(4)), return_exceptions=True)
    assert sum(answer is None for answer in answers) == 1
    assert all(isinstance(answer, IntegrityError) for answer in answers if answer is not None)


async def test_a_void_waybill_makes_room_for_the_next(database: Database) -> None:
    await _add(database, waybill("K1"))
    async with database.transaction() as tx:
        await tx.execute(update(WaybillRow).values(status="void"))
        assert await live_waybill(tx, "O1#1") is None
        assert await waybill_by_number(tx, "SF1") is None
    await _add(database, waybill("K2", number="SF2"))
    async with database.transaction() as tx:
        found = await waybill_by_number(tx, "SF2")
        assert found is not None
        assert found.key == "K2"


async def test_parcels_come_in_their_order(database: Database) -> None:
    await _add(database, parcel(2), parcel(1), parcel(10), parcel(1, order_id="O2"))
    async with database.transaction() as tx:
        found = await parcels(tx, "O1")
    assert [row.n for row in found] == [1, 2, 10]
    assert found[0].items == [{"sku": "MUG", "quantity": 1, "line_no": "1"}]
    assert found[0].whole_order


async def test_a_delivery_is_found_by_its_code(database: Database) -> None:
    await _add(database, DeliveryRow(code="DO1", order_id="O1", n=1, revision=1, status="asked", at=NOON))
    async with database.transaction() as tx:
        found = await delivery(tx, "DO1")
        assert found is not None
        assert found.order_id == "O1"
        assert await delivery(tx, "DO2") is None


async def test_a_report_comes_back_as_it_was(database: Database) -> None:
    async with database.transaction() as tx:
        report_id = await keep_report(tx, PACKED)
    async with database.transaction() as tx:
        assert await report(tx, report_id) == PACKED
        with pytest.raises(LookupError):
            await report(tx, report_id + 1000)


async def test_the_same_report_again_has_the_same_id(database: Database) -> None:
    async def keep(item: WarehouseReport) -> int:
        async with database.transaction() as tx:
            return await keep_report(tx, item)

    ids = await asyncio.gather(*(keep(PACKED) for _ in range(4)))
    assert len(set(ids)) == 1
    others = [replace(PACKED, final=True), replace(PACKED, delivery_code="DO2"), replace(PACKED, packages=())]
    assert len({ids[0], *[await keep(other) for other in others]}) == 4
    async with database.transaction() as tx:
        assert (await tx.execute(select(func.count()).select_from(WarehouseReportRow))).scalar_one() == 4


async def test_boxes_of_all_reports_count_once_and_only_when_packed(database: Database) -> None:
    second = Package("BOX2", (ScannedItem("CUP", 2, "2"),), 300)
    corrected = Package("BOX1", (ScannedItem("MUG", 2, "1"),), 900)
    reports = (
        WarehouseReport("DO1", WarehouseStatus.ACCEPTED, (Package("DRAFT", ONE_ITEM),)),
        PACKED,
        replace(PACKED, packages=(corrected, second), final=True),
        replace(PACKED, delivery_code="DO2", packages=(Package("ELSEWHERE", ONE_ITEM),)),
    )
    async with database.transaction() as tx:
        for item in reports:
            await keep_report(tx, item)
        assert await packed_boxes(tx, "DO1") == [corrected, second]
        assert await packed_boxes(tx, "DO9") == []


async def test_only_new_lines_of_a_journey_are_kept(database: Database) -> None:
    collected = TrackNode(NOON, TrackCode.COLLECTED, "已揽收", "杭州")
    signed = TrackNode(NOON + timedelta(days=1), TrackCode.SIGNED, "已签收")
    async with database.transaction() as tx:
        assert await keep_track(tx, TrackReport(Carrier.SF, "SF1", (collected,))) == 1
    async with database.transaction() as tx:
        assert await keep_track(tx, TrackReport(Carrier.SF, "SF1", (collected, signed, signed))) == 1
        assert await keep_track(tx, TrackReport(Carrier.SF, "SF1", ())) == 0
        assert await keep_track(tx, TrackReport(Carrier.ZTO, "ZT1", (collected,))) == 1
        kept = select(TrackNodeRow).where(TrackNodeRow.number == "SF1").order_by(col(TrackNodeRow.at))
        rows = (await tx.execute(kept)).scalars().all()
    assert [(row.at, row.code, row.text, row.place) for row in rows] == [
        (NOON, "COLLECTED", "已揽收", "杭州"),
        (NOON + timedelta(days=1), "SIGNED", "已签收", ""),
    ]


async def test_the_same_line_told_in_another_time_zone_is_not_new(database: Database) -> None:
    here = TrackNode(NOON, TrackCode.COLLECTED, "已揽收")
    there = replace(here, at=NOON.astimezone(UTC))
    async with database.transaction() as tx:
        assert await keep_track(tx, TrackReport(Carrier.SF, "SF1", (here, there))) == 1


async def test_waybills_to_follow_are_the_unsubscribed_and_the_silent_ones(database: Database) -> None:
    since = NOON
    early, late = NOON - timedelta(hours=1), NOON + timedelta(hours=1)
    cases = {
        "fresh": ("numbered", "live", None, None),
        "silent": ("numbered", "live", early, None),
        "silent since": ("lost", "live", early, early),
        "refused": ("refused", "live", early, early),
        "has news": ("numbered", "live", early, late),
        "just subscribed": ("numbered", "live", late, None),
        "signed": ("signed", "live", None, None),
        "packed": ("packed", "live", None, None),
        "void": ("numbered", "void", early, None),
    }
    for n, (name, (status, waybill_status, subscribed_at, last_news_at)) in enumerate(cases.items(), 1):
        row = waybill(name, f"O1#{n}", waybill_status, str(n), subscribed_at=subscribed_at, last_news_at=last_news_at)
        await _add(database, parcel(n, status), row)
    async with database.transaction() as tx:
        fresh, silent = await waybills_to_follow(tx, since, 10)
        assert [row.key for row in fresh] == ["fresh"]
        assert sorted(row.key for row in silent) == ["refused", "silent", "silent since"]
        fresh, silent = await waybills_to_follow(tx, since, 2)
        assert (len(fresh), len(silent)) == (1, 2)


async def test_the_longest_untouched_waybill_is_followed_first(database: Database) -> None:
    for n in (1, 2, 3):
        row = waybill(f"K{n}", f"O1#{n}", number=str(n))
        row.updated_at = NOON - timedelta(minutes=n)
        await _add(database, parcel(n), row)
    async with database.transaction() as tx:
        fresh, _ = await waybills_to_follow(tx, NOON, 2)
    assert [row.key for row in fresh] == ["K3", "K2"]
