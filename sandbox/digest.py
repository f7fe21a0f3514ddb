"""Personal data in the sandbox: the books carry digests of it, never the data itself."""

from __future__ import annotations

import hashlib
import re

_MARKS = ("#", "~", "$")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{40,}={0,2}")


def receiver_digest(name: str, phone: str, province: str, city: str, district: str, detail: str) -> str:
    """A receiver as 16 hex digits: SHA-256 of the six fields as they were sent, joined by `|`.

    Two partners that were told the same receiver have the same digest in their books.
    """
    return _digest("|".join((name, phone, province, city, district, detail)))


def phone_digest(phone: str) -> str:
    """A phone number, as it was sent, as 16 hex digits of its SHA-256."""
    return _digest(phone)


def looks_encrypted(text: str) -> bool:
    """Whether a text is a platform's ciphertext: it begins with `#`, `~` or `$` and has the same mark again, or is
    40 or more characters of base64 and nothing else.

    Platforms write `#segment#cipher…` or `~cipher~0~`; JD bare base64. A mark inside an address ("3#楼2#门") is clear.
    """
    return (text[:1] in _MARKS and text.count(text[:1]) > 1) or _BASE64.fullmatch(text) is not None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
