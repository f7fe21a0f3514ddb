"""Qimen's md5 signature: over the sorted query parameters and the exact body as it goes over the wire."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping


def sign(params: Mapping[str, str], body: bytes, secret: str) -> str:
    """Upper-case hex MD5 of secret + name and value of each parameter + body + secret.

    Values are raw, not URL-encoded; empty ones and `sign` itself take no part.
    """
    signed = "".join(name + params[name] for name in sorted(params) if name != "sign" and params[name])
    wrapped = secret.encode("utf-8") + signed.encode("utf-8") + body + secret.encode("utf-8")
    return hashlib.md5(wrapped, usedforsecurity=False).hexdigest().upper()
