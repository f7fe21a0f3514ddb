"""Pinduoduo's after-sales as a feed of its own, beside the orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from connectors.errors import DocumentUnreadable
from connectors.fields import as_list
from connectors.pdd import requests
from connectors.pdd.api import PddApi
from connectors.pdd.pulled import SOURCE, read_refund_document, refund_document
from connectors.pdd.refunds import to_refund
from connectors.ports import Document, PulledPage, Window
from domain.news import RefundNews
from domain.order import Channel

_UP, _DOWN = "up", "down"


class PddRefunds:
    """Port `PullSource`; its documents are interpreted by the channel, which comes here to `read` them."""

    feed = f"{SOURCE}/refunds"
    channel = Channel.PDD
    longest_window = timedelta(minutes=30)
    overlap = timedelta(minutes=5)

    def __init__(self, api: PddApi) -> None:
        self._api = api

    @property
    def shops(self) -> Sequence[str]:
        """All mall ids of the settings."""
        return self._api.settings.shops

    async def pull(self, shop: str, window: Window, page: str | None) -> PulledPage:
        """One page of 100, up to the last one and down again: what changes while pages are read leaves the window and
        moves those behind it forward, which hides them on the way up, and only shows them twice on the way down.

        The list does not say how many pages there are. Raises ValueError for a `page` that is not one of ours.
        """
        way, number = _step(page)
        rows = await self._rows(shop, window, number)
        documents = tuple(refund_document(shop, row) for row in rows)
        if way == _UP and len(rows) >= requests.PAGE_SIZE:
            return PulledPage(documents, f"{_UP}/{number + 1}")
        return PulledPage(documents, f"{_DOWN}/{number - 1}" if number > 1 else None)

    async def read(self, document: Document) -> RefundNews:
        """The refund as it was pulled. Raises DocumentUnreadable."""
        shop, row = read_refund_document(document)
        try:
            return RefundNews(to_refund(row, shop))
        except ValueError as error:
            raise DocumentUnreadable(SOURCE, str(error)) from None

    async def _rows(self, shop: str, window: Window, number: int) -> list[Any]:
        business = requests.list_refunds(window, number)
        return await self._api.call(shop, requests.LIST_REFUNDS, business, _listed, writes=False)


def _listed(data: Mapping[str, Any]) -> list[Any]:
    """The rows of a page. Raises ValueError for an answer without a list, which is none of no refunds."""
    if "refund_list" not in data:
        raise ValueError("no refund_list")
    return as_list(data["refund_list"])


def _step(page: str | None) -> tuple[str, int]:
    way, _, number = (page or f"{_UP}/1").partition("/")
    if way not in (_UP, _DOWN):
        raise ValueError("not a page of this feed")
    return way, int(number)
