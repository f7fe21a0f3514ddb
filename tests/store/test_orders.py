from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from domain.clock import utc_now
from domain.order import Amounts, Channel, ChannelStatus, CipherReceiver, Region
from store.database import Database
from store.orders import (
    LOCKED_QUIETLY,
    Taken,
    body,
    count_in_flight,
    fingerprint,
    mark_signalled,
    mark_started,
    replace_receiver,
    take,
    to_start,
)
from store.tables import OrderEventRow, OrderRow, OrderVersionRow
from tests.store.samples import NOON, index_row, order, receiver


async def _take(db: Database, *documents: object) -> list[Taken]:
    answers = []
    for document in documents:
        async with db.transaction() as tx:
            answers.append(await take(tx, document))  # type: ignore[arg-type]
    return answers


async def _revisions(db: Database, order_id: str) -> list[tuple[int, str]]:
    query = select(OrderVersionRow.revision, OrderVersionRow.origin).where(OrderVersionRow.order_id == order_id)
    async with db.transaction() as tx:
        return list((await tx.execute(query.order_by(col(OrderVersionRow.revision)))).tuples().all())


async def test_a_new_order_is_in_the_index_and_its_body_comes_back_equal(database: Database) -> None:
    document = order()
    assert await _take(database, document) == [Taken.NEW]
    async with database.transaction() as tx:
        row = await index_row(tx, document.order_id)
        assert (row.channel, row.shop, row.channel_order_no) == ("own", "main", "SO1")
        assert (row.version, row.revision, row.status, row.amount_fen) == (1, 1, "PAID", 4950)
        assert (row.state, row.exit, row.holds, row.started_at) == (None, None, [], None)
        assert row.placed_at == NOON
        assert await body(tx, document.order_id) == document


async def test_an_encrypted_receiver_comes_back_untouched(database: Database) -> None:
    cipher = CipherReceiver(
        platform=Channel.TAOBAO,
        name_cipher="~n~",
        phone_cipher="~p~",
        detail_cipher="~d~",
        name_mask="测*",
        region=Region(province="上海市", city="上海市"),
    )
    document = order(channel=Channel.TAOBAO, receiver=cipher)
    await _take(database, document)
    async with database.transaction() as tx:
        assert (await index_row(tx, document.order_id)).encrypted
        assert (await body(tx, document.order_id)).receiver == cipher


async def test_the_same_document_again_changes_nothing(database: Database) -> None:
    document = order()
    assert await _take(database, document, document, document) == [Taken.NEW, Taken.DUPLICATE, Taken.DUPLICATE]
    assert await _revisions(database, document.order_id) == [(1, "channel")]


async def test_a_higher_version_with_the_same_content_is_a_duplicate_that_moves_the_version(database: Database) -> None:
    assert await _take(database, order(version=1), order(version=5)) == [Taken.NEW, Taken.DUPLICATE]
    assert await _take(database, order(version=4)) == [Taken.STALE]


async def test_a_newer_version_wins_and_leaves_an_event(database: Database) -> None:
    newer = order(version=2, status=ChannelStatus.CANCELLED, amounts=Amounts(goods_fen=100, paid_fen=100))
    assert await _take(database, order(), newer) == [Taken.NEW, Taken.NEWER]
    async with database.transaction() as tx:
        row = await index_row(tx, newer.order_id)
        assert (row.version, row.revision, row.status, row.amount_fen) == (2, 2, "CANCELLED", 100)
        assert await body(tx, newer.order_id) == newer
        assert await body(tx, newer.order_id, revision=1) == order()
        event = (await tx.execute(select(OrderEventRow))).scalar_one()
        assert (event.step, event.who, event.what) == ("document/2", "channel:own", "document.newer")


async def test_a_stale_version_changes_nothing(database: Database) -> None:
    stale = order(version=2, status=ChannelStatus.UNPAID)
    assert await _take(database, order(version=3), stale) == [Taken.NEW, Taken.STALE]
    async with database.transaction() as tx:
        row = await index_row(tx, stale.order_id)
        assert (row.version, row.revision, row.status) == (3, 1, "PAID")


async def test_the_same_version_with_other_content_counts_as_newer(database: Database) -> None:
    other = order(receiver=receiver("示例路2号"))
    assert await _take(database, order(), other, other) == [Taken.NEW, Taken.NEWER, Taken.DUPLICATE]
    async with database.transaction() as tx:
        assert (await body(tx, other.order_id)).receiver == receiver("示例路2号")


async def test_the_moment_of_payment_is_not_forgotten(database: Database) -> None:
    paid, refunded = order(), order(version=2, paid_at=None, status=ChannelStatus.CANCELLED)
    await _take(database, paid, refunded)
    async with database.transaction() as tx:
        assert (await index_row(tx, paid.order_id)).paid_at == NOON


async def test_an_address_of_ours_is_not_undone_by_a_repeated_document(database: Database) -> None:
    document = order()
    await _take(database, document)
    async with database.transaction() as tx:
        row = await index_row(tx, document.order_id)
        assert await replace_receiver(tx, row, receiver("改后路9号"), "operator") == 2
    assert await _take(database, document) == [Taken.DUPLICATE]
    async with database.transaction() as tx:
        assert (await body(tx, document.order_id)).receiver == receiver("改后路9号")
    assert await _revisions(database, document.order_id) == [(1, "channel"), (2, "operator")]


