"""Merges 合单: several orders that are packed as one parcel."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, text
from sqlalchemy.types import JSON
from sqlmodel import Field, SQLModel

from store.tables.base import moment, sequence

_JOINABLE = text("joinable")
_UNTOLD = text("news > told")


class MergeRow(SQLModel, table=True):
    """Orders of one buyer to one address. An order that nobody has joined yet is a merge of one."""

    __tablename__ = "merges"
    __table_args__ = (
        # Of two orders that open one at the same moment, the second joins the first.
        Index("one_merge_to_join", "mark", unique=True, sqlite_where=_JOINABLE, postgresql_where=_JOINABLE),
    )

    number: int | None = sequence()
    mark: str
    """A digest, under a key of ours, of what its orders have alike: receiver, group, warehouse, couriers."""
    group_name: str
    warehouse: str
    leader: str = Field(index=True)
    """The order whose instruction stands for all."""
    state: str
    """MergeState"""
    joinable: bool = True
    """Whether another order may join."""
    rule: str
    """The rule row by which it was opened."""
    opened_at: datetime = moment()
    closed_at: datetime | None = moment(nullable=True)


class MergeMemberRow(SQLModel, table=True):
    """An order in a merge. Once in its life: whoever left goes alone."""

    __tablename__ = "merge_members"
    __table_args__ = (Index("ix_merge_members_untold", "order_id", sqlite_where=_UNTOLD, postgresql_where=_UNTOLD),)

    order_id: str = Field(primary_key=True)
    merge_no: int = Field(index=True)
    n: int
    """In which order they joined, from 1."""
    revision: int
    """The order's revision that joined: what is packed."""
    state: str
    """MemberState"""
    code: str = Field(default="", index=True)
    """The instruction that its goods stand in; "": none yet."""
    token: str = ""
    """Of the reservation under which that instruction was given."""
    boxes: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """What was packed of it: box, package_code, shared (whether others' goods are in the box), items."""
    report_id: int = 0
    """The report by which it was packed."""
    why: str = ""
    """Why it left."""
    left_by: str = ""
    joined_at: datetime = moment()
    changed_at: datetime = moment()
    news: int = 0
    """Grows with everything that its workflow must hear of."""
    told: int = 0
    """How much of that it was told."""
