"""Xiaohongshu's two signatures: of a call (protocol file, section 2) and of a push (section 6). No body is covered."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping


def call_sign(method: str, app_id: str, timestamp: str, version: str, secret: str) -> str:
    """Lower-case hex MD5 over the four system fields, in this order, and the secret."""
    return _md5(f"{method}?appId={app_id}&timestamp={timestamp}&version={version}{secret}")


def push_sign(path: str, query: Mapping[str, str], app_key: str, timestamp: str, secret: str) -> str:
    """Lower-case hex MD5 over a push's path, its query and two of its headers sorted by name, and the secret."""
    signed = sorted({**query, "app-key": app_key, "timestamp": timestamp}.items())
    return _md5(f"{path}?{'&'.join(f'{name}={value}' for name, value in signed)}{secret}")


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
