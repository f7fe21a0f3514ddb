"""Qimen's signature (protocol file, section 2), the same in both directions."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping


def sign(params: Mapping[str, str], body: bytes, secret: str) -> str:
    """Upper-case hex MD5 of secret, sorted names and raw values, body and secret; `sign` and empty values left out."""
    named = "".join(f"{name}{value}" for name, value in sorted(params.items()) if value and name != "sign")
    text = secret.encode() + named.encode() + body + secret.encode()
    return hashlib.md5(text, usedforsecurity=False).hexdigest().upper()
