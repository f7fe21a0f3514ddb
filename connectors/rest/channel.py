"""The shops of one channel that speaks our own REST protocol, as a sales channel."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import NoReturn
from urllib.parse import urlsplit

from connectors.errors import Misconfigured, PushRefused, Rejected
from connectors.facts import Facts, ReceiverKind, Way
from connectors.ports import Document, PulledPage, Push, Reply, Window
from connectors.rest.documents import SOURCES, read_document
from connectors.rest.keys import Caller
from connectors.rest.pulled import LONGEST_WINDOW, OVERLAP, PULL_PATH, pull_params, read_page
from connectors.rest.pulled import OPERATION as PULL
from connectors.rest.settings import RestSettings, ShopAccount
from connectors.rest.shipments import OPERATION, SHIPMENTS_PATH, check_shipment_answer, shipment_body
from connectors.rest.signing import signed_headers
from connectors.rest.stock import OPERATION as STOCK
from connectors.rest.stock import STOCK_PATH, check_stock_answer, stock_body
from connectors.transport import Line
from domain.clock import utc_now
from domain.listing import StockFigure
from domain.news import News
from domain.order import Channel
from domain.shipping import Shipment


class RestChannel:
    """Ports `SalesChannel`, `StockTaker` and `PullSource`: own shops, POS, B2B. What they push comes in by the
    `RestDoor`, and is understood here.

    Every shop has a line of its own, so that one shop's outage does not stop the write-back of the others.
    """

    facts = Facts((Way.REST, Way.PULL, Way.FILE), (ReceiverKind.CLEAR,), stock=True)
    longest_window = LONGEST_WINDOW
    overlap = OVERLAP

    def __init__(self, channel: Channel, settings: RestSettings) -> None:
        self.channel = channel
        self.source = SOURCES[channel]
        self.feed = self.source
        self._shops = settings.shops
        self._lines = {
            name: Line(self.source, shop.base_url, settings.limits)
            for name, shop in settings.shops.items()
            if shop.base_url
        }

    @property
    def shops(self) -> Sequence[str]:
        """The shops that are asked for their orders."""
        return tuple(name for name, shop in self._shops.items() if shop.pull)

    async def close(self) -> None:
        """End all connections."""
        for line in self._lines.values():
            await line.close()

    def unpack(self, push: Push) -> NoReturn:
        """Always raises PushRefused: these shops have an API of their own, with an answer for each order."""
        raise PushRefused(self.source, "orders of this channel come to /api/v1/orders")

    def accepted(self, push: Push) -> Reply:
        """Never sent, since nothing is taken."""
        return Reply(200, "application/json", b'{"code":0}')

    def refused(self, push: Push, reason: str) -> Reply:
        """For whoever knocks at the wrong door."""
        return Reply(404, "application/json", b'{"code":"NO_SUCH_SOURCE"}')

    async def interpret(self, document: Document) -> Sequence[News]:
        """An order, a cancellation or a refund as the shop sent it; nothing is asked back."""
        return [read_document(self.channel, document)]

    async def write_back(self, shipment: Shipment) -> None:
        """POST {base_url}/orderhub/shipments. A parcel that has another number at the shop is Rejected.

        A shop without `base_url` wants to know of no shipment, and is content.
        """
        shop = self._shops.get(shipment.shop)
        if shop is None:
            raise Misconfigured(self.source, OPERATION, f"shop {shipment.shop} is not in the settings")
        if not shop.base_url:
            return
        body = shipment_body(shipment)
        await self._lines[shipment.shop].exchange(
            OPERATION,
            "POST",
            SHIPMENTS_PATH,
            partial(check_shipment_answer, self.source),
            writes=True,
            headers={"Content-Type": "application/json", **_signed(shop, "POST", SHIPMENTS_PATH, body)},
            content=body,
        )

    async def tell_stock(self, figure: StockFigure) -> None:
        """Port `StockTaker`: POST {base_url}/orderhub/stock, to a shop whose account says that it wants figures."""
        shop = self._shops.get(figure.shop)
        if shop is None:
            raise Misconfigured(self.source, STOCK, f"shop {figure.shop} is not in the settings")
        if not shop.stock:
            raise Rejected(self.source, STOCK, f"the account of shop {figure.shop} wants no stock figures")
        body = stock_body(figure)
        await self._lines[figure.shop].exchange(
            STOCK,
            "POST",
            STOCK_PATH,
            partial(check_stock_answer, self.source),
            writes=True,
            headers={"Content-Type": "application/json", **_signed(shop, "POST", STOCK_PATH, body)},
            content=body,
        )

    async def pull(self, shop: str, window: Window, page: str | None) -> PulledPage:
        """GET {base_url}/orderhub/orders, page by page."""
        account = self._shops.get(shop)
        if account is None or not account.pull:
            raise Misconfigured(self.source, PULL, f"shop {shop} is not one that is asked for its orders")
        number = int(page or 1)
        return await self._lines[shop].exchange(
            PULL,
            "GET",
            PULL_PATH,
            partial(read_page, Caller(self.channel, shop), self.source, number),
            writes=False,
            params=pull_params(window, number),
            headers=_signed(account, "GET", PULL_PATH, b""),
        )


def _signed(shop: ShopAccount, method: str, path: str, body: bytes) -> dict[str, str]:
    assert shop.secret is not None, "the settings check that a base_url has one"
    whole = urlsplit(shop.base_url).path.rstrip("/") + path
    return signed_headers(shop.key_id, shop.secret.get_secret_value(), method, whole, body, utc_now())
