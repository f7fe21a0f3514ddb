"""What WeChat Pay says of a payment or a refund, as documents for the inbox. Pure.

A notification comes again under another `id`, and an order that is asked for answers with the same payment: so what it
is about names a document.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from connectors.fields import dump_json, text_of
from connectors.ports import Document

SOURCE = "wechat"
PAYMENT, REFUND = "order_hint", "refund"
"""Kinds of documents. A payment is among the order documents: it may start an order."""

REFUND_VERSIONS = {"ABNORMAL": 1, "CLOSED": 2, "SUCCESS": 3}
"""What became of a refund, as versions: the platform tells no time of a change, but this is their order."""

_LONGEST_NAME = 64


def payment_document(resource: Mapping[str, Any]) -> Document:
    """A payment, notified or asked for. One that cannot be read becomes a document all the same, for quarantine."""
    name, body = _name(resource, "transaction_id"), dump_json(resource)
    return Document(SOURCE, PAYMENT, f"payment:{name or _digest(body)}", 0, body)


def refund_document(resource: Mapping[str, Any], notified_at: object) -> Document:
    """A refund. `notified_at` is when WeChat wrote the notification: a refund that failed tells no other time."""
    version = REFUND_VERSIONS.get(text_of(resource, "refund_status"), 0)
    name, body = _name(resource, "refund_id"), dump_json({"resource": resource, "notified_at": notified_at})
    return Document(SOURCE, REFUND, f"refund:{name or _digest(body)}", version, body)


def _name(resource: Mapping[str, Any], field: str) -> str:
    """An id that may stand in a document's name; "" for one that may not."""
    name = text_of(resource, field)
    return name if name.isascii() and name.isalnum() and len(name) <= _LONGEST_NAME else ""


def _digest(body: str) -> str:
    return f"sha256-{hashlib.sha256(body.encode()).hexdigest()}"
