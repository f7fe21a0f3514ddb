"""Pinduoduo as a sales channel: changed orders pulled, parcels' numbers written back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NoReturn

from connectors.errors import DocumentUnreadable, PushRefused, Rejected
from connectors.facts import PULLED_CIPHER
from connectors.paging import ListPage, pull_backwards
from connectors.pdd import requests
from connectors.pdd.api import PddApi
from connectors.pdd.orders import complete, parcels, status_of, to_order
from connectors.pdd.pulled import REFUND_KIND, SOURCE, read_document, read_page
from connectors.pdd.refund_feed import PddRefunds
from connectors.pdd.responses import PARTNER, check_done, order_info, tracking_numbers, under_refund
from connectors.ports import Document, PulledPage, Push, Reply, Window
from connectors.shown import news_of
from domain.listing import StockFigure
from domain.news import CancelNews, News
from domain.order import Channel, ChannelStatus
from domain.shipping import Shipment


class PddChannel:
    """Ports `SalesChannel`, `StockTaker` and `PullSource`.

    Pinduoduo calls nobody over HTTP (its messages need a web socket, which polling makes unnecessary), so every push
    is refused.
    """

    source = SOURCE
    feed = SOURCE
    channel = Channel.PDD
    facts = PULLED_CIPHER
    longest_window = timedelta(minutes=30)
    overlap = timedelta(minutes=5)
    """The platform's index lags by up to three minutes."""

    def __init__(self, api: PddApi) -> None:
        self._api = api
        self.refunds = PddRefunds(api)

    @property
    def shops(self) -> Sequence[str]:
        """All mall ids of the settings."""
        return self._api.settings.shops

    async def authorised_until(self, shop: str) -> datetime | None:
        """Port `Authorised`: the end of the refresh token."""
        return await self._api.tokens.authorised_until(shop)

    async def refresh(self, shop: str) -> None:
        """Port `Authorised`."""
        await self._api.tokens.refresh(shop)

    def unpack(self, push: Push) -> NoReturn:
        """Nobody but a stranger calls here."""
        raise PushRefused(SOURCE, "the platform pushes nothing over HTTP")

    def accepted(self, push: Push) -> Reply:
        """Never said, since nothing is taken."""
        return Reply(200, "application/json", b'{"success":true}')

    def refused(self, push: Push, reason: str) -> Reply:
        """There is nothing here."""
        return Reply(404, "application/json", b'{"success":false}')

    async def pull(self, shop: str, window: Window, page: str | None) -> PulledPage:
        """One page of 100 orders, from the last page to the first. How pages follow each other stands in
        `connectors.paging`."""

        async def ask(part: Window, number: int) -> ListPage:
            business = requests.list_orders(part, number)
            return await self._api.call(
                shop, requests.LIST_ORDERS, business, lambda data: read_page(shop, number, data), writes=False
            )

        return await pull_backwards(ask, window, page)

    async def interpret(self, document: Document) -> Sequence[News]:
        """The order or the refund as it was pulled; an order that lacks what it is made of makes us ask for the detail.

        A cancellation is never held up by an order that cannot be read: it comes as CancelNews then.
        """
        if document.kind == REFUND_KIND:
            return [await self.refunds.read(document)]
        shop, order_sn, fields = read_document(document)
        if not complete(fields):
            fields = await self._detail(shop, order_sn)
        try:
            return news_of(to_order(fields, shop, order_sn), parcels(fields, self._api.settings.couriers))
        except ValueError as error:
            if _cancelled(fields):
                return [CancelNews(Channel.PDD, shop, order_sn, "cancelled on the platform")]
            raise DocumentUnreadable(SOURCE, str(error)) from None

    async def write_back(self, shipment: Shipment) -> None:
        """pdd.logistics.online.send, with which the whole order counts as shipped; the further parcels of one that is
        shipped go by pdd.order.upload.extra.logistics.

        The order is looked at first, so that a number which the platform has already is not sent again. An order with a
        refund under way is Rejected. One that the platform will not ship is looked at once more: with this number it is
        content, else the refusal stands.
        """
        logistics_id = self._logistics_id(shipment)
        if await self._joined(shipment, logistics_id):
            return
        try:
            await self._check_refund(shipment)
            await self._write(shipment, requests.SHIP_ORDER, requests.ship_order(shipment, logistics_id), "is_success")
        except Rejected:
            # Another parcel of the same order may have been quicker.
            if not await self._joined(shipment, logistics_id):
                raise

    async def tell_stock(self, figure: StockFigure) -> None:
        """Port `StockTaker`: pdd.goods.quantity.update. The platform lets nobody lower the stock of goods that stand in
        one of its promotions: then it is Rejected."""
        await self._api.call(
            figure.shop,
            requests.SET_STOCK,
            requests.set_stock(figure),
            lambda data: check_done(requests.SET_STOCK, data, "is_success"),
            writes=True,
        )

    async def _joined(self, shipment: Shipment, logistics_id: int) -> bool:
        """Whether the order is shipped with this number by now: it has it already, or another parcel of the order was
        first and this one could be added."""
        known = tracking_numbers(await self._detail(shipment.shop, shipment.channel_order_no))
        if shipment.number in known:
            return True
        if shipment.whole_order or not known:
            return False
        await self._write(shipment, requests.ADD_PARCEL, requests.add_parcel(shipment, logistics_id), "success")
        return True

    async def _write(self, shipment: Shipment, method: str, business: Mapping[str, object], flag: str) -> None:
        await self._api.call(shipment.shop, method, business, lambda data: check_done(method, data, flag), writes=True)

    async def _check_refund(self, shipment: Shipment) -> None:
        order_sn = shipment.channel_order_no
        business = requests.check_refund(order_sn)
        if await self._api.call(
            shipment.shop, requests.CHECK_REFUND, business, lambda data: under_refund(data, order_sn), writes=False
        ):
            raise Rejected(PARTNER, requests.SHIP_ORDER, "a refund is under way: 订单有售后，暂不发货")

    def _logistics_id(self, shipment: Shipment) -> int:
        terms = self._api.settings.couriers.get(shipment.carrier)
        if terms is None:
            raise Rejected(PARTNER, requests.SHIP_ORDER, f"no logistics_id of {shipment.carrier} in the settings")
        return terms.logistics_id

    async def _detail(self, shop: str, order_sn: str) -> Mapping[str, Any]:
        return await self._api.call(
            shop, requests.ORDER_DETAIL, requests.order_detail(order_sn), order_info, writes=False
        )


def _cancelled(fields: Mapping[str, Any]) -> bool:
    try:
        return status_of(fields) is ChannelStatus.CANCELLED
    except ValueError:
        return False
