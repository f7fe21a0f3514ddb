"""Orders that wait for their customer's credit are woken, whatever happens between two transactions."""

from __future__ import annotations

from typing import Any

import pytest

from activities import contracts as c
from domain.clock import utc_now
from domain.order import Amounts, OrderLine
from store import credit_limits, orders
from store.database import Database
from tests.activities.conftest import Bench
from tests.store.samples import index_row, order
from tests.workflows.goods import on_account


def _worth(fen: int) -> dict[str, Any]:
    line = OrderLine(line_no="1", sku="MUG", title="马克杯", quantity=1, unit_price_fen=5_000, amount_fen=fen)
    money = Amounts(goods_fen=5_000, discount_fen=5_000 - fen, paid_fen=fen)
    return {**on_account(), "lines": (line,), "amounts": money}


async def _limit(bench: Bench, fen: int) -> None:
    async with bench.db.transaction() as tx:
        await credit_limits.set_limit(tx, "own", "C9", fen, "zhao", "额度")


async def _revision(bench: Bench, order_id: str) -> int:
    async with bench.db.reading() as tx:
        return (await index_row(tx, order_id)).revision


async def _accept(bench: Bench, order_id: str, revision: int = 1) -> list[str]:
    accepted = await bench.run(c.ACCEPT_ORDER, c.OrderAt(order_id, revision))
    return [flag.code for flag in accepted.flags]


async def test_credit_that_comes_free_before_the_hold_is_opened_wakes_all_the_same(bench: Bench) -> None:
    await _limit(bench, 100)
    placed = await bench.order(**_worth(5_000))
    assert await _accept(bench, placed.order_id) == ["credit.limit"]
    await _limit(bench, 5_000)  # the workflow has not opened the hold yet
    assert await credit_limits.wake(bench.db, "own", "C9") == [placed.order_id]
    assert await _accept(bench, placed.order_id, 2) == []


async def test_what_a_person_let_in_is_not_reviewed_again(bench: Bench) -> None:
    await _limit(bench, 100)
    placed = await bench.order(**_worth(5_000))
    await _accept(bench, placed.order_id)
    await bench.run(c.OPEN_HOLD, c.HoldFact(placed.order_id, 1, "CREDIT_LIMIT", "", utc_now()))
    await bench.run(c.CLOSE_HOLD, c.HoldEnd(placed.order_id, 1, "CREDIT_LIMIT", "zhao", "OPERATOR", why="老客户"))
    await _limit(bench, 50_000)
    assert await credit_limits.wake(bench.db, "own", "C9") == []


async def test_a_worker_that_dies_before_it_wakes_others_wakes_them_when_the_step_runs_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _limit(bench, 9_000)
    first = await bench.order(**_worth(5_000))
    assert await _accept(bench, first.order_id) == []
    second = await bench.order("SO2", **_worth(5_000))
    assert await _accept(bench, second.order_id) == ["credit.limit"]
    async with bench.db.transaction() as tx:
        await orders.take(tx, order(version=2, **_worth(4_000)))

    async def dies(db: Database, order_id: str) -> None:
        raise ConnectionError

    with monkeypatch.context() as during:
        during.setattr(credit_limits, "wake_after", dies)
        with pytest.raises(ConnectionError):
            await _accept(bench, first.order_id, 2)
    assert await _revision(bench, second.order_id) == 1
    assert await _accept(bench, first.order_id, 2) == []
    assert await _revision(bench, second.order_id) == 2
    assert await _accept(bench, second.order_id, 2) == []
