"""An order's price in its review: both calculations, what is kept, limits per buyer, and what is not compared."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from activities.contracts import Accepted, OrderAt
from activities.review import ReviewSteps
from domain.holds import HoldReason
from domain.order import Amounts, Order, OrderLine, Region
from domain.promotion import price
from domain.promotion.comparing import Compare, Comparison, Tolerance
from domain.refund import Refund, RefundKind, RefundStatus
from domain.review import Dossier, review
from intake.linking import Linker
from rules import engine
from rules.engine import Book, Table
from rules.promotions import basket
from store import links, prices, refunds
from store.database import Database
from store.orders import take
from store.tables import OrderEventRow, OrderRow
from tests.rules.documents import changed, table_of
from tests.rules.published import published
from tests.store.samples import NOON, order, receiver
from views.orders import order_view

SHOP = "示例店铺"
"""The shop whose examples come with orderhub: its prices are compared."""
LINKER = Linker(b"test")


@pytest.fixture(autouse=True)
def _files_again() -> Iterator[None]:
    yield
    engine.use(Book())


def _order(
    number: str = "SO1", sku: str = "CUP", pieces: int = 1, full: int = 30000, paid: int = 25000, **rest: Any
) -> Order:
    line = OrderLine(line_no="1", sku=sku, title="x", quantity=pieces, unit_price_fen=full, amount_fen=paid)
    goods = pieces * full
    amounts = Amounts(goods_fen=goods, freight_fen=800, discount_fen=goods - paid, paid_fen=paid + 800)
    region = Region(province="上海市", city="上海市", district="黄浦区")  # Hangzhou has a discount of its own
    there = receiver().model_copy(update={"region": region})
    return order(number, shop=SHOP, lines=(line,), amounts=amounts, receiver=there, **rest)


async def _reviewed(db: Database, one: Order, revision: int = 1) -> Accepted:
    if revision == 1:
        async with db.transaction() as tx:
            await take(tx, one)
            await links.keep(tx, one.order_id, LINKER.digests(one))
    return await ReviewSteps(db, 0).accept_order(OrderAt(one.order_id, revision))


def _held(accepted: Accepted) -> list[str]:
    return [flag.hold for flag in accepted.flags]


@pytest.mark.parametrize(
    ("paid", "held"), [(25000, False), (25125, False), (24875, False), (25126, True), (24874, True)]
)
async def test_a_price_may_differ_by_the_tolerance(database: Database, paid: int, held: bool) -> None:
    """The tolerance that comes with orderhub is a yuan, or half a percent where that is more."""
    accepted = await _reviewed(database, _order(paid=paid))
    assert (_held(accepted) == [HoldReason.PRICE_CONFLICT]) is held, accepted.flags


async def test_both_calculations_stand_side_by_side(database: Database) -> None:
    one = _order(paid=26000)
    [flag] = (await _reviewed(database, one)).flags
    assert flag.code == "price.differs"
    assert flag.detail == (
        "实付与促销不符，相差 10.00 元（容差 1.25）。我方：原价 300.00 − 满300减50 50.00，应付 250.00；"
        "渠道：商品 300.00 − 优惠 40.00 ＋ 运费 8.00 ＝ 实付 268.00，不含运费 260.00"
    )
    async with database.reading() as tx:
        view = await order_view(tx, one.order_id)
    assert view is not None
    assert (view["price"]["expected_fen"], view["price"]["came_fen"], view["price"]["differs"]) == (25000, 26000, True)
    assert [step["off_fen"] for step in view["price"]["steps"]] == [5000]
    assert view["price"]["lines"][0]["shop_fen"] == 5000
    assert [found["code"] for found in view["flags"] if found["code"].startswith("price")] == ["price.differs"]


async def test_the_step_names_the_rows_that_decided(database: Database) -> None:
    one = _order()
    await _reviewed(database, one)
    async with database.reading() as tx:
        event = await tx.get(OrderEventRow, 1)
    assert event is not None
    rows = [rule for rule in event.rules or () if rule.startswith(("promotions@", "pricing@", "promotion_stacking@"))]
    assert {rule.partition("@")[0] for rule in rows} == {"promotions", "pricing", "promotion_stacking"}
    assert any(rule.endswith("/full_300") for rule in rows)


async def test_a_shop_that_says_nothing_is_not_compared(database: Database) -> None:
    one = _order(paid=1).model_copy(update={"shop": "main"})
    assert _held(await _reviewed(database, one)) == []
    async with database.reading() as tx:
        assert await prices.of_order(tx, one.order_id) is None


@pytest.mark.parametrize("rest", [{"parent_no": "P1"}, {"gift_after": "SO0"}])
async def test_what_has_no_price_of_its_own_is_not_compared(database: Database, rest: dict[str, Any]) -> None:
    assert _held(await _reviewed(database, _order(paid=1, **rest))) == []


async def test_an_order_that_does_not_add_up_is_held_for_that_alone(database: Database) -> None:
    one = _order(paid=1)
    broken = one.model_copy(update={"amounts": one.amounts.model_copy(update={"paid_fen": 2})})
    assert set(_held(await _reviewed(database, broken))) == {HoldReason.FORMAT_INVALID}


async def test_a_promotion_that_ended_after_the_order_was_placed_still_counts(database: Database) -> None:
    dear = Table("promotions", changed("promotions", "full_300", off_fen="1"))
    engine.use(published(dear, NOON + timedelta(seconds=1)))
    assert _held(await _reviewed(database, _order(placed_at=NOON))) == []
    later = _order("SO2", placed_at=NOON + timedelta(seconds=1))
    assert _held(await _reviewed(database, later)) == [HoldReason.PRICE_CONFLICT]


async def test_a_refund_does_not_change_the_price_that_was_promised(database: Database) -> None:
    one = _order(pieces=3, full=10000, paid=25000)
    assert _held(await _reviewed(database, one)) == []
    refund = Refund(
        channel=one.channel, shop=one.shop, channel_order_no=one.channel_order_no, refund_id="R1", version=1,
        status=RefundStatus.REFUNDED, kind=RefundKind.MONEY, amount_fen=8333, asked_at=NOON,
        lines=({"line_no": "1", "quantity": 1},),
    )  # fmt: skip
    async with database.transaction() as tx:
        await refunds.take(tx, refund)
        row = await tx.get(OrderRow, one.order_id)
        assert row is not None
        assert row.revision == 2
    assert _held(await _reviewed(database, one, 2)) == []


async def test_a_buyer_has_a_sale_three_times_over_all_orders_that_stand(database: Database) -> None:
    """示例店铺's SALE-1 costs 99 yuan instead of 129, three pieces for each buyer, on the eleventh of November."""
    day = NOON.replace(month=11, day=11)
    first = _order("SO1", "SALE-1", pieces=2, full=12900, paid=19800, placed_at=day)
    second = _order("SO2", "SALE-1", pieces=2, full=12900, paid=22800, placed_at=day + timedelta(hours=1))
    third = _order("SO3", "SALE-1", pieces=1, full=12900, paid=9900, placed_at=day + timedelta(hours=2))
    assert _held(await _reviewed(database, first)) == []
    assert _held(await _reviewed(database, second)) == []
    assert HoldReason.PRICE_CONFLICT in _held(await _reviewed(database, third))
    async with database.transaction() as tx:
        # The first one is looked at again, and what came after it does not count against it.
        assert await prices.used(tx, first, {"sale"}) == {}
        assert await prices.used(tx, third, {"sale"}) == {"sale": 3}
        row = await tx.get(OrderRow, first.order_id)
        assert row is not None
        row.exit = "CANCELLED"
        await tx.flush()
        assert await prices.used(tx, third, {"sale"}) == {"sale": 1}
        stranger = third.model_copy(update={"channel_order_no": "SO4"})
        assert await prices.used(tx, stranger, {"sale"}) == {}


