"""Shops, tokens, credit checks, and how partners serve."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, Text
from sqlmodel import Field, SQLModel

from store.tables.base import moment
from store.types import UtcDateTime


class CreditCheckRow(SQLModel, table=True):
    """A question to the credit bureau, and what became of it."""

    __tablename__ = "credit_checks"

    request_id: str = Field(primary_key=True)
    order_id: str = Field(index=True)
    state: str
    """asked, approved, assumed, refused, review"""
    reason: str = ""
    reservation_id: str = ""
    reservation: str = ""
    """"" (none), reserved, committed, released"""
    later_review: bool = False
    at: datetime = moment()
    decided_at: datetime | None = moment(nullable=True)


class ShopRow(SQLModel, table=True):
    """A shop's account at its channel."""

    __tablename__ = "shops"

    channel: str = Field(primary_key=True)
    shop: str = Field(primary_key=True)
    state: str
    """active, paused (by a person), unauthorised (the channel refuses our credentials), removed"""
    why: str = ""
    """Why it is not active."""
    origin: str
    """settings or command: who keeps it"""
    sealed: str = Field(default="", sa_column=Column(Text, nullable=False))
    """The account as JSON, AES-256-GCM."""
    tested_at: datetime | None = moment(nullable=True)
    added_at: datetime = moment()
    updated_at: datetime = moment()


class TokenRow(SQLModel, table=True):
    """A shop's access token, encrypted, and the lease of whoever refreshes it."""

    __tablename__ = "tokens"

    channel: str = Field(primary_key=True)
    shop: str = Field(primary_key=True)
    sealed: str = ""
    """The token as JSON, AES-256-GCM."""
    expires_at: datetime | None = moment(nullable=True)
    leased_until: datetime | None = moment(nullable=True)


class PartnerCallRow(SQLModel, table=True):
    """How many calls to a partner came to the same end in the same bucket of time, as one process counted them."""

    __tablename__ = "partner_calls"

    bucket: datetime = Field(sa_column=Column(UtcDateTime(), primary_key=True))
    """When its ten seconds began."""
    process: str = Field(primary_key=True)
    partner: str = Field(primary_key=True)
    operation: str = Field(primary_key=True)
    outcome: str = Field(primary_key=True)
    latency_ms: int = Field(primary_key=True)
    """The upper bound of the latency class."""
    calls: int


class PartnerLineRow(SQLModel, table=True):
    """A process's line to a partner, and whether its breaker lets calls through."""

    __tablename__ = "partner_lines"

    process: str = Field(primary_key=True)
    partner: str = Field(primary_key=True)
    line: int = Field(primary_key=True)
    host: str
    state: str
    """closed, opened, half-opened"""
    since: datetime = moment()
    seen_at: datetime = moment()
    """The process was alive then."""
