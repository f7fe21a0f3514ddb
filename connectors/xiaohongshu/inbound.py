"""Xiaohongshu's pushes (section 6 of the protocol file) and pages of changed orders, as documents. Pure."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from connectors.errors import DocumentUnreadable, PushRefused
from connectors.fields import as_int, as_list, as_mapping, dump_json, load_json, optional_int, text_of
from connectors.paging import MOST_ROWS, ListPage
from connectors.ports import Document, Push
from connectors.xiaohongshu.orders import is_number, version_of
from connectors.xiaohongshu.refunds import refund_hint
from connectors.xiaohongshu.requests import PAGE_SIZE
from connectors.xiaohongshu.settings import XiaohongshuSettings
from connectors.xiaohongshu.signing import push_sign
from domain.ids import order_id
from domain.order import Channel

SOURCE = "xiaohongshu"
ROW, HINT = "order", "order_hint"

_ORDER_TAGS, _AFTER_SALE_TAGS = "msg_fulfillment_", "msg_after_sale_"
_ORDER_KEYS = ("orderId", "order_id", "packageId")
"""The content of `data` is not specified publicly; these names are what is seen of it."""


def is_test(body: bytes) -> bool:
    """The console's connectivity test, which comes without a signature."""
    try:
        return bool(load_json(body) == {"test": True})
    except ValueError:
        return False


def verify(settings: XiaohongshuSettings, push: Push) -> None:
    """Raise PushRefused unless the push is signed by Xiaohongshu for our application. Its body is not signed."""
    if push.headers.get("app-key") != settings.app_id:
        raise PushRefused(SOURCE, "app-key is not ours")
    expected = push_sign(push.path, push.query, push.headers, settings.app_secret.get_secret_value())
    if not hmac.compare_digest(expected.encode(), push.headers.get("sign", "").encode("utf-8", "replace")):
        raise PushRefused(SOURCE, "sign does not match path, query and headers")


def hints(push: Push) -> list[Document]:
    """The documents that say what changed: one per message about an order; of an after-sale message, one about the
    after-sale, and one about its order where that is named.

    Messages about goods give none, and neither do after-sale messages that name nothing: polling finds those. Another
    message that cannot be read still becomes a document, so that it goes to quarantine alone. Raises
    DocumentUnreadable when the body is no array of messages.
    """
    try:
        messages = load_json(push.body)
        if not isinstance(messages, list):
            raise ValueError("the body is no array")
        return [document for message in messages for document in _documents(message, _version(push))]
    except ValueError as error:
        raise DocumentUnreadable(SOURCE, f"push is not readable ({type(error).__name__})") from None


def read_page(shop: str, data: Mapping[str, Any]) -> ListPage:
    """A page out of an answer of order.getOrderList. Raises ValueError when it does not name the last page."""
    documents = tuple(_row_document(shop, row) for row in as_list(data.get("orderList")))
    last = as_int(data.get("maxPageNo"), "maxPageNo")
    total = optional_int(data, "total")
    if last > MOST_ROWS // PAGE_SIZE:
        raise ValueError("maxPageNo is more than there can be")
    return ListPage(documents, last * PAGE_SIZE if total is None else total, last)


def read_document(document: Document) -> tuple[str, str]:
    """Shop and number of the order that a document is about. Raises DocumentUnreadable."""
    try:
        value = load_json(document.body)
        if document.kind == HINT:
            return _hinted(value)
        shop, _, order_no = document.document_id.partition(":")
        _known(shop, order_no)
        if text_of(as_mapping(value, "order"), "orderId") != order_no:
            raise ValueError("no orderId")
    except ValueError as error:
        raise DocumentUnreadable(SOURCE, str(error)) from None
    return shop, order_no


def _row_document(shop: str, row: Any) -> Document:
    """A row of the list as a document. One that cannot be read still becomes one, and goes to quarantine alone."""
    body = dump_json(row)
    try:
        fields = as_mapping(row, "orderList[]")
        order_no, version = text_of(fields, "orderId"), version_of(fields)
        known: str | None = _known(shop, order_no)
    except ValueError:
        order_no, version, known = _digest(body), 0, None
    return Document(SOURCE, ROW, f"{shop}:{order_no}", version, body, known)


def _documents(message: Any, version: int) -> list[Document]:
    tag = text_of(message, "msgTag") if isinstance(message, dict) else ""
    if tag.startswith(_AFTER_SALE_TAGS):
        return _after_sale_documents(message, version)
    # One without a tag is for people to look at.
    return [_hint_document(message, version)] if tag.startswith(_ORDER_TAGS) or not tag else []


def _after_sale_documents(message: Mapping[str, Any], version: int) -> list[Document]:
    try:
        shop, data = text_of(message, "sellerId"), _data_of(message)
    except ValueError:
        return []
    order_no = _order_no_in(data)
    try:
        _known(shop, order_no)
        about_order = [_hint_document(message, version)]
    except ValueError:
        order_no, about_order = "", []
    about_refund = refund_hint(shop, data, order_no, version)
    return [*about_order, about_refund] if about_refund is not None else about_order


def _hint_document(message: Any, version: int) -> Document:
    body = dump_json(message)
    try:
        known: str | None = _known(*_hinted(message))
    except ValueError:
        known = None
    return Document(SOURCE, HINT, _digest(body), version, body, known)


def _version(push: Push) -> int:
    """The push's own time, for messages have no number: the same content at another time is another message. The
    platform's one repetition may so be read twice, which only asks twice."""
    try:
        return max(0, as_int(push.headers.get("timestamp"), "timestamp"))
    except ValueError:
        return 0


def _hinted(message: Any) -> tuple[str, str]:
    fields = as_mapping(message, "message")
    shop, order_no = text_of(fields, "sellerId"), _order_no_in(_data_of(fields))
    _known(shop, order_no)
    return shop, order_no


def _known(shop: str, order_no: str) -> str:
    """The id of the order. Raises ValueError for what cannot be one."""
    if not is_number(shop) or not is_number(order_no):
        raise ValueError("no sellerId or orderId")
    return order_id(Channel.XIAOHONGSHU, shop, order_no)


def _data_of(message: Mapping[str, Any]) -> Mapping[str, Any]:
    """The content of a message: an object, or one as text. Raises ValueError."""
    data = message.get("data")
    return as_mapping(load_json(data) if isinstance(data, str) else data, "data")


def _order_no_in(data: Mapping[str, Any]) -> str:
    return next((number for key in _ORDER_KEYS if (number := text_of(data, key))), "")


def _digest(body: str) -> str:
    return "sha256:" + hashlib.sha256(body.encode()).hexdigest()
