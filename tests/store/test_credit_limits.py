"""Credit of customers on account, on both databases."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlmodel import select

from domain.clock import utc_now
from domain.order import Amounts, Channel, Customer, Order, OrderLine, PaymentTerms
from store import credit_limits
from store.database import Database
from store.orders import take
from store.tables import ConsignmentRow, CreditEntryRow, CreditLimitRow, InvoiceMomentRow, ParcelRow
from tests.store.samples import order

B2B = "b2b"


def on_account(number: str, fen: int = 10_000, terms: PaymentTerms = PaymentTerms.NET30, **changes: Any) -> Order:
    """An order of the customer C9."""
    line = OrderLine(line_no="1", sku="MUG", title="马克杯", quantity=1, unit_price_fen=fen, amount_fen=fen)
    values: dict[str, Any] = {"lines": (line,), "amounts": Amounts(goods_fen=fen, paid_fen=fen)}
    customer = Customer(external_id="C9", name="示例公司", terms=terms)
    return order(number, channel=Channel.B2B, shop="trade", customer=customer, **{**values, **changes})


async def _limit(db: Database, fen: int) -> None:
    async with db.transaction() as tx:
        await credit_limits.set_limit(tx, B2B, "C9", fen, "zhao", "年度额度")


async def _standing(db: Database) -> tuple[int, int]:
    async with db.reading() as tx:
        row = await tx.get_one(CreditLimitRow, (B2B, "C9"))
        entries = list((await tx.execute(select(CreditEntryRow))).scalars())
    assert row.reserved_fen == sum(one.reserved_delta for one in entries)
    assert row.used_fen == sum(one.used_delta for one in entries)
    return row.reserved_fen, row.used_fen


async def _reserve(db: Database, one: Order, revision: int = 1, by: str = "") -> int | None:
    async with db.transaction() as tx:
        standing = await credit_limits.reserve(tx, one, revision, forced_by=by)
    return standing.lacks_fen if standing is not None else None


async def test_however_many_come_at_once_the_limit_holds(database: Database) -> None:
    await _limit(database, 45_000)
    lacks = await asyncio.gather(*(_reserve(database, on_account(f"SO{n}")) for n in range(12)))
    assert sorted(lacks, key=lambda fen: fen or 0) == [0] * 4 + [5_000] * 8
    assert await _standing(database) == (40_000, 0)


async def test_without_a_limit_and_without_an_account_nothing_is_kept(database: Database) -> None:
    assert await _reserve(database, on_account("SO1")) is None
    await _limit(database, 1)
    assert await _reserve(database, on_account("SO2", terms=PaymentTerms.PREPAID)) is None


async def test_what_an_order_reserves_follows_what_it_costs(database: Database) -> None:
    await _limit(database, 20_000)
    assert await _reserve(database, on_account("SO1", 15_000)) == 0
    assert await _reserve(database, on_account("SO1", 15_000), 2) == 0
    assert await _reserve(database, on_account("SO1", 12_000), 3) == 0
    assert await _standing(database) == (12_000, 0)
    assert await _reserve(database, on_account("SO1", 21_000), 4) == 1_000
    assert await _standing(database) == (12_000, 0), "what does not fit changes nothing"
    for _ in range(2):
        assert await _reserve(database, on_account("SO1", 21_000), 4, by="zhao") == 0
    assert await _standing(database) == (21_000, 0)
    assert await _reserve(database, on_account("SO2", 1)) == 1


async def test_called_off_and_paid_it_is_free_again(database: Database) -> None:
    await _limit(database, 20_000)
    one = on_account("SO1")
    await _reserve(database, one)
    for _ in range(2):
        async with database.transaction() as tx:
            await credit_limits.let_go(tx, one.order_id, "channel")
    assert await _standing(database) == (0, 0)
    two = on_account("SO2")
    await _reserve(database, two)
    await _leaves(database, two, 1)
    assert await _standing(database) == (0, 10_000)
    with pytest.raises(ValueError, match="10000 fen are owed"):
        await _pay(database, 10_001)
    assert [await _pay(database, 4_000), await _pay(database, 4_000)] == [True, False]
    assert await _standing(database) == (0, 6_000)
    with pytest.raises(LookupError):
        async with database.transaction() as tx:
            await credit_limits.paid(tx, B2B, "C8", 1, "K", "zhao")


async def _pay(db: Database, fen: int) -> bool:
    async with db.transaction() as tx:
        return await credit_limits.paid(tx, B2B, "C9", fen, "BANK-1", "zhao")


async def _leaves(db: Database, one: Order, n: int, consignment: int = 0) -> None:
    """The nth parcel leaves, twice as it were."""
    async with db.transaction() as tx:
        await take(tx, one)
        key = f"{one.order_id}#{n}"
        box: dict[str, Any] = {"n": n, "package_code": f"B{n}", "items": [], "status": "packed", "told_at": utc_now()}
        parcel = await tx.merge(ParcelRow(parcel_id=key, order_id=one.order_id, consignment=consignment, **box))
        await tx.flush()
        await credit_limits.has_left(tx, one, parcel)
        await credit_limits.has_left(tx, one, parcel)


async def _moments(db: Database, one: Order) -> list[InvoiceMomentRow]:
    async with db.reading() as tx:
        return await credit_limits.invoiced(tx, one.order_id)


async def test_each_part_is_used_and_invoiced_when_it_leaves(database: Database) -> None:
    await _limit(database, 20_000)
    lines = tuple(
        OrderLine(line_no=str(n), sku=sku, title=sku, quantity=3, unit_price_fen=fen, amount_fen=3 * fen - 1)
        for n, (sku, fen) in enumerate((("MUG", 1_000), ("TEA", 2_000)), 1)
    )
    money = Amounts(goods_fen=9_000, freight_fen=601, discount_fen=2, paid_fen=9_599)
    one = on_account("SO1", terms=PaymentTerms.NET60, lines=lines, amounts=money)
    async with database.transaction() as tx:
        await take(tx, one)
        for n, sku in ((1, "MUG"), (2, "TEA")):
            held = [{"line_no": str(n), "sku": sku, "quantity": 3}]
            tx.add(
                ConsignmentRow(order_id=one.order_id, n=n, warehouse=f"WH{n}", lines=held, status="ready", at=utc_now())
            )
    await _reserve(database, one)
    await _leaves(database, one, 1, consignment=1)
    assert await _standing(database) == (9_599 - 3_199, 3_199)
    await _leaves(database, one, 2, consignment=2)
    assert await _standing(database) == (0, 9_599)
    first, second = await _moments(database, one)
    assert (first.amount_fen, second.amount_fen) == (3_199, 6_400)
    assert first.due_at is not None
    assert (first.due_at - first.at).days == 60
    async with database.transaction() as tx:
        await credit_limits.let_go(tx, one.order_id, "operator", came_back=True)
    assert await _standing(database) == (0, 0)
    assert all(moment.voided_at for moment in await _moments(database, one))


async def test_a_prepaid_business_order_has_its_moment_and_owes_nothing(database: Database) -> None:
    one = on_account("SO1", terms=PaymentTerms.PREPAID)
    await _leaves(database, one, 1)
    [moment] = await _moments(database, one)
    assert (moment.amount_fen, moment.terms, moment.due_at) == (10_000, "PREPAID", None)
    own = order("SO1")
    await _leaves(database, own, 1)
    assert await _moments(database, own) == [], "finance reads those of business customers here"
