"""Taobao's refunds as a feed of their own, beside its trades."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from connectors.errors import DocumentUnreadable
from connectors.fields import as_mapping
from connectors.paging import ListPage, pull_backwards
from connectors.ports import Document, PulledPage, Window
from connectors.taobao import requests
from connectors.taobao.api import TopApi
from connectors.taobao.refunds import complete, merged, read_refund_hint, read_refunds, to_refund
from connectors.taobao.responses import PARTNER
from domain.news import RefundNews
from domain.order import Channel


class TaobaoRefunds:
    """Port `PullSource`: refunds by the time of their last change."""

    feed = f"{PARTNER}/refunds"
    channel = Channel.TAOBAO
    longest_window = timedelta(minutes=30)
    overlap = timedelta(minutes=3)

    def __init__(self, api: TopApi) -> None:
        self._api = api

    @property
    def shops(self) -> Sequence[str]:
        """Every shop in the settings."""
        return tuple(self._api.settings.shops)

    async def pull(self, shop: str, window: Window, page: str | None) -> PulledPage:
        """taobao.refunds.receive.get, from the last page to the first: nobody says how this list is sorted, and
        backwards no order of it hides a refund.

        Raises ValueError for a `page` that is not one of ours.
        """

        async def ask(part: Window, number: int) -> ListPage:
            business = requests.changed_refunds(part.start, part.end, number)
            return await self._api.call(
                shop, requests.CHANGED_REFUNDS, business, lambda body: read_refunds(shop, body), writes=False
            )

        return await pull_backwards(ask, window, page)

    async def news(self, document: Document) -> RefundNews:
        """What a document of this feed says; a row that lacks something makes us ask (taobao.refund.get).

        Raises DocumentUnreadable, or the errors of the call.
        """
        hint = read_refund_hint(document)
        try:
            raw = hint.row if complete(hint.row) else merged(hint.row, await self._refund(hint.shop, hint.refund_id))
            return RefundNews(to_refund(raw, hint))
        except ValueError as error:
            raise DocumentUnreadable(PARTNER, str(error)) from None

    async def _refund(self, shop: str, refund_id: str) -> Mapping[str, Any]:
        return await self._api.call(
            shop,
            requests.REFUND,
            requests.refund(refund_id),
            lambda body: as_mapping(body.get("refund"), "refund"),
            writes=False,
        )
