"""Xiaohongshu's two signatures: of our calls (section 2 of the protocol file) and of its pushes (section 6).

Neither covers a body: a push says nothing that may be believed without asking back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

PUSH_HEADERS = ("app-key", "timestamp")
"""The headers of a push that are signed."""


def api_sign(method: str, app_id: str, timestamp: str, version: str, app_secret: str) -> str:
    """The `sign` of a call. `timestamp` is Unix seconds as text."""
    return _md5(f"{method}?appId={app_id}&timestamp={timestamp}&version={version}{app_secret}")


def push_sign(path: str, query: Mapping[str, str], headers: Mapping[str, str], app_secret: str) -> str:
    """The `sign` header of a push: over the path, and all of the query and the signed headers, sorted by name."""
    signed = dict(query) | {name: headers.get(name, "") for name in PUSH_HEADERS}
    joined = "&".join(f"{name}={signed[name]}" for name in sorted(signed))
    return _md5(f"{path}?{joined}{app_secret}")


def _md5(text: str) -> str:
    return hashlib.md5(text.encode("utf-8", "replace")).hexdigest()  # noqa: S324 - the platform's choice
