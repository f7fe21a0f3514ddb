"""Payments that nobody told us of: WeChat Pay is asked for the orders that are still unpaid."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import timedelta

from connectors.errors import Rejected
from connectors.ports import Document, PulledPage, Window
from connectors.wechat.documents import SOURCE, payment_document
from connectors.wechat.lookup import ShopOrders
from connectors.wechat.pay_api import PayApi
from domain.order import Channel

PAGE_SIZE = 20
LAST_ASKED = timedelta(days=2)
"""An order may be paid for so long, and WeChat repeats its notifications for a day."""

_log = logging.getLogger(__name__)


class WechatPayments:
    """Port `PullSource`. WeChat Pay lists nothing: it answers for one order at a time.

    So the windows are over our own unpaid orders: each is asked for when it is `first` old, and again at twice the age,
    and so on up to two days. A window holds the orders that come to one of these ages in it. The answer for a paid
    order is the document that its notification would have been, so that of the two only the first counts.

    There is no such feed for refunds: WeChat Pay answers for a refund only to whoever knows its number, which is the
    shop's own. They come by notification, and by the shop's word (a cancellation by REST).
    """

    feed = SOURCE
    channel = Channel.WECHAT
    longest_window = timedelta(days=1)
    overlap = timedelta(minutes=1)

    def __init__(self, apis: Mapping[str, PayApi], orders: ShopOrders, first: timedelta) -> None:
        """`apis` by appid: the mini-programs whose merchants can ask."""
        self._apis = apis
        self._orders = orders
        self._first = first

    @property
    def shops(self) -> Sequence[str]:
        """The mini-programs whose payments can be asked for."""
        return tuple(self._apis)

    async def pull(self, shop: str, window: Window, page: str | None) -> PulledPage:
        """The payments of twenty unpaid orders; `page` is the number of the last order of the page before."""
        numbers = await self._orders.unpaid(shop, self.placed(window), page or "", PAGE_SIZE)
        documents = [found for number in numbers if (found := await self._payment(shop, number)) is not None]
        return PulledPage(tuple(documents), numbers[-1] if len(numbers) == PAGE_SIZE else None)

    def placed(self, window: Window) -> list[Window]:
        """When the orders were placed that come to one of their ages in a window."""
        ages = [self._first]
        while ages[-1] * 2 <= LAST_ASKED:
            ages.append(ages[-1] * 2)
        return [Window(window.start - age, window.end - age) for age in ages]

    async def _payment(self, shop: str, out_trade_no: str) -> Document | None:
        try:
            transaction = await self._apis[shop].payment(out_trade_no)
        except Rejected as refusal:
            # A number that WeChat Pay cannot have a payment for: it must not keep the others from being asked for.
            _log.warning("an order cannot be asked for", extra={"shop": shop, "code": refusal.code})
            return None
        return None if transaction is None else payment_document(transaction)
