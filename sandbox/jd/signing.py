"""The signature of JD's gateway (protocol file, section 2)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping


def call_sign(params: Mapping[str, str], secret: str) -> str:
    """Upper-case hex MD5 over all parameters but `sign` and empty ones, sorted by name and wrapped in the secret."""
    text = "".join(f"{name}{params[name]}" for name in sorted(params) if name != "sign" and params[name])
    return hashlib.md5(f"{secret}{text}{secret}".encode(), usedforsecurity=False).hexdigest().upper()
