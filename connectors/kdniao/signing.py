"""DataSign: Base64 of the *hex text* of MD5(RequestData + AppKey), always 44 characters."""

from __future__ import annotations

import base64
import hashlib


def data_sign(request_data: str, app_key: str) -> str:
    """Sign a RequestData text as it is before any URL encoding."""
    digest = hashlib.md5((request_data + app_key).encode("utf-8"), usedforsecurity=False).hexdigest()
    return base64.b64encode(digest.encode("ascii")).decode("ascii")
