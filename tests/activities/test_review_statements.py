"""How many statements a review is: each is a trip to the database, and they are nearly all that a review costs."""

from __future__ import annotations

from datetime import timedelta

from activities.contracts import OrderAt
from activities.dossiers import collect
from activities.review import ReviewSteps
from bench.stores import statements
from domain.order import Order, OrderLine
from domain.refund import Refund, RefundKind, RefundStatus
from intake.linking import Linker
from store import links, orders, refunds
from store.articles import Article, put
from store.database import Database
from store.stock import Movement, receive
from tests.store.samples import NOON, order

SHOP = "示例店铺"
"""The shop whose examples come with orderhub: its prices are compared."""

STEP = 20
"""What the whole step of a paid order that is sound comes to, BEGIN and all. A check that needs more says so here."""


async def _taken(db: Database, number: str, days: int) -> Order:
    lines = tuple(
        OrderLine(line_no=str(n), sku=f"CUP-{n}", title="x", quantity=1, unit_price_fen=990, amount_fen=990)
        for n in range(1, 6)
    )
    one = order(number, shop=SHOP, lines=lines, placed_at=NOON - timedelta(days=days))
    async with db.transaction() as tx:
        await orders.take(tx, one)
        await links.keep(tx, one.order_id, Linker(b"test").digests(one))
    return one


async def test_a_review_is_three_statements(database: Database) -> None:
    """Goods with their stock, the buyer's other orders with what came of them, and the price that is kept."""
    before = await _taken(database, "SO1", 1)
    one = await _taken(database, "SO2", 0)
    async with database.transaction() as tx:
        await put(tx, [Article(line.sku, "x") for line in one.lines])
        await receive(tx, "CUP-1", "WH01", 7, Movement("fill", "receive", "test"))
        back = Refund(
            channel="own",
            shop=SHOP,
            channel_order_no=before.channel_order_no,
            refund_id="R1",
            version=1,
            status=RefundStatus.REQUESTED,
            kind=RefundKind.RETURN,
            amount_fen=100,
            asked_at=NOON - timedelta(hours=1),
        )
        await refunds.take(tx, back)
    with statements(database) as told:
        async with database.transaction() as tx:
            kept = await orders.kept(tx, one.order_id, 1)
            told.clear()
            dossier = await collect(tx, kept.order, 1, NOON, {}, kept.order)
            assert len(told) == 3, told
        assert (len(dossier.articles), dossier.free) == (5, {"CUP-1": 7})
        assert (dossier.buyer.orders_30d, dossier.buyer.returned_30d, dossier.buyer.returns_24h) == (1, 1, 1)
        assert dossier.price is not None
        told.clear()
        accepted = await ReviewSteps(database, 0).accept_order(OrderAt(one.order_id, 1))
        assert accepted.paid
        assert len(told) <= STEP, told
