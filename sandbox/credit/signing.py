"""The credit contract's signature, in both directions, and the guard against old and repeated requests."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping

from sandbox.settings import CreditSettings

_TOLERANCE_S = 300
_NONCE_LIFE_S = 600


def signature(method: str, path: str, timestamp: str, nonce: str, body: bytes, secret: str) -> str:
    """Lower hex HMAC-SHA256 over method, path, time stamp, nonce and the body's hash, one per line."""
    text = "\n".join((method, path, timestamp, nonce, hashlib.sha256(body).hexdigest()))
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def signed_headers(settings: CreditSettings, path: str, body: bytes) -> dict[str, str]:
    """The headers of a callback to `path`, signed now."""
    timestamp, nonce = str(int(time.time())), secrets.token_hex(16)
    return {
        "Content-Type": "application/json; charset=utf-8",
        "X-Credit-App": settings.app,
        "X-Credit-Timestamp": timestamp,
        "X-Credit-Nonce": nonce,
        "X-Credit-Signature": signature("POST", path, timestamp, nonce, body, settings.secret.get_secret_value()),
    }


class Guard:
    """Lets a request pass once: right app and signature, young, with a nonce that was not seen for 10 minutes."""

    def __init__(self, settings: CreditSettings) -> None:
        self._settings = settings
        self._nonces: dict[str, float] = {}

    def objection(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> str | None:
        """What is wrong with a request, or None. `path` is as it was on the wire, without the query."""
        timestamp, nonce = headers.get("X-Credit-Timestamp", ""), headers.get("X-Credit-Nonce", "")
        if headers.get("X-Credit-App") != self._settings.app:
            return "unknown app"
        expected = signature(method, path, timestamp, nonce, body, self._settings.secret.get_secret_value())
        if not hmac.compare_digest(expected.encode(), headers.get("X-Credit-Signature", "").encode()):
            return "wrong signature"
        if not timestamp.isdecimal() or abs(time.time() - int(timestamp)) > _TOLERANCE_S:
            return "time stamp out of tolerance"
        if len(nonce) < 16:
            return "nonce too short"
        return self._spend(nonce)

    def _spend(self, nonce: str) -> str | None:
        now = time.monotonic()
        # Insertion order is age order, so the expired ones are all in front.
        while self._nonces and (oldest := next(iter(self._nonces.items())))[1] < now - _NONCE_LIFE_S:
            del self._nonces[oldest[0]]
        if nonce in self._nonces:
            return "nonce was used before"
        self._nonces[nonce] = now
        return None
