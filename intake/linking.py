"""What orders of one buyer or one purchase have in common, as digests that nothing can be read off."""

from __future__ import annotations

import hashlib
import hmac

from domain.address import valid_phone
from domain.order import Order
from domain.same_buyer import common_marks


class Linker:
    """Makes the digests, under a secret of this house: the same buyer gives the same digest, here only."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def digests(self, order: Order) -> dict[str, str]:
        """By kind of mark."""
        return {kind: self._digest(kind, value) for kind, value in common_marks(order).items()}

    def typed(self, words: str) -> list[str]:
        """The digests of what somebody typed who looks for a buyer: a telephone number whole, or a member's number."""
        plain = words.strip()
        kinds = ("phone", "member") if valid_phone(plain) and plain.isdecimal() else ("member",)
        return [self._digest(kind, plain) for kind in kinds] if plain else []

    def _digest(self, kind: str, value: str) -> str:
        return hmac.new(self._secret, f"{kind}|{value}".encode(), hashlib.sha256).hexdigest()[:32]
