"""Identifiers. An order's id is its dedup key, its Temporal workflow id and its primary key."""

from __future__ import annotations

import hashlib
import re

_PART = re.compile(r"[^:#/\s]+")
_LONGEST = 199
_FOREIGN = re.compile(r"[^A-Za-z0-9]+")


def order_id(channel: str, shop: str, channel_order_no: str) -> str:
    """`{channel}:{shop}:{channel_order_no}`.

    A part that is empty or holds `:`, `#`, `/` or blanks raises ValueError, and so does an id of 200 characters or
    more: it is a workflow's name, a part of file names and of keys at partners.
    """
    for part in (channel, shop, channel_order_no):
        if not _PART.fullmatch(part):
            raise ValueError(f"not usable in an order id: {part!r}")
    made = f"{channel}:{shop}:{channel_order_no}"
    if len(made) > _LONGEST:
        raise ValueError(f"an order id of {len(made)} characters is too long")
    return made


def split_order_id(oid: str) -> tuple[str, str, str]:
    """The channel, shop and channel order number of an order id. Raises ValueError."""
    channel, shop, number = oid.split(":")
    return channel, shop, number


def parcel_id(oid: str, n: int) -> str:
    """`{order_id}#{n}`, n from 1."""
    return f"{oid}#{n}"


def order_of_parcel(pid: str) -> str:
    """The order id that a parcel id belongs to."""
    return pid.rpartition("#")[0]


def partner_key(own_key: str, limit: int = 32) -> str:
    """Our idempotency key (`{order_id}/{step}[/{n}]`) in an alphabet that every partner takes.

    Letters, digits and `-` only, at most `limit` characters (at least 24), readable at the end where the order number
    and attempt stand, and made unique by ten hex digits of the key's SHA-256: two keys that differ only in characters
    that a partner forbids stay apart. The same key always gives the same text.
    """
    digest = hashlib.sha256(own_key.encode()).hexdigest()[:10]
    readable = _FOREIGN.sub("-", own_key).strip("-")
    return f"{readable[-(limit - 11) :].strip('-')}-{digest}"


def short_key(own_key: str) -> str:
    """Our idempotency key in 15 hex digits, for partners that take no more (Douyin's pack_id, unique in an order)."""
    return hashlib.sha256(own_key.encode()).hexdigest()[:15]
