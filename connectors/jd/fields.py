"""What JD writes in its own way: "not yet" as year one, success as text, numbers of everything as text.

Every complaint is a ValueError that names the field, never its value.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connectors.fields import optional_beijing, yuan_of

_FIRST_REAL_YEAR = 2000


def amount_of(source: Mapping[str, Any], name: str) -> int | None:
    """An amount in yuan as fen; None where the field is missing, which is not zero. Raises ValueError."""
    return None if source.get(name) in (None, "") else yuan_of(source, name)


def time_of(source: Mapping[str, Any], name: str) -> datetime | None:
    """A moment; None where it is missing or JD's "not yet", 0001-01-01 00:00:00. Raises ValueError."""
    moment = optional_beijing(source, name)
    return moment if moment is not None and moment.year >= _FIRST_REAL_YEAR else None


def is_true(value: object) -> bool:
    """JD's `success`: a JSON bool, or the text "true". Raises ValueError for anything that is neither yes nor no."""
    text = str(value).lower() if isinstance(value, bool | str) else ""
    if text not in ("true", "false"):
        raise ValueError("success is neither true nor false")
    return text == "true"
