"""Asking a shop for the orders that it changed: the request, and the page that it answers. Pure."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from connectors.errors import Misconfigured
from connectors.fields import dump_json
from connectors.ports import Document, PulledPage, Window
from connectors.rest.documents import order_document, refused_document
from connectors.rest.intake import Refused, read_order
from connectors.rest.keys import Caller

PULL_PATH = "/orderhub/orders"
OPERATION = "pull"
LONGEST_WINDOW = timedelta(hours=24)
OVERLAP = timedelta(minutes=5)
"""Also makes up for the fractions of seconds that a window's ends lose on the wire."""


def pull_params(window: Window, page: int) -> dict[str, str]:
    """The query of GET /orderhub/orders."""
    return {"modified_from": _moment(window.start), "modified_to": _moment(window.end), "page": str(page)}


def read_page(caller: Caller, partner: str, page: int, response: httpx.Response) -> PulledPage:
    """A page of orders; each that is not good becomes a document that is quarantined alone.

    Raises Misconfigured for an answer that says that this is not the shop's door, or that never comes to an end;
    ValueError for one that cannot be read.
    """
    if response.status_code != 200:
        code = str(response.status_code)
        raise Misconfigured(partner, OPERATION, "not the answer of a shop: check base_url and key", code)
    orders, more = _content(response)
    if more and not orders:
        raise Misconfigured(partner, OPERATION, f"page {page} is empty, and there shall be more: it would never end")
    documents = tuple(_document(item, caller) for item in orders)
    return PulledPage(documents, str(page + 1) if more else None)


def _content(response: httpx.Response) -> tuple[list[Any], bool]:
    try:
        content = json.loads(response.content)
    except RecursionError:
        raise ValueError("JSON is nested too deeply") from None
    # Other fields are left alone: a page may come to hold more than orders.
    orders, more = content["orders"], content["has_more"]
    if not isinstance(orders, list) or not isinstance(more, bool):
        raise ValueError("a page is a list of orders, and whether there are more")
    return orders, more


def _document(item: Any, caller: Caller) -> Document:
    order = read_order(item, caller)
    if not isinstance(order, Refused):
        return order_document(order)
    try:
        raw = dump_json(item)
    except ValueError:
        raw = repr(type(item))
    return refused_document(caller, order, hashlib.sha256(raw.encode()).hexdigest(), raw)


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
