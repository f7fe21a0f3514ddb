"""Receivers as the platform gives them out: ciphertexts that only it can read, and masks for people's eyes."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass

from sandbox.drafts import DraftReceiver


@dataclass(frozen=True)
class SealedReceiver:
    """A receiver's ciphertexts and masks. `detail` is without the region, `address` with it."""

    name: str
    phone: str
    detail: str
    address: str
    name_mask: str
    phone_mask: str
    detail_mask: str
    address_mask: str


class Cipher:
    """Gives the same text the same ciphertext, from which nothing leads back."""

    def __init__(self, key: str) -> None:
        self._key = key.encode()

    def seal(self, receiver: DraftReceiver) -> SealedReceiver:
        """A receiver as the platform gives it out."""
        region = "".join((receiver.province, receiver.city, receiver.district))
        return SealedReceiver(
            name=self._seal("name", receiver.name),
            phone=self._seal("phone", receiver.phone),
            detail=self._seal("address", receiver.detail),
            address=self._seal("address", region + receiver.detail),
            name_mask=f"{receiver.name[:1]}**",
            phone_mask=f"{receiver.phone[:3]}****{receiver.phone[-4:]}",
            detail_mask=f"{receiver.detail[:2]}***",
            address_mask=f"{region}***",
        )

    def _seal(self, kind: str, text: str) -> str:
        """`~AgAAA…~…~`: a segment to search by, then the content."""
        return f"~AgAAA{self._digest(kind, text, 'index')[:16]}~{self._digest(kind, text, 'content')}~"

    def _digest(self, kind: str, text: str, purpose: str) -> str:
        digest = hmac.new(self._key, f"{purpose}|{kind}|{text}".encode(), hashlib.sha256).digest()
        return base64.b64encode(digest).decode()
