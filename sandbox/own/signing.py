"""The signature of the REST API, the same in both directions (docs/rest-api.md)."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Mapping

TOLERANCE_S = 300

_SECONDS = re.compile(r"^[0-9]{1,12}$")
_NONCE = re.compile(r"^\S{16,64}$")


def signature(secret: str, method: str, path: str, timestamp: str, nonce: str, body: bytes) -> str:
    """Lower-case hex of HMAC-SHA256 over method, path, timestamp, nonce and the body's SHA-256, one per line."""
    text = f"{method}\n{path}\n{timestamp}\n{nonce}\n{hashlib.sha256(body).hexdigest()}"
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def signed_headers(key_id: str, secret: str, method: str, path: str, body: bytes) -> dict[str, str]:
    """The four headers of one request, signed now."""
    timestamp, nonce = str(int(time.time())), secrets.token_hex(16)
    return {
        "Content-Type": "application/json",
        "X-OrderHub-Key": key_id,
        "X-OrderHub-Timestamp": timestamp,
        "X-OrderHub-Nonce": nonce,
        "X-OrderHub-Signature": signature(secret, method, path, timestamp, nonce, body),
    }


def objection(headers: Mapping[str, str], key_id: str, secret: str, method: str, path: str, body: bytes) -> str | None:
    """Why a request's signature is not accepted, or None when it is. `path` is as requested, without the query."""
    timestamp, nonce = headers.get("x-orderhub-timestamp", ""), headers.get("x-orderhub-nonce", "")
    if headers.get("x-orderhub-key") != key_id:
        return "unknown key"
    if not _SECONDS.match(timestamp) or abs(time.time() - int(timestamp)) > TOLERANCE_S:
        return "timestamp more than 300 s off"
    if not _NONCE.match(nonce):
        return "nonce of less than 16 or more than 64 characters"
    expected = signature(secret, method, path, timestamp, nonce, body)
    if not hmac.compare_digest(expected.encode(), headers.get("x-orderhub-signature", "").encode()):
        return "wrong signature"
    return None
