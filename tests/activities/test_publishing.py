"""What channels are told of the stock: only changes, each once its turn has come, each logged with its inputs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlmodel import col, select, update

from activities import contracts as c
from activities.contracts import PublishAsk, Published
from connectors.errors import Misconfigured, Rejected
from domain.clock import utc_now
from store import listings, shops, stock
from store.listings import Named
from store.shops import ShopState
from store.tables import ListingRow, PublishedRow, SkuRow, TaskRow
from tests.activities.conftest import Bench
from tests.workflows.partners import Twist, away, fails, hangs, lost

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
"""12:00 in Beijing."""


async def offer(bench: Bench, *skus: str, channel: str = "own", shop: str = "main") -> None:
    async with bench.db.transaction() as tx:
        await listings.put(tx, [Named(channel, shop, f"i-{sku}", f"s-{sku}", sku) for sku in skus])


async def article(bench: Bench, sku: str, **about: Any) -> None:
    async with bench.db.transaction() as tx:
        tx.add(SkuRow(sku=sku, **about))


async def come(bench: Bench, sku: str, pieces: int, key: str = "1") -> None:
    async with bench.db.transaction() as tx:
        await stock.receive(tx, sku, "WH01", pieces, stock.Movement(f"receive/{sku}/{key}", "receive", "test"))


async def publish(bench: Bench, **ask: Any) -> Published:
    answer: Published = await bench.run(c.PUBLISH_STOCK, PublishAsk(**ask))
    return answer


async def log(bench: Bench) -> list[PublishedRow]:
    async with bench.db.reading() as tx:
        return list((await tx.execute(select(PublishedRow).order_by(col(PublishedRow.seq)))).scalars())


async def open_tasks(bench: Bench) -> list[str]:
    async with bench.db.reading() as tx:
        return list((await tx.execute(select(TaskRow.kind).where(col(TaskRow.closed_at).is_(None)))).scalars())


async def soon(bench: Bench) -> None:
    """All waiting is over."""
    async with bench.db.transaction() as tx:
        await tx.execute(update(ListingRow).values(next_try_at=None))


def told(bench: Bench) -> list[tuple[str, int]]:
    return [(figure.sku, figure.pieces) for figure in bench.town.own.figures]


async def test_only_what_changed_is_told(bench: Bench) -> None:
    await come(bench, "MUG", 10)
    await come(bench, "CUP", 5)
    await offer(bench, "MUG", "CUP")
    assert await publish(bench) == Published(2, 2, 0)
    assert sorted(told(bench)) == [("CUP", 5), ("MUG", 10)]
    assert (await publish(bench)).taken == 0
    async with bench.db.transaction() as tx:
        await stock.reserve(tx, "own:main:X1", {"MUG": 3}, "WH01", "test")
    assert (await publish(bench)).taken == 1
    assert told(bench)[2:] == [("MUG", 7)]
    assert bench.town.own.stock == {("main", "i-MUG", "s-MUG"): 7, ("main", "i-CUP", "s-CUP"): 5}
    last = (await log(bench))[-1]
    assert (last.n, last.before, last.pieces, last.status) == (2, 10, 7, "taken")
    assert (last.inputs["available"], last.inputs["on_hand"], last.inputs["reserved"]) == (7, 10, 3)
    assert "available - safety" in last.inputs["formula"]
    assert last.rule.startswith("publish_stock@")


async def test_safety_stock_and_the_channels_share_are_reckoned_with(bench: Bench) -> None:
    await come(bench, "MUG", 100)
    await article(bench, "MUG", safety_stock=10)
    async with bench.db.transaction() as tx:
        await stock.set_share(tx, "MUG", "douyin", 60, "li")
    await offer(bench, "MUG")
    await offer(bench, "MUG", channel="douyin", shop="123")
    await publish(bench)
    assert bench.town.own.stock["main", "i-MUG", "s-MUG"] == 90
    assert bench.town.douyin.stock["123", "i-MUG", "s-MUG"] == 60
    assert {row.inputs["room"] for row in await log(bench)} == {100, 60}


async def test_below_safety_the_sale_pauses_where_the_article_says_so(bench: Bench) -> None:
    await come(bench, "MUG", 9)
    await article(bench, "MUG", safety_stock=10, below_safety="pause", abc="C")
    await offer(bench, "MUG")
    await publish(bench)
    assert told(bench) == [("MUG", 0)]
    assert (await log(bench))[0].rule.endswith("/paused")


async def test_classes_have_their_paces(bench: Bench) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        for sku, abc in (("A1", "A"), ("B1", "B"), ("C1", "C")):
            await come(bench, sku, 10)
            await article(bench, sku, abc=abc)
        await offer(bench, "A1", "B1", "C1")
        assert (await publish(bench)).taken == 3, "a new listing waits for no turn"
        for sku in ("A1", "B1", "C1"):
            await come(bench, sku, 1, "2")
        seen = []
        for hours in (0, 1, 1, 16):  # 12:00, 13:00, 14:00, 06:00 of the next day
            clock.shift(timedelta(hours=hours))
            await publish(bench)
            seen.append([sku for sku, pieces in told(bench)[3:] if pieces == 11])
            assert (await publish(bench)).taken == 0
    assert seen == [["A1"], ["A1"], ["A1", "B1"], ["A1", "B1", "C1"]]


async def test_what_is_sold_out_is_told_at_once_whatever_its_class(bench: Bench) -> None:
    await come(bench, "C1", 2)
    await article(bench, "C1", abc="C")
    await offer(bench, "C1")
    await publish(bench)
    async with bench.db.transaction() as tx:
        await stock.reserve(tx, "own:main:X1", {"C1": 1}, "WH01", "test")
    assert (await publish(bench)).taken == 0
    async with bench.db.transaction() as tx:
        await stock.reserve(tx, "own:main:X2", {"C1": 1}, "WH01", "test")
    assert (await publish(bench)).taken == 1
    assert told(bench)[-1] == ("C1", 0)


@pytest.mark.parametrize("done", [True, False])
async def test_after_a_lost_answer_the_figure_is_told_again(bench: Bench, done: bool) -> None:
    await come(bench, "MUG", 10)
    await offer(bench, "MUG")
    bench.town.own.will("tell_stock", lost("own", done=done))
    assert await publish(bench) == Published(1, 0, 1)
    assert (await publish(bench)).looked == 0, "not at once"
    await soon(bench)
    assert (await publish(bench)).taken == 1
    assert [(row.n, row.status) for row in await log(bench)] == [(1, "unknown"), (2, "taken")]
    assert len({figure.key for figure in bench.town.own.figures}) == 2
    assert await open_tasks(bench) == []


async def test_a_refused_figure_is_somebodys_task_until_it_is_taken(bench: Bench) -> None:
    await come(bench, "MUG", 10)
    await come(bench, "CUP", 5)
    await offer(bench, "MUG", "CUP")
    bench.town.own.will("tell_stock", fails(Rejected("own", "tell_stock", "no such SKU", "SKU_NOT_FOUND")))
    assert await publish(bench) == Published(2, 1, 1), "one listing that is wrong holds up no other"
    assert await open_tasks(bench) == ["stock_not_told"]
    await soon(bench)
    assert (await publish(bench)).taken == 1
    assert await open_tasks(bench) == []


@pytest.mark.parametrize("trouble", [away("own"), fails(Misconfigured("own", "tell_stock", "key", "401"))])
async def test_a_shop_that_is_away_holds_up_no_other(bench: Bench, trouble: Twist) -> None:
    for sku in ("A1", "A2", "A3"):
        await come(bench, sku, 10)
    await offer(bench, "A1", "A2", "A3")
    await offer(bench, "A1", channel="douyin", shop="123")
    bench.town.own.will("tell_stock", trouble)
    assert await publish(bench) == Published(4, 1, 3)
    assert len(bench.town.own.figures) == 1, "what stops one stops the others of the shop"
    assert len(await log(bench)) == 2
    await soon(bench)
    assert (await publish(bench)).taken == 3


async def test_a_paused_shop_is_told_nothing(bench: Bench) -> None:
    await come(bench, "MUG", 10)
    await offer(bench, "MUG")
    async with bench.db.transaction() as tx:
        await shops.put(tx, "own", "main", "sealed", "command")
        await shops.move(tx, "own", "main", to=ShopState.PAUSED, why="stocktaking")
    assert await publish(bench) == Published(1, 0, 0)
    assert await log(bench) == []


async def test_a_channel_that_takes_none_is_said(bench: Bench) -> None:
    await come(bench, "MUG", 10)
    await offer(bench, "MUG", channel="wechat", shop="wx1")
    assert await publish(bench) == Published(1, 0, 0)
    assert await open_tasks(bench) == ["stock_takes_none"]


async def test_stock_that_moves_while_it_is_told_is_told_again(bench: Bench) -> None:
    await come(bench, "MUG", 10)
    await offer(bench, "MUG")
    await publish(bench)
    await come(bench, "MUG", 1, "2")
    real = bench.town.own.tell_stock

    async def slow(figure: Any) -> None:
        await come(bench, "MUG", 1, "3")
        async with bench.db.transaction() as tx:
            await listings.mark_moved(tx, utc_now(), timedelta(hours=1))
        await real(figure)

    bench.town.own.tell_stock = slow  # type: ignore[method-assign]
    assert (await publish(bench)).taken == 2
    assert told(bench) == [("MUG", 10), ("MUG", 11), ("MUG", 12)]


async def test_whoever_dies_while_telling_is_replaced(bench: Bench) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        await come(bench, "MUG", 10)
        await offer(bench, "MUG")
        bench.town.own.will("tell_stock", hangs(error=None))
        async with bench.db.transaction() as tx:
            (row,) = await listings.due(tx, utc_now(), 10)
            key = (row.channel, row.shop, row.item_id, row.sku_id)
            await listings.asked(tx, listings.Wanted(key, 10, {}, "rule", row.moves))
        bench.town.own.let_go()
        assert (await publish(bench)).looked == 0
        clock.shift(listings.LEASE + timedelta(seconds=1))
        assert (await publish(bench)).taken == 1
    assert [(row.n, row.status) for row in await log(bench)] == [(1, "asked"), (2, "taken")]


async def test_articles_and_shares_that_change_are_looked_at_now_and_then(bench: Bench) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        await come(bench, "MUG", 10)
        await offer(bench, "MUG")
        await publish(bench)
        await article(bench, "MUG", safety_stock=4)
        clock.shift(timedelta(minutes=30))
        assert (await publish(bench)).taken == 0
        clock.shift(timedelta(minutes=31))
        assert (await publish(bench)).taken == 1
    assert told(bench)[-1] == ("MUG", 6)


async def test_a_listing_that_sells_another_article_now_is_told_that_ones_stock(bench: Bench) -> None:
    await come(bench, "MUG", 10)
    await come(bench, "CUP", 3)
    await offer(bench, "MUG")
    await publish(bench)
    async with bench.db.transaction() as tx:
        same = [Named("own", "main", "i-MUG", "s-MUG", "CUP"), Named("own", "main", "i-2", "s-2", "CUP")]
        assert await listings.put(tx, same) == {"changed": 1, "added": 1}
        assert await listings.put(tx, same) == {"same": 2}
    await publish(bench)
    assert set(bench.town.own.stock.values()) == {3}
    async with bench.db.transaction() as tx:
        assert await listings.remove(tx, same[0].key)
        assert not await listings.remove(tx, same[0].key)
        assert [row.item_id for row in await listings.all_listings(tx, "own", "main")] == ["i-2"]
