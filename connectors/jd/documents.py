"""What of JD stands in the inbox: the platform's own JSON of an order, whole, with how it was read. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.errors import DocumentUnreadable
from connectors.fields import as_mapping, dump_json, load_json
from connectors.jd.orders import order_no_of, version_of
from connectors.ports import Document
from domain.ids import order_id
from domain.order import Channel

SOURCE = "jd"
KIND = "order"


@dataclass(frozen=True)
class StoredOrder:
    """An order as JD wrote it. `encrypted` says that its receiver is ciphertext; `filed` that it came in an export."""

    shop: str
    encrypted: bool
    info: Mapping[str, Any]
    filed: bool = False


def order_document(info: Any, shop: str, *, encrypted: bool) -> Document:
    """An order for the inbox; one that cannot be read is named by its content, and quarantined by `read_document`.

    Raises ValueError only for what is nested too deeply to be stored.
    """
    body = dump_json({"shop": shop, "encrypted": encrypted, "order": info})
    try:
        order = as_mapping(info, "order")
        number, version = order_no_of(order), version_of(order)
    except ValueError:
        digest = hashlib.sha256(body.encode()).hexdigest()
        return Document(SOURCE, KIND, f"{shop}:sha256-{digest}", 0, body)
    return Document(SOURCE, KIND, f"{shop}:{number}", version, body, order_id(Channel.JD, shop, number))


def filed_document(info: Mapping[str, Any], shop: str) -> Document:
    """An order of an export for the inbox. Its version is for whoever knows what came before: 0 here."""
    body = dump_json({"shop": shop, "encrypted": False, "filed": True, "order": info})
    number = order_no_of(info)
    return Document(SOURCE, KIND, f"{shop}:{number}", 0, body, order_id(Channel.JD, shop, number))


def read_document(document: Document) -> StoredOrder:
    """Raises DocumentUnreadable."""
    try:
        body = as_mapping(load_json(document.body), "document")
        shop, encrypted = body.get("shop"), body.get("encrypted")
        if document.kind != KIND or not isinstance(shop, str) or not isinstance(encrypted, bool):
            raise ValueError("not a document of ours")
        return StoredOrder(shop, encrypted, as_mapping(body.get("order"), "order"), filed=body.get("filed") is True)
    except ValueError as error:
        raise DocumentUnreadable(SOURCE, f"stored document is not readable ({error})") from None
