"""Orders in files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from temporalio.common import RetryPolicy

from activities.contracts.base import PartnerStep


@dataclass(frozen=True)
class FileFact:
    """A file in a shop's drop, as it was listed."""

    name: str
    size: int
    modified: str


@dataclass(frozen=True)
class FilesAsk:
    """List one shop's files, and tell up to `limit` that are complete."""

    feed: str
    shop: str
    limit: int = 20


@dataclass(frozen=True)
class FilesListed:
    """The files that may be taken, in their order, and how many more there are."""

    ready: list[FileFact]
    waiting: int


@dataclass(frozen=True)
class FileAsk:
    """Take one file of a shop."""

    feed: str
    shop: str
    file: FileFact


class FileOutcome(StrEnum):
    """What came of a file."""

    TAKEN = "taken"
    REFUSED = "refused"
    REPEATED = "repeated"
    """Its content was here before, under this name or another."""
    MOVED = "moved"
    """It was decided before, and only had to be moved away."""
    INCOMPLETE = "incomplete"
    """It is gone, or not as it was listed."""


@dataclass(frozen=True)
class FileTaken:
    """What came of it, in rows and orders: those that were news, those that were known, and rows that are rejected."""

    outcome: FileOutcome
    rows: int = 0
    orders: int = 0
    known: int = 0
    rejects: int = 0


LIST_FILES = PartnerStep(
    "list_files", FilesAsk, FilesListed, timeout=timedelta(minutes=2), within=timedelta(minutes=10)
)

TAKE_FILE = PartnerStep(
    "take_file",
    FileAsk,
    FileTaken,
    timeout=timedelta(hours=6),
    within=timedelta(hours=12),
    heartbeat=timedelta(seconds=60),
    # A file that fails again and again must not keep the others waiting: the next turn of the schedule tries it anew.
    retry=RetryPolicy(initial_interval=timedelta(seconds=5), maximum_attempts=4),
)
