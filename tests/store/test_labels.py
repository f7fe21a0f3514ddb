from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from domain.clock import utc_now
from domain.order import Channel, CipherReceiver, Region
from domain.paper import Size
from store import label_sheets, labels
from store.database import Database
from store.label_sheets import Sheet
from store.orders import replace_receiver
from store.steps import load_order
from store.tables import DeliveryRow, LabelItemRow, LabelSheetRow, OrderEventRow, ParcelRow
from tests.store.labelled import change, pack, pid, void
from tests.store.samples import NOON, receiver

OPENS_FOR = timedelta(hours=72)
MINUTE = timedelta(minutes=1)


async def print_all(db: Database, since: datetime = NOON, size: Size = Size.SMALL, warehouse: str = "") -> list[str]:
    async with db.reading() as tx:
        plan = await labels.plan(tx, since, warehouse)
    return await labels.print_labels(db, plan.groups, size, "lan", OPENS_FOR)


async def sheets(db: Database, ids: list[str]) -> list[Sheet]:
    async with db.reading() as tx:
        return await label_sheets.load(tx, ids)


async def off(db: Database) -> list[labels.TakenOff]:
    async with db.transaction() as tx:
        return await labels.taken_off(tx, NOON)


async def add(db: Database, *rows: LabelSheetRow | LabelItemRow | ParcelRow) -> None:
    async with db.transaction() as tx:
        tx.add_all(rows)


def on(sheet: Sheet) -> list[str]:
    return [entry.item.parcel_id for entry in sheet.entries]


async def test_what_goes_together_is_printed_together(database: Database) -> None:
    await pack(database, "SO1")
    await pack(database, "SO2", at=NOON + 10 * MINUTE, parcels=2)
    await pack(database, "SO3", at=NOON + 16 * MINUTE)
    await pack(database, "SO4", district="西湖区")
    await pack(database, "SO5", carrier="ZTO")
    await pack(database, "SO6", warehouse="WH02")
    ids = await print_all(database)
    found = {tuple(on(sheet)): sheet for sheet in await sheets(database, ids)}
    assert set(found) == {
        (pid("SO1"), pid("SO2"), pid("SO2", 2)),
        (pid("SO3"),),
        (pid("SO4"),),
        (pid("SO5"),),
        (pid("SO6"),),
    }
    sheet = found[pid("SO1"), pid("SO2"), pid("SO2", 2)]
    label = sheet.label()
    assert [order.order_no for order in label.orders] == ["SO1", "SO2"]
    codes = [order.code for order in label.orders]
    assert len(set(codes)) == 2
    assert [[parcel.number for parcel in order.parcels] for order in label.orders] == [
        ["SF100000000011"],
        ["SF100000000021", "SF100000000022"],
    ]
    assert [(item.title, item.quantity, item.gift) for item in label.orders[0].parcels[0].items] == [
        ("马克杯 350ml", 2, False),
        ("<b>杯垫</b>", 1, True),
    ]
    async with database.reading() as tx:
        for code, order_id in zip(codes, ("own:main:SO1", "own:main:SO2"), strict=True):
            opened = await label_sheets.by_code(tx, code)
            assert opened is not None
            assert (opened[0].row.sheet_id, opened[1]) == (label.sheet_id, order_id)
        assert await label_sheets.by_code(tx, "a" * 24) is None
        events = (await tx.execute(select(OrderEventRow).where(OrderEventRow.what == "label.printed"))).scalars().all()
    assert {(event.order_id, event.why, event.who) for event in events} >= {("own:main:SO2", label.sheet_id, "lan")}
    assert len(events) == 6


async def test_a_group_that_is_larger_than_a_sheet(database: Database) -> None:
    for n in range(1, 6):
        await pack(database, f"SO{n}", at=NOON + n * MINUTE)
    first, second = await sheets(database, await print_all(database))
    assert (len(first.entries), len(second.entries)) == (3, 2)
    assert [(sheet.row.n, sheet.row.part, sheet.row.parts, sheet.row.late) for sheet in (first, second)] == [
        (1, 1, 2, False),
        (2, 2, 2, False),
    ]
    assert second.row.sheet_id == first.row.sheet_id[:-1] + "2"


async def test_printing_again_changes_nothing(database: Database) -> None:
    oid = await pack(database)
    ids = await print_all(database)
    [before] = await sheets(database, ids)
    assert await print_all(database) == []
    async with database.transaction() as tx:  # the order changes afterwards
        await replace_receiver(
            tx, await load_order(tx, oid), receiver("别处2号").model_copy(update={"name": "别人"}), "us"
        )
    [after] = await sheets(database, ids)
    assert after.label() == before.label()
    assert await off(database) == []


