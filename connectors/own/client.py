"""The own shops as a sales channel."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from connectors.errors import DocumentUnreadable, Misconfigured, PushRefused
from connectors.own import intake
from connectors.own.documents import (
    ORDERS_PATH,
    SOURCE,
    cancel_document,
    cancelled_order_no,
    order_document,
    read_document,
)
from connectors.own.intake import Refused, TooManyOrders
from connectors.own.settings import OwnSettings
from connectors.own.shipments import OPERATION, SHIPMENTS_PATH, check_shipment_answer, shipment_body
from connectors.own.signing import KEY, check, signed_headers
from connectors.ports import Document, Push, Reply
from connectors.transport import Line, compact_json
from domain.clock import utc_now
from domain.news import News
from domain.order import Channel, Order
from domain.shipping import Shipment


class OwnShop:
    """Port `SalesChannel`, with what the gateway's order API needs besides: `verify`, `read_orders`, `document`.

    Every shop has a line of its own, so that one shop's outage does not stop the write-back of the others.
    """

    source = SOURCE
    channel = Channel.OWN

    def __init__(self, settings: OwnSettings) -> None:
        self._shops = settings.shops
        self._lines = {name: Line("own", shop.base_url, settings.limits) for name, shop in settings.shops.items()}
        self._shop_of_key = {shop.key_id: name for name, shop in settings.shops.items()}

    async def close(self) -> None:
        """End all connections."""
        for line in self._lines.values():
            await line.close()

    def verify(self, push: Push) -> None:
        """Raise PushRefused unless one of the shops signed the request, within the last 300 s."""
        self._signer(push)

    def read_orders(self, push: Push) -> list[Order | Refused]:
        """What became of each order in a POST /api/v1/orders, in the order sent. Pure; verifies too.

        Raises PushRefused, TooManyOrders above 500 orders, DocumentUnreadable for a body of another shape.
        """
        return intake.read_orders(push.body, self._signer(push))

    def document(self, order: Order) -> Document:
        """The inbox document of an order that `read_orders` gave."""
        return order_document(order)

    def unpack(self, push: Push) -> Sequence[Document]:
        """The good orders of a POST /api/v1/orders, or the cancellation of a POST /api/v1/orders/{order_no}/cancel.

        Orders that are not good have no document: `accepted` tells the shop of each. None good: DocumentUnreadable.
        """
        shop = self._signer(push)
        order_no = cancelled_order_no(push.path)
        if order_no is not None:
            return [cancel_document(shop, order_no, intake.read_cancel(push.body, shop))]
        if push.path != ORDERS_PATH:
            raise DocumentUnreadable(SOURCE, "neither the path of orders nor of a cancellation")
        results = intake.read_orders(push.body, shop)
        documents = [order_document(result) for result in results if isinstance(result, Order)]
        refused = [result for result in results if isinstance(result, Refused)]
        if refused and not documents:
            raise DocumentUnreadable(SOURCE, f"no order is good; the first: {refused[0].field} {refused[0].message}")
        return documents

    def accepted(self, push: Push) -> Reply:
        """202 for a cancellation; for orders 200 with a result for each, `accepted` or `invalid`."""
        if cancelled_order_no(push.path) is not None:
            return _reply(202, {"result": "accepted"})
        return _reply(200, {"results": [_result(result) for result in self.read_orders(push)]})

    def refused(self, push: Push, reason: str) -> Reply:
        """401 for a wrong signature, 413 for too many orders, 400 for all else. The reason stays in our log."""
        try:
            self.unpack(push)
        except PushRefused:
            return _reply(401, {"code": "UNAUTHORIZED"})
        except TooManyOrders:
            return _reply(413, {"code": "TOO_MANY_ORDERS"})
        except DocumentUnreadable:
            pass
        return _reply(400, {"code": "NOT_TAKEN"})

    async def interpret(self, document: Document) -> Sequence[News]:
        """An order or a cancellation as the shop signed it; nothing is asked back."""
        return [read_document(document)]

    async def write_back(self, shipment: Shipment) -> None:
        """POST {base_url}/orderhub/shipments. A parcel that has another number at the shop is Rejected."""
        shop = self._shops.get(shipment.shop)
        if shop is None:
            raise Misconfigured(SOURCE, OPERATION, f"shop {shipment.shop} is not in the settings")
        body = shipment_body(shipment)
        path = urlsplit(shop.base_url).path.rstrip("/") + SHIPMENTS_PATH
        headers = signed_headers(shop.key_id, shop.secret.get_secret_value(), "POST", path, body, utc_now())
        await self._lines[shipment.shop].exchange(
            OPERATION,
            "POST",
            SHIPMENTS_PATH,
            check_shipment_answer,
            writes=True,
            headers={"Content-Type": "application/json", **headers},
            content=body,
        )

    def _signer(self, push: Push) -> str:
        name = self._shop_of_key.get(push.headers.get(KEY.lower(), ""))
        if name is None:
            raise PushRefused(SOURCE, "unknown key")
        check(self._shops[name].secret.get_secret_value(), push)
        return name


def _result(result: Order | Refused) -> dict[str, object]:
    if isinstance(result, Order):
        return {
            "order_no": result.channel_order_no,
            "order_id": result.order_id,
            "result": "accepted",
            "error": None,
        }
    return {
        "order_no": result.order_no,
        "order_id": None,
        "result": "invalid",
        "error": {"field": result.field, "message": result.message},
    }


def _reply(status: int, body: dict[str, object]) -> Reply:
    return Reply(status, "application/json", compact_json(body).encode("utf-8", "replace"))
