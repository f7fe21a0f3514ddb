"""The signature of the mini-program's message push, pure. WeChat Pay's signatures: merchant.py."""

from __future__ import annotations

import hashlib
import hmac


def message_signature(token: str, timestamp: str, nonce: str) -> str:
    """The `signature` in the query of a message push. It proves who calls, not what the body says."""
    joined = "".join(sorted((token, timestamp, nonce)))
    return hashlib.sha1(joined.encode("utf-8", "replace")).hexdigest()  # noqa: S324 - WeChat's choice


def message_is_signed(token: str, timestamp: str, nonce: str, signature: str) -> bool:
    """Whether a message push comes from WeChat."""
    expected = message_signature(token, timestamp, nonce)
    return hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace"))
