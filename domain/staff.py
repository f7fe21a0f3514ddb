"""Members of staff: the tokens that they are known by, and what each may do."""

from __future__ import annotations

import hmac
from collections.abc import Collection, Mapping

SERVICE, OPERATIONS, RULES, FINANCE = "service", "operations", "rules", "finance"
"""What people may do: act on orders; move the stock's books and accept what is to be ordered; put rules in force; set
customers' credit and export the books."""
UNSAID = frozenset({SERVICE, OPERATIONS})
"""Of people for whom the settings name no roles. Rules decide about all orders: who may change them must be named."""


def holder(staff: Mapping[str, str], given: str) -> str:
    """The name of whoever holds a token; "" when nobody does. `staff` maps names to tokens."""
    # All are compared, so that the time tells nothing about which one was near.
    names = [
        name
        for name, token in staff.items()
        if hmac.compare_digest(token.encode(), given.strip().encode("utf-8", "replace")) and token
    ]
    return names[0] if names else ""


def may(roles: Mapping[str, Collection[str]], who: str, role: str) -> bool:
    """Whether somebody has a role. `roles` maps names to what the settings say of them."""
    return role in roles.get(who, UNSAID)
