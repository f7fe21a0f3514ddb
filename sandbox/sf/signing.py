"""How SF signs: `msgDigest` over the form's message, time stamp and the partner's check word."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from urllib.parse import quote_plus


def msg_digest(msg_data: str, timestamp: str, check_word: str) -> str:
    """Base64 of the raw MD5 of the three texts, joined and encoded as Java's URLEncoder does (24 characters)."""
    # Python leaves "~" alone and encodes "*"; Java does the opposite.
    encoded = quote_plus(msg_data + timestamp + check_word, safe="*").replace("~", "%7E")
    return b64encode(hashlib.md5(encoded.encode(), usedforsecurity=False).digest()).decode()
