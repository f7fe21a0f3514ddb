"""The signature of SF's gateway (msgDigest)."""

from __future__ import annotations

import base64
import hashlib
from urllib.parse import quote_plus


def msg_digest(msg_data: str, timestamp: str, check_word: str) -> str:
    """Base64 of the raw MD5 of the URL-encoded `msg_data + timestamp + check_word`: 24 characters.

    The encoding is that of Java's URLEncoder, which is not Python's: `*` stays, `~` becomes %7E.
    """
    encoded = quote_plus(msg_data + timestamp + check_word, safe="*").replace("~", "%7E")
    # The vendor's choice of digest, not ours.
    return base64.b64encode(hashlib.md5(encoded.encode(), usedforsecurity=False).digest()).decode()
