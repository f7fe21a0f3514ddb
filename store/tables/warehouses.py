"""Warehouses, and what orders are promised."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import false
from sqlmodel import Field, SQLModel

from store.tables.base import moment


class WarehouseRow(SQLModel, table=True):
    """A warehouse. While there is none, the one of the settings is all there is."""

    __tablename__ = "warehouses"

    code: str = Field(primary_key=True)
    name: str = ""
    province: str = ""
    city: str = ""
    cut_off: str
    """HH:MM, Beijing."""
    weekdays: str
    """Digits, 1 for Monday."""
    rests: bool = False
    """Closed on official holidays, open on the weekend days made up for them."""
    daily_capacity: int = 0
    """Consignments a day; 0: any."""
    active: bool = True
    shadow: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    """In shadow: no real order is routed to it (`shadow_switches` says since when, and who wanted it)."""
    updated_at: datetime = moment()
