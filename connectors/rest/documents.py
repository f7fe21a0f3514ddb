"""What of the REST protocol stands in the inbox. Verified and complete, so nothing needs to be asked back. Pure."""

from __future__ import annotations

import json
import re
from urllib.parse import unquote

from pydantic import ValidationError

from connectors.errors import DocumentUnreadable
from connectors.ports import Document
from connectors.rest.intake import Refused
from connectors.rest.keys import Caller
from connectors.rest.signing import PROTOCOL
from connectors.rest.wire import check_order_no
from domain.ids import order_id
from domain.news import CancelNews, News, OrderNews
from domain.order import Channel, Order

ORDERS_PATH = "/api/v1/orders"
SOURCES: dict[Channel, str] = {
    Channel.OWN: "own",
    Channel.POS: "pos",
    Channel.B2B: "b2b",
    # `wechat` is WeChat itself, which tells of payments.
    Channel.WECHAT: "wechat_orders",
}
"""The names in the inbox of the channels that speak this protocol."""

_ORDER, _REFUSED, _CANCEL = "order", "refused_order", "cancel"
_CANCEL_PATH = re.compile(rf"{ORDERS_PATH}/(?P<order_no>[^/]+)/cancel")


def cancelled_order_no(path: str) -> str | None:
    """The order number in the path of a cancellation; None for any other path."""
    match = _CANCEL_PATH.fullmatch(path)
    return unquote(match["order_no"]) if match else None


def order_document(order: Order) -> Document:
    """An order as it goes to the inbox. The body is the canonical order, so equal content is equal text."""
    return Document(
        source=SOURCES[order.channel],
        kind=_ORDER,
        document_id=f"{order.shop}:{order.channel_order_no}",
        version=order.version,
        body=order.model_dump_json(),
        order_id=order.order_id,
    )


def refused_document(caller: Caller, refused: Refused, digest: str, raw: str) -> Document:
    """An order out of a page that is not good: kept with what is wrong, so that a person finds both.

    Named by its content (`digest`), so that it is here once however often it is listed, and again when it was changed.
    """
    body = json.dumps({"field": refused.field, "message": refused.message, "order": raw})
    return Document(SOURCES[caller.channel], _REFUSED, f"{caller.shop}:sha256:{digest}", 0, body)


def cancel_document(caller: Caller, order_no: str, reason: str) -> Document:
    """A cancellation; asked again it is the same document. Raises DocumentUnreadable for an unusable order number."""
    try:
        order = order_id(caller.channel, caller.shop, check_order_no(order_no))
    except ValueError:
        raise DocumentUnreadable(PROTOCOL, "the path holds no usable order number") from None
    body = json.dumps({"shop": caller.shop, "order_no": order_no, "reason": reason})
    return Document(SOURCES[caller.channel], _CANCEL, f"{caller.shop}:{order_no}/cancel", 0, body, order)


def read_document(channel: Channel, document: Document) -> News:
    """What a document means. Raises DocumentUnreadable."""
    source = SOURCES[channel]
    try:
        if document.kind == _ORDER:
            return OrderNews(Order.model_validate_json(document.body))
        if document.kind == _CANCEL:
            cancel = json.loads(document.body)
            return CancelNews(channel, cancel["shop"], cancel["order_no"], cancel["reason"])
        if document.kind == _REFUSED:
            refused = json.loads(document.body)
            raise DocumentUnreadable(source, f"{refused['field']} {refused['message']}".strip())
    except ValidationError as error:
        raise DocumentUnreadable(source, f"{error.error_count()} unusable fields in the stored order") from None
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DocumentUnreadable(source, f"stored document is not readable ({type(error).__name__})") from None
    raise DocumentUnreadable(source, f"unknown kind {document.kind}")
