"""The signature of Cainiao's LINK gateway (data_digest)."""

from __future__ import annotations

import base64
import hashlib


def data_digest(logistics_interface: str, secret_key: str) -> str:
    """Base64 of the raw MD5 of `logistics_interface + secret_key`, before any URL-encoding: 24 characters."""
    # The vendor's choice of digest, not ours.
    return base64.b64encode(
        hashlib.md5((logistics_interface + secret_key).encode(), usedforsecurity=False).digest()
    ).decode()
