"""Xiaohongshu's after-sales as a feed of their own, beside its orders and its pushes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from connectors.errors import DocumentUnreadable
from connectors.fields import as_mapping
from connectors.paging import ListPage, pull_backwards
from connectors.ports import Document, PulledPage, Window
from connectors.xiaohongshu import requests
from connectors.xiaohongshu.api import XiaohongshuApi
from connectors.xiaohongshu.refunds import RefundHint, read_refund_hint, read_refunds, returns_ids, to_refund
from connectors.xiaohongshu.responses import PARTNER, inner_data
from domain.news import RefundNews
from domain.order import Channel


class XiaohongshuRefunds:
    """Port `PullSource`: after-sales by the time of their last change."""

    feed = f"{PARTNER}/refunds"
    channel = Channel.XIAOHONGSHU
    longest_window = timedelta(minutes=30)
    overlap = timedelta(minutes=5)

    def __init__(self, api: XiaohongshuApi) -> None:
        self._api = api

    @property
    def shops(self) -> Sequence[str]:
        """All seller ids of the settings."""
        return self._api.settings.shops

    async def pull(self, shop: str, window: Window, page: str | None) -> PulledPage:
        """afterSale.listAfterSaleInfos, from the last page to the first. How pages follow each other stands in
        `connectors.paging`."""
        method = requests.LIST_REFUNDS

        async def ask(part: Window, number: int) -> ListPage:
            return await self._api.call(
                shop,
                method,
                requests.list_refunds(part, number),
                lambda data: read_refunds(shop, inner_data(method, data)),
                writes=False,
            )

        return await pull_backwards(ask, window, page, requests.LAST_REFUNDS_PAGE)

    async def news(self, document: Document) -> list[RefundNews]:
        """The after-sale as it is now (afterSale.getAfterSaleInfo); all of an order's, where a message names only that.

        Raises DocumentUnreadable, or the errors of the calls.
        """
        hint = read_refund_hint(document)
        numbers = [hint.returns_id] if hint.returns_id else await self._of_order(hint)
        try:
            return [RefundNews(to_refund(await self._detail(hint.shop, n), _about(hint, n))) for n in numbers]
        except ValueError as error:
            raise DocumentUnreadable(PARTNER, str(error)) from None

    async def _of_order(self, hint: RefundHint) -> list[str]:
        method = requests.LIST_REFUNDS
        return await self._api.call(
            hint.shop,
            method,
            requests.refunds_of(hint.order_no),
            lambda data: returns_ids(inner_data(method, data)),
            writes=False,
        )

    async def _detail(self, shop: str, returns_id: str) -> Mapping[str, Any]:
        method = requests.REFUND_DETAIL
        return await self._api.call(
            shop,
            method,
            requests.refund_detail(returns_id),
            lambda data: as_mapping(inner_data(method, data).get("afterSaleInfo"), "afterSaleInfo"),
            writes=False,
        )


def _about(hint: RefundHint, returns_id: str) -> RefundHint:
    return RefundHint(hint.shop, returns_id, hint.order_no, hint.version)
