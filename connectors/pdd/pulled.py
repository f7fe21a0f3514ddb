"""Pages of changed orders, taken apart into documents and read again. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from connectors.errors import DocumentUnreadable
from connectors.fields import as_int, as_list, as_mapping, dump_json, load_json, text_of
from connectors.paging import ListPage
from connectors.pdd import refunds
from connectors.pdd.orders import key_of, version_of
from connectors.pdd.requests import PAGE_SIZE
from connectors.ports import Document

SOURCE = "pdd"
KIND, REFUND_KIND = "order", "refund"
"""Kinds of documents."""


def read_page(shop: str, number: int, data: Mapping[str, Any]) -> ListPage:
    """Page `number` out of an answer.

    Raises ValueError when the answer does not say how many orders there are, or holds fewer of them than it says: a
    page that came in part must not pass for the whole.
    """
    documents = tuple(_document(shop, row) for row in as_list(data.get("order_sn_list")))
    total = as_int(data.get("total_count"), "total_count")
    if len(documents) < min(PAGE_SIZE, total - (number - 1) * PAGE_SIZE):
        raise ValueError("order_sn_list is shorter than total_count says")
    return ListPage(documents, total, -(-total // PAGE_SIZE))


def read_document(document: Document) -> tuple[str, str, Mapping[str, Any]]:
    """Shop, order number and the platform's fields of a document. Raises DocumentUnreadable."""
    try:
        shop, _, order_sn = document.document_id.partition(":")
        fields = as_mapping(load_json(document.body), "order")
        key_of(shop, order_sn)
        if text_of(fields, "order_sn") != order_sn:
            raise ValueError("no order_sn")
    except ValueError as error:
        raise DocumentUnreadable(SOURCE, str(error)) from None
    return shop, order_sn, fields


def refund_document(shop: str, row: Any) -> Document:
    """A row of the list of refunds as a document. One that cannot be read still becomes one, as with orders."""
    body = dump_json(row)
    try:
        fields = as_mapping(row, "refund_list[]")
        name, version = refunds.refund_id(fields), refunds.version_of(fields)
    except ValueError:
        name, version = _digest(body), 0
    return Document(SOURCE, REFUND_KIND, f"refund:{shop}:{name}", version, body)


def read_refund_document(document: Document) -> tuple[str, Mapping[str, Any]]:
    """Shop and the platform's fields of a refund. Raises DocumentUnreadable."""
    try:
        _, shop, name = document.document_id.split(":", 2)
        fields = as_mapping(load_json(document.body), "refund")
        if refunds.refund_id(fields) != name:
            raise ValueError("no id")
    except ValueError as error:
        raise DocumentUnreadable(SOURCE, str(error)) from None
    return shop, fields


def _document(shop: str, row: Any) -> Document:
    """A row as a document for the inbox. One that cannot be read still becomes one, and goes to quarantine alone."""
    body = dump_json(row)
    try:
        fields = as_mapping(row, "order_sn_list[]")
        order_sn, version = text_of(fields, "order_sn"), version_of(fields)
        known: str | None = key_of(shop, order_sn)
    except ValueError:
        order_sn, version, known = _digest(body), 0, None
    return Document(SOURCE, KIND, f"{shop}:{order_sn}", version, body, known)


def _digest(body: str) -> str:
    return "sha256:" + hashlib.sha256(body.encode()).hexdigest()
