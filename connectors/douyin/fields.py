"""Reading values out of JSON that may be anything.

Every complaint is a ValueError that names the field, never its value.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_INT_LIMIT = 10**15


def load_json(raw: bytes | str) -> Any:
    """The value of a JSON text. Raises ValueError for no JSON, and for JSON nested beyond all reason."""
    try:
        return json.loads(raw)
    except RecursionError:
        raise ValueError("JSON is nested too deeply") from None


def as_mapping(value: object, name: str) -> Mapping[str, Any]:
    """An object. Raises ValueError."""
    if not isinstance(value, dict):
        raise ValueError(f"{name} is no object")
    return value


def as_list(value: object) -> list[Any]:
    """A list; a missing one (or null, as the platform writes an empty one) is empty."""
    return value if isinstance(value, list) else []


def as_int(value: object, name: str) -> int:
    """An integer, also when it is written as text (ids and codes come both ways). Raises ValueError."""
    if isinstance(value, str) and value.isascii() and value.lstrip("-").isdigit() and len(value) < 20:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > _INT_LIMIT:
        raise ValueError(f"{name} is no integer")
    return value


def optional_int(source: Mapping[str, Any], name: str) -> int | None:
    """An integer, or None where the field is missing: any field may be outside the application's permissions."""
    value = source.get(name)
    return None if value is None or value == "" else as_int(value, name)


def text_of(source: Mapping[str, Any], name: str) -> str:
    """A field as text; "" where it is missing."""
    return as_text(source.get(name))


def as_text(value: object) -> str:
    """Text, or a number written as text; "" for anything else. What no database takes (NUL, lone surrogates) goes."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value.replace("\x00", "").encode("utf-8", "ignore").decode() if isinstance(value, str) else ""
