"""Documents that came in, and how far each list was read."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Column, Index, Text, UniqueConstraint
from sqlalchemy.types import JSON
from sqlmodel import Field, SQLModel

from store.tables.base import moment, sequence


class InboxRow(SQLModel, table=True):
    """Every inbound document, kept before it is acknowledged."""

    __tablename__ = "inbox"
    __table_args__ = (
        UniqueConstraint("source", "document_id", "version"),
        Index("ix_inbox_due", "status", "next_try_at"),
    )

    seq: int | None = sequence()
    source: str
    kind: str
    document_id: str
    version: int = Field(sa_type=BigInteger)
    order_id: str | None = Field(default=None, index=True)
    body: str = Field(sa_column=Column(Text, nullable=False))
    status: str
    """new, done, quarantined"""
    outcome: str = ""
    """What the document changed, or why it changed nothing."""
    attempts: int = 0
    claimed_until: datetime | None = moment(nullable=True)
    next_try_at: datetime = moment()
    received_at: datetime = moment()
    done_at: datetime | None = moment(nullable=True)
    repeats: int = 0
    """How often the same document came again."""


class IdempotencyKeyRow(SQLModel, table=True):
    """What a caller's request was answered, by the key that it gave: the same request again gets the same answer."""

    __tablename__ = "idempotency_keys"

    channel: str = Field(primary_key=True)
    shop: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    request_sha256: str
    """Of method, path and body."""
    status: int
    """The HTTP status; 0 only inside the transaction that works on it."""
    answer: str = Field(sa_column=Column(Text, nullable=False))
    at: datetime = moment(index=True)


class ReconciliationRow(SQLModel, table=True):
    """One day of one shop: the channel's own list against our orders."""

    __tablename__ = "reconciliations"

    feed: str = Field(primary_key=True)
    shop: str = Field(primary_key=True)
    day: str = Field(primary_key=True)
    """The Beijing day whose changes were compared, 2026-11-11."""
    listed: int = 0
    """How many orders the channel lists as changed on that day."""
    missing: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """Orders that we did not have; put into the inbox."""
    stale: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """Orders that we had in an older version; put into the inbox."""
    waiting: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """Orders whose document is in the inbox and not understood yet."""
    quarantined: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """Orders whose document could not be understood."""
    at: datetime = moment()


class PullCursorRow(SQLModel, table=True):
    """How far a shop's changes are taken. It moves in the same transaction as the documents it covers."""

    __tablename__ = "pull_cursors"

    source: str = Field(primary_key=True)
    shop: str = Field(primary_key=True)
    until: datetime = moment()
    """Every change before this is in the inbox."""
    window_end: datetime | None = moment(nullable=True)
    """The window under way; None between two."""
    page: str = ""
    """Where the window's next page begins."""
    pulled_at: datetime = moment()


class UnknownWordRow(SQLModel, table=True):
    """A partner's word for a status that means nothing to us, or meant nothing when it came (domain.words)."""

    __tablename__ = "unknown_words"

    partner: str = Field(primary_key=True)
    about: str = Field(primary_key=True)
    word: str = Field(primary_key=True)
    times: int = 0
    first_at: datetime = moment()
    last_at: datetime = moment()
