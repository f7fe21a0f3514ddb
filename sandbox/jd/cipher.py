"""Receivers as `enSearch` and `enGet` give them out: ciphertexts that only JD can read, masks, and a handle."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass

from sandbox.drafts import DraftReceiver

_HEADER = b"\x01\x0c\x00\x00"
"""All ciphertexts of a vender begin alike: with the version and the number of its key."""


@dataclass(frozen=True)
class SealedReceiver:
    """A receiver's ciphertexts, its number masked, and the `oaid` of receiver and order.

    `address` is of the whole address, the region included.
    """

    oaid: str
    name: str
    phone: str
    address: str
    phone_mask: str


class Cipher:
    """Seals receivers order by order: the same receiver of another order has other ciphertexts."""

    def __init__(self, key: str) -> None:
        self._key = key.encode()

    def seal(self, receiver: DraftReceiver, order_no: str) -> SealedReceiver:
        """A receiver as the platform gives it out. From what it gives, nothing leads back."""
        phone, address = receiver.phone, full_address(receiver)
        return SealedReceiver(
            oaid=base64.urlsafe_b64encode(self._digest("oaid", order_no, receiver.name, phone, address)).decode(),
            name=self._seal("name", order_no, receiver.name),
            phone=self._seal("phone", order_no, phone),
            address=self._seal("address", order_no, address),
            phone_mask=f"{phone[:3]}****{phone[-4:]}",
        )

    def _seal(self, kind: str, order_no: str, text: str) -> str:
        """Base64 of the key's number and a digest."""
        return base64.b64encode(_HEADER + self._digest(kind, order_no, text)).decode()

    def _digest(self, *parts: str) -> bytes:
        return hmac.new(self._key, "|".join(parts).encode(), hashlib.sha256).digest()


def full_address(receiver: DraftReceiver) -> str:
    """The address in one text; a municipality is named once."""
    city = "" if receiver.city == receiver.province else receiver.city
    return "".join((receiver.province, city, receiver.district, receiver.town, receiver.detail))
