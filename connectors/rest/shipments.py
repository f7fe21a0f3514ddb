"""Shipments to a shop: the body, and what the shop may answer. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import httpx

from connectors.errors import Misconfigured, Rejected
from connectors.transport import compact_json
from domain.shipping import Shipment

SHIPMENTS_PATH = "/orderhub/shipments"
OPERATION = "write_back"

_REFUSALS = {404: "ORDER_NOT_FOUND", 409: "PARCEL_HAS_OTHER_NUMBER", 422: "INVALID"}


def shipment_body(shipment: Shipment) -> bytes:
    """The body of POST /orderhub/shipments."""
    return compact_json(
        {
            "order_no": shipment.channel_order_no,
            "parcel_no": shipment.parcel_id,
            "carrier": shipment.carrier,
            "number": shipment.number,
            "line_nos": list(shipment.line_nos),
            "whole_order": shipment.whole_order,
        }
    ).encode()


def check_shipment_answer(partner: str, response: httpx.Response) -> None:
    """Return for 200 `{"code": 0}`; raises as `check_answer` does."""
    check_answer(partner, OPERATION, _REFUSALS, response)


def check_answer(partner: str, operation: str, refusals: Mapping[int, str], response: httpx.Response) -> None:
    """Return for 200 `{"code": 0}`. Raises Rejected for the documented refusals, Misconfigured for an answer that says
    that this is not the shop's door (401, 403, a bare 404, a redirect), ValueError for anything else.
    """
    status = response.status_code
    documented = refusals.get(status)
    code = _code(response)
    if status == 200:
        if code != 0:
            raise ValueError("200 without code 0")
    elif documented is not None and code == documented:
        raise Rejected(partner, operation, f"answered {status}", documented)
    else:
        raise Misconfigured(partner, operation, "not the answer of a shop: check base_url and key", str(status))


def _code(response: httpx.Response) -> object:
    try:
        body = response.json()
    except (ValueError, RecursionError):
        return None
    return body.get("code") if isinstance(body, dict) else None
