"""Taobao as a sales channel: changed trades are asked for, read whole, and told their parcels' numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from connectors.errors import DocumentUnreadable, Misconfigured, PushRefused, Rejected
from connectors.facts import PULLED_CIPHER
from connectors.fields import as_mapping
from connectors.parts import known_lines
from connectors.ports import Document, PulledPage, Push, Reply, Window
from connectors.shown import news_of
from connectors.taobao import requests
from connectors.taobao.api import TopApi
from connectors.taobao.inbound import Cursor, read_cursor, read_hint, read_page
from connectors.taobao.orders import parcels, to_order
from connectors.taobao.refund_feed import TaobaoRefunds
from connectors.taobao.refunds import KIND as REFUND
from connectors.taobao.responses import PARTNER
from connectors.taobao.trades import Sendings, Standing, Trade
from connectors.taobao.wire import Flag, Wire, read
from domain.clock import format_beijing, parse_beijing, utc_now
from domain.listing import StockFigure
from domain.news import CancelNews, News
from domain.order import Channel, ChannelStatus
from domain.shipping import SentParcel, Shipment

T = TypeVar("T")

SESSION = "session"
"""The operation that an ended session is told under: no call of the platform's."""


class _Shipping(Wire):
    is_success: Flag = False


class _Shipped(Wire):
    shipping: _Shipping


class TaobaoChannel:
    """Ports `SalesChannel`, `StockTaker` and `PullSource`.

    The list of changed trades lacks what an order is made of (oaid, notes, shares), so that its rows are hints only,
    and each trade is asked for when its hint is interpreted.
    """

    source = PARTNER
    feed = PARTNER
    channel = Channel.TAOBAO
    facts = PULLED_CIPHER
    longest_window = timedelta(minutes=30)
    overlap = timedelta(minutes=3)

    def __init__(self, api: TopApi) -> None:
        self._api = api
        self.refunds = TaobaoRefunds(api)

    @property
    def shops(self) -> Sequence[str]:
        """Every shop in the settings."""
        return tuple(self._api.settings.shops)

    async def authorised_until(self, shop: str) -> datetime | None:
        """Port `Authorised`: the end of the shop's session, as the settings have it."""
        kept = self._api.settings.shops.get(shop)
        return None if kept is None else kept.session_expires_at

    async def refresh(self, shop: str) -> None:
        """Port `Authorised`: a session cannot be prolonged. One that has ended is Misconfigured."""
        until = await self.authorised_until(shop)
        if until is not None and until <= utc_now():
            raise Misconfigured(PARTNER, SESSION, f"shop {shop} must authorise the application again")

    async def pull(self, shop: str, window: Window, page: str | None) -> PulledPage:
        """taobao.trades.sold.increment.get. How pages follow each other stands in `connectors.taobao.inbound`.

        Raises ValueError for a `page` that is not one of ours.
        """
        cursor = read_cursor(page) if page is not None else Cursor(parse_beijing(format_beijing(window.end)))
        return await self._api.call(
            shop,
            requests.CHANGED_TRADES,
            requests.changed_trades(window.start, cursor.end, cursor.page_no),
            lambda body: read_page(shop, cursor, body),
            writes=False,
        )

    def unpack(self, push: Push) -> Sequence[Document]:
        """Always raises PushRefused: TOP sends no HTTP pushes, its messages are fetched by its own protocol."""
        raise PushRefused(PARTNER, "TOP sends no pushes over HTTP")

    def accepted(self, push: Push) -> Reply:
        """Never sent, since nothing is taken."""
        return Reply(200, "application/json", b'{"success":true}')

    def refused(self, push: Push, reason: str) -> Reply:
        """For whoever knocks."""
        return Reply(403, "application/json", b'{"success":false}')

    async def interpret(self, document: Document) -> Sequence[News]:
        """The trade as it is now (taobao.trade.fullinfo.get), or a refund.

        A cancellation is never held up by a trade that cannot be read: it comes as CancelNews then.
        """
        if document.kind == REFUND:
            return [await self.refunds.news(document)]
        hint = read_hint(document)
        raw = await self._trade(hint.shop, hint.tid, _trade_in)
        try:
            trade = read(Trade, raw)
            return news_of(to_order(trade, hint.shop, hint.tid), parcels(trade))
        except ValueError as error:
            if status := _cancelled(raw):
                return [CancelNews(Channel.TAOBAO, hint.shop, hint.tid, status)]
            raise DocumentUnreadable(PARTNER, str(error)) from None

    async def write_back(self, shipment: Shipment) -> SentParcel | None:
        """taobao.logistics.offline.send, of the whole trade or of the sub orders in this parcel.

        The trade is looked at first: where these sub orders have this number already it is content, and one with a
        refund under way is Rejected, for the platform forbids to ship it. A refusal (most often: shipped meanwhile) is
        looked into once more. The platform ships a sub order once: of two parcels that share its pieces it has the
        number of the first, and is told the second's only for what else is in it.
        """
        line_nos = None if shipment.whole_order else shipment.line_nos
        business = requests.ship(shipment, line_nos)
        before = await self._sendings(shipment)
        if before.told(shipment.number, line_nos):
            return None
        known = known_lines(shipment, before.numbers)
        if known.other is not None:
            if not known.left:
                return known.shown
            line_nos = known.left
            business = requests.ship(shipment, line_nos)
        if before.under_refund(line_nos):
            raise Rejected(PARTNER, requests.SHIP, "a refund is under way: 有退款申请，暂不发货")
        try:
            shipped = await self._api.call(
                shipment.shop,
                requests.SHIP,
                business,
                lambda body: read(_Shipped, body).shipping.is_success,
                writes=True,
            )
            if not shipped:
                raise Rejected(PARTNER, requests.SHIP, "not shipped, and no reason was given")
        except Rejected:
            after = await self._sendings(shipment)
            if after.told(shipment.number, line_nos):
                return None
            known = known_lines(shipment, after.numbers)
            if known.left or known.other is None:
                raise
            return known.shown
        return None

    async def tell_stock(self, figure: StockFigure) -> None:
        """Port `StockTaker`."""
        method, business = requests.set_stock(figure)
        await self._api.call(figure.shop, method, business, lambda body: None, writes=True)

    async def _sendings(self, shipment: Shipment) -> Sendings:
        return await self._trade(shipment.shop, shipment.channel_order_no, lambda body: read(Sendings, _trade_in(body)))

    async def _trade(self, shop: str, tid: str, parse: Callable[[Mapping[str, Any]], T]) -> T:
        return await self._api.call(shop, requests.TRADE, requests.trade(tid), parse, writes=False)


def _trade_in(body: Mapping[str, Any]) -> Mapping[str, Any]:
    return as_mapping(body.get("trade"), "trade")


def _cancelled(raw: Mapping[str, Any]) -> str:
    """The status of a trade that is surely cancelled, else ""."""
    try:
        standing = read(Standing, raw)
        return standing.status if standing.channel_status is ChannelStatus.CANCELLED else ""
    except ValueError:
        return ""
