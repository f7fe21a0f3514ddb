"""Warehouses as the store keeps them. Without any, the one of the settings is all there is."""

from __future__ import annotations

from datetime import time

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from domain.clock import utc_now
from domain.warehouses import Warehouse, WorkWeek
from store.tables import WarehouseRow
from store.upsert import insert_ignore

_CLOCK = "%H:%M"


async def all_warehouses(tx: AsyncSession, of_settings: str) -> list[Warehouse]:
    """All of them by code, paused ones too. `of_settings` is the code of the only one while none is kept."""
    rows = (await tx.execute(select(WarehouseRow).order_by(col(WarehouseRow.code)))).scalars()
    return [_warehouse(row) for row in rows] or [Warehouse(of_settings)]


async def put(tx: AsyncSession, warehouse: Warehouse, of_settings: str) -> bool:
    """Keep a warehouse, or change it; whether it is active, or in shadow, stays as it was. True when it is new.

    The first one that is kept brings the one of the settings with it: its stock would be out of reach otherwise.
    """
    if (await tx.execute(select(WarehouseRow.code).limit(1))).first() is None:
        await insert_ignore(tx, WarehouseRow, _values(Warehouse(of_settings)))
    if await insert_ignore(tx, WarehouseRow, _values(warehouse)):
        return True
    values = _values(warehouse)
    del values["active"], values["shadow"]
    await tx.execute(update(WarehouseRow).where(col(WarehouseRow.code) == warehouse.code).values(**values))
    return False


async def set_active(tx: AsyncSession, code: str, active: bool, of_settings: str) -> bool | None:
    """Pause or resume one. Whether that changed anything; None when there is no such warehouse."""
    known = {warehouse.code: warehouse for warehouse in await all_warehouses(tx, of_settings)}
    if code not in known:
        return None
    await insert_ignore(tx, WarehouseRow, _values(known[code]))
    statement = (
        update(WarehouseRow)
        .where(col(WarehouseRow.code) == code, col(WarehouseRow.active) != active)
        .values(active=active, updated_at=utc_now())
        .returning(col(WarehouseRow.code))
    )
    return (await tx.execute(statement)).first() is not None


async def set_shadow(tx: AsyncSession, code: str, shadow: bool, of_settings: str) -> bool | None:
    """Let one send for real, or only watch. Whether that changed anything; None when there is no such warehouse.

    For `store.shadows` alone, which writes the history of it in the same transaction.
    """
    known = {warehouse.code: warehouse for warehouse in await all_warehouses(tx, of_settings)}
    if code not in known:
        return None
    await insert_ignore(tx, WarehouseRow, _values(known[code]))
    row = await tx.get_one(WarehouseRow, code, with_for_update=True)
    if row.shadow == shadow:
        return False
    row.shadow, row.updated_at = shadow, utc_now()
    tx.add(row)
    return True


async def in_shadow(tx: AsyncSession) -> set[str]:
    """The codes of the warehouses that are in shadow."""
    return set((await tx.execute(select(WarehouseRow.code).where(col(WarehouseRow.shadow)))).scalars())


def _values(warehouse: Warehouse) -> dict[str, object]:
    return {
        "code": warehouse.code,
        "name": warehouse.name,
        "province": warehouse.province,
        "city": warehouse.city,
        "cut_off": warehouse.cut_off.strftime(_CLOCK),
        "weekdays": warehouse.week.weekdays,
        "rests": warehouse.week.rests,
        "daily_capacity": warehouse.daily_capacity,
        "active": warehouse.active,
        "shadow": warehouse.shadow,
        "updated_at": utc_now(),
    }


def _warehouse(row: WarehouseRow) -> Warehouse:
    return Warehouse(
        row.code,
        row.name,
        row.province,
        row.city,
        time.fromisoformat(row.cut_off),
        WorkWeek(row.weekdays, row.rests),
        row.daily_capacity,
        row.active,
        row.shadow,
    )
