"""Ports of orders that come as files: the directory that they are put into, and the channel that reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from connectors.ports import Document
from domain.order import Channel

Heard = Callable[[int], None]
"""Told how far a long piece of work has come (bytes or rows). It may raise to end that work."""


FILES = "/files"
"""How the names of feeds end that are files."""


@dataclass(frozen=True)
class RemoteFile:
    """A file in a drop. `modified` is the server's own word, good for comparing and for nothing else."""

    name: str
    size: int
    modified: str


@dataclass(frozen=True)
class DropRules:
    """Which files of a drop are taken, when, and where they go."""

    pattern: str
    settle_s: float
    """A file is complete when two listings so far apart show it alike."""
    marker_only: bool
    """Only files with `<name>.ok` beside them are complete."""
    archive: str
    errors: str
    max_bytes: int


class DropSession(Protocol):
    """A connection to a drop. Every method raises PartnerError, and may be called again after it failed."""

    async def list(self) -> Sequence[RemoteFile]:
        """The files in the directory, whatever their names; no directories."""
        ...

    async def fetch(self, name: str, target: Path, heard: Heard) -> None:
        """Copy a file here. Raises Rejected when it is not there (any more)."""
        ...

    async def move(self, name: str, folder: str, new_name: str) -> bool:
        """Move a file into a folder, which is made if need be. False when it is not there (any more)."""
        ...

    async def put(self, source: Path, folder: str, name: str) -> None:
        """Write a file into a folder, which is made if need be; what stands there is replaced."""
        ...


class FileDrop(Protocol):
    """A directory on somebody's file server."""

    rules: DropRules

    def open(self) -> AbstractAsyncContextManager[DropSession]:
        """Connect. Raises PartnerError."""
        ...


@dataclass(frozen=True)
class FiledOrder:
    """An order out of a file. The document's version is not known yet: a file says nothing of when it was changed.

    `fingerprint` tells content from content, `stage` how far the order has come: it never goes back.
    """

    at: int
    """Where the order's first row ends in the file; orders come in this order."""
    document: Document
    fingerprint: str
    stage: int


@dataclass(frozen=True)
class Reject:
    """Rows that no order could be made of. `order_no` is "" where there is none. The cells stay out of logs."""

    at: int
    order_no: str
    reason: str
    lines: tuple[int, ...]
    """Where the rows end in the file, from 1."""
    cells: tuple[tuple[str, ...], ...] = field(repr=False)


class OrderFile(Protocol):
    """A file that is read: its rows are on disk, grouped by order."""

    header: tuple[str, ...]
    rows: int

    def orders(self) -> Iterator[FiledOrder | Reject]:
        """Every order in the order of their first rows; the same each time. In a thread: it reads and computes."""
        ...

    def close(self) -> None:
        """Let go of what is on disk."""
        ...


class FileFeed(Protocol):
    """Orders of a channel that come as files."""

    feed: str
    """Its name among the feeds: the source's and FILES."""
    channel: Channel

    @property
    def shops(self) -> Sequence[str]:
        """The shops that have a drop."""
        ...

    def drop(self, shop: str) -> FileDrop:
        """A shop's drop. Raises Misconfigured; KeyError for a shop that has none."""
        ...

    def told_at(self, name: str) -> datetime | None:
        """When a file says, by its name, that it was written; None when it does not say."""
        ...

    def read(self, path: Path, scratch: Path, shop: str, heard: Heard) -> OrderFile:
        """Read a file, with `scratch` as a place for what does not fit into memory. In a thread: it takes long.

        Raises DocumentUnreadable for a file that cannot be read as a whole.
        """
        ...
