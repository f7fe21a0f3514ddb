"""Who may approve orders, whom each order asks, what was decided, and the links by which it was."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Index, text
from sqlalchemy.types import JSON
from sqlmodel import Field, SQLModel

from store.tables.base import moment, sequence

_CURRENT = text("status IN ('waiting', 'open', 'approved', 'refused')")


class ApproverRow(SQLModel, table=True):
    """Somebody who may approve orders."""

    __tablename__ = "approvers"

    id: str = Field(primary_key=True)
    """The name that their staff token goes by."""
    name: str = ""
    roles: list[str] = Field(sa_column=Column(JSON, nullable=False))
    phone: str = ""
    """Sealed; "" for none."""
    deputy: str = ""
    """The id of who stands in for them; "" for nobody."""
    absent_until: datetime | None = moment(nullable=True)
    removed: bool = False
    updated_at: datetime = moment()


class ApproverChangeRow(SQLModel, table=True):
    """What was changed about approvers, by whom and when; append-only, without telephone numbers."""

    __tablename__ = "approver_changes"

    seq: int | None = sequence()
    approver: str
    at: datetime = moment()
    by: str
    facts: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    """What they are since then: name, roles, deputy, absent_until, phone (yes or no), removed."""


class ApprovalRequestRow(SQLModel, table=True):
    """A question to one role about one order. At most one of a row and role counts: the database sees to it."""

    __tablename__ = "approval_requests"
    __table_args__ = (
        Index(
            "one_current_request",
            "order_id",
            "row",
            "role",
            unique=True,
            sqlite_where=_CURRENT,
            postgresql_where=_CURRENT,
        ),
    )

    order_id: str = Field(primary_key=True)
    n: int = Field(primary_key=True)
    row: str
    """The row of the table that demands it."""
    step: int
    role: str
    mode: str
    """all, any"""
    deputy: str = ""
    escalates_to: str = ""
    within_s: int
    """How long each stage lasts."""
    calendar: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """The calendar in whose hours that runs; "" for any time."""
    rule: str
    revision: int
    amount_fen: int = Field(sa_column=Column(BigInteger, nullable=False))
    """What is approved: the order may cost no more."""
    status: str = Field(index=True)
    """waiting, open, approved, refused, superseded (asked anew of another amount), dropped (demanded no more)"""
    stage: int = 0
    """0: the role, 1: deputies too, 2: escalated too."""
    opened_at: datetime | None = moment(nullable=True)
    deadline: datetime | None = moment(nullable=True)
    closed_at: datetime | None = moment(nullable=True)
    roster: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """The mark of who could decide (domain.approvals.mark_of) when its order was told of it last."""


class ApprovalRow(SQLModel, table=True):
    """A decision; append-only."""

    __tablename__ = "approvals"
    __table_args__ = (Index("ix_approvals_who", "who", "at"),)

    seq: int | None = sequence()
    order_id: str = Field(index=True)
    n: int
    verdict: str
    """approve, refuse, withdraw"""
    who: str
    standing: str
    """own, deputy, escalated"""
    stands_for: str = ""
    way: str
    """api, console, sms"""
    why: str = ""
    amount_fen: int = Field(sa_column=Column(BigInteger, nullable=False))
    """The amount that was in sight."""
    at: datetime = moment()


class ApprovalLinkRow(SQLModel, table=True):
    """A link to the page of one question, for one person. The code is derived from a secret, so the row alone opens
    nothing."""

    __tablename__ = "approval_links"
    __table_args__ = (
        Index("one_link_each", "order_id", "request", "approver", "way", "sent_on", unique=True),
        Index("ix_approval_links_approver", "approver", "expires_at"),
    )

    order_id: str = Field(primary_key=True)
    n: int = Field(primary_key=True)
    code: str = Field(unique=True, index=True)
    request: int
    approver: str
    way: str
    """console, sms"""
    sent_on: str = ""
    """The stage at which it was sent; the moment of one that somebody made for themselves."""
    expires_at: datetime = moment()
    told_at: datetime | None = moment(nullable=True)
