"""Many at once for too little: exactly what there is, for nobody twice, and the books agree."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from store import stock
from store.database import Database
from store.stock import Claim, Pick, Plain, Reserving, StockShort
from tests.store.pool import NORTH, SOUTH, books, do, receive

NOON = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)
CHANNELS = ("taobao", "douyin", "jd", "pdd", "own")


def _claims(count: int, *warehouses: str) -> list[Claim]:
    return [
        Claim(f"{channel}:s:{n}", channel, (Pick("MUG", warehouses[n % len(warehouses)], 1),), "orderhub")
        for n in range(count)
        if (channel := CHANNELS[n % len(CHANNELS)])
    ]


async def _alone(db: Database, claim: Claim) -> str:
    async with db.transaction() as tx:
        return await stock.reserve_plan(tx, claim.order_id, claim.channel, claim.picks, claim.who)


async def _all_at_once(db: Database, claims: list[Claim]) -> list[object]:
    """Every fifth order alone, the others in the groups of two processes."""
    first, second = Reserving[object](db), Reserving[object](db)
    works = [
        _alone(db, claim) if n % 5 == 0 else (first if n % 2 else second).do(Plain(claim))
        for n, claim in enumerate(claims)
    ]
    return await asyncio.gather(*works, return_exceptions=True)


async def test_five_hundred_orders_of_five_channels_for_the_last_hundred_pieces(database: Database) -> None:
    await receive(database, "MUG", 100)
    answers = await _all_at_once(database, _claims(500, NORTH))
    assert Counter(type(answer) for answer in answers) == {str: 100, StockShort: 400}
    assert await books(database) == {("MUG", NORTH): {"on_hand": 100, "reserved": 100}}
    async with database.reading() as tx:
        seen = await stock.snapshot(tx, ["MUG"])
    assert sum(seen.reserved_by.values()) == 100


async def test_no_channel_gets_beyond_its_share_however_many_try(database: Database) -> None:
    """Two warehouses, so that no row of the stock alone could tell."""
    await receive(database, "MUG", 60)
    await receive(database, "MUG", 41, SOUTH)
    await do(database, lambda tx: stock.set_share(tx, "*", "douyin", 20, "ops"))
    await do(database, lambda tx: stock.set_share(tx, "MUG", "jd", 0, "ops"))
    answers = await _all_at_once(database, _claims(500, NORTH, SOUTH))
    assert await books(database) == {
        ("MUG", NORTH): {"on_hand": 60, "reserved": 60},
        ("MUG", SOUTH): {"on_hand": 41, "reserved": 41},
    }
    async with database.reading() as tx:
        seen = await stock.snapshot(tx, ["MUG"])
    assert seen.reserved_by.get(("MUG", "jd"), 0) == 0
    assert 0 < seen.reserved_by["MUG", "douyin"] <= 20
    refused = [answer for answer in answers if isinstance(answer, StockShort)]
    assert any(answer.shared == {"MUG"} for answer in refused)


async def test_groups_and_single_orders_with_many_articles_do_not_block_each_other(database: Database) -> None:
    for sku in ("CUP", "LAMP", "MUG"):
        await receive(database, sku, 60)
        await receive(database, sku, 60, SOUTH)
    reserving = Reserving[object](database)

    def claim(n: int) -> Claim:
        picks = [Pick(sku, where, 1) for sku in ("CUP", "LAMP", "MUG") for where in (NORTH, SOUTH)]
        turned = picks[n % 6 :] + picks[: n % 6]
        return Claim(f"own:s:{n}", "own", tuple(turned[:4]), "orderhub")

    async def ship(n: int) -> object:
        await reserving.do(Plain(claim(n)))
        return await do(database, lambda tx: stock.ship(tx, f"own:s:{n}", "warehouse"))

    async def give_back(n: int) -> object:
        await _alone(database, claim(n))
        return await do(database, lambda tx: stock.release(tx, f"own:s:{n}", "buyer"))

    answers = await asyncio.gather(
        *(ship(n) for n in range(20)),
        *(give_back(n) for n in range(20, 40)),
        *(reserving.do(Plain(claim(n))) for n in range(40, 60)),
        return_exceptions=True,
    )
    assert [answer for answer in answers if isinstance(answer, Exception)] == []
    amounts = (await books(database)).values()
    assert sum(place["on_hand"] for place in amounts) == 360 - 20 * 4
    assert sum(place["reserved"] for place in amounts) == 20 * 4


async def test_whoever_dies_in_the_middle_of_a_transfer_leaves_nothing_frozen_for_ever(
    database_url: str, database: Database
) -> None:
    await receive(database, "MUG", 9)
    dying = await asyncio.create_subprocess_exec(
        sys.executable, str(Path(__file__).with_name("dying_transfer.py")), database_url, stdout=asyncio.subprocess.PIPE
    )
    assert dying.stdout is not None
    assert await dying.stdout.readline() == b"in the middle\n"
    dying.send_signal(signal.SIGKILL)
    await dying.wait()
    # The freeze was kept, the half of the sending that was done was not.
    assert await books(database) == {("MUG", NORTH): {"on_hand": 9, "frozen": 9}}
    end = NOON + timedelta(hours=2)
    picks = [Pick("MUG", NORTH, 9)]
    answer = await do(database, lambda tx: stock.claim_all(tx, [Claim("own:s:1", "own", tuple(picks), "x")], now=end))
    assert isinstance(answer[0], str)
    assert await books(database) == {("MUG", NORTH): {"on_hand": 9, "reserved": 9}}
    sent = await do(database, lambda tx: stock.send(tx, "T1", "clerk", now=end))
    assert not sent.ok
