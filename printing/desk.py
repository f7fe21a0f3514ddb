"""The labels' desk: what the command line and the staff API let the warehouse do with combined labels."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from domain.clock import BEIJING, utc_now
from domain.labels import Group
from domain.paper import Size
from printing.sheets import pdf
from store import label_sheets, labels
from store.database import Database
from store.labels import Held, TakenOff

LOOK_BACK = timedelta(hours=24)
"""How far back unprinted parcels are looked for, unless told."""


@dataclass(frozen=True)
class Ask:
    """What is to be printed.

    `early`: groups too that a parcel may still join. `again`: besides what is new, every sheet of this size since then,
    as it was printed.
    """

    since: datetime
    size: Size
    warehouse: str = ""
    early: bool = False
    again: bool = False


@dataclass(frozen=True)
class Printed:
    """What was printed: `pdf` shows `sheets`, and is None when there are none."""

    pdf: bytes | None
    sheets: list[str]
    new: list[str]
    waiting: int
    """Parcels whose group is still open."""
    held: list[Held]
    taken_off: list[TakenOff]


class Desk:
    """Combined labels of one store.

    `address` is what the warehouse's phones reach the pages under; `opens_for` is how long a code opens its page.
    """

    def __init__(self, db: Database, address: str, opens_for: timedelta) -> None:
        self.address = address
        self._db = db
        self._opens_for = opens_for

    async def overview(self, since: datetime, warehouse: str = "") -> dict[str, Any]:
        """What waits to be printed, what must not ship, which sheets there are and what was taken off them, as JSON."""
        async with self._db.transaction() as tx:
            off = await labels.taken_off(tx, since, warehouse)
            plan = await labels.plan(tx, since, warehouse)
            sheets = await label_sheets.load(tx, await label_sheets.since(tx, since, warehouse))
        due = plan.due(utc_now())
        return {
            "since": _show(since),
            "groups": [_group(group, due=group in due) for group in plan.groups],
            "held": [asdict(held) for held in plan.held],
            "sheets": [_sheet(sheet) for sheet in sheets],
            "taken_off": [asdict(one) for one in off],
        }

    async def print_labels(self, ask: Ask, by: str) -> Printed:
        """Make sheets of what is due, and draw them. What stands on a sheet already is not put on another."""
        async with self._db.transaction() as tx:
            off = await labels.taken_off(tx, ask.since, ask.warehouse)
        async with self._db.reading() as tx:
            plan = await labels.plan(tx, ask.since, ask.warehouse)
        groups = plan.groups if ask.early else plan.due(utc_now())
        new = await labels.print_labels(self._db, groups, ask.size, by, self._opens_for)
        async with self._db.transaction() as tx:
            old = await label_sheets.since(tx, ask.since, ask.warehouse, ask.size) if ask.again else []
            await labels.prolong(tx, old, self._opens_for)
            sheets = await label_sheets.load(tx, {*new, *old})
        if new:
            async with self._db.reading() as tx:  # where what was taken off stands now
                moved = await label_sheets.sheets_of(tx, [one.parcel_id for one in off])
            off = [TakenOff(**{**asdict(one), "new_sheet": moved.get(one.parcel_id, "")}) for one in off]
        waiting = sum(len(group.parcels) for group in plan.groups if group not in groups)
        ids = [sheet.row.sheet_id for sheet in sheets]
        return Printed(await self._draw(sheets), ids, [one for one in ids if one in new], waiting, plan.held, off)

    async def reprint(self, sheet_id: str) -> bytes:
        """One sheet again, as it was printed; its codes open the page for another while.

        Raises LookupError when there is no such sheet.
        """
        async with self._db.transaction() as tx:
            await labels.prolong(tx, [sheet_id], self._opens_for)
            sheets = await label_sheets.load(tx, [sheet_id])
        drawn = await self._draw(sheets)
        if drawn is None:
            raise LookupError(f"no label sheet {sheet_id}")
        return drawn

    async def withdraw(self, sheet_id: str, by: str) -> int:
        """Take all parcels off a sheet, so that they are printed anew. Returns how many; raises LookupError."""
        async with self._db.transaction() as tx:
            return await labels.withdraw(tx, sheet_id, by)

    async def _draw(self, sheets: list[label_sheets.Sheet]) -> bytes | None:
        if not sheets:
            return None
        return await asyncio.to_thread(pdf, [sheet.label() for sheet in sheets], self.address)


def read_since(words: str, now: datetime) -> datetime:
    """A moment as people write it, "2026-03-01 10:00", in Beijing time unless it names a zone; "" is a day ago.

    Raises ValueError.
    """
    if not words.strip():
        return now - LOOK_BACK
    moment = datetime.fromisoformat(words.strip())
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=BEIJING)


def _show(moment: datetime) -> str:
    return moment.astimezone(BEIJING).isoformat(timespec="seconds")


def _group(group: Group, *, due: bool) -> dict[str, Any]:
    lane = group.window.lane
    return {
        "warehouse": lane.warehouse,
        "carrier": lane.carrier,
        "area": lane.area(),
        "opens_at": _show(group.window.opens_at),
        "closes_at": _show(group.window.closes_at),
        "due": due,
        "parcels": [parcel.parcel_id for parcel in group.parcels],
    }


def _sheet(sheet: label_sheets.Sheet) -> dict[str, Any]:
    row = sheet.row
    return {
        "sheet_id": row.sheet_id,
        "warehouse": row.warehouse,
        "carrier": row.carrier,
        "area": sheet.window.lane.area(),
        "size": row.size,
        "late": row.late,
        "printed_at": _show(row.printed_at),
        "printed_by": row.printed_by,
        "parcels": [
            {"parcel_id": entry.item.parcel_id, "number": entry.item.number, "must_not_ship": list(entry.stops)}
            for entry in sheet.entries
        ],
    }
