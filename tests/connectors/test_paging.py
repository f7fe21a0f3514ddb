from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.paging import ListPage, pull_backwards
from connectors.ports import Document, PulledPage, Window

START = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(minutes=30))
SIZE = 10


class Platform:
    """Lists rows by the second of their change. What changes leaves the window; what its index had missed comes in."""

    def __init__(self, seconds: Sequence[int], *, newest_first: bool = True, deepest: int | None = None) -> None:
        self.at = {f"O{n}": START + timedelta(seconds=second) for n, second in enumerate(seconds)}
        self.newest_first = newest_first
        self.deepest = deepest
        self.asked: list[tuple[Window, int]] = []

    async def ask(self, window: Window, number: int) -> ListPage:
        assert self.deepest is None or number <= self.deepest, "the platform gives out no such page"
        self.asked.append((window, number))
        rows = [name for name, at in self.at.items() if window.start <= at <= window.end]
        rows.sort(key=lambda name: (self.at[name], name), reverse=self.newest_first)
        listed = rows[SIZE * (number - 1) : SIZE * number]
        return ListPage(tuple(document(name) for name in listed), len(rows), -(-len(rows) // SIZE))

    def changes(self, name: str) -> None:
        self.at[name] = WINDOW.end + timedelta(minutes=1)

    def comes_late(self, name: str, second: int) -> None:
        self.at[name] = START + timedelta(seconds=second)


def document(name: str) -> Document:
    return Document("own", "order", name, 1, "{}")


async def read_all(platform: Platform, between: Callable[[], None] = lambda: None) -> list[str]:
    """Every page of the window; `between` is called after each."""
    found: list[str] = []
    page: str | None = None
    for _ in range(500):
        pulled = await pull_backwards(platform.ask, WINDOW, page, platform.deepest)
        found += [each.document_id for each in pulled.documents]
        page = pulled.next_page
        if page is None:
            return found
        between()
    raise AssertionError("the window never ends")


async def test_an_empty_window_is_one_page() -> None:
    assert await pull_backwards(Platform([]).ask, WINDOW, None) == PulledPage((), None)


async def test_a_single_page_is_asked_for_once() -> None:
    platform = Platform(range(SIZE))
    assert len(await read_all(platform)) == SIZE
    assert len(platform.asked) == 1


async def test_pages_are_read_from_the_last_to_the_first() -> None:
    platform = Platform(range(35))
    assert len(await read_all(platform)) == 35
    assert [number for _, number in platform.asked] == [1, 4, 3, 2, 1]


@pytest.mark.parametrize("newest_first", [True, False])
async def test_rows_that_leave_the_window_hide_no_other(newest_first: bool) -> None:
    platform = Platform(range(0, 700, 7), newest_first=newest_first)
    leaving = [f"O{n}" for n in range(0, 100, 3)]

    def change() -> None:
        for _ in range(7):
            if leaving:
                platform.changes(leaving.pop())

    found = set(await read_all(platform, change))
    assert {name for name, at in platform.at.items() if at <= WINDOW.end} <= found


@pytest.mark.parametrize("newest_first", [True, False])
async def test_rows_that_come_late_push_none_past_us(newest_first: bool) -> None:
    platform = Platform(range(0, 700, 7), newest_first=newest_first)
    late = ["L1", "L2", "L3"]

    def index() -> None:
        if late:
            platform.comes_late(late.pop(), 350)

    assert set(await read_all(platform, index)) == set(platform.at)


@given(st.integers(0, 2**32), st.booleans(), st.sampled_from([None, 3, 5]))
async def test_nothing_is_skipped_whatever_moves(seed: int, newest_first: bool, deepest: int | None) -> None:
    dice = random.Random(seed)
    platform = Platform(
        [dice.randrange(1800) for _ in range(dice.randrange(120))], newest_first=newest_first, deepest=deepest
    )
    pages = 0

    def move() -> None:
        nonlocal pages
        pages += 1
        stays = [name for name, at in platform.at.items() if at <= WINDOW.end]
        if pages > 30 or not stays:
            return
        if dice.random() < 0.5:
            platform.changes(dice.choice(stays))
        elif dice.random() < 0.3:
            platform.comes_late(f"L{pages}", int((platform.at[dice.choice(stays)] - START).total_seconds()))

    before = set(platform.at)
    found = set(await read_all(platform, move))
    assert {name for name in before if platform.at[name] <= WINDOW.end} <= found


async def test_a_window_with_more_pages_than_are_given_out_is_read_in_parts() -> None:
    platform = Platform([second for second in range(1800) for _ in range(2)], deepest=20)
    assert set(await read_all(platform)) == set(platform.at)
    parts = {(window.start, window.end) for window, number in platform.asked if number > 1}
    assert len(parts) > 15


async def test_a_list_that_became_shorter_than_the_page_goes_on_before_it() -> None:
    platform = Platform(range(25))
    first = await pull_backwards(platform.ask, WINDOW, None)
    for n in range(15):
        platform.changes(f"O{n}")
    second = await pull_backwards(platform.ask, WINDOW, first.next_page)
    third = await pull_backwards(platform.ask, WINDOW, second.next_page)
    assert (second.documents, third.next_page) == ((), None)
    assert {each.document_id for each in third.documents} == {f"O{n}" for n in range(15, 25)}


@pytest.mark.parametrize("page", ["", "1", "a-b/1/1", "1-2/3"])
async def test_a_page_that_is_not_ours(page: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        await pull_backwards(Platform([]).ask, WINDOW, page)
