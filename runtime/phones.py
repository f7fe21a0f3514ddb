"""Telephone numbers of approvers, sealed for the store."""

from __future__ import annotations

from runtime.keys import KeyRing


class Phones:
    """A `domain.approvals.PhoneBook`: each number is bound to whose it is."""

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys

    def seal(self, phone: str, whose: str) -> str:
        """A number as the store keeps it."""
        return self._keys.seal_text(phone, _context(whose))

    def open(self, sealed: str, whose: str) -> str:
        """The number again. Raises UnknownKey, or cryptography's InvalidTag for a tampered one."""
        return self._keys.open_text(sealed, _context(whose))


def _context(whose: str) -> bytes:
    return f"approver|{whose}".encode()
