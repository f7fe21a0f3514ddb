"""Xiaohongshu as a sales channel: pushes in, changed orders pulled, parcels' numbers written back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from connectors.errors import DocumentUnreadable, Rejected
from connectors.facts import PUSHED_AND_PULLED_CIPHER
from connectors.fields import text_of
from connectors.paging import ListPage, pull_backwards
from connectors.parts import KnownLines, known_lines
from connectors.ports import Document, PulledPage, Push, Reply, Window
from connectors.shown import news_of
from connectors.xiaohongshu import requests
from connectors.xiaohongshu.api import XiaohongshuApi
from connectors.xiaohongshu.inbound import SOURCE, hints, is_test, read_document, read_page, verify
from connectors.xiaohongshu.orders import parcels, sku_id_of, status_of, to_order, under_after_sale
from connectors.xiaohongshu.refund_feed import XiaohongshuRefunds
from connectors.xiaohongshu.refunds import KIND as REFUND
from connectors.xiaohongshu.responses import PARTNER, check_inner, numbers_of, tracking_numbers
from domain.clock import utc_now
from domain.listing import StockFigure
from domain.news import CancelNews, News
from domain.order import Channel, ChannelStatus
from domain.shipping import SentParcel, Shipment


class XiaohongshuChannel:
    """Ports `SalesChannel`, `StockTaker` and `PullSource`."""

    source = SOURCE
    feed = SOURCE
    channel = Channel.XIAOHONGSHU
    facts = PUSHED_AND_PULLED_CIPHER
    longest_window = timedelta(minutes=30)
    overlap = timedelta(minutes=5)

    def __init__(self, api: XiaohongshuApi) -> None:
        self._api = api
        self.refunds = XiaohongshuRefunds(api)

    @property
    def shops(self) -> Sequence[str]:
        """All seller ids of the settings."""
        return self._api.settings.shops

    async def authorised_until(self, shop: str) -> datetime | None:
        """Port `Authorised`: the end of the refresh token, two weeks after the last renewal."""
        return await self._api.tokens.authorised_until(shop)

    async def refresh(self, shop: str) -> None:
        """Port `Authorised`."""
        await self._api.tokens.refresh(shop)

    def unpack(self, push: Push) -> Sequence[Document]:
        """One hint per message about an order or an after-sale. The console's connectivity test gives none."""
        if is_test(push.body):
            return []
        verify(self._api.settings, push)
        return hints(push)

    def accepted(self, push: Push) -> Reply:
        """Xiaohongshu's "taken"."""
        return Reply(200, "application/json", b'{"success":true,"error_code":0,"error_msg":""}')

    def refused(self, push: Push, reason: str) -> Reply:
        """Not taken; the platform sends the message once more, five minutes later."""
        return Reply(400, "application/json", b'{"success":false,"error_code":400,"error_msg":"refused"}')

    async def pull(self, shop: str, window: Window, page: str | None) -> PulledPage:
        """order.getOrderList, 100 orders a page, from the last page to the first, as the platform asks. How pages
        follow each other stands in `connectors.paging`."""

        async def ask(part: Window, number: int) -> ListPage:
            business = requests.list_orders(part, number)
            return await self._api.call(
                shop, requests.LIST_ORDERS, business, lambda data: read_page(shop, data), writes=False
            )

        return await pull_backwards(ask, window, page, requests.LAST_PAGE)

    async def interpret(self, document: Document) -> Sequence[News]:
        """The order or the after-sale as it is now: neither a push nor a row of a list tells goods and amounts, so the
        platform is asked.

        A cancellation is never held up by an order that cannot be read: it comes as CancelNews then.
        """
        if document.kind == REFUND:
            return await self.refunds.news(document)
        shop, order_no = read_document(document)
        detail = await self._detail(shop, order_no)
        try:
            return news_of(to_order(detail, shop, order_no), parcels(detail, self._api.settings.couriers))
        except ValueError as error:
            if _cancelled(detail):
                return [CancelNews(Channel.XIAOHONGSHU, shop, order_no, "cancelled on the platform")]
            raise DocumentUnreadable(SOURCE, str(error)) from None

    async def write_back(self, shipment: Shipment) -> SentParcel | None:
        """order.orderDeliver, for the whole order or the SKUs that are in the parcel.

        The order is looked at first: one that has this number is content, and one with a cancellation or an after-sale
        under way is Rejected, since shipping it would refuse the buyer's refund. An order that the platform will not
        ship is looked at once more. The platform ships a SKU once: of two parcels that share its pieces (or those of a
        gift of the same SKU) it has the number of the first, and is told the second's only for what else is in it.
        """
        terms = self._api.settings.couriers.get(shipment.carrier)
        if terms is None:
            raise Rejected(PARTNER, requests.SHIP_ORDER, f"no code of {shipment.carrier} in the settings")
        detail = await self._detail(shipment.shop, shipment.channel_order_no)
        if shipment.number in tracking_numbers(detail):
            return None
        known = _known(detail, shipment)
        if not known.left and known.other is not None:
            return known.shown
        if _shipping_refuses_refund(detail):
            raise Rejected(PARTNER, requests.SHIP_ORDER, "a refund is under way: 订单有售后或取消申请，暂不发货")
        sku_ids = list(dict.fromkeys(sku_id_of(line_no) for line_no in known.left))
        business = requests.ship_order(shipment, terms.code, sku_ids, utc_now())
        try:
            await self._api.call(shipment.shop, requests.SHIP_ORDER, business, lambda data: None, writes=True)
        except Rejected:
            detail = await self._detail(shipment.shop, shipment.channel_order_no)
            if shipment.number in tracking_numbers(detail):
                return None
            known = _known(detail, shipment)
            if known.left or known.other is None:
                raise
            return known.shown
        return None

    async def tell_stock(self, figure: StockFigure) -> None:
        """Port `StockTaker`: inventory.syncSkuStock. Its answer may be another envelope: both must be a success."""
        if not figure.sku_id:
            raise Rejected(PARTNER, requests.SET_STOCK, "the listing has no skuId")
        business = requests.set_stock(figure)
        await self._api.call(
            figure.shop, requests.SET_STOCK, business, lambda data: check_inner(requests.SET_STOCK, data), writes=True
        )

    async def _detail(self, shop: str, order_no: str) -> Mapping[str, Any]:
        return await self._api.call(
            shop, requests.ORDER_DETAIL, requests.order_detail(order_no), _order_in, writes=False
        )


def _known(detail: Mapping[str, Any], shipment: Shipment) -> KnownLines:
    return known_lines(shipment, lambda line_no: numbers_of(detail, sku_id_of(line_no)), sku_id_of)


def _order_in(data: Mapping[str, Any]) -> Mapping[str, Any]:
    # A success without an order says nothing about the order: it is asked for again.
    if not text_of(data, "orderId"):
        raise ValueError("no orderId")
    return data


def _cancelled(detail: Mapping[str, Any]) -> bool:
    try:
        return status_of(detail) is ChannelStatus.CANCELLED
    except ValueError:
        return False


def _shipping_refuses_refund(detail: Mapping[str, Any]) -> bool:
    try:
        return under_after_sale(detail)
    except ValueError as error:
        raise Rejected(PARTNER, requests.SHIP_ORDER, str(error)) from None
