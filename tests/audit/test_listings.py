"""Channels have the stock that they were told last: planted damages are found, and lost answers are none."""

from __future__ import annotations

from datetime import timedelta

import pytest

from audit.run import run_audit
from domain.clock import utc_now
from store.tables import PublishedRow
from tests.audit.conftest import Serve
from tests.audit.world import World


async def told(world: World, *figures: tuple[int, str], ago: timedelta = timedelta(hours=1)) -> None:
    """So the log says, the oldest first; all of it some time ago."""
    at = utc_now() - ago
    async with world.db.transaction() as tx:
        for n, (pieces, status) in enumerate(figures, start=1):
            tx.add(
                PublishedRow(
                    channel="douyin",
                    shop="123",
                    item_id="i1",
                    sku_id="s1",
                    n=n,
                    sku="MUG",
                    pieces=pieces,
                    inputs={},
                    rule="r",
                    status=status,
                    at=at,
                    done_at=None if status == "asked" else at,
                )
            )


def book(world: World, pieces: int) -> None:
    world.books["douyin"]["stock"] = [{"item_id": "i1", "sku_id": "s1", "pieces": pieces}]


async def found(world: World, serve: Serve) -> list[str]:
    report = await run_audit(world.db, serve(world.books))
    return [finding.text for name, finding in report.findings() if name == "stock_told"]


@pytest.mark.parametrize(
    ("figures", "pieces"),
    [
        ([(10, "taken"), (7, "taken")], 7),
        ([(10, "taken"), (7, "refused")], 10),
        ([(10, "taken"), (7, "unknown")], 10),
        ([(10, "taken"), (7, "unknown")], 7),
        ([(10, "taken"), (7, "asked"), (6, "unknown")], 7),
    ],
)
async def test_in_order(world: World, serve: Serve, figures: list[tuple[int, str]], pieces: int) -> None:
    await told(world, *figures)
    book(world, pieces)
    assert await found(world, serve) == []


@pytest.mark.parametrize(
    ("figures", "pieces"),
    [
        ([(10, "taken"), (7, "taken")], 10),
        ([(10, "taken"), (7, "refused")], 7),
        ([(10, "unknown"), (7, "taken")], 10),
        ([], 5),
    ],
)
async def test_another_figure_is_found(world: World, serve: Serve, figures: list[tuple[int, str]], pieces: int) -> None:
    await told(world, *figures)
    book(world, pieces)
    (said,) = await found(world, serve)
    assert f"the channel has {pieces} pieces" in said


async def test_a_figure_that_is_gone_is_found(world: World, serve: Serve) -> None:
    await told(world, (10, "taken"))
    assert await found(world, serve) == ["the channel took a figure, but has none"]


async def test_what_was_taken_while_the_books_were_read_need_not_be_in_them(world: World, serve: Serve) -> None:
    await told(world, (10, "taken"), ago=timedelta(0))
    assert await found(world, serve) == []
