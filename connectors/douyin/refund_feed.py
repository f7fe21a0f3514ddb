"""Douyin's after-sales as a feed of its own, beside the orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from connectors.douyin import requests
from connectors.douyin.api import DouyinApi
from connectors.douyin.inbound import SOURCE, read_refund_hint
from connectors.douyin.pulled import changed_refunds, read_cursor, read_refunds
from connectors.douyin.refunds import real_amount, to_refund
from connectors.douyin.responses import PARTNER
from connectors.errors import DocumentUnreadable, Unavailable
from connectors.fields import as_list, as_mapping
from connectors.ports import Document, PulledPage, Window
from domain.news import RefundNews
from domain.order import Channel
from domain.refund import RefundStatus


class DouyinRefunds:
    """Port `PullSource`; its documents are interpreted by the channel, which comes here to `read` them."""

    feed = f"{SOURCE}/refunds"
    channel = Channel.DOUYIN
    longest_window = timedelta(hours=1)
    overlap = timedelta(minutes=2)

    def __init__(self, api: DouyinApi) -> None:
        self._api = api

    @property
    def shops(self) -> Sequence[str]:
        """Every shop in the settings."""
        return tuple(self._api.settings.shops)

    async def pull(self, shop: str, window: Window, page: str | None) -> PulledPage:
        """afterSale.List by update time, one page. Raises ValueError for a `page` that is not one of ours."""
        cursor = read_cursor(page, window)
        return await self._api.call(
            shop,
            requests.CHANGED_REFUNDS,
            changed_refunds(cursor, window),
            lambda data: read_refunds(shop, cursor, data),
            writes=False,
        )

    async def read(self, document: Document) -> RefundNews:
        """The refund that a document is about: as it was pulled, or, after a push, as the platform has it now.

        What was paid back in the end is asked for: it may be less than what was applied for. Raises DocumentUnreadable
        and PartnerError.
        """
        hint = read_refund_hint(document)
        row = hint.row if hint.row is not None else await self._row(hint.shop, hint.refund_id)
        try:
            refund = to_refund(row, hint.shop)
        except ValueError as error:
            raise DocumentUnreadable(SOURCE, str(error)) from None
        if refund.refund_id != hint.refund_id:
            raise DocumentUnreadable(SOURCE, "the row is about another after-sale")
        if refund.status is RefundStatus.REFUNDED:
            asked = requests.refund_detail(refund.refund_id)
            real = await self._api.call(hint.shop, requests.REFUND_DETAIL, asked, real_amount, writes=False)
            refund = refund.model_copy(update={"amount_fen": refund.amount_fen if real is None else real})
        return RefundNews(refund)

    async def _row(self, shop: str, refund_id: str) -> Mapping[str, Any]:
        rows = await self._api.call(
            shop,
            requests.CHANGED_REFUNDS,
            requests.one_refund(refund_id),
            lambda data: [as_mapping(row, "items[]") for row in as_list(data.get("items"))],
            writes=False,
        )
        if not rows:
            # The message is genuine, so the list is still behind it.
            raise Unavailable(PARTNER, requests.CHANGED_REFUNDS, "the after-sale is not listed yet")
        return rows[0]
