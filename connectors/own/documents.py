"""What of the own shop stands in the inbox. Signed and complete, so nothing needs to be asked back. Pure."""

from __future__ import annotations

import json
import re
from urllib.parse import unquote

from pydantic import ValidationError

from connectors.errors import DocumentUnreadable
from connectors.own.wire import check_order_no
from connectors.ports import Document
from domain.ids import order_id
from domain.news import CancelNews, News, OrderNews
from domain.order import Channel, Order

SOURCE = "own"
ORDERS_PATH = "/api/v1/orders"

_ORDER, _CANCEL = "order", "cancel"
_CANCEL_PATH = re.compile(rf"{ORDERS_PATH}/(?P<order_no>[^/]+)/cancel")


def cancelled_order_no(path: str) -> str | None:
    """The order number in the path of a cancellation; None for any other path."""
    match = _CANCEL_PATH.fullmatch(path)
    return unquote(match["order_no"]) if match else None


def order_document(order: Order) -> Document:
    """An order as it goes to the inbox. The body is the canonical order, so equal content is equal text."""
    return Document(
        source=SOURCE,
        kind=_ORDER,
        document_id=f"{order.shop}:{order.channel_order_no}",
        version=order.version,
        body=order.model_dump_json(),
        order_id=order.order_id,
    )


def cancel_document(shop: str, order_no: str, reason: str) -> Document:
    """A cancellation; asked again it is the same document. Raises DocumentUnreadable for an unusable order number."""
    try:
        order = order_id(Channel.OWN, shop, check_order_no(order_no))
    except ValueError:
        raise DocumentUnreadable(SOURCE, "the path holds no usable order number") from None
    body = json.dumps({"shop": shop, "order_no": order_no, "reason": reason})
    return Document(SOURCE, _CANCEL, f"{shop}:{order_no}/cancel", 0, body, order)


def read_document(document: Document) -> News:
    """What a document means. Raises DocumentUnreadable."""
    try:
        if document.kind == _ORDER:
            return OrderNews(Order.model_validate_json(document.body))
        if document.kind == _CANCEL:
            cancel = json.loads(document.body)
            return CancelNews(Channel.OWN, cancel["shop"], cancel["order_no"], cancel["reason"])
    except ValidationError as error:
        raise DocumentUnreadable(SOURCE, f"{error.error_count()} unusable fields in the stored order") from None
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DocumentUnreadable(SOURCE, f"stored document is not readable ({type(error).__name__})") from None
    raise DocumentUnreadable(SOURCE, f"unknown kind {document.kind}")
