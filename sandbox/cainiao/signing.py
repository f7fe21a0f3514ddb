"""How LINK signs: `data_digest` over the message."""

from __future__ import annotations

import hashlib
from base64 import b64encode


def data_digest(logistics_interface: str, secret: str) -> str:
    """Base64 of the raw MD5 of message + secret (24 characters)."""
    return b64encode(hashlib.md5((logistics_interface + secret).encode(), usedforsecurity=False).digest()).decode()