async def test_a_group_that_two_print_at_the_same_moment(database: Database) -> None:
    for n in range(1, 5):
        await pack(database, f"SO{n}")
    async with database.reading() as tx:
        plan = await labels.plan(tx, NOON)
    both = await asyncio.gather(
        *(labels.print_labels(database, plan.groups, Size.SMALL, who, OPENS_FOR) for who in ("lan", "wei", "li"))
    )
    assert sorted(len(ids) for ids in both) == [0, 0, 2]
    async with database.reading() as tx:
        items = (await tx.execute(select(LabelItemRow.parcel_id))).scalars().all()
    assert sorted(items) == [pid(f"SO{n}") for n in range(1, 5)]


async def test_the_database_lets_a_parcel_stand_on_one_sheet_only(database: Database) -> None:
    await pack(database)
    [sheet] = await sheets(database, await print_all(database))
    row = sheet.row.model_dump() | {"sheet_id": "other"}
    item = sheet.entries[0].item.model_dump() | {"sheet_id": "other"}
    with pytest.raises(IntegrityError):
        await add(database, LabelSheetRow(**row), LabelItemRow(**item))


async def test_who_comes_late_gets_a_sheet_of_the_same_group(database: Database) -> None:
    await pack(database, "SO1")
    [first] = await print_all(database)
    await pack(database, "SO2", at=NOON + 14 * MINUTE)
    [late] = await sheets(database, await print_all(database))
    assert late.row.sheet_id == first[:-1] + "2"
    assert (late.row.late, late.window.opens_at, on(late)) == (True, NOON, [pid("SO2")])


async def test_a_number_that_changed(database: Database) -> None:
    await pack(database, "SO1")
    await pack(database, "SO2")
    [sheet_id] = await print_all(database)
    await void(database, pid("SO1"), new_at=NOON + 30 * MINUTE)
    [sheet] = await sheets(database, [sheet_id])  # true before anybody writes it down
    assert [entry.stops for entry in sheet.entries] == [("已换单号",), ()]
    assert [[parcel.off for parcel in order.parcels] for order in sheet.label().orders] == [["已换单号"], [""]]
    expected = labels.TakenOff(pid("SO1"), sheet_id, "SF100000000011", "changed", "SF200000000011", "")
    assert await off(database) == [expected]
    [new_id] = await print_all(database)
    [new] = await sheets(database, [new_id])
    assert [entry.item.number for entry in new.entries] == ["SF200000000011"]
    assert [one.new_sheet for one in await off(database)] == [new_id]
    assert await print_all(database) == []


async def test_a_number_that_changed_before_anybody_looked(database: Database) -> None:
    await pack(database)
    [old_id] = await print_all(database)
    await void(database, pid("SO1"), new_at=NOON + 30 * MINUTE)
    [new_id] = await print_all(database)
    old, new = await sheets(database, [old_id, new_id])
    assert (old.entries[0].item.off_why, new.entries[0].item.off_at) == ("changed", None)


async def test_a_number_that_was_voided(database: Database) -> None:
    await pack(database)
    [sheet_id] = await print_all(database)
    await void(database, pid("SO1"))
    [sheet] = await sheets(database, [sheet_id])
    assert sheet.entries[0].stops == ("单号已作废",)
    assert [(one.why, one.new_number) for one in await off(database)] == [("voided", "")]
    assert [(one.why, one.new_number) for one in await off(database)] == [("voided", "")]
    assert await print_all(database) == []


async def test_a_sheet_that_is_withdrawn_is_printed_anew(database: Database) -> None:
    await pack(database, "SO1")
    await pack(database, "SO2")
    [sheet_id] = await print_all(database)
    for left in (2, 0):
        async with database.transaction() as tx:
            assert await labels.withdraw(tx, sheet_id, "lan") == left
    [again] = await print_all(database, size=Size.LARGE)
    old, new = await sheets(database, [sheet_id, again])
    assert [entry.stops for entry in old.entries] == [("面单已作废",)] * 2
    assert (on(new), new.row.size, new.row.late) == ([pid("SO1"), pid("SO2")], "100x180", True)
    async with database.transaction() as tx:
        with pytest.raises(LookupError):
            await labels.withdraw(tx, "no-such", "lan")


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"holds": ["REFUND_PENDING"]}, "退款处理中"),
        ({"exit": "UNDELIVERED"}, "未妥投关闭"),
    ],
)
async def test_what_must_not_ship_is_not_printed_and_said(
    database: Database, values: dict[str, object], why: str
) -> None:
    oid = await pack(database, "SO1")
    await pack(database, "SO2")
    async with database.reading() as tx:
        groups = (await labels.plan(tx, NOON)).groups
    await change(database, oid, **values)
    async with database.reading() as tx:
        assert (await labels.plan(tx, NOON)).held == [labels.Held(pid("SO1"), "WH01", (why,))]
    # Also when it happened after the plan was made.
    [sheet_id] = await labels.print_labels(database, groups, Size.SMALL, "lan", OPENS_FOR)
    [sheet] = await sheets(database, [sheet_id])
    assert on(sheet) == [pid("SO2")]
    await change(database, "own:main:SO2", **values)
    [sheet] = await sheets(database, [sheet_id])
    assert sheet.entries[0].stops == (why,)


