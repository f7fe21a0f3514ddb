"""Our stock beside the warehouse's own figures: what differs is a person's, and closes itself when it agrees."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import col, select
from temporalio.exceptions import ApplicationError

from activities import contracts as c
from activities.contracts import CompareAsk, Compared
from connectors.errors import Rejected
from domain.clock import utc_now
from domain.shelves import Ours, Quality, Shelf, ShelfChange
from store import counts, stock
from store.counts import DifferenceChanged
from store.database import Database
from store.stock import StockShort
from store.tables import ConsignmentRow, DeliveryRow, ReservationRow, ShelfChangeRow, StockLedgerRow, StockRow, TaskRow
from tests.activities.conftest import Bench
from tests.workflows.partners import away, fails

NOW_AND_AGAIN = CompareAsk(again_s=0)


async def there(bench: Bench, sku: str, pieces: int, locked: int = 0) -> None:
    """The warehouse has so many."""
    bench.town.warehouse.on_shelf["WH01", sku] = Shelf("WH01", sku, Quality.GOOD, pieces, locked)


async def here(bench: Bench, sku: str, pieces: int) -> None:
    async with bench.db.transaction() as tx:
        await stock.receive(tx, sku, "WH01", pieces, stock.Movement(f"receive/{sku}/{pieces}", "receive", "test"))


async def tasks(bench: Bench) -> list[tuple[str, str, bool]]:
    async with bench.db.reading() as tx:
        rows = (await tx.execute(select(TaskRow).order_by(col(TaskRow.key)))).scalars()
        return [(row.key, row.text, row.closed_at is None) for row in rows]


async def locked_and(bench: Bench, status: str, sku: str = "MUG", pieces: int = 3) -> None:
    """An order that has locked pieces, and an instruction to the warehouse in this state."""
    async with bench.db.transaction() as tx:
        await stock.reserve(tx, "own:main:X1", {sku: pieces}, "WH01", "test")
        tx.add(DeliveryRow(code="D1", order_id="own:main:X1", n=1, revision=1, status=status, at=utc_now()))


async def test_figures_that_agree_are_nobodys_task(bench: Bench) -> None:
    await here(bench, "MUG", 10)
    await there(bench, "MUG", 10)
    assert await bench.run(c.COMPARE_SHELVES, NOW_AND_AGAIN) == Compared(1, 0, 0, 0)
    assert await tasks(bench) == []


async def test_a_difference_is_one_living_task_that_closes_itself(bench: Bench) -> None:
    await here(bench, "MUG", 10)
    await there(bench, "MUG", 8)
    assert await bench.run(c.COMPARE_SHELVES, NOW_AND_AGAIN) == Compared(1, 1, 0, 0), "once may be a coincidence"
    assert await bench.run(c.COMPARE_SHELVES, NOW_AND_AGAIN) == Compared(1, 1, 1, 0)
    ((key, first, open_),) = await tasks(bench)
    assert (key, open_) == ("stock_differs/WH01/MUG", True)
    assert all(part in first for part in ("可用 8", "在库 10", "少 2 件"))
    await there(bench, "MUG", 7)
    for _ in range(2):
        await bench.run(c.COMPARE_SHELVES, NOW_AND_AGAIN)
    ((_, second, open_),) = await tasks(bench)
    assert open_
    assert "少 3 件" in second
    await there(bench, "MUG", 10)
    assert await bench.run(c.COMPARE_SHELVES, NOW_AND_AGAIN) == Compared(1, 0, 0, 1)
    assert [open_ for _, _, open_ in await tasks(bench)] == [False]
    await there(bench, "MUG", 11)
    for _ in range(2):
        await bench.run(c.COMPARE_SHELVES, CompareAsk(every_s=0, again_s=0))
    ((_, third, open_),) = await tasks(bench)
    assert open_
    assert "多 1 件" in third


@pytest.mark.parametrize(
    ("status", "available", "differs"),
    [
        ("pushed", 7, 0),  # it waits for packing there, or was packed and the report is on its way
        ("pushed", 10, 3),  # the warehouse gives its pieces to others
        ("asked", 10, 0),  # the instruction may not have come
        ("asked", 7, 0),
        ("asked", 8, 0),
        ("asked", 6, -1),
        ("stopping", 7, 0),
        ("cancelled", 10, 0),
        ("cancelled", 7, -3),
    ],
)
async def test_what_is_under_way_is_no_difference(bench: Bench, status: str, available: int, differs: int) -> None:
    await here(bench, "MUG", 10)
    await locked_and(bench, status)
    await there(bench, "MUG", available)
    await bench.run(c.COMPARE_SHELVES, NOW_AND_AGAIN)
    async with bench.db.reading() as tx:
        (row,) = await counts.compared(tx)
    assert row.difference == differs


@pytest.mark.parametrize(
    ("status", "hours", "at_source", "at_target"),
    [
        ("frozen", 0, (6, 10), (2, 2)),  # its people may have begun to send
        ("frozen", 30, (6, 10), (2, 2)),
        ("sent", 0, (6, 10), (2, 6)),
        ("sent", 30, (6, 6), (2, 6)),  # the source has had its time, the target waits for the goods
        ("received", 0, (6, 10), (2, 6)),
        ("received", 30, (6, 6), (6, 6)),
    ],
)
async def test_a_transfer_is_no_difference_until_the_warehouses_have_had_their_time(
    bench: Bench, status: str, hours: int, at_source: tuple[int, int], at_target: tuple[int, int]
) -> None:
    """Ten here and two there, of which four move: what each warehouse may say at least and at most."""
    then = utc_now() - timedelta(hours=hours)
    await here(bench, "MUG", 10)
    async with bench.db.transaction() as tx:
        await stock.receive(tx, "MUG", "WH02", 2, stock.Movement("receive/2", "receive", "test"))
        await stock.freeze(tx, "T1", {"MUG": 4}, "WH01", "WH02", "test", now=then, lasts=timedelta(days=9))
        if status != "frozen":
            assert (await stock.send(tx, "T1", "test", now=then)).ok
        if status == "received":
            assert await stock.take_in(tx, "T1", "test", now=then)
    async with bench.db.reading() as tx:
        found = [(await counts.ours(tx, code, ["MUG"]))["MUG"] for code in ("WH01", "WH02")]
    assert [(ours.least, ours.most) for ours in found] == [at_source, at_target]
    await there(bench, "MUG", at_source[1])
    assert (await bench.run(c.COMPARE_SHELVES, NOW_AND_AGAIN)).opened == 0
    await there(bench, "MUG", at_source[1] + 1)
    for _ in range(2):
        await bench.run(c.COMPARE_SHELVES, CompareAsk(every_s=0, again_s=0))
    async with bench.db.reading() as tx:
        assert {row.warehouse: row.difference for row in await counts.compared(tx)}["WH01"] == 1


async def test_parts_of_an_order_are_under_way_each_in_its_warehouse(bench: Bench) -> None:
    await here(bench, "MUG", 10)
    async with bench.db.transaction() as tx:
        await stock.reserve(tx, "own:main:X1", {"MUG": 5}, "WH01", "test")
        for n, (warehouse, pieces, status) in enumerate(
            [("WH01", 2, "pushed"), ("WH01", 3, "packed"), ("WH02", 7, "pushed")], start=1
        ):
            order_id, at = "own:main:X1", utc_now()
            lines = [{"line_no": "1", "sku": "MUG", "quantity": pieces}]
            tx.add(ConsignmentRow(order_id=order_id, n=n, warehouse=warehouse, lines=lines, status="ready", at=at))
            tx.add(
                DeliveryRow(
                    code=f"D{n}",
                    order_id="own:main:X1",
                    n=n,
                    consignment=n,
                    warehouse=warehouse,
                    revision=1,
                    status=status,
                    at=at,
                )
            )
    async with bench.db.reading() as tx:
        assert (await counts.ours(tx, "WH01", ["MUG"]))["MUG"] == Ours(10, 2, 0)


async def test_an_article_that_the_warehouse_does_not_keep(bench: Bench) -> None:
    await here(bench, "MUG", 2)
    for _ in range(2):
        await bench.run(c.COMPARE_SHELVES, NOW_AND_AGAIN)
    ((_, text, _),) = await tasks(bench)
    assert "仓库没有这个商品" in text


async def test_what_was_compared_rests_until_the_warehouse_tells_of_a_change(bench: Bench) -> None:
    for sku in ("A", "B"):
        await here(bench, sku, 5)
        await there(bench, sku, 5)
    hourly = CompareAsk()
    assert (await bench.run(c.COMPARE_SHELVES, hourly)).looked == 2
    assert (await bench.run(c.COMPARE_SHELVES, hourly)).looked == 0
    lost = ShelfChange("SC-1", "WH01", "B", Quality.GOOD, -1, order_type="QTCK")
    await there(bench, "B", 4)
    async with bench.db.transaction() as tx:
        assert await counts.keep_changes(tx, [lost]) == 1
    assert await bench.run(c.COMPARE_SHELVES, hourly) == Compared(1, 1, 0, 0)
    await bench.run(c.COMPARE_SHELVES, NOW_AND_AGAIN)
    ((key, text, _),) = await tasks(bench)
    assert key == "stock_differs/WH01/B"
    assert "-1 QTCK SC-1" in text, "what the warehouse said of it stands beside the difference"


async def test_all_articles_are_compared_in_batches(bench: Bench) -> None:
    for n in range(5):
        await here(bench, f"SKU-{n}", 1)
        await there(bench, f"SKU-{n}", 1)
    assert (await bench.run(c.COMPARE_SHELVES, CompareAsk(batch=2))).looked == 5
    assert bench.town.warehouse.calls["shelves"] == 3


async def test_a_warehouse_that_is_away_or_refuses_changes_no_verdict(bench: Bench) -> None:
    await here(bench, "MUG", 10)
    bench.town.warehouse.will("shelves", away("qimen"), fails(Rejected("qimen", "shelves", "货主未授权", "E1")))
    with pytest.raises(ApplicationError):
        await bench.run(c.COMPARE_SHELVES, NOW_AND_AGAIN)
    assert await tasks(bench) == []
    assert await bench.run(c.COMPARE_SHELVES, NOW_AND_AGAIN) == Compared(0, 0, 0, 0)
    assert [(key, open_) for key, _, open_ in await tasks(bench)] == [("stock_compare_refused/WH01", True)]
    await there(bench, "MUG", 10)
    await bench.run(c.COMPARE_SHELVES, NOW_AND_AGAIN)
    assert [open_ for _, _, open_ in await tasks(bench)] == [False]


async def test_every_warehouse_is_compared_by_itself(bench: Bench) -> None:
    await here(bench, "MUG", 10)
    async with bench.db.transaction() as tx:
        await stock.receive(tx, "MUG", "WH02", 4, stock.Movement("receive/2", "receive", "test"))
    await there(bench, "MUG", 10)
    bench.town.warehouse.on_shelf["WH02", "MUG"] = Shelf("WH02", "MUG", Quality.GOOD, 5, 0)
    for _ in range(2):
        await bench.run(c.COMPARE_SHELVES, NOW_AND_AGAIN)
    assert [key for key, _, _ in await tasks(bench)] == ["stock_differs/WH02/MUG"]


async def test_the_same_change_is_kept_once(database: Database) -> None:
    change = ShelfChange("SC-1", "WH01", "MUG", Quality.GOOD, -1)
    async with database.transaction() as tx:
        assert await counts.keep_changes(tx, [change, ShelfChange("SC-1", "WH01", "CUP", Quality.GOOD, -1)]) == 2
    async with database.transaction() as tx:
        assert await counts.keep_changes(tx, [change, ShelfChange("SC-2", "WH01", "MUG", Quality.GOOD, 1)]) == 1
        assert len((await tx.execute(select(ShelfChangeRow))).scalars().all()) == 3


async def test_a_count_is_adopted_once_with_who_and_why(bench: Bench) -> None:
    await here(bench, "MUG", 10)
    await there(bench, "MUG", 8)
    for _ in range(2):
        await bench.run(c.COMPARE_SHELVES, NOW_AND_AGAIN)
    with pytest.raises(DifferenceChanged):
        async with bench.db.transaction() as tx:
            await counts.adopt(tx, "WH01", "MUG", -3, "li", "盘亏")
    async with bench.db.transaction() as tx:
        assert (await counts.adopt(tx, "WH01", "MUG", -2, "li", "盘亏")).on_hand == 8
    with pytest.raises(DifferenceChanged):
        async with bench.db.transaction() as tx:
            await counts.adopt(tx, "WH01", "MUG", -2, "li", "盘亏")
    async with bench.db.reading() as tx:
        assert (await tx.get_one(StockRow, ("MUG", "WH01"))).on_hand == 8
        moved = (await tx.execute(select(StockLedgerRow).where(col(StockLedgerRow.key).startswith("count/")))).scalars()
        assert [(row.on_hand_delta, row.who, row.reason) for row in moved] == [(-2, "li", "count: 盘亏")]
    assert [open_ for _, _, open_ in await tasks(bench)] == [False]
    assert (await bench.run(c.COMPARE_SHELVES, CompareAsk(every_s=0, again_s=0))).differing == 0


async def test_what_orders_hold_cannot_be_counted_away(bench: Bench) -> None:
    await here(bench, "MUG", 3)
    await locked_and(bench, "cancelled")
    await there(bench, "MUG", 1)
    await bench.run(c.COMPARE_SHELVES, NOW_AND_AGAIN)
    with pytest.raises(StockShort):
        async with bench.db.transaction() as tx:
            await counts.adopt(tx, "WH01", "MUG", -2, "li", "盘亏")
    async with bench.db.reading() as tx:
        assert (await tx.get_one(StockRow, ("MUG", "WH01"))).on_hand == 3
        assert (await tx.execute(select(ReservationRow.quantity))).scalars().all() == [3]


async def test_what_was_never_compared_cannot_be_adopted(database: Database) -> None:
    with pytest.raises(LookupError):
        async with database.transaction() as tx:
            await counts.adopt(tx, "WH01", "MUG", -2, "li", "盘亏")
