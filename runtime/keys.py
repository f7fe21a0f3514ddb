"""A ring of AES-256-GCM keys: new data is sealed with the active one, old data opens with whichever sealed it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Mapping

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE = 12


def decode_key(text: str) -> bytes:
    """32 bytes from base64. Raises ValueError."""
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("a key must be base64") from None
    if len(key) != 32:
        raise ValueError("a key must be 32 bytes in base64")
    return key


def new_key() -> str:
    """A fresh key, as settings take it."""
    return base64.b64encode(os.urandom(32)).decode()


class UnknownKey(LookupError):
    """Data was sealed with a key that this process does not have."""


class KeyRing:
    """Seals and opens bytes. The key's id travels beside the sealed bytes, in clear."""

    def __init__(self, keys: Mapping[str, bytes], active: str) -> None:
        if active not in keys:
            raise ValueError(f"the active key {active!r} is not among the keys")
        self.active = active
        self._keys = dict(keys)
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}

    def seal(self, plain: bytes, context: bytes) -> bytes:
        """Encrypt with the active key, bound to `context`: opened under another context, it fails."""
        nonce = os.urandom(_NONCE)
        return nonce + self._ciphers[self.active].encrypt(nonce, plain, context)

    def open(self, key_id: str, sealed: bytes, context: bytes) -> bytes:
        """Decrypt. Raises UnknownKey, or cryptography's InvalidTag for tampered bytes."""
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise UnknownKey(key_id)
        return cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], context)

    def seal_text(self, plain: str, context: bytes) -> str:
        """Seal a text for a column: the key's id, a colon, base64."""
        return f"{self.active}:{base64.b64encode(self.seal(plain.encode(), context)).decode()}"

    def open_text(self, sealed: str, context: bytes) -> str:
        """Open what `seal_text` made. Raises as `open` does."""
        key_id, _, rest = sealed.partition(":")
        return self.open(key_id, base64.b64decode(rest), context).decode()

    def derive(self, purpose: str) -> bytes:
        """A secret for one purpose, derived from the active key."""
        return hmac.new(self._keys[self.active], purpose.encode(), hashlib.sha256).digest()
