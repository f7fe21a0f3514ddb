"""Pinduoduo's signature (protocol file, section 2)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping


def call_sign(params: Mapping[str, str], secret: str) -> str:
    """Upper-case hex MD5 over all parameters but `sign`, sorted by name and wrapped in the secret."""
    text = "".join(f"{name}{params[name]}" for name in sorted(params) if name != "sign")
    return hashlib.md5(f"{secret}{text}{secret}".encode(), usedforsecurity=False).hexdigest().upper()


def literal(value: object) -> str:
    """A parameter of a JSON body as it is signed: a text as it is, anything else as compact JSON."""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)
