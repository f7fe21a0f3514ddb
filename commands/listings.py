"""`orderhub listings`: which shop sells which article under which number, and the stock that it was told."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table

from domain.clock import format_beijing
from domain.order import Channel
from domain.texts import text, use_language
from settings import Settings
from store import listings
from store.database import Database
from store.listings import Named
from store.tables import ListingRow, PublishedRow

COLUMNS = ("channel", "shop", "sku", "item_id", "sku_id")
_OUR_PROTOCOL = frozenset({Channel.OWN, Channel.POS, Channel.B2B})


@dataclass
class Read:
    """What a file says. `problems` name rows as a spreadsheet counts them."""

    named: list[Named] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def read(content: bytes) -> Read:
    """The listings in a CSV file with the columns channel, shop, sku, item_id, sku_id; UTF-8, else GB18030."""
    found = Read()
    try:
        rows = csv.DictReader(io.StringIO(_decoded(content)), strict=True)
        missing = [name for name in COLUMNS[:3] if name not in (rows.fieldnames or ())]
        if missing:
            found.problems.append(text("listings.no_column", columns=", ".join(missing)))
            return found
        for line, row in enumerate(rows, start=2):
            try:
                found.named.append(_named({name: (row.get(name) or "").strip() for name in COLUMNS}))
            except ValueError as error:
                found.problems.append(text("listings.bad_row", row=line, why=error))
    except (csv.Error, UnicodeDecodeError) as error:
        found.problems.append(text("listings.no_csv", why=type(error).__name__))
    return found


def _named(row: dict[str, str]) -> Named:
    """One row. Raises ValueError, in words."""
    if row["channel"] not in set(Channel):
        raise ValueError(text("listings.no_channel", channel=row["channel"][:40]))
    for name in ("shop", "sku"):
        if not row[name]:
            raise ValueError(text("listings.empty", column=name))
    if not row["item_id"] and not row["sku_id"]:
        if row["channel"] not in _OUR_PROTOCOL:
            raise ValueError(text("listings.empty", column="item_id, sku_id"))
        row["sku_id"] = row["sku"]  # shops of our own protocol call articles as the merchant does
    return Named(row["channel"], row["shop"], row["item_id"], row["sku_id"], row["sku"])


async def take(settings: Settings, content: bytes, *, as_json: bool) -> int:
    """Keep the listings in a file. Exit code 1 when any row was bad; the good ones are kept all the same."""
    use_language(settings.language)
    found = read(content)
    async with _store(settings) as db, db.transaction() as tx:
        counted = await listings.put(tx, found.named)
    for problem in found.problems:
        print(problem, file=sys.stderr)  # noqa: T201
    said = {name: counted[name] for name in ("added", "changed", "same")} | {"bad": len(found.problems)}
    print(json.dumps(said) if as_json else text("listings.taken", **said))  # noqa: T201
    return 1 if found.problems else 0


async def show(settings: Settings, channel: str, shop: str, *, as_json: bool) -> int:
    """Print the listings, and what their shops were told last."""
    use_language(settings.language)
    async with _store(settings) as db, db.reading() as tx:
        rows = await listings.all_listings(tx, channel, shop)
    if as_json:
        print(json.dumps({"listings": [_plain(row) for row in rows]}, ensure_ascii=False))  # noqa: T201
        return 0
    table = Table(*(text(f"listings.{name}") for name in (*COLUMNS, "pieces", "told_at", "trouble")))
    for row in rows:
        pieces = "?" if row.pieces is None else str(row.pieces)
        told = format_beijing(row.told_at) if row.told_at else ""
        table.add_row(*(getattr(row, name) for name in COLUMNS), pieces, told, row.trouble)
    Console().print(table)
    return 0


async def log(settings: Settings, sku: str, limit: int, *, as_json: bool) -> int:
    """Print the figures that channels were told, with what the formula reckoned with; the newest first."""
    use_language(settings.language)
    async with _store(settings) as db, db.reading() as tx:
        rows = await listings.published(tx, sku, limit)
    if as_json:
        print(json.dumps({"published": [_plain(row) for row in rows]}, ensure_ascii=False))  # noqa: T201
        return 0
    table = Table(*(text(f"listings.{name}") for name in ("at", *COLUMNS[:3], "pieces", "status", "inputs")))
    for row in rows:
        inputs = ", ".join(f"{name} {row.inputs[name]}" for name in ("available", "safety", "room", "share"))
        status = text(f"listings.status.{row.status}")
        table.add_row(format_beijing(row.at), row.channel, row.shop, row.sku, str(row.pieces), status, inputs)
    Console().print(table)
    return 0


@asynccontextmanager
async def _store(settings: Settings) -> AsyncIterator[Database]:
    db = Database(settings.database_url.get_secret_value())
    try:
        yield db
    finally:
        await db.close()


def _plain(row: ListingRow | PublishedRow) -> dict[str, object]:
    return row.model_dump(mode="json")


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("gb18030")
