"""Fields that a merchant adds to orders: what was handed in after an order came, and files."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, LargeBinary
from sqlmodel import Field, SQLModel

from store.tables.base import moment


class SuppliedFieldRow(SQLModel, table=True):
    """A field that a person or a system handed in after the order came. Handed in again, the later value holds."""

    __tablename__ = "supplied_fields"

    order_id: str = Field(primary_key=True)
    scope: str = Field(primary_key=True)
    line_no: str = Field(primary_key=True)
    """"" for the order and the customer."""
    key: str = Field(primary_key=True)
    value: str
    by: str
    at: datetime = moment()


class KeptFileRow(SQLModel, table=True):
    """A file that orders' fields name by its digest. The same content is kept once."""

    __tablename__ = "kept_files"

    file_id: str = Field(primary_key=True)
    """The SHA-256 of the content, in hex."""
    name: str
    media_type: str
    size: int
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    by: str
    """Who handed it in first: a person, or `channel:shop`."""
    at: datetime = moment()
