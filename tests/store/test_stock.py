from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, func, select

from store.database import Database
from store.stock import Movement, ReservationChanged, StockBroken, StockShort, receive, release, reserve, ship
from store.tables import ReservationRow, StockLedgerRow, StockRow

WH = "WH1"


async def _receive(db: Database, sku: str, quantity: int, key: str = "receipt/1") -> bool:
    async with db.transaction() as tx:
        return await receive(tx, sku, WH, quantity, Movement(key, "receipt", "warehouse"))


async def _reserve(db: Database, order_id: str, wanted: Mapping[str, int]) -> None:
    async with db.transaction() as tx:
        await reserve(tx, order_id, wanted, WH, "workflow")


async def _release(db: Database, order_id: str) -> int:
    async with db.transaction() as tx:
        return await release(tx, order_id, "workflow")


async def _ship(db: Database, order_id: str) -> int:
    async with db.transaction() as tx:
        return await ship(tx, order_id, "workflow")


async def _stock(db: Database) -> dict[str, tuple[int, int]]:
    """On hand and reserved of each SKU, after proving that the ledger tells the same."""
    async with db.transaction() as tx:
        rows = (await tx.execute(select(StockRow))).scalars().all()
        sums = select(
            StockLedgerRow.sku, func.sum(StockLedgerRow.on_hand_delta), func.sum(StockLedgerRow.reserved_delta)
        ).group_by(StockLedgerRow.sku)
        ledger = {sku: (on_hand, reserved) for sku, on_hand, reserved in (await tx.execute(sums)).tuples()}
        last: dict[str, tuple[int, int]] = {}
        for line in (await tx.execute(select(StockLedgerRow).order_by(col(StockLedgerRow.seq)))).scalars():
            last[line.sku] = (line.on_hand_after, line.reserved_after)
    stock = {row.sku: (row.on_hand, row.reserved) for row in rows}
    assert {sku: amounts for sku, amounts in stock.items() if sku in ledger or amounts != (0, 0)} == ledger
    assert ledger == last
    return stock


async def _statuses(db: Database, order_id: str) -> dict[str, tuple[int, str]]:
    async with db.transaction() as tx:
        rows = (await tx.execute(select(ReservationRow).where(ReservationRow.order_id == order_id))).scalars()
        return {row.sku: (row.quantity, row.status) for row in rows}


async def test_goods_come_in_once_per_movement(database: Database) -> None:
    assert await _receive(database, "MUG", 5)
    assert not await _receive(database, "MUG", 5)
    assert await _receive(database, "MUG", 2, "receipt/2")
    assert await _stock(database) == {"MUG": (7, 0)}


async def test_the_same_receipt_at_the_same_moment_counts_once(database: Database) -> None:
    await _receive(database, "CUP", 1, "receipt/0")
    for sku in ("CUP", "MUG"):
        answers = await asyncio.gather(*(_receive(database, sku, 5) for _ in range(6)))
        assert sorted(answers) == [False] * 5 + [True]
    assert await _stock(database) == {"CUP": (6, 0), "MUG": (5, 0)}


async def test_goods_are_written_off_but_never_those_that_are_locked(database: Database) -> None:
    await _receive(database, "MUG", 5)
    await _reserve(database, "O1", {"MUG": 3})
    assert await _receive(database, "MUG", -2, "loss/1")
    with pytest.raises(StockShort) as caught:
        await _receive(database, "MUG", -2, "loss/2")
    assert caught.value.short == {"MUG": 2}
    assert await _stock(database) == {"MUG": (3, 3)}


async def test_all_lines_are_locked_together(database: Database) -> None:
    await _receive(database, "MUG", 5)
    await _receive(database, "CUP", 5)
    await _reserve(database, "O1", {"MUG": 2, "CUP": 5})
    assert await _stock(database) == {"MUG": (5, 2), "CUP": (5, 5)}
    assert await _statuses(database, "O1") == {"MUG": (2, "locked"), "CUP": (5, "locked")}


