"""What of the REST protocol stands in the inbox. Verified and complete, so nothing needs to be asked back. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from urllib.parse import unquote

from pydantic import ValidationError

from connectors.errors import DocumentUnreadable
from connectors.ports import Document
from connectors.rest.intake import Refused
from connectors.rest.keys import Caller
from connectors.rest.signing import PROTOCOL
from connectors.rest.wire import check_order_no
from domain.ids import order_id
from domain.news import CancelNews, News, OrderNews, RefundNews
from domain.order import Channel, Order
from domain.refund import Refund

ORDERS_PATH = "/api/v1/orders"
SOURCES: dict[Channel, str] = {
    Channel.OWN: "own",
    Channel.POS: "pos",
    Channel.B2B: "b2b",
    # `wechat` is WeChat itself, which tells of payments.
    Channel.WECHAT: "wechat_orders",
}
"""The names in the inbox of the channels that speak this protocol."""

_ORDER, _REFUND, _CANCEL = "order", "refund", "cancel"
_REFUSED_ORDER, _REFUSED_REFUND = "refused_order", "refused_refund"
_CANCEL_PATH = re.compile(rf"{ORDERS_PATH}/(?P<order_no>[^/]+)/cancel")
_ORDER_PATH = re.compile(rf"{ORDERS_PATH}/(?P<order_no>[^/]+)")


def cancelled_order_no(path: str) -> str | None:
    """The order number in the path of a cancellation; None for any other path."""
    match = _CANCEL_PATH.fullmatch(path)
    return unquote(match["order_no"]) if match else None


def asked_order_no(path: str) -> str | None:
    """The order number in the path of a question after an order; None for any other path."""
    match = _ORDER_PATH.fullmatch(path)
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


def refund_document(refund: Refund) -> Document:
    """A refund as it goes to the inbox. No order number holds a colon, so that none is taken for a refund."""
    return Document(
        source=SOURCES[refund.channel],
        kind=_REFUND,
        document_id=f"{refund.shop}:refund:{refund.refund_id}",
        version=refund.version,
        body=refund.model_dump_json(),
        order_id=refund.order_id,
    )


def refused_document(caller: Caller, refused: Refused, digest: str, raw: str) -> Document:
    """An order out of a page that is not good: kept with what is wrong, so that a person finds both.

    Named by its content (`digest`), so that it is here once however often it is listed, and again when it was changed.
    One that could be read says of which order it is in which version: it may be here from before the rules changed that
    it is refused by.
    """
    document = _refused(caller, _REFUSED_ORDER, f"sha256:{digest}", refused, order=raw)
    if refused.order is None:
        return document
    return replace(document, version=refused.order.version, order_id=refused.order.order_id)


def refused_refund_document(caller: Caller, refused: Refused, digest: str, raw: str) -> Document:
    """The same for a refund."""
    return _refused(caller, _REFUSED_REFUND, f"refund:sha256:{digest}", refused, refund=raw)


def _refused(caller: Caller, kind: str, name: str, refused: Refused, **raw: str) -> Document:
    body = json.dumps({"field": refused.field, "message": refused.message, **raw})
    return Document(SOURCES[caller.channel], kind, f"{caller.shop}:{name}", 0, body)


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
        if document.kind == _REFUND:
            return RefundNews(Refund.model_validate_json(document.body))
        if document.kind == _CANCEL:
            cancel = json.loads(document.body)
            return CancelNews(channel, cancel["shop"], cancel["order_no"], cancel["reason"])
        if document.kind in (_REFUSED_ORDER, _REFUSED_REFUND):
            refused = json.loads(document.body)
            raise DocumentUnreadable(source, f"{refused['field']} {refused['message']}".strip())
    except ValidationError as error:
        raise DocumentUnreadable(
            source, f"{error.error_count()} unusable fields in the stored {document.kind}"
        ) from None
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DocumentUnreadable(source, f"stored document is not readable ({type(error).__name__})") from None
    raise DocumentUnreadable(source, f"unknown kind {document.kind}")