async def test_a_newer_document_after_an_address_of_ours_is_the_third_revision(database: Database) -> None:
    await _take(database, order())
    async with database.transaction() as tx:
        await replace_receiver(tx, await index_row(tx, order().order_id), receiver("改后路9号"), "operator")
    assert await _take(database, order(version=2, receiver=receiver("新路3号"))) == [Taken.NEWER]
    assert await _revisions(database, order().order_id) == [(1, "channel"), (2, "operator"), (3, "channel")]


async def test_the_same_new_order_twice_at_the_same_moment_is_kept_once(database: Database) -> None:
    answers = await asyncio.gather(*(_take(database, order()) for _ in range(4)), return_exceptions=True)
    won = [answer for answer in answers if answer == [Taken.NEW]]
    lost = [answer for answer in answers if answer != [Taken.NEW]]
    assert len(won) == 1
    # A loser sees the winner's row, or is refused by the key and tried again by the dispatcher.
    assert all(answer == [Taken.DUPLICATE] or isinstance(answer, IntegrityError) for answer in lost)
    assert await _revisions(database, order().order_id) == [(1, "channel")]


async def test_different_newer_documents_at_the_same_moment_are_all_kept(database: Database) -> None:
    await _take(database, order())
    changes = [order(version=1, receiver=receiver(f"并发路{n}号")) for n in range(5)]
    answers = await asyncio.gather(*(_take(database, change) for change in changes))
    assert answers == [[Taken.NEWER]] * 5
    assert [revision for revision, _ in await _revisions(database, order().order_id)] == [1, 2, 3, 4, 5, 6]


async def test_a_missing_body_is_a_lookup_error(database: Database) -> None:
    await _take(database, order())
    async with database.transaction() as tx:
        with pytest.raises(LookupError):
            await body(tx, "own:main:NONE")
        with pytest.raises(LookupError):
            await body(tx, order().order_id, revision=2)


async def test_started_and_signalled_are_noted_and_never_go_back(database: Database) -> None:
    await _take(database, order())
    order_id = order().order_id
    async with database.transaction() as tx:
        await mark_started(tx, order_id, 1)
    async with database.transaction() as tx:
        assert await count_in_flight(tx) == 1
        await mark_signalled(tx, order_id, 3)
        await mark_signalled(tx, order_id, 2)
    async with database.transaction() as tx:
        row = await index_row(tx, order_id)
        first = row.started_at
        assert row.signalled_revision == 3
        await mark_started(tx, order_id, 9)
    async with database.transaction() as tx:
        row = await index_row(tx, order_id)
        assert (row.started_at, row.signalled_revision) == (first, 3)


async def test_an_unknown_order_is_not_made_by_marking_it(database: Database) -> None:
    async with database.transaction() as tx:
        await mark_started(tx, "own:main:NONE", 1)
        await mark_signalled(tx, "own:main:NONE", 1)
        assert await count_in_flight(tx) == 0


def test_the_fingerprint_ignores_the_version_and_nothing_else() -> None:
    assert fingerprint(order(version=1)) == fingerprint(order(version=2))
    assert fingerprint(order()) != fingerprint(order(receiver=receiver("别处")))


@pytest.mark.parametrize(("state", "taken"), [("PACKED", Taken.DUPLICATE), ("STOCK_LOCKED", Taken.NEWER)])
async def test_the_echo_of_our_own_shipping_wakes_no_workflow(database: Database, state: str, taken: Taken) -> None:
    """Seen in the demo once shops were pulled: the channel says shipped because we told it so."""
    one = order("SO1")
    await _take(database, one)
    async with database.transaction() as tx:
        row = await tx.get_one(OrderRow, one.order_id)
        row.state = state
        tx.add(row)
    shipped = order("SO1", version=2, status=ChannelStatus.SHIPPED, receiver=receiver("不再显示"))
    assert await _take(database, shipped) == [taken]
    async with database.reading() as tx:
        row = await tx.get_one(OrderRow, one.order_id)
        kept = await body(tx, one.order_id)
    assert (row.status, row.version) == ("SHIPPED", 2)
    assert (row.revision == 1) is (taken is Taken.DUPLICATE)
    assert (kept.receiver == one.receiver) is (taken is Taken.DUPLICATE)


async def test_an_order_that_stays_locked_is_begun_so_that_its_hold_is_in_sight(database: Database) -> None:
    async with database.transaction() as tx:
        await take(tx, order(status=ChannelStatus.LOCKED))
    async with database.transaction() as tx:
        assert await to_start(tx, 10) == []
        row = await tx.get_one(OrderRow, order().order_id)
        row.updated_at = utc_now() - LOCKED_QUIETLY - timedelta(seconds=1)
        tx.add(row)
    async with database.transaction() as tx:
        assert [each.order_id for each in await to_start(tx, 10)] == [order().order_id]


async def test_a_quarter_of_the_starts_are_the_latest_orders_whatever_waits_before_them(database: Database) -> None:
    for n in range(12):
        await _take(database, order(f"OLD{n}", paid_at=NOON))
    await _take(database, order("NOW", paid_at=NOON + timedelta(hours=5)))
    async with database.transaction() as tx:
        chosen = [each.order_id for each in await to_start(tx, 4)]
        everything = {each.order_id for each in await to_start(tx, 100)}
    assert chosen == ["own:main:OLD0", "own:main:OLD1", "own:main:OLD2", "own:main:NOW"]
    assert len(everything) == 13
