"""Douyin's pushes (section 6 of the protocol file): verified, taken apart into documents, read again as hints. Pure."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.douyin.settings import DouyinSettings
from connectors.douyin.signing import event_sign
from connectors.errors import DocumentUnreadable, PushRefused
from connectors.fields import as_mapping, dump_json, load_json
from connectors.ports import Document, Push
from domain.ids import order_id
from domain.order import Channel

SOURCE = "douyin"
KIND, REFUND_KIND = "order_hint", "refund"
"""Kinds of documents."""

_MESSAGE_ID = re.compile(r"[\x21-\x7e]{1,128}")
_NUMBER = re.compile(r"[0-9]{1,20}")


@dataclass(frozen=True)
class Hint:
    """The order that a message is about."""

    shop: str
    order_no: str


@dataclass(frozen=True)
class RefundHint:
    """The after-sale that a document is about, with its row where it was pulled."""

    shop: str
    refund_id: str
    row: Mapping[str, Any] | None


def verify(settings: DouyinSettings, push: Push) -> None:
    """Raise PushRefused unless the push is signed by Douyin for our application."""
    if push.headers.get("app-id") != settings.app_key:
        raise PushRefused(SOURCE, "app-id is not ours")
    expected = event_sign(settings.app_key, settings.app_secret.get_secret_value(), push.body)
    if not hmac.compare_digest(expected.encode(), push.headers.get("event-sign", "").encode("utf-8", "replace")):
        raise PushRefused(SOURCE, "event-sign does not match the body")


def documents(settings: DouyinSettings, body: bytes) -> list[Document]:
    """One document per message about an order or a refund; the test message, and messages of other tags, give none.

    A message that cannot be read still becomes a document, so that it goes to quarantine alone and its neighbours are
    taken. Raises DocumentUnreadable when the body is no array of messages.
    """
    try:
        messages = load_json(body)
        if not isinstance(messages, list):
            raise ValueError("the body is no array")
        kinds = [(message, _kind(settings, message)) for message in messages]
        return [_document(message, kind) for message, kind in kinds if kind is not None]
    except ValueError as error:
        raise DocumentUnreadable(SOURCE, f"push is not readable ({type(error).__name__})") from None


def read_hint(document: Document) -> Hint:
    """The order that a document is about. Raises DocumentUnreadable."""
    try:
        return _hint(load_json(document.body))
    except ValueError as error:
        raise DocumentUnreadable(SOURCE, str(error)) from None


def read_refund_hint(document: Document) -> RefundHint:
    """The after-sale that a document is about. Raises DocumentUnreadable."""
    try:
        message = as_mapping(load_json(document.body), "message")
        data, row = _data(message), message.get("row")
        return RefundHint(
            shop=_number(data.get("shop_id"), "shop_id"),
            refund_id=_number(data.get("aftersale_id"), "aftersale_id"),
            row=None if row is None else as_mapping(row, "row"),
        )
    except ValueError as error:
        raise DocumentUnreadable(SOURCE, str(error)) from None


def _kind(settings: DouyinSettings, message: Any) -> str | None:
    """What a message is about; None for what surely is nothing of ours. One without a tag is for people to look at."""
    tag = message.get("tag") if isinstance(message, dict) else None
    if not isinstance(tag, str | int) or isinstance(tag, bool) or str(tag) in settings.order_tags:
        return KIND
    return REFUND_KIND if str(tag) in settings.refund_tags else None


def _document(message: Any, kind: str) -> Document:
    body = dump_json(message)
    message_id = message.get("msg_id") if isinstance(message, dict) else None
    if not isinstance(message_id, str) or not _MESSAGE_ID.fullmatch(message_id):
        message_id = "sha256:" + hashlib.sha256(body.encode()).hexdigest()
    try:
        hint = _hint(message)
        known_order: str | None = order_id(Channel.DOUYIN, hint.shop, hint.order_no)
    except ValueError:
        known_order = None
    # A message never changes, so its id alone tells a delivery from a re-delivery.
    return Document(source=SOURCE, kind=kind, document_id=message_id, version=0, body=body, order_id=known_order)


def _data(message: Mapping[str, Any]) -> Mapping[str, Any]:
    data = message.get("data")
    return as_mapping(load_json(data) if isinstance(data, str) else data, "data")


def _hint(message: Any) -> Hint:
    data = _data(as_mapping(message, "message"))
    return Hint(shop=_number(data.get("shop_id"), "shop_id"), order_no=_number(data.get("p_id"), "p_id"))


def _number(value: object, name: str) -> str:
    """An id: int64 in JSON, text with us."""
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"no {name}")
    return text
