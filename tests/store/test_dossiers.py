"""What the house knows of a buyer, and what of a review is remembered."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from domain.holds import HoldReason
from domain.order import Customer, Order
from domain.refund import Refund, RefundKind, RefundStatus
from domain.review import BuyerFacts, Flag
from domain.tags import Tag
from intake.linking import Linker
from store import dossiers, flags, links, refunds
from store.articles import Article, TagOf, put, put_tags
from store.database import Database
from store.orders import take
from store.stock import Movement, receive
from store.tables import OrderRow
from tests.store.samples import NOON, index_row, order, receiver, taken

LINKER = Linker(b"test")
HOUR = timedelta(hours=1)


async def _keep(tx: AsyncSession, number: str, **changes: Any) -> Order:
    one = order(number, **changes)
    await take(tx, one)
    await links.keep(tx, one.order_id, LINKER.digests(one))
    return one


async def _refund(tx: AsyncSession, number: str, refund_id: str, **changes: Any) -> None:
    values: dict[str, Any] = {
        "channel": "own",
        "shop": "main",
        "channel_order_no": number,
        "refund_id": refund_id,
        "version": 1,
        "status": RefundStatus.REQUESTED,
        "kind": RefundKind.RETURN,
        "amount_fen": 100,
        "asked_at": NOON,
    }
    await refunds.take(tx, Refund(**{**values, **changes}))


async def _facts(tx: AsyncSession, one: Order) -> BuyerFacts:
    now = NOON + HOUR
    return dossiers.buyer(one, await dossiers.relatives(tx, one.order_id, now))


async def test_a_buyer_without_a_past(database: Database) -> None:
    async with database.transaction() as tx:
        one = await _keep(tx, "SO1")
        assert await _facts(tx, one) == BuyerFacts()


async def test_what_a_buyer_did_is_counted(database: Database) -> None:
    async with database.transaction() as tx:
        for n in range(4):
            await _keep(tx, f"P{n}", placed_at=NOON - timedelta(days=n))
        await _keep(tx, "OLD", placed_at=NOON - timedelta(days=31))
        await _keep(
            tx, "ELSE", customer=Customer(external_id="C2"), receiver=receiver().model_copy(update={"phone": ""})
        )
        await _refund(tx, "P0", "R1")
        await _refund(tx, "P0", "R2", asked_at=NOON - 2 * HOUR)
        await _refund(tx, "P1", "R3", asked_at=NOON - 30 * HOUR)
        await _refund(tx, "P2", "R4", kind=RefundKind.EXCHANGE)
        await _refund(tx, "P3", "R5", status=RefundStatus.REFUSED)
        await _refund(tx, "OLD", "R6")
        one = await _keep(tx, "SO1")
        await _refund(tx, "SO1", "R7")  # its own
        facts = await _facts(tx, one)
        assert (facts.orders_30d, facts.returned_30d, facts.returns_24h) == (4, 2, 2)
        assert facts.usual_fen == 4950
        # All of them went to one phone, and to one account.
        assert facts.accounts_on_phone == 1


async def test_accounts_that_share_a_phone(database: Database) -> None:
    async with database.transaction() as tx:
        for n in range(4):
            await _keep(tx, f"P{n}", customer=Customer(external_id=f"D{n % 3}"))
        facts = await _facts(tx, await _keep(tx, "SO1"))
        assert (facts.accounts_on_phone, facts.orders_30d) == (4, 0)


async def test_the_later_of_two_like_orders_is_the_duplicate(database: Database) -> None:
    async with database.transaction() as tx:
        first = await _keep(tx, "SO1")
        later = await _keep(tx, "SO2", placed_at=NOON + timedelta(minutes=3))
        await _keep(tx, "SO3", placed_at=NOON + 2 * HOUR)

        async def like(one: Order) -> list[str]:
            found = await dossiers.relatives(tx, one.order_id, NOON)
            return [other.order_id for other in dossiers.like(one, found, HOUR)]

        assert await like(later) == [first.order_id]
        assert await like(first) == []
        row = await index_row(tx, later.order_id)
        row.state = "PAID"  # looked at first
        await tx.flush()
        assert await like(first) == [later.order_id]


async def test_stock_and_articles_by_sku(database: Database) -> None:
    async with database.transaction() as tx:
        await put(tx, [Article("MUG", "马克杯", safety_stock=3)])
        await receive(tx, "MUG", "WH01", 5, Movement("k1", "receive", "test"))
        await receive(tx, "MUG", "WH02", 2, Movement("k2", "receive", "test"))
        found, free = await dossiers.goods(tx, ["MUG", "PEN"])
        assert free == {"MUG": 7}
        assert {sku: (one.title, one.safety_stock) for sku, one in found.items()} == {"MUG": ("马克杯", 3)}


# ---------------------------------------------------------------------------------------------- findings

_RISK = Flag("risk.many", HoldReason.RISK, "五种商品")


async def _row(tx: AsyncSession) -> OrderRow:
    return await index_row(tx, "own:main:SO1")


async def test_what_a_person_released_is_not_asked_about_again(database: Database) -> None:
    await taken(database)
    async with database.transaction() as tx:
        row = await _row(tx)
        assert await flags.keep(tx, row, 1, [_RISK]) == [_RISK]
        await flags.release(tx, row.order_id, "RISK", "王", "老客户")
        again = Flag("risk.many", HoldReason.RISK, "六种商品")
        other = Flag("risk.phone", HoldReason.RISK, "同一手机号")
        assert await flags.keep(tx, row, 2, [again, other]) == [other]
        kept = {flag.code: flag for flag in await flags.of_order(tx, row.order_id)}
        assert (kept["risk.many"].released_by, kept["risk.many"].released_why) == ("王", "老客户")
        assert (kept["risk.many"].detail, kept["risk.many"].revision) == ("六种商品", 2)
        assert kept["risk.phone"].released_at is None


async def test_another_reason_for_the_same_code_is_another_finding(database: Database) -> None:
    await taken(database)
    async with database.transaction() as tx:
        row = await _row(tx)
        here, there = (Flag("address.short", HoldReason.ADDRESS_INCOMPLETE, "太短", about) for about in ("1号", "2号"))
        await flags.keep(tx, row, 1, [here])
        await flags.release(tx, row.order_id, "ADDRESS_INCOMPLETE", "王", "")
        assert await flags.keep(tx, row, 2, [there]) == [there]
        assert await flags.keep(tx, row, 3, [here]) == []
        assert "1号" not in str([flag.model_dump() for flag in await flags.of_order(tx, row.order_id)])


async def test_what_was_found_about_another_order_is_known(database: Database) -> None:
    await taken(database)
    async with database.transaction() as tx:
        row = await _row(tx)
        await flags.keep(tx, row, 1, [Flag("duplicate.hold", HoldReason.DUPLICATE, "同", "own:main:SO0")])
        await flags.release(tx, row.order_id, "DUPLICATE", "王", "")
        found = [await flags.stands(tx, row.order_id, "duplicate.", f"own:main:{no}") for no in ("SO0", "SO9")]
        assert found == [True, False]
        await flags.keep(tx, row, 2, [])
        assert not await flags.stands(tx, row.order_id, "duplicate.", "own:main:SO0")


async def test_a_note_that_becomes_a_hold_is_asked_about(database: Database) -> None:
    await taken(database)
    async with database.transaction() as tx:
        row = await _row(tx)
        note = Flag("risk.many", None, "五种商品")
        assert await flags.keep(tx, row, 1, [note]) == []
        await flags.release(tx, row.order_id, "RISK", "王", "")
        assert await flags.keep(tx, row, 2, [_RISK]) == [_RISK]


async def test_what_is_not_found_any_more_is_gone(database: Database) -> None:
    await taken(database)
    async with database.transaction() as tx:
        row = await _row(tx)
        await flags.keep(tx, row, 1, [_RISK])
        await flags.keep(tx, row, 2, [])
        (kept,) = await flags.of_order(tx, row.order_id)
        assert kept.gone_at is not None
        assert await flags.keep(tx, row, 3, [_RISK]) == [_RISK]
        (kept,) = await flags.of_order(tx, row.order_id)
        assert kept.gone_at is None


async def test_what_waits_for_an_article_is_found_before_its_hold_is_open(database: Database) -> None:
    await taken(database)
    await taken(database, "SO2")
    async with database.transaction() as tx:
        row = await _row(tx)
        row.state = "PAID"
        await flags.keep(tx, row, 1, [Flag("compliance.missing", HoldReason.COMPLIANCE, "缺", "MUG/x")])
    tag = TagOf("MUG", Tag("hs_code", "691110"))
    async with database.transaction() as tx:
        await put_tags(tx, [replace(tag, sku="PEN")])
        assert (await index_row(tx, "own:main:SO1")).revision == 1, "of another article"
        await put_tags(tx, [tag])
        await put_tags(tx, [tag])
        found = [(await index_row(tx, f"own:main:{no}")).revision for no in ("SO1", "SO2")]
        assert found == [2, 1], "once, and only the one that waits"
