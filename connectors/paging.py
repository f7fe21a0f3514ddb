"""Reading a window of changes from its last page to its first, for platforms that number their pages.

An order that changes while its window is read leaves the window, and all behind it move forward: read forward, one of
them would move past us. Read backwards, it only shows twice, which the inbox does not mind. What comes in late (a
platform's index lags) moves the others backward instead: the total has grown then, and the window is read from its end
anew. (One that comes in while another leaves shows in no total; overlapping windows are for that.) Some platforms give
out only so many pages: a window with more is read in parts.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.ports import Document, PulledPage, Window
from domain.clock import from_epoch_seconds

MOST_ROWS = 1_000_000
"""More than this no window has: whoever reads an answer refuses it then, for its pages would never end."""

_ONE_SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class ListPage:
    """One page of a platform's list, how many rows the window has in all, and the number of its last page."""

    documents: tuple[Document, ...]
    total: int
    last: int


Ask = Callable[[Window, int], Awaitable[ListPage]]
"""Asks the platform for one page of a window, counted from 1."""


@dataclass(frozen=True)
class _Place:
    """The page to read next: of a part of the window, which had `total` rows when it was last asked for. Page 0 is a
    part that was not asked for yet."""

    part: Window
    number: int = 0
    total: int = 0

    def text(self) -> str:
        """As `PulledPage.next_page`."""
        start, end = (int(moment.timestamp()) for moment in (self.part.start, self.part.end))
        return f"{start}-{end}/{self.number}/{self.total}"


async def pull_backwards(ask: Ask, window: Window, page: str | None, deepest: int | None = None) -> PulledPage:
    """One page of a window, and the place of the next one. `deepest` is the last page that the platform gives out.

    Raises whatever `ask` does, and ValueError for a `page` that is not one of ours.
    """
    window = Window(_whole(window.start), _whole(window.end))
    place = _Place(window) if page is None else _read(page)
    found = await ask(place.part, place.number) if place.number else None
    if found is None or found.total > place.total:
        place, found = await _open(ask, place.part, deepest)
    return PulledPage(found.documents, _after(place, found, window))


async def _open(ask: Ask, part: Window, deepest: int | None) -> tuple[_Place, ListPage]:
    """The last page of a part, which is made smaller until all of it can be read."""
    found = await ask(part, 1)
    while deepest is not None and found.last > deepest and part.end - part.start > _ONE_SECOND:
        part = Window(part.start, part.start + (part.end - part.start) // _ONE_SECOND // 2 * _ONE_SECOND)
        found = await ask(part, 1)
    number = 1
    while found.last > number:
        number = found.last
        found = await ask(part, number)
    return _Place(part, number, found.total), found


def _after(place: _Place, found: ListPage, window: Window) -> str | None:
    if place.number > 1:
        # Past the end of a list that has become shorter, some platforms say that there is nothing at all.
        total = found.total if found.documents else place.total
        return _Place(place.part, place.number - 1, total).text()
    if place.part.end < window.end:
        return _Place(Window(place.part.end, window.end)).text()
    return None


def _whole(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)


def _read(page: str) -> _Place:
    part, number, total = page.split("/")
    start, _, end = part.partition("-")
    return _Place(Window(from_epoch_seconds(int(start)), from_epoch_seconds(int(end))), int(number), int(total))
