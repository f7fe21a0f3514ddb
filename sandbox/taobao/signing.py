"""TOP's signature of a call (protocol file, section 2)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

_HMACS = {"hmac": "md5", "hmac-sha256": "sha256"}
METHODS = frozenset({"md5", *_HMACS})
"""The values of `sign_method`."""


def call_sign(params: Mapping[str, str], secret: str, sign_method: str) -> str:
    """Upper-case hex over all parameters but `sign` and the empty ones, sorted by name in ASCII order.

    MD5 has the secret around the text; the HMACs have it as their key alone.
    """
    text = "".join(name + value for name, value in sorted(params.items()) if value and name != "sign")
    if sign_method == "md5":
        return hashlib.md5(f"{secret}{text}{secret}".encode(), usedforsecurity=False).hexdigest().upper()
    return hmac.new(secret.encode(), text.encode(), _HMACS[sign_method]).hexdigest().upper()
