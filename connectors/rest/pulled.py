"""Asking a shop for the orders and refunds that it changed: the request, and the page that it answers. Pure."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from connectors.errors import Misconfigured
from connectors.fields import dump_json
from connectors.ports import Document, PulledPage, Window
from connectors.rest.documents import order_document, refund_document, refused_document, refused_refund_document
from connectors.rest.intake import Refused, read_order
from connectors.rest.keys import Caller
from connectors.rest.refunds import read_refund

PULL_PATH = "/orderhub/orders"
OPERATION = "pull"
LONGEST_WINDOW = timedelta(hours=24)
OVERLAP = timedelta(minutes=5)
"""Also makes up for the fractions of seconds that a window's ends lose on the wire."""


def pull_params(window: Window, page: int) -> dict[str, str]:
    """The query of GET /orderhub/orders."""
    return {"modified_from": _moment(window.start), "modified_to": _moment(window.end), "page": str(page)}


def read_page(caller: Caller, partner: str, page: int, response: httpx.Response) -> PulledPage:
    """A page of orders and refunds; each that is not good becomes a document that is quarantined alone.

    Raises Misconfigured for an answer that says that this is not the shop's door, or that never comes to an end;
    ValueError for one that cannot be read.
    """
    if response.status_code != 200:
        code = str(response.status_code)
        raise Misconfigured(partner, OPERATION, "not the answer of a shop: check base_url and key", code)
    orders, refunds, more = _content(response)
    if more and not orders and not refunds:
        raise Misconfigured(partner, OPERATION, f"page {page} is empty, and there shall be more: it would never end")
    documents = (*(_order(item, caller) for item in orders), *(_refund(item, caller) for item in refunds))
    return PulledPage(documents, str(page + 1) if more else None)


def _content(response: httpx.Response) -> tuple[list[Any], list[Any], bool]:
    try:
        content = json.loads(response.content)
    except RecursionError:
        raise ValueError("JSON is nested too deeply") from None
    # Other fields are left alone: a page may come to hold more than these.
    orders, more, refunds = content["orders"], content["has_more"], content.get("refunds")
    refunds = [] if refunds is None else refunds  # a shop without refunds need not know of them
    if not isinstance(orders, list) or not isinstance(refunds, list) or not isinstance(more, bool):
        raise ValueError("a page is lists of orders and of refunds, and whether there are more")
    return orders, refunds, more


def _order(item: Any, caller: Caller) -> Document:
    order = read_order(item, caller)
    if not isinstance(order, Refused):
        return order_document(order)
    return refused_document(caller, order, *_raw(item))


def _refund(item: Any, caller: Caller) -> Document:
    refund = read_refund(item, caller)
    if not isinstance(refund, Refused):
        return refund_document(refund)
    return refused_refund_document(caller, refund, *_raw(item))


def _raw(item: Any) -> tuple[str, str]:
    """What a page holds, as text, and what that is named by."""
    try:
        raw = dump_json(item)
    except ValueError:
        raw = repr(type(item))
    return hashlib.sha256(raw.encode()).hexdigest(), raw


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
