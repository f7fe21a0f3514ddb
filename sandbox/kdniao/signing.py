"""How Kuaidiniao signs, in both directions: `DataSign` over RequestData."""

from __future__ import annotations

import hashlib
from base64 import b64encode


def data_sign(request_data: str, app_key: str) -> str:
    """Base64 of the 32 hex characters (not the raw bytes) of the MD5 of data + key (44 characters)."""
    digest = hashlib.md5((request_data + app_key).encode(), usedforsecurity=False).hexdigest()
    return b64encode(digest.encode()).decode()
