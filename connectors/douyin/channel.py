"""Douyin as a sales channel: pushes in, orders read, parcels' numbers written back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from connectors.douyin import requests
from connectors.douyin.api import DouyinApi
from connectors.douyin.carriers import company_code
from connectors.douyin.inbound import REFUND_KIND, SOURCE, documents, read_hint, verify
from connectors.douyin.orders import parcels, quantities, status_of, to_order
from connectors.douyin.pulled import changed_orders, read_cursor, read_orders
from connectors.douyin.refund_feed import DouyinRefunds
from connectors.douyin.responses import BUSINESS_FAILED, PARTNER, numbers_of, tracking_numbers
from connectors.errors import DocumentUnreadable, Rejected
from connectors.facts import PUSHED_AND_PULLED_CIPHER
from connectors.fields import as_mapping, text_of
from connectors.parts import KnownLines, known_lines
from connectors.ports import Document, PulledPage, Push, Reply, Window
from connectors.shown import news_of
from domain.listing import StockFigure
from domain.news import CancelNews, News
from domain.order import Channel, ChannelStatus
from domain.shipping import SentParcel, Shipment


class DouyinChannel:
    """Ports `SalesChannel`, `StockTaker` and `PullSource`: pushes may be lost, so changed orders are also asked for."""

    source = SOURCE
    feed = SOURCE
    channel = Channel.DOUYIN
    facts = PUSHED_AND_PULLED_CIPHER
    longest_window = timedelta(hours=1)
    overlap = timedelta(minutes=2)

    def __init__(self, api: DouyinApi) -> None:
        self._api = api
        self.refunds = DouyinRefunds(api)

    @property
    def shops(self) -> Sequence[str]:
        """Every shop in the settings."""
        return tuple(self._api.settings.shops)

    async def authorised_until(self, shop: str) -> datetime | None:
        """Port `Authorised`: None, for a self-built application may ask for a new token whenever it likes."""
        return None

    async def refresh(self, shop: str) -> None:
        """Port `Authorised`."""
        await self._api.tokens.refresh(shop)

    async def pull(self, shop: str, window: Window, page: str | None) -> PulledPage:
        """order.searchList by update time, one page. Raises ValueError for a `page` that is not one of ours."""
        cursor = read_cursor(page, window)
        business = changed_orders(cursor, window)
        return await self._api.call(
            shop, requests.CHANGED_ORDERS, business, lambda data: read_orders(shop, cursor, data), writes=False
        )

    def unpack(self, push: Push) -> Sequence[Document]:
        """One document per message about an order or a refund; which tags these are, the settings say.

        The test message (tag 0) gives none, and neither do messages of other tags.
        """
        verify(self._api.settings, push)
        return documents(self._api.settings, push.body)

    def accepted(self, push: Push) -> Reply:
        """Douyin's "taken"."""
        return Reply(200, "application/json", b'{"code":0,"msg":"success"}')

    def refused(self, push: Push, reason: str) -> Reply:
        """Douyin's example of "not taken"; it will send the message again, later and later."""
        return Reply(400, "application/json", '{"code":40041,"message":"解析推送数据失败"}'.encode())

    async def interpret(self, document: Document) -> Sequence[News]:
        """The order or the refund as it is now: the message is only a hint, the platform is asked.

        A cancellation is never held up by an order that cannot be read: it comes as CancelNews then.
        """
        if document.kind == REFUND_KIND:
            return [await self.refunds.read(document)]
        hint = read_hint(document)
        detail = await self._detail(hint.shop, hint.order_no)
        try:
            return news_of(to_order(detail, hint.shop, hint.order_no), parcels(detail))
        except ValueError as error:
            if _cancelled(detail):
                reason = text_of(detail, "cancel_reason")
                return [CancelNews(Channel.DOUYIN, hint.shop, hint.order_no, reason)]
            raise DocumentUnreadable(SOURCE, str(error)) from None

    async def write_back(self, shipment: Shipment) -> SentParcel | None:
        """order.logisticsAdd for a parcel with the whole order, order.logisticsAddMultiPack for a part of it.

        An order that the platform will not ship (most often: shipped already) is looked at: with this number it is
        content, with another one (or none) the refusal stands. A parcel is told with all pieces of its lines, so that a
        line has left with the first parcel that it is in: of two that share its pieces, the platform is told the
        second's number only for what else is in it.
        """
        company = company_code(shipment.carrier, requests.SHIP_ORDER)
        if shipment.whole_order:
            method, business = requests.SHIP_ORDER, requests.ship_order(shipment, company)
        else:
            method = requests.SHIP_PACK
            detail = await self._detail(shipment.shop, shipment.channel_order_no)
            if shipment.number in tracking_numbers(detail):
                return None
            known = _known(detail, shipment)
            if not known.left and known.other is not None:
                return known.shown
            business = requests.ship_pack(shipment, company, _pieces(detail, shipment, known.left))
        try:
            await self._api.call(shipment.shop, method, business, lambda data: None, writes=True)
        except Rejected as refusal:
            if refusal.code != BUSINESS_FAILED:
                raise
            detail = await self._detail(shipment.shop, shipment.channel_order_no)
            if shipment.number in tracking_numbers(detail):
                return None
            known = _known(detail, shipment)
            if known.left or known.other is None:
                raise
            return known.shown
        return None

    async def tell_stock(self, figure: StockFigure) -> None:
        """Port `StockTaker`: sku.syncStock."""
        business = requests.set_stock(figure)
        await self._api.call(figure.shop, requests.SET_STOCK, business, lambda data: None, writes=True)

    async def _detail(self, shop: str, order_no: str) -> Mapping[str, Any]:
        return await self._api.call(
            shop,
            requests.ORDER_DETAIL,
            requests.order_detail(order_no),
            lambda data: as_mapping(data.get("shop_order_detail"), "shop_order_detail"),
            writes=False,
        )


def _cancelled(detail: Mapping[str, Any]) -> bool:
    try:
        return status_of(detail) is ChannelStatus.CANCELLED
    except ValueError:
        return False


def _known(detail: Mapping[str, Any], shipment: Shipment) -> KnownLines:
    return known_lines(shipment, lambda line_no: numbers_of(detail, line_no))


def _pieces(detail: Mapping[str, Any], shipment: Shipment, line_nos: Sequence[str]) -> Mapping[str, int]:
    try:
        pieces = quantities(detail)
    except ValueError as error:
        raise Rejected(PARTNER, requests.SHIP_PACK, str(error)) from None
    if unknown := [line_no for line_no in shipment.line_nos if line_no not in pieces]:
        raise Rejected(PARTNER, requests.SHIP_PACK, f"the order has no sub orders {', '.join(unknown)}")
    return {line_no: pieces[line_no] for line_no in line_nos}
