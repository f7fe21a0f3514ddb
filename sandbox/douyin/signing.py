"""Douyin's two signatures: of a call (protocol file, section 2) and of a pushed message (section 6)."""

from __future__ import annotations

import hashlib
import hmac
import json


def call_sign(app_key: str, secret: str, method: str, param_json: str, timestamp: str, v: str) -> str:
    """Lower-case hex of HMAC-SHA256 over the five fields, wrapped in the secret that is the key too."""
    text = f"app_key{app_key}method{method}param_json{param_json}timestamp{timestamp}v{v}"
    return hmac.new(secret.encode(), f"{secret}{text}{secret}".encode(), hashlib.sha256).hexdigest()


def sorted_json(content: object) -> str:
    """JSON as Douyin signs it: keys sorted in every object, no blanks, nothing escaped that need not be."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def event_sign(app_key: str, secret: str, body: bytes) -> str:
    """Lower-case hex MD5 of app key, raw body and secret."""
    return hashlib.md5(app_key.encode() + body + secret.encode(), usedforsecurity=False).hexdigest()
