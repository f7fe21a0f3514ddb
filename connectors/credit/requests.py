"""Requests to the credit bureau, as pure data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urlsplit

from connectors.credit.settings import CreditSettings
from connectors.credit.signing import signature
from connectors.errors import Rejected
from connectors.transport import compact_json
from domain.clock import BEIJING
from domain.shipping import CreditRequest


@dataclass(frozen=True)
class Call:
    """One signed request. `path` is relative to the base URL."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


def check_call(settings: CreditSettings, request: CreditRequest, now: datetime, nonce: str) -> Call:
    """`POST /credit/v1/checks`: the question, with the amount to be reserved. Raises Rejected for an id that no
    header can carry."""
    if not (request.request_id.isascii() and request.request_id.isprintable()):
        raise Rejected("credit", "check", "the request id is not printable ASCII")
    body = {
        "request_id": request.request_id,
        "order_key": request.order_id,
        "customer": {
            "external_id": request.customer_id,
            "name": request.customer_name,
            "tax_no": request.tax_no,
        },
        "amount_fen": request.amount_fen,
        "currency": "CNY",
        "payment_terms": request.payment_terms,
        "order_time": request.order_time.astimezone(BEIJING).isoformat(timespec="seconds"),
        "callback_url": settings.callback_url,
        "reserve": True,
    }
    raw = compact_json(body).encode()
    return _signed(settings, "POST", "/credit/v1/checks", raw, now, nonce, request.request_id)


def lookup_call(settings: CreditSettings, request_id: str, now: datetime, nonce: str) -> Call:
    """`GET /credit/v1/checks/{request_id}`."""
    return _signed(settings, "GET", f"/credit/v1/checks/{_segment(request_id)}", b"", now, nonce)


def finish_call(settings: CreditSettings, reservation_id: str, action: str, now: datetime, nonce: str) -> Call:
    """`POST /credit/v1/reservations/{id}/commit` or `/release`; both are idempotent by the reservation itself."""
    path = f"/credit/v1/reservations/{_segment(reservation_id)}/{action}"
    return _signed(settings, "POST", path, b"", now, nonce, f"{_segment(reservation_id)}:{action}")


def _segment(text: str) -> str:
    # The colons of our ids are legal in a path; encoding them would give servers a chance to sign another text.
    return quote(text, safe=":")


def _signed(
    settings: CreditSettings,
    method: str,
    path: str,
    body: bytes,
    now: datetime,
    nonce: str,
    idempotency_key: str | None = None,
) -> Call:
    whole_path = urlsplit(settings.base_url).path.rstrip("/") + path
    timestamp = str(int(now.timestamp()))
    headers = {
        "X-Credit-App": settings.app,
        "X-Credit-Timestamp": timestamp,
        "X-Credit-Nonce": nonce,
        "X-Credit-Signature": signature(method, whole_path, timestamp, nonce, body, settings.secret.get_secret_value()),
    }
    if body:
        headers["Content-Type"] = "application/json"
    if idempotency_key is not None:
        headers["Idempotency-Key"] = idempotency_key
    return Call(method, path, headers, body)
