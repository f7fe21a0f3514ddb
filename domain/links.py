"""Codes of links that are sent by SMS: short enough for a template variable, signed, and expiring."""

from __future__ import annotations

import base64
import hashlib
import hmac


def form_code(secret: bytes, parcel_id: str, n: int) -> str:
    """The code of the nth link to a parcel's form: 24 letters and digits, 120 bits of HMAC-SHA256.

    The same arguments give the same code, so sending twice makes one link. When it expires stands in the store.
    """
    digest = hmac.new(secret, f"form|{parcel_id}|{n}".encode(), hashlib.sha256).digest()
    return base64.b32encode(digest[:15]).decode().lower()


def approval_code(secret: bytes, order_id: str, n: int) -> str:
    """The code of an order's nth link to the page of an approval; as long and as hard to guess as a form's."""
    digest = hmac.new(secret, f"approval|{order_id}|{n}".encode(), hashlib.sha256).digest()
    return base64.b32encode(digest[:15]).decode().lower()
