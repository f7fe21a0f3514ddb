"""The REST protocol's signature, the same in both directions."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from datetime import datetime, timedelta

from connectors.errors import PushRefused
from connectors.ports import Push

KEY, TIMESTAMP, NONCE, SIGNATURE = (
    "X-OrderHub-Key",
    "X-OrderHub-Timestamp",
    "X-OrderHub-Nonce",
    "X-OrderHub-Signature",
)
TOLERANCE = timedelta(seconds=300)
PROTOCOL = "rest"
"""What refusals are logged under: before a request is verified, its channel is not known."""

_SECONDS = re.compile(r"[0-9]{1,12}")


def sign(secret: str, method: str, path: str, timestamp: str, nonce: str, body: bytes) -> str:
    """Lower-case hex of HMAC-SHA256 over `METHOD\\nPATH\\nTIMESTAMP\\nNONCE\\n` + hex(sha256(body))."""
    text = f"{method}\n{path}\n{timestamp}\n{nonce}\n{hashlib.sha256(body).hexdigest()}"
    return hmac.new(secret.encode(), text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def signed_headers(key_id: str, secret: str, method: str, path: str, body: bytes, now: datetime) -> dict[str, str]:
    """The four headers of a request of ours."""
    timestamp, nonce = str(int(now.timestamp())), secrets.token_hex(16)
    signature = sign(secret, method, path, timestamp, nonce, body)
    return {KEY: key_id, TIMESTAMP: timestamp, NONCE: nonce, SIGNATURE: signature}


def check(secret: str, push: Push) -> None:
    """Raise PushRefused unless the push is signed with `secret`, and recent.

    A nonce is not remembered: what is said twice within the five minutes changes nothing the second time.
    """
    timestamp, nonce = push.headers.get(TIMESTAMP.lower(), ""), push.headers.get(NONCE.lower(), "")
    if not _SECONDS.fullmatch(timestamp):
        raise PushRefused(PROTOCOL, "timestamp is missing or no number")
    if abs(push.received_at.timestamp() - int(timestamp)) > TOLERANCE.total_seconds():
        raise PushRefused(PROTOCOL, "timestamp is more than 300 s off")
    if not 16 <= len(nonce) <= 64:
        raise PushRefused(PROTOCOL, "nonce is not 16 to 64 characters long")
    expected = sign(secret, push.method.upper(), push.path, timestamp, nonce, push.body)
    given = push.headers.get(SIGNATURE.lower(), "")
    if not hmac.compare_digest(expected.encode(), given.encode("utf-8", "surrogatepass")):
        raise PushRefused(PROTOCOL, "signature does not match")
