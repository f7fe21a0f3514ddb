"""`orderhub replenishment`: what should be ordered, as procurement sees it."""

from __future__ import annotations

import getpass
import json
from datetime import date, datetime, time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from commands.house import house, refuse
from domain.clock import BEIJING, format_beijing
from domain.texts import text, use_language
from gateway.replenishment_sheet import sheet
from settings import Settings
from store import replenishments, suggestions
from store.replenishments import NotOpen


async def show(settings: Settings, *, every: bool, as_json: bool) -> int:
    """Print the suggestions."""
    async with house(settings) as db, db.reading() as tx:
        rows = await suggestions.listed(tx, every=every)
    if as_json:
        said = {"replenishments": [row.model_dump(mode="json") for row in rows]}
        print(json.dumps(said, ensure_ascii=False))  # noqa: T201
        return 0
    facts = ("free", "safety", "sold_per_day", "turnover_days", "out_days")
    table = Table(*(text(f"replenish.{name}") for name in ("number", "warehouse", "sku", "quantity", *facts, "status")))
    for row in rows:
        told = ("" if row.facts.get(name) is None else str(row.facts[name]) for name in facts)
        status = text(f"replenish.status.{row.status}")
        table.add_row(f"RP{row.number}", row.warehouse, row.sku, str(row.quantity), *told, status)
    Console().print(table)
    return 0


async def export(settings: Settings, path: Path, *, every: bool) -> int:
    """Write the suggestions into a file: CSV or XLSX, by its name."""
    use_language(settings.language)
    kind = path.suffix.lower()
    if kind not in (".csv", ".xlsx"):
        return refuse(text("replenish.which_file"))
    async with house(settings) as db, db.reading() as tx:
        rows = await suggestions.listed(tx, every=every)
        titles = await replenishments.titles(tx, {row.sku for row in rows})
    _write(path, sheet(rows, titles, xlsx=kind == ".xlsx"))
    print(text("replenish.written", count=len(rows), path=path))  # noqa: T201
    return 0


async def accept(settings: Settings, number: str, quantity: int | None, expected: str) -> int:
    """It was ordered: a purchase is on its way."""
    use_language(settings.language)
    try:
        wanted = int(number.upper().removeprefix("RP"))
        day = datetime.combine(date.fromisoformat(expected), time.min, BEIJING) if expected else None
        async with house(settings) as db, db.transaction() as tx:
            bought = await replenishments.accept(tx, wanted, getpass.getuser(), quantity=quantity, expected_at=day)
    except NotOpen:
        return refuse(text("replenish.not_open", number=number))
    except ValueError as error:
        return refuse(str(error))
    words = {"purchase": bought.number, "sku": bought.sku, "count": bought.quantity, "warehouse": bought.warehouse}
    print(text("replenish.accepted", **words, day=format_beijing(bought.expected_at)[:10]))  # noqa: T201
    return 0


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)
