"""Members of staff and the tokens that they are known by."""

from __future__ import annotations

import hmac
from collections.abc import Mapping


def holder(staff: Mapping[str, str], given: str) -> str:
    """The name of whoever holds a token; "" when nobody does. `staff` maps names to tokens."""
    # All are compared, so that the time tells nothing about which one was near.
    names = [
        name
        for name, token in staff.items()
        if hmac.compare_digest(token.encode(), given.strip().encode("utf-8", "replace")) and token
    ]
    return names[0] if names else ""
