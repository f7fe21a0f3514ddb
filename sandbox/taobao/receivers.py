"""Receivers as TOP gives them out (protocol file, section 7): masks for people's eyes, and a handle to print with."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass

from sandbox.drafts import DraftReceiver

_ADDRESS_MASK = "******"
"""The detailed address is masked as a whole since 2026-08-31."""


@dataclass(frozen=True)
class MaskedReceiver:
    """What a shop is shown of a receiver: masks, the region in clear text, and the `oaid` of receiver and trade."""

    oaid: str
    name: str
    mobile: str
    state: str
    city: str
    district: str
    town: str
    address: str = _ADDRESS_MASK


def masked(receiver: DraftReceiver, tid: str, key: str) -> MaskedReceiver:
    """Mask a receiver. The same receiver of the same trade keeps its oaid; it says nothing of what it stands for."""
    parts = (tid, receiver.name, receiver.phone, receiver.province, receiver.city, receiver.district, receiver.detail)
    digest = hmac.new(key.encode(), "|".join(parts).encode(), hashlib.sha256).digest()
    return MaskedReceiver(
        oaid=base64.urlsafe_b64encode(digest).decode().rstrip("="),
        name=f"{receiver.name[:1]}**",
        mobile=f"{receiver.phone[:3]}****{receiver.phone[-4:]}",
        state=receiver.province,
        city=receiver.city,
        district=receiver.district,
        town=receiver.town,
    )