async def test_one_short_line_locks_nothing_and_all_short_lines_are_named(database: Database) -> None:
    await _receive(database, "CUP", 5)
    await _receive(database, "MUG", 1)
    async with database.transaction() as tx:
        with pytest.raises(StockShort) as caught:
            async with tx.begin_nested():
                await reserve(tx, "O1", {"CUP": 2, "MUG": 3, "NEW": 4}, WH, "workflow")
        # The step goes on in the same transaction: it opens a hold.
        await receive(tx, "HOLD", WH, 1, Movement("after", "receipt", "workflow"))
    assert caught.value.short == {"MUG": 2, "NEW": 4}
    assert await _stock(database) == {"CUP": (5, 0), "MUG": (1, 0), "HOLD": (1, 0)}
    assert await _statuses(database, "O1") == {}


async def test_what_is_missing_is_counted_from_the_stock_of_now(database: Database) -> None:
    """Two tries in one session, goods coming in between: the second try must not see what the first one read."""
    await _receive(database, "MUG", 1)
    async with database.transaction() as tx:
        shorts = []
        for n in range(2):
            with pytest.raises(StockShort) as caught:
                async with tx.begin_nested():
                    await reserve(tx, "O1", {"MUG": 9}, WH, "workflow")
            shorts.append(caught.value.short)
            await receive(tx, "MUG", WH, 2, Movement(f"receipt/{n + 2}", "receipt", "warehouse"))
    assert shorts == [{"MUG": 8}, {"MUG": 6}]


async def test_an_order_that_was_short_is_locked_when_goods_have_come(database: Database) -> None:
    with pytest.raises(StockShort):
        await _reserve(database, "O1", {"MUG": 3})
    await _receive(database, "MUG", 3)
    await _reserve(database, "O1", {"MUG": 3})
    assert await _stock(database) == {"MUG": (3, 3)}


async def test_locking_the_same_order_again_changes_nothing(database: Database) -> None:
    await _receive(database, "MUG", 9)
    for _ in range(3):
        await _reserve(database, "O1", {"MUG": 4})
    assert await _stock(database) == {"MUG": (9, 4)}
    assert await _ship(database, "O1") == 1
    await _reserve(database, "O1", {"MUG": 4})
    assert await _stock(database) == {"MUG": (5, 0)}


async def test_locking_again_with_another_sku_adds_only_that_one(database: Database) -> None:
    await _receive(database, "MUG", 9)
    await _receive(database, "GIFT", 9)
    await _reserve(database, "O1", {"MUG": 4})
    await _reserve(database, "O1", {"MUG": 4, "GIFT": 1})
    assert await _stock(database) == {"MUG": (9, 4), "GIFT": (9, 1)}


async def test_a_reservation_is_not_silently_another_one(database: Database) -> None:
    await _receive(database, "MUG", 9)
    await _reserve(database, "O1", {"MUG": 4})
    with pytest.raises(ReservationChanged):
        await _reserve(database, "O1", {"MUG": 5})
    await _release(database, "O1")
    with pytest.raises(ReservationChanged):
        await _reserve(database, "O1", {"MUG": 4})
    assert await _stock(database) == {"MUG": (9, 0)}


@pytest.mark.parametrize("quantity", [0, -1])
async def test_locking_less_than_one_is_refused(database: Database, quantity: int) -> None:
    await _receive(database, "MUG", 9)
    await _reserve(database, "O1", {"MUG": 4})
    with pytest.raises(ValueError, match="MUG"):
        await _reserve(database, "O2", {"MUG": quantity})
    assert await _stock(database) == {"MUG": (9, 4)}


async def test_the_same_order_locked_at_the_same_moment_is_locked_once(database: Database) -> None:
    await _receive(database, "MUG", 9)
    await _receive(database, "CUP", 9)
    await asyncio.gather(*(_reserve(database, "O1", {"MUG": 4, "CUP": 1}) for _ in range(5)))
    assert await _stock(database) == {"MUG": (9, 4), "CUP": (9, 1)}


