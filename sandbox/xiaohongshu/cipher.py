"""Receivers as the platform gives them out (protocol file, section 5): ciphertexts, and a handle to print with."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from enum import IntEnum

from sandbox.drafts import DraftReceiver


class DataType(IntEnum):
    """The last part of a ciphertext: what it holds."""

    ADDRESS = 1
    NAME = 2
    PHONE = 3


@dataclass(frozen=True)
class SealedReceiver:
    """A receiver's three ciphertexts, and the `openAddressId` of all it is: the same receiver has the same."""

    open_address_id: str
    name: str
    phone: str
    detail: str


class Cipher:
    """Gives the same text the same ciphertext, from which nothing leads back."""

    def __init__(self, key: str) -> None:
        self._key = key.encode()

    def seal(self, receiver: DraftReceiver) -> SealedReceiver:
        """A receiver as the platform gives it out."""
        parts = (receiver.province, receiver.city, receiver.district, receiver.town, receiver.detail)
        return SealedReceiver(
            open_address_id=self._digest("|".join((receiver.name, receiver.phone, *parts))).hex()[:32],
            name=self._seal(DataType.NAME, receiver.name),
            phone=self._seal(DataType.PHONE, receiver.phone),
            detail=self._seal(DataType.ADDRESS, receiver.detail),
        )

    def _seal(self, kind: DataType, text: str) -> str:
        """`#index#cipher#type##`: equal texts have equal indexes."""
        index = self._digest(f"index|{kind}|{text}").hex()[:8]
        content = base64.b64encode(self._digest(f"content|{kind}|{text}")).decode()
        return f"#{index}#{content}#{int(kind)}##"

    def _digest(self, text: str) -> bytes:
        return hmac.new(self._key, text.encode(), hashlib.sha256).digest()
