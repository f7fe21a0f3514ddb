"""Where things are in a drop, and what its errors are called."""

from __future__ import annotations

from collections.abc import Collection
from itertools import count
from pathlib import PurePosixPath

PARTNER = "files"

_DETAIL_LENGTH = 160


def inside(directory: str, folder: str) -> PurePosixPath:
    """A folder of a drop: below its directory, unless it is an absolute path."""
    return PurePosixPath(directory) / folder


def detail(words: object) -> str:
    """A server's words, short and on one line."""
    return " ".join(str(words).split())[:_DETAIL_LENGTH]


def free_name(name: str, taken: Collection[str]) -> str:
    """A name that nothing in a folder has yet: a.csv, then a.2.csv, a.3.csv, …"""
    if name not in taken:
        return name
    path = PurePosixPath(name)
    return next(other for n in count(2) if (other := f"{path.stem}.{n}{path.suffix}") not in taken)
