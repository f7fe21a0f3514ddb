"""Receivers as the platform gives them out: ciphertexts that only it can read, and masks for people's eyes."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from enum import IntEnum

from sandbox.drafts import DraftReceiver


class DataType(IntEnum):
    """What a ciphertext holds, by `order.batchDecrypt`'s numbers."""

    ADDRESS = 1
    NAME = 2
    PHONE = 3


@dataclass(frozen=True)
class SealedReceiver:
    """A receiver's three ciphertexts and three masks."""

    name: str
    phone: str
    detail: str
    name_mask: str
    phone_mask: str
    detail_mask: str

    def holds(self, ciphertext: str) -> bool:
        """Whether a ciphertext is one of the three."""
        return ciphertext in {self.name, self.phone, self.detail}


class Cipher:
    """Gives the same text the same ciphertext, and remembers the text: nothing in a ciphertext leads back to it."""

    def __init__(self, key: str) -> None:
        self._key = key.encode()
        self._remembered: dict[str, tuple[DataType, str]] = {}

    def seal(self, receiver: DraftReceiver) -> SealedReceiver:
        """A receiver as the platform gives it out."""
        return SealedReceiver(
            name=self._seal(DataType.NAME, receiver.name),
            phone=self._seal(DataType.PHONE, receiver.phone),
            detail=self._seal(DataType.ADDRESS, receiver.detail),
            name_mask=f"{receiver.name[:1]}**",
            phone_mask=f"{receiver.phone[:3]}****{receiver.phone[-4:]}",
            detail_mask=f"{receiver.detail[:2]}***",
        )

    def reveal(self, ciphertext: str) -> tuple[DataType, str] | None:
        """What a ciphertext holds, or None for one that is not the platform's."""
        return self._remembered.get(ciphertext)

    def _seal(self, kind: DataType, text: str) -> str:
        index, content = self._digest(kind, text, "index")[:8], self._digest(kind, text, "text")
        ciphertext = f"#{index}#{content}#1##"
        self._remembered[ciphertext] = (kind, text)
        return ciphertext

    def _digest(self, kind: DataType, text: str, purpose: str) -> str:
        digest = hmac.new(self._key, f"{purpose}|{kind}|{text}".encode(), hashlib.sha256).digest()
        return base64.b64encode(digest).decode()