async def test_a_parcel_that_was_stopped_at_its_courier(database: Database) -> None:
    await pack(database)
    ids = await print_all(database)
    async with database.transaction() as tx:
        parcel = await tx.get_one(ParcelRow, pid("SO1"))
        parcel.status = "stopped"
        tx.add(parcel)
    [sheet] = await sheets(database, ids)
    assert sheet.entries[0].stops == ("已拦截",)


async def test_only_parcels_that_have_their_number_and_have_not_arrived(database: Database) -> None:
    for n, status in enumerate(("packed", "signed", "lost", "returned"), start=1):
        await pack(database, f"SO{n}")
        async with database.transaction() as tx:
            parcel = await tx.get_one(ParcelRow, pid(f"SO{n}"))
            parcel.status = status
            tx.add(parcel)
    await pack(database, "SO5", at=NOON - MINUTE)
    await pack(database, "SO6", warehouse="WH02")
    async with database.reading() as tx:
        assert (await labels.plan(tx, NOON, "WH01")).groups == []
        [group] = (await labels.plan(tx, NOON)).groups
    assert [parcel.parcel_id for parcel in group.parcels] == [pid("SO6")]


async def test_a_group_is_due_when_its_window_has_passed(database: Database) -> None:
    await pack(database)
    async with database.reading() as tx:
        plan = await labels.plan(tx, NOON)
    assert plan.due(NOON + 15 * MINUTE) == []
    assert plan.due(NOON + 15 * MINUTE + timedelta(seconds=1)) == plan.groups


async def test_of_an_encrypted_receiver_only_the_platforms_masks(database: Database) -> None:
    region = Region(province="浙江省", city="杭州市", district="余杭区")
    secret = CipherReceiver(
        platform=Channel.DOUYIN,
        name_cipher="#name#cipher",
        phone_cipher="$phone$cipher",
        detail_cipher="#detail#cipher",
        name_mask="测**",
        region=region,
    )
    await pack(database, receiver=secret)
    [sheet] = await sheets(database, await print_all(database))
    label = sheet.label()
    assert (label.orders[0].receiver.name, label.orders[0].receiver.phone) == ("测**", "***")
    assert "cipher" not in repr(label)


async def test_printing_again_gives_the_codes_more_time(database: Database) -> None:
    await pack(database)
    ids = await print_all(database)
    async with database.transaction() as tx:
        row = await tx.get_one(LabelSheetRow, ids[0])
        row.expires_at = NOON
        tx.add(row)
    async with database.transaction() as tx:
        await labels.prolong(tx, ids, OPENS_FOR)
    [sheet] = await sheets(database, ids)
    assert sheet.row.expires_at > utc_now() + timedelta(hours=71)


async def test_an_order_from_two_warehouses(database: Database) -> None:
    """Its parts lie apart, go to the receiver that each was packed for, and the later one changes no printed sheet."""
    oid = await pack(database, parcels=2)
    async with database.transaction() as tx:
        moved = receiver().model_copy(update={"region": Region(province="上海", city="上海市", district="静安区")})
        await replace_receiver(tx, await load_order(tx, oid), moved, "us")
        for n, warehouse in ((1, "WH01"), (2, "WH02")):
            values: dict[str, Any] = {
                "order_id": oid,
                "n": n,
                "consignment": n,
                "warehouse": warehouse,
                "status": "packed",
            }
            tx.add(DeliveryRow(code=f"D{n}", revision=n, at=NOON, **values))
            parcel = await tx.get_one(ParcelRow, pid("SO1", n))
            parcel.consignment, parcel.revision, parcel.status = n, n, "numbered" if n == 1 else "packed"
            tx.add(parcel)
        later = await tx.get_one(ParcelRow, pid("SO1", 2))
        kept = later.model_dump()
        await tx.delete(later)
    [first] = await print_all(database)
    [before] = await sheets(database, [first])
    await add(database, ParcelRow(**{**kept, "status": "numbered"}))
    [second] = await print_all(database)
    old, new = await sheets(database, [first, second])
    assert (old.window.lane.warehouse, old.window.lane.area()) == ("WH01", "浙江杭州余杭区")
    assert (new.window.lane.warehouse, new.window.lane.area()) == ("WH02", "上海静安区")
    assert old.label() == before.label()
    assert [parcel.total for order in new.label().orders for parcel in order.parcels] == [2]


async def test_sheets_since_a_moment(database: Database) -> None:
    await pack(database, "SO1")
    await pack(database, "SO2", at=NOON + 60 * MINUTE, warehouse="WH02")
    one, two = await print_all(database)
    async with database.reading() as tx:
        assert set(await label_sheets.since(tx, NOON)) == {one, two}
        assert await label_sheets.since(tx, NOON + MINUTE) == [two]
        assert await label_sheets.since(tx, NOON, "WH01") == [one]
        assert await label_sheets.since(tx, NOON, size=Size.LARGE) == []
        query = select(LabelItemRow).order_by(col(LabelItemRow.parcel_id))
        codes = [item.code for item in (await tx.execute(query)).scalars()]
    assert all(len(code) == 24 for code in codes)
