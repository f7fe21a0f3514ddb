"""JD's second feed: refunds that buyers apply for before their order has left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from connectors.jd import requests
from connectors.jd.api import JosApi
from connectors.jd.refunds import changed_before, refund_document
from connectors.jd.requests import RefundTime
from connectors.jd.responses import read_refunds
from connectors.ports import PulledPage, Window
from domain.order import Channel

_MOST_PAGES = 100
_SLACK = timedelta(minutes=1)
_AFTER = {RefundTime.MODIFIED: None, RefundTime.CHECKED: RefundTime.APPLIED, RefundTime.APPLIED: None}


class JdRefunds:
    """Port `PullSource`; its documents are interpreted by `JdChannel`.

    The list is asked by time of change. An application whose version of the API does not know that filter is answered
    with refunds of any age: seen by a row that did not change in the window (or by more pages than the platform
    turns), and then the same window is asked by time of decision and by time of application instead. Such an
    application hears of a withdrawal only if it moves the time of decision, which the public documents leave open.
    """

    feed = "jd/refunds"
    channel = Channel.JD
    longest_window = timedelta(hours=1)
    """The platform turns 100 pages of 50 at most."""
    overlap = timedelta(minutes=10)

    def __init__(self, api: JosApi) -> None:
        self._api = api

    @property
    def shops(self) -> Sequence[str]:
        """All shops of the settings."""
        return tuple(self._api.settings.shops)

    async def pull(self, shop: str, window: Window, page: str | None) -> PulledPage:
        """One page of 50. Where there are more, the first is read for their number, then all from the last back (as
        `JdChannel.pull` does, and for the same reason)."""
        by, number = _turn(page)

        def parse(body: Mapping[str, Any]) -> tuple[int, tuple[Any, ...]]:
            found = read_refunds(requests.REFUNDS, body)
            return found.total, found.rows

        business = requests.refunds(window, by, max(number, 1))
        total, rows = await self._api.call(shop, requests.REFUNDS, business, parse, writes=False)
        last = -(-total // requests.REFUND_PAGE_SIZE)
        documents = tuple(refund_document(row, shop) for row in rows)
        if by is RefundTime.MODIFIED and (
            last > _MOST_PAGES or any(changed_before(row, window.start - _SLACK) for row in rows)
        ):
            return PulledPage(documents, f"{RefundTime.CHECKED}/0")
        return PulledPage(documents, _next(by, number, last))


def _turn(page: str | None) -> tuple[RefundTime, int]:
    """What to ask by, and the page; 0 for a first look."""
    if page is None:
        return RefundTime.MODIFIED, 0
    by, _, number = page.partition("/")
    return RefundTime(by), int(number)


def _next(by: RefundTime, number: int, last: int) -> str | None:
    if number == 0 and last > 1:
        return f"{by}/{last}"
    if number > 1:
        return f"{by}/{number - 1}"
    after = _AFTER[by]
    return None if after is None else f"{after}/0"
