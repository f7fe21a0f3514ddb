"""TOP's signature (section 2 of the protocol file)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Literal

SignMethod = Literal["md5", "hmac", "hmac-sha256"]


def top_sign(params: Mapping[str, str], secret: str, method: SignMethod) -> str:
    """The `sign` of a call, over every parameter but itself, empty ones left out.

    md5 wraps the text in the secret; the two HMACs use the secret as their key only.
    """
    text = "".join(f"{name}{params[name]}" for name in sorted(params) if params[name] and name != "sign")
    if method == "md5":
        digest = hashlib.md5(f"{secret}{text}{secret}".encode(), usedforsecurity=False).hexdigest()
    else:
        kind = hashlib.md5 if method == "hmac" else hashlib.sha256
        digest = hmac.new(secret.encode(), text.encode(), kind).hexdigest()
    return digest.upper()
