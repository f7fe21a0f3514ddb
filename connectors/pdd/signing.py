"""Pinduoduo's signature (section 2 of the protocol file)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from connectors.transport import compact_json


def literal(value: object) -> str:
    """A parameter as it is signed and sent: texts and numbers as they are, true and false, all else as compact JSON."""
    if isinstance(value, str):
        return value
    return compact_json(value)


def sign(params: Mapping[str, str], client_secret: str) -> str:
    """The `sign` over all other parameters, common and business alike."""
    joined = "".join(name + params[name] for name in sorted(params))
    wrapped = f"{client_secret}{joined}{client_secret}".encode()
    return hashlib.md5(wrapped).hexdigest().upper()  # noqa: S324 - the platform's choice
