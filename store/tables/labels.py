"""Combined labels that were printed, and which parcels stand on them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from store.tables.base import moment


class LabelSheetRow(SQLModel, table=True):
    """A printed sheet. Nothing of it changes later but when its codes expire."""

    __tablename__ = "label_sheets"

    sheet_id: str = Field(primary_key=True)
    warehouse: str
    carrier: str
    province: str
    city: str
    district: str
    opens_at: datetime = moment(index=True)
    """The moment of its group's first parcel: the sheets of one group have it and the fields above in common."""
    n: int
    """Its number in its group."""
    part: int
    parts: int
    """It is the part-th of those that were printed together."""
    late: bool
    """Others of its group had been printed before."""
    size: str
    """domain.labels.Size"""
    printed_by: str
    printed_at: datetime = moment(index=True)
    expires_at: datetime = moment()
    """Until when its codes open the scan page; printing it again gives them more time."""


class LabelItemRow(SQLModel, table=True):
    """A parcel on a sheet, as it was when it was printed. On at most one sheet it is not taken off."""

    __tablename__ = "label_items"
    __table_args__ = (
        Index(
            "one_live_label",
            "parcel_id",
            unique=True,
            sqlite_where=text("off_at IS NULL"),
            postgresql_where=text("off_at IS NULL"),
        ),
    )

    sheet_id: str = Field(primary_key=True, foreign_key="label_sheets.sheet_id")
    parcel_id: str = Field(primary_key=True)
    place: int
    """From 1, in the order in which the sheet has them."""
    order_id: str = Field(index=True)
    total: int = Field(default=1, sa_column_kwargs={"server_default": "1"})
    """How many parcels its order had when it was printed: an order from several warehouses gets more later."""
    revision: int
    """The order's revision that was printed."""
    waybill_key: str
    carrier: str
    number: str
    code: str = Field(index=True)
    """The opaque code in the QR code of its order on this sheet."""
    off_at: datetime | None = moment(nullable=True)
    off_why: str = ""
    """voided (its waybill), changed (it has another), withdrawn (the sheet, by a person)"""
