"""What the platform's two lists of changes have in common: a short window of time, and pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from sandbox.pdd.envelope import invalid

_WINDOW_S = 30 * 60

T = TypeVar("T")


def check_window(start: int, end: int) -> None:
    """Raise Refusal unless the window is one of at most half an hour. Unix seconds."""
    if start >= end or end - start > _WINDOW_S:
        raise invalid("end_updated_at", "时间跨度必须大于 0 且不超过 30 分钟")


def page_of(found: Sequence[T], page: int, page_size: int) -> Sequence[T]:
    """A page, counted from 1."""
    first = (page - 1) * page_size
    return found[first : first + page_size]
