"""What people may see of a receiver: enough to recognise a parcel, too little to reach a person."""

from __future__ import annotations

from dataclasses import dataclass

from domain.order import CipherReceiver, Receiver

HIDDEN = "***"


@dataclass(frozen=True)
class Masked:
    """A receiver for people's eyes. `region` is in clear text: it names nobody."""

    name: str
    phone: str
    region: str


def mask_name(name: str) -> str:
    """The first character, and at most two stars for the rest: 测* for 测试."""
    plain = name.strip()
    return plain[0] + "*" * min(len(plain) - 1, 2) if len(plain) > 1 else HIDDEN


def mask_phone(phone: str) -> str:
    """The first three and the last four characters of a whole number, the last three of a short one."""
    plain = phone.strip()
    if len(plain) >= 11:
        return plain[:3] + "*" * (len(plain) - 7) + plain[-4:]
    return "*" * (len(plain) - 3) + plain[-3:] if len(plain) >= 7 else HIDDEN


def masked(receiver: Receiver) -> Masked:
    """A receiver masked; of one that the platform keeps encrypted, the platform's own masks."""
    region = receiver.region.text()
    if isinstance(receiver, CipherReceiver):
        return Masked(receiver.name_mask or HIDDEN, receiver.phone_mask or HIDDEN, region)
    return Masked(mask_name(receiver.name), mask_phone(receiver.phone), region)
