"""What the order API needs of the protocol: who speaks, what they sent, and how they are refused. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.errors import DocumentUnreadable, PushRefused
from connectors.ports import Document, Push, Reply
from connectors.rest import intake, refunds
from connectors.rest.documents import asked_order_no, cancel_document, cancelled_order_no
from connectors.rest.intake import Refused, TooManyOrders
from connectors.rest.keys import Caller, Keys
from connectors.rest.refunds import TooManyRefunds
from connectors.rest.settings import RestSettings
from connectors.rest.signing import PROTOCOL
from connectors.transport import compact_json
from domain.ids import order_id
from domain.order import Channel, Order
from domain.refund import Refund


class RestDoor:
    """The one door of all shops that speak this protocol, whatever their channel: a request's key tells the shop."""

    def __init__(self, channels: Mapping[Channel, RestSettings]) -> None:
        self._keys = Keys(channels)

    def open_to(self, channels: Mapping[Channel, RestSettings]) -> None:
        """From now on these shops may come in. Raises ValueError, and changes nothing, when two share a key."""
        self._keys = Keys(channels)

    def caller(self, push: Push) -> Caller:
        """Who sent a request. Raises PushRefused."""
        return self._keys.caller(push)

    def read_orders(self, push: Push, caller: Caller) -> list[Order | Refused]:
        """What became of each order in a POST /api/v1/orders, in the order sent.

        Raises TooManyOrders above 500 orders, DocumentUnreadable for a body of another shape.
        """
        return intake.read_orders(push.body, caller)

    def read_refunds(self, push: Push, caller: Caller) -> list[Refund | Refused]:
        """What became of each refund in a POST /api/v1/refunds, in the order sent.

        Raises TooManyRefunds above 500 refunds, DocumentUnreadable for a body of another shape.
        """
        return refunds.read_refunds(push.body, caller)

    def read_cancellation(self, push: Push, caller: Caller) -> Document:
        """The inbox document of a POST /api/v1/orders/{order_no}/cancel. Raises DocumentUnreadable."""
        order_no = cancelled_order_no(push.path)
        if order_no is None:
            raise DocumentUnreadable(PROTOCOL, "not the path of a cancellation")
        return cancel_document(caller, order_no, intake.read_cancel(push.body, caller))

    def asked_order(self, push: Push, caller: Caller) -> str:
        """The order id in a GET /api/v1/orders/{order_no}, of the caller's own shop. Raises DocumentUnreadable."""
        order_no = asked_order_no(push.path)
        try:
            return order_id(caller.channel, caller.shop, order_no or "")
        except ValueError as error:
            raise DocumentUnreadable(PROTOCOL, "not the path of an order") from error

    def refused(self, error: PushRefused | DocumentUnreadable) -> Reply:
        """401 for a wrong proof, 413 for too many orders or refunds, 400 for all else. The reason stays in our log."""
        if isinstance(error, PushRefused):
            return _reply(401, "UNAUTHORIZED")
        if isinstance(error, TooManyOrders):
            return _reply(413, "TOO_MANY_ORDERS")
        if isinstance(error, TooManyRefunds):
            return _reply(413, "TOO_MANY_REFUNDS")
        return _reply(400, "NOT_TAKEN")


def _reply(status: int, code: str) -> Reply:
    return Reply(status, "application/json", compact_json({"code": code}).encode())
