"""JD's signature (section 2 of the protocol file)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping


def sign(params: Mapping[str, str], secret: str) -> str:
    """MD5 over all parameters that are not empty, in ASCII order of their keys, wrapped in the secret."""
    joined = "".join(f"{key}{params[key]}" for key in sorted(params) if key != "sign" and params[key])
    return hashlib.md5(f"{secret}{joined}{secret}".encode()).hexdigest().upper()  # noqa: S324 - the platform's choice
