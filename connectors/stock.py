"""What connectors that tell channels their stock have in common. Pure."""

from __future__ import annotations

from connectors.errors import Rejected


def number_of(partner: str, operation: str, field: str, text: str) -> int:
    """A listing's own number, where the platform wants digits. Raises Rejected: the listing was entered wrongly."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 19):
        raise Rejected(partner, operation, f"the listing's {field} is not a number")
    return int(text)
