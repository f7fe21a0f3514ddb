"""JD as a sales channel: orders pulled by modification time, parcels' numbers written back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from connectors.errors import DocumentUnreadable, PushRefused, Rejected
from connectors.facts import Facts, ReceiverKind, Way
from connectors.jd import requests
from connectors.jd.api import JosApi
from connectors.jd.documents import SOURCE, order_document, read_document
from connectors.jd.orders import STATUS, order_no_of, parcels, parents_of, status_of, to_order
from connectors.jd.refunds import KIND as REFUND
from connectors.jd.refunds import read_refund
from connectors.jd.responses import (
    PARTNER,
    check_shipment,
    check_stock,
    read_page,
    read_waybills,
    says_no_such_order,
    says_shipped_already,
)
from connectors.ports import Document, PulledPage, Push, Reply, Window
from connectors.shown import news_of
from domain.listing import StockFigure
from domain.news import CancelNews, News, RefundNews
from domain.order import Channel, ChannelStatus
from domain.shipping import SentParcel, Shipment

SPLIT = "split"
"""The reason in the news that a parent order is no more, since its children took its place."""


class JdChannel:
    """Ports `SalesChannel`, `StockTaker` and `PullSource`."""

    source = SOURCE
    feed = SOURCE
    channel = Channel.JD
    facts = Facts((Way.PULL, Way.FILE), (ReceiverKind.CIPHER, ReceiverKind.CLEAR), stock=True)
    """In clear text only with JD's leave: `JdSettings.encrypted`."""
    longest_window = timedelta(days=1)
    """JD answers a month, but late pages of a long search are slow."""
    overlap = timedelta(minutes=10)

    def __init__(self, api: JosApi) -> None:
        self._api = api

    @property
    def shops(self) -> Sequence[str]:
        """All shops of the settings."""
        return tuple(self._api.settings.shops)

    async def authorised_until(self, shop: str) -> datetime | None:
        """Port `Authorised`: the end of the refresh token, which JD names no life of: as long as it is tried."""
        return await self._api.tokens.authorised_until(shop)

    async def refresh(self, shop: str) -> None:
        """Port `Authorised`."""
        await self._api.tokens.refresh(shop)

    async def pull(self, shop: str, window: Window, page: str | None) -> PulledPage:
        """One page of 100. Where there are more, the first is read for their number, then all from the last back.

        An order that changes while we read leaves a past window, and those behind it move up by one: read forward, one
        of them would slip from a page not read yet to one already read. Read backward, it is only met twice.
        """
        encrypted = self._api.settings.encrypted
        method = requests.search_method(encrypted)
        number = _page_number(page)

        def parse(body: Mapping[str, Any]) -> tuple[int, tuple[Document, ...]]:
            found = read_page(method, body)
            return found.total, tuple(order_document(info, shop, encrypted=encrypted) for info in found.orders)

        business = requests.search(window, number, tuple(STATUS.means))
        total, documents = await self._api.call(shop, method, business, parse, writes=False)
        if page is None:
            last = -(-total // requests.PAGE_SIZE)
            return PulledPage(documents, str(last) if last > 1 else None)
        return PulledPage(documents, str(number - 1) if number > 1 else None)

    def unpack(self, push: Push) -> Sequence[Document]:
        """JD pushes nothing to ordinary sellers: whatever comes is not JD's."""
        raise PushRefused(SOURCE, "JD has no pushes")

    def accepted(self, push: Push) -> Reply:
        """Said to nobody, for nothing is ever taken."""
        return Reply(204, "text/plain", b"")

    def refused(self, push: Push, reason: str) -> Reply:
        """There is no such door."""
        return Reply(404, "text/plain", b"")

    async def interpret(self, document: Document) -> Sequence[News]:
        """The order, or the refund, as JD had it; nothing is asked back.

        The child of a split order brings the news that its parent is no more: JD itself never says so. A cancellation
        is not held up by an order that cannot be read otherwise: it comes as CancelNews then.
        """
        if document.kind == REFUND:
            return [RefundNews(read_refund(document))]
        stored = read_document(document)
        try:
            version = document.version if stored.filed else None
            order = to_order(stored.info, stored.shop, encrypted=stored.encrypted, version=version)
        except ValueError as error:
            if cancelled := _cancelled(stored.info):
                return [CancelNews(Channel.JD, stored.shop, cancelled, "cancelled")]
            raise DocumentUnreadable(SOURCE, str(error)) from None
        # Most parents never come here: JD splits an order within moments of its payment.
        parents = [
            CancelNews(Channel.JD, stored.shop, parent, SPLIT, may_never_come=True)
            for parent in parents_of(stored.info)
        ]
        return [*news_of(order, parcels(stored.info, self._api.settings.carrier_ids)), *parents]

    async def write_back(self, shipment: Shipment) -> SentParcel | None:
        """pop.order.shipment: the order leaves with the numbers of all its parcels that have one.

        JD takes all numbers of an order in one call and no more after it. So nothing is told while another parcel that
        is packed has no number: the last one to get it is told with all. What is still to be packed is not waited for,
        since it may wait for goods for days. An order that has left before is looked at: with this number, or where JD
        does not show any (nor the order: it came by an export), all is well, and with the number of another of its
        parcels JD shows that one; with a stranger's the refusal stands, for a person.
        """
        carriers = [shipment.carrier, *(other.carrier for other in shipment.others)]
        known = self._api.settings.carrier_ids
        for carrier in carriers:
            if carrier not in known:
                raise Rejected(PARTNER, requests.SHIPMENT, f"no carrier id for {carrier} in the settings")
        if shipment.numberless:
            return None
        try:
            await self._api.call(
                shipment.shop,
                requests.SHIPMENT,
                requests.shipment(shipment, [known[carrier] for carrier in carriers]),
                lambda body: check_shipment(requests.SHIPMENT, body),
                writes=True,
            )
        except Rejected as refusal:
            if not says_shipped_already(refusal):
                raise
            try:
                numbers = await self._numbers(shipment.shop, shipment.channel_order_no)
            except Rejected as unseen:
                if not says_no_such_order(unseen):
                    raise
                return None
            if numbers and shipment.number not in numbers:
                shown = next((other for other in shipment.others if other.number in numbers), None)
                if shown is None:
                    raise
                return shown
        return None

    async def tell_stock(self, figure: StockFigure) -> None:
        """Port `StockTaker`: jingdong.ware.stock.sku.set."""
        await self._api.call(
            figure.shop,
            requests.SET_STOCK,
            requests.set_stock(figure),
            lambda body: check_stock(requests.SET_STOCK, body),
            writes=True,
        )

    async def _numbers(self, shop: str, order_no: str) -> frozenset[str]:
        method = requests.get_method(self._api.settings.encrypted)
        return await self._api.call(
            shop, method, requests.waybills_of(order_no), lambda body: read_waybills(method, body), writes=False
        )


def _page_number(page: str | None) -> int:
    return 1 if page is None else int(page)


def _cancelled(info: Mapping[str, Any]) -> str | None:
    """The number of an order that is cancelled; None for any other."""
    try:
        return order_no_of(info) if status_of(info) is ChannelStatus.CANCELLED else None
    except ValueError:
        return None
