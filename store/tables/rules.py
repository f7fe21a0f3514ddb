"""Versions of rule sets, and what happened to them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column
from sqlalchemy.types import JSON
from sqlmodel import Field, SQLModel

from store.tables.base import moment, sequence


class RuleVersionRow(SQLModel, table=True):
    """The content of one version. It never changes: its version is a digest of it."""

    __tablename__ = "rule_versions"

    name: str = Field(primary_key=True)
    version: str = Field(primary_key=True)
    content: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    origin: str
    """file: it came with orderhub; else how a person brought it."""
    at: datetime = moment()


class RuleEventRow(SQLModel, table=True):
    """What happened to versions, append-only (domain.rulesets)."""

    __tablename__ = "rule_events"

    seq: int | None = sequence()
    name: str = Field(index=True)
    version: str
    what: str
    who: str
    why: str = ""
    at: datetime = moment()
    begins: datetime | None = moment(nullable=True)
    ends: datetime | None = moment(nullable=True)
    of: int | None = None
    """The publication that is taken back."""
    result: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    """What a test found."""
