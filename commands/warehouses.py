"""`orderhub warehouses`: where goods lie, when they can leave, and who is paused."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time
from typing import Any

from rich.console import Console
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncSession

from commands.house import NO_SUCH, house, refuse
from domain.address import PROVINCES, province_name
from domain.clock import BEIJING, utc_now
from domain.texts import text
from domain.warehouses import Warehouse, WorkWeek
from settings import Settings
from store import promises, warehouses


@dataclass(frozen=True)
class Given:
    """What was given on the command line."""

    code: str
    name: str
    province: str
    city: str
    cut_off: str
    weekdays: str
    rests: bool
    daily_capacity: int


async def show(settings: Settings, *, as_json: bool) -> int:
    """Every warehouse."""
    async with house(settings) as db, db.reading() as tx:
        kept = await warehouses.all_warehouses(tx, settings.company.warehouse)
        today = await _today(tx, kept)
    if as_json:
        listed = [{**_public(one), "promised_today": today.get(one.code, 0)} for one in kept]
        print(json.dumps({"warehouses": listed}, ensure_ascii=False))  # noqa: T201
        return 0
    names = ("code", "name", "province", "city", "cut_off", "weekdays", "capacity", "today", "state")
    table = Table(*(text(f"warehouses.{name}") for name in names))
    for one in kept:
        table.add_row(
            one.code,
            one.name,
            one.province,
            one.city,
            f"{one.cut_off:%H:%M}",
            one.week.weekdays + (text("warehouses.rests") if one.week.rests else ""),
            str(one.daily_capacity or text("warehouses.any")),
            str(today.get(one.code, 0)),
            text("warehouses.active" if one.active else "warehouses.paused"),
        )
    Console().print(table)
    return 0


async def add(settings: Settings, given: Given, *, as_json: bool) -> int:
    """Keep a warehouse, or change it."""
    try:
        warehouse = _read(given)
    except ValueError as error:
        return refuse(str(error), NO_SUCH)
    async with house(settings) as db, db.transaction() as tx:
        new = await warehouses.put(tx, warehouse, settings.company.warehouse)
    words = f"warehouse {warehouse.code} is kept" if new else f"warehouse {warehouse.code} is changed"
    print(json.dumps({"code": warehouse.code, "new": new}) if as_json else words)  # noqa: T201
    return 0


async def switch(settings: Settings, code: str, *, active: bool, as_json: bool) -> int:
    """Pause or resume one. Exit code 2 when there is no such warehouse."""
    async with house(settings) as db, db.transaction() as tx:
        changed = await warehouses.set_active(tx, code, active, settings.company.warehouse)
    if changed is None:
        return refuse(f"there is no warehouse {code}: see orderhub warehouses list", NO_SUCH)
    state = "active" if active else "paused"
    words = f"warehouse {code} is {state}" if changed else f"warehouse {code} was {state} already"
    print(json.dumps({"code": code, "active": active, "changed": changed}) if as_json else words)  # noqa: T201
    return 0


def _read(given: Given) -> Warehouse:
    """Raises ValueError with a sentence for what cannot be."""
    if given.province and province_name(given.province) not in PROVINCES:
        raise ValueError(f"{given.province} is no province")
    try:
        cut_off = time.fromisoformat(given.cut_off)
    except ValueError:
        raise ValueError(f"a cut-off is HH:MM, not {given.cut_off!r}") from None
    return Warehouse(
        given.code,
        given.name,
        given.province,
        given.city,
        cut_off.replace(second=0, microsecond=0),
        WorkWeek(given.weekdays, given.rests),
        given.daily_capacity,
    )


async def _today(tx: AsyncSession, kept: Sequence[Warehouse]) -> dict[str, int]:
    """How many consignments each warehouse is to send today."""
    today = utc_now().astimezone(BEIJING).date()
    counts = await promises.loads(tx, [one.code for one in kept], today)
    return {code: count for (code, day), count in counts.items() if day == today}


def _public(one: Warehouse) -> dict[str, Any]:
    return {
        "code": one.code,
        "name": one.name,
        "province": one.province,
        "city": one.city,
        "cut_off": f"{one.cut_off:%H:%M}",
        "weekdays": one.week.weekdays,
        "rests": one.week.rests,
        "daily_capacity": one.daily_capacity,
        "active": one.active,
    }
