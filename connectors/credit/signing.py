"""The signature of the credit contract, the same for requests and callbacks."""

from __future__ import annotations

import hashlib
import hmac


def signature(method: str, path: str, timestamp: str, nonce: str, body: bytes, secret: str) -> str:
    """Lower-case hex HMAC-SHA256 of `METHOD\\nPATH\\nTIMESTAMP\\nNONCE\\n` + hex(sha256(body)).

    `path` is the whole path as it stands in the request line, percent-encoding and prefixes included.
    """
    text = f"{method}\n{path}\n{timestamp}\n{nonce}\n{hashlib.sha256(body).hexdigest()}"
    # A callback's headers may hold anything; what is not UTF-8 can't be signed right, so it may be replaced.
    return hmac.new(secret.encode(), text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()
