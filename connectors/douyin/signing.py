"""Douyin's two signatures: of our calls (section 2 of the protocol file) and of its pushes (section 6)."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any


def canonical_json(business: dict[str, Any]) -> str:
    """`param_json` as it is signed and sent: keys sorted in every object, no blanks, UTF-8 text not escaped."""
    return json.dumps(business, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def api_sign(app_key: str, app_secret: str, method: str, param_json: str, timestamp: str) -> str:
    """The `sign` of a call: hmac-sha256, version 2. `timestamp` is Unix seconds as text."""
    signed = f"app_key{app_key}method{method}param_json{param_json}timestamp{timestamp}v2"
    wrapped = f"{app_secret}{signed}{app_secret}"
    return hmac.new(app_secret.encode(), wrapped.encode(), hashlib.sha256).hexdigest()


def event_sign(app_key: str, app_secret: str, body: bytes) -> str:
    """The `event-sign` header of a push, over its raw body."""
    return hashlib.md5(app_key.encode() + body + app_secret.encode()).hexdigest()  # noqa: S324 - the platform's choice
