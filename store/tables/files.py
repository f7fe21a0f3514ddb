"""Files of orders."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from store.tables.base import moment


class SeenFileRow(SQLModel, table=True):
    """A file as it was listed last in a shop's drop: what looks the same for long enough is complete."""

    __tablename__ = "seen_files"

    feed: str = Field(primary_key=True)
    shop: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    size: int = Field(sa_type=BigInteger)
    modified: str
    """The server's word for when it was written."""
    since: datetime = moment()
    """Since when it looks so."""
    sha256: str = ""
    """Its content, once it was decided and only waits to be moved away."""


class TakenFileRow(SQLModel, table=True):
    """A file's content that was taken, or is being taken: once, whatever names it comes under."""

    __tablename__ = "taken_files"

    feed: str = Field(primary_key=True)
    shop: str = Field(primary_key=True)
    sha256: str = Field(primary_key=True)
    name: str
    """The first name that it came under."""
    size: int = Field(sa_type=BigInteger)
    state: str
    """taking, taken, refused"""
    why: str = ""
    """Why it was refused."""
    rows: int = 0
    orders: int = 0
    """Orders that were new or changed, and went into the inbox."""
    known: int = 0
    """Orders that the hub had in this form, or in a newer one."""
    rejects: int = 0
    """Rows that no order could be made of; they are in the rejects file."""
    progress: int = Field(default=0, sa_type=BigInteger)
    """The line in which the last order that is taken care of begins."""
    repeats: int = 0
    """How often the same content came again."""
    begun_at: datetime = moment()
    done_at: datetime | None = moment(nullable=True)


class FiledOrderRow(SQLModel, table=True):
    """What files said last of an order: what they say again is no news, what is older is no news either."""

    __tablename__ = "filed_orders"

    source: str = Field(primary_key=True)
    document_id: str = Field(primary_key=True)
    version: int
    """Counted from 1: below every version that is a time."""
    fingerprint: str
    stage: int
    """How far the order had come."""
    told_at: datetime | None = moment(nullable=True)
    """When the file was written, by its own name."""