async def test_fifty_orders_for_the_last_ten_units_give_exactly_ten(database: Database) -> None:
    await _receive(database, "MUG", 10)
    answers = await asyncio.gather(
        *(_reserve(database, f"O{n}", {"MUG": 1}) for n in range(50)), return_exceptions=True
    )
    assert sum(answer is None for answer in answers) == 10
    assert all(isinstance(answer, StockShort) for answer in answers if answer is not None)
    assert await _stock(database) == {"MUG": (10, 10)}


async def test_orders_with_the_same_skus_in_any_order_do_not_block_each_other(database: Database) -> None:
    await _receive(database, "MUG", 20)
    await _receive(database, "CUP", 20)
    baskets: list[dict[str, int]] = [{"MUG": 1, "CUP": 1}, {"CUP": 1, "MUG": 1}]
    await asyncio.gather(*(_reserve(database, f"O{n}", baskets[n % 2]) for n in range(20)))
    assert await _stock(database) == {"MUG": (20, 20), "CUP": (20, 20)}


async def test_releasing_frees_once(database: Database) -> None:
    await _receive(database, "MUG", 9)
    await _receive(database, "CUP", 9)
    await _reserve(database, "O1", {"MUG": 4, "CUP": 2})
    await _reserve(database, "O2", {"MUG": 5})
    assert [await _release(database, "O1") for _ in range(3)] == [2, 0, 0]
    assert await _stock(database) == {"MUG": (9, 5), "CUP": (9, 0)}
    assert await _statuses(database, "O1") == {"MUG": (4, "released"), "CUP": (2, "released")}


async def test_shipping_takes_the_goods_out_once(database: Database) -> None:
    await _receive(database, "MUG", 9)
    await _reserve(database, "O1", {"MUG": 4})
    await _reserve(database, "O2", {"MUG": 5})
    assert [await _ship(database, "O1") for _ in range(3)] == [1, 0, 0]
    assert await _release(database, "O1") == 0
    assert await _stock(database) == {"MUG": (5, 5)}
    assert await _statuses(database, "O1") == {"MUG": (4, "shipped")}


async def test_released_goods_can_not_be_shipped(database: Database) -> None:
    await _receive(database, "MUG", 9)
    await _reserve(database, "O1", {"MUG": 4})
    await _release(database, "O1")
    assert await _ship(database, "O1") == 0
    assert await _stock(database) == {"MUG": (9, 0)}


async def test_release_and_ship_at_the_same_moment_end_as_one_of_the_two(database: Database) -> None:
    await _receive(database, "MUG", 9)
    await _reserve(database, "OTHER", {"MUG": 4})
    await _reserve(database, "O1", {"MUG": 4})
    answers = await asyncio.gather(*(work(database, "O1") for work in (_release, _ship, _release, _ship)))
    assert sorted(answers) == [0, 0, 0, 1]
    assert (await _stock(database))["MUG"] in ((9, 4), (5, 4))


async def test_an_order_without_reservations_has_nothing_to_free(database: Database) -> None:
    assert await _release(database, "O1") == 0
    assert await _ship(database, "O1") == 0


async def test_broken_books_stop_the_movement(database: Database) -> None:
    await _receive(database, "MUG", 9)
    await _reserve(database, "O1", {"MUG": 4})
    async with database.transaction() as tx:
        await tx.execute(update(StockRow).values(reserved=0))
    for work in (_release, _ship):
        with pytest.raises(StockBroken, match="MUG"):
            await work(database, "O1")
    assert await _statuses(database, "O1") == {"MUG": (4, "locked")}


@pytest.mark.parametrize(("on_hand", "reserved"), [(-1, 0), (1, 2), (1, -1)])
async def test_the_database_itself_refuses_negative_or_oversold_stock(
    database: Database, on_hand: int, reserved: int
) -> None:
    with pytest.raises(IntegrityError, match="never_oversold"):
        async with database.transaction() as tx:
            tx.add(StockRow(sku="MUG", warehouse=WH, on_hand=on_hand, reserved=reserved))
