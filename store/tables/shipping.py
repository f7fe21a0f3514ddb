"""Instructions to warehouses, parcels, waybills and their journeys."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, UniqueConstraint, false, text
from sqlalchemy.types import JSON
from sqlmodel import Field, SQLModel

from store.tables.base import moment, sequence

_IN_BOX = text("box <> ''")
_UNKNOWN = text("unknown_word <> ''")


class DeliveryRow(SQLModel, table=True):
    """An instruction to a warehouse. n grows when an address change makes a new one necessary."""

    __tablename__ = "deliveries"

    code: str = Field(primary_key=True)
    order_id: str = Field(index=True)
    n: int
    consignment: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    """Which part of the order it is for; 0: all of it."""
    warehouse: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """Its code; "": the one of the connector's settings."""
    revision: int
    """The order's revision that the warehouse was told."""
    status: str
    """asked, pushed, refused, stopping, packed, cancelled"""
    token: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """Of the reservation that it was given under; "": from before instructions had one."""
    fields: dict[str, list[str]] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=True))
    """Of the merchant's own fields that its people know: a digest of each value, and how it came to them
    (store.extensions). None: it was given before this was noted."""
    at: datetime = moment()
    """When the warehouse was told last."""


class WarehouseReportRow(SQLModel, table=True):
    """What a warehouse reported, understood."""

    __tablename__ = "warehouse_reports"
    __table_args__ = (UniqueConstraint("delivery_code", "fingerprint"),)

    report_id: int | None = sequence()
    delivery_code: str = Field(index=True)
    fingerprint: str
    body: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    at: datetime = moment()


class ParcelRow(SQLModel, table=True):
    """One box on its way."""

    __tablename__ = "parcels"
    __table_args__ = (
        Index("ix_parcels_box", "box", sqlite_where=_IN_BOX, postgresql_where=_IN_BOX),
        Index("one_asks_for_a_box", "box", unique=True, sqlite_where=text("asks"), postgresql_where=text("asks")),
    )

    parcel_id: str = Field(primary_key=True)
    order_id: str = Field(index=True)
    n: int
    package_code: str
    items: list[dict[str, Any]] = Field(sa_column=Column(JSON, nullable=False))
    """sku, quantity and line_no of what is in the box."""
    status: str
    """packed, numbered, signed, refused, lost, returned"""
    whole_order: bool = True
    consignment: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    """Which part of the order it belongs to; 0: all of it."""
    revision: int | None = None
    """Of an order in several parts: the revision whose receiver it goes to. None: the newest."""
    told_at: datetime | None = moment(nullable=True)
    """When the channel took its number."""
    course_told: str = ""
    """The status that its order's workflow was told of last."""
    box: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """The box that other orders' goods lie in as well (a merge): one parcel for each order. "": its own."""
    asks: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    """Whether it is the one that asks couriers for the number of its shared box; the others take that number."""
    courier_phone: str | None = None
    """Whom to call about it, as the tracker says: personal data, for people's eyes only."""


class WaybillRow(SQLModel, table=True):
    """A waybill, from the moment it is asked for. At most one per parcel is live: the database sees to it."""

    __tablename__ = "waybills"
    __table_args__ = (
        Index(
            "one_live_waybill",
            "parcel_id",
            unique=True,
            sqlite_where=text("status = 'live'"),
            postgresql_where=text("status = 'live'"),
        ),
        Index("ix_waybills_unknown", "unknown_word", sqlite_where=_UNKNOWN, postgresql_where=_UNKNOWN),
    )

    key: str = Field(primary_key=True)
    parcel_id: str = Field(index=True)
    order_id: str = Field(index=True)
    provider: str
    carrier: str
    attempt: int
    number: str = Field(default="", index=True)
    of_parcel: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """Of a shared box: the parcel that asked for the number, which this one only has as well. "": asked for itself."""
    status: str
    """asked, unknown, live, absent, refused, void"""
    detail: str = ""
    subscribed_at: datetime | None = moment(nullable=True)
    last_news_at: datetime | None = moment(nullable=True)
    """When a tracker was heard last, whatever it said."""
    last_node_at: datetime | None = moment(nullable=True)
    """Of the newest node of its journey, and `last_node_code` is what that says."""
    last_node_code: str | None = None
    unknown_word: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """Its newest news are a partner's word that means nothing yet, by domain.words.Word.key: it is where it was. ""
    for none, as for nearly all."""
    unknown_since: datetime | None = moment(nullable=True)
    silence_due_at: datetime | None = moment(nullable=True)
    """Until when silence is usual; None: not judged since the newest node."""
    stuck_since: datetime | None = moment(nullable=True)
    """When a person was asked about its silence."""
    asked_at: datetime = moment()
    live_at: datetime | None = moment(nullable=True)
    """When the parcel got its number."""
    updated_at: datetime = moment()


class InterceptionRow(SQLModel, table=True):
    """One wish to stop a parcel that has a number, and what its courier made of it. Asked once, whatever happens."""

    __tablename__ = "interceptions"

    parcel_id: str = Field(primary_key=True)
    n: int = Field(primary_key=True)
    order_id: str = Field(index=True)
    kind: str
    """reroute: to the order's `address_n`th wished address; stop: not to the buyer at all"""
    status: str
    """planned (surely not asked), asked, unknown, done, refused"""
    how: str = ""
    """void: the courier does not collect it; rerouted, returning: it is on its new way"""
    why: str = ""
    number: str = ""
    """The waybill that was asked about."""
    address_n: int | None = None
    asked_by: str
    asked_at: datetime = moment()
    decided_at: datetime | None = moment(nullable=True)


class TrackNodeRow(SQLModel, table=True):
    """One line of a parcel's journey."""

    __tablename__ = "track_nodes"
    __table_args__ = (UniqueConstraint("number", "fingerprint"),)

    seq: int | None = sequence()
    number: str
    fingerprint: str
    at: datetime = moment()
    code: str
    text: str
    place: str = ""