async def test_goods_cost_what_the_house_says(database: Database) -> None:
    assert _held(await _reviewed(database, _order("SO1", "SALE-1", full=12900, paid=11900))) == [
        HoldReason.PRICE_CONFLICT
    ]
    own = changed("list_prices", "example", price_fen="11900")
    engine.use(published(Table("list_prices", own), NOON))
    assert _held(await _reviewed(database, _order("SO2", "SALE-1", full=12900, paid=11900))) == []


def test_what_the_platform_bears_is_in_the_amount_of_some_channels() -> None:
    found = _compared(paid=22400, compare=Compare.SHOP)
    assert (found.expected_fen, found.differs) == (22400 + 2000, True)
    assert _compared(paid=24400, compare=Compare.SHOP).differs is False
    assert _compared(paid=23000, compare=Compare.BUYER).differs is False
    assert "＋ 平台承担 14.00" in found.words()


def _compared(paid: int, compare: Compare) -> Comparison:
    one = _order(paid=paid, coupons=("PLATFORM20",))
    return Comparison(price(*basket(one)), one.amounts, compare, Tolerance(0, 0))


def test_a_comparison_of_many_steps_is_kept_short() -> None:
    document = engine.default("promotions")
    rows = table_of(document)["rules"]
    one = next(row for row in rows if row["_id"] == "full_300")
    for n in range(9):
        cells = {"_id": f"more{n}", "row": f'"more{n}"', "group": '"gift"', "off_fen": "1", "at_least_fen": "0"}
        rows.append({**one, **cells})
    engine.use(published(Table("promotions", document), NOON))
    [flag] = review(Dossier(_order(), price=_compared(paid=9, compare=Compare.BUYER)))
    assert "另 5 项" in flag.detail
    assert len(flag.detail.encode()) < 700
