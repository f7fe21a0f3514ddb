"""`orderhub listings`: which shop sells which article under which number, and the stock that it was told."""

from __future__ import annotations

import json
import sys

from rich.console import Console
from rich.table import Table

from commands.house import house
from commands.rows import Read, read
from domain.clock import format_beijing
from domain.order import Channel
from domain.texts import text, use_language
from settings import Settings
from store import listings
from store.listings import Named
from store.tables import ListingRow, PublishedRow

COLUMNS = ("channel", "shop", "sku", "item_id", "sku_id")
_OUR_PROTOCOL = frozenset({Channel.OWN, Channel.POS, Channel.B2B})


def parsed(content: bytes) -> Read[Named]:
    """The listings in a CSV file with the columns channel, shop, sku, item_id, sku_id."""
    return read(content, COLUMNS, 3, _named)


def _named(row: dict[str, str]) -> Named:
    """One row. Raises ValueError, in words."""
    if row["channel"] not in set(Channel):
        raise ValueError(text("listings.no_channel", channel=row["channel"][:40]))
    for name in ("shop", "sku"):
        if not row[name]:
            raise ValueError(text("rows.empty", column=name))
    if not row["item_id"] and not row["sku_id"]:
        if row["channel"] not in _OUR_PROTOCOL:
            raise ValueError(text("rows.empty", column="item_id, sku_id"))
        row["sku_id"] = row["sku"]  # shops of our own protocol call articles as the merchant does
    return Named(row["channel"], row["shop"], row["item_id"], row["sku_id"], row["sku"])


async def take(settings: Settings, content: bytes, *, as_json: bool) -> int:
    """Keep the listings in a file. Exit code 1 when any row was bad; the good ones are kept all the same."""
    use_language(settings.language)
    found = parsed(content)
    async with house(settings) as db, db.transaction() as tx:
        counted = await listings.put(tx, found.found)
    for problem in found.problems:
        print(problem, file=sys.stderr)  # noqa: T201
    said = {name: counted[name] for name in ("added", "changed", "same")} | {"bad": len(found.problems)}
    print(json.dumps(said) if as_json else text("rows.taken", **said))  # noqa: T201
    return 1 if found.problems else 0


async def show(settings: Settings, channel: str, shop: str, *, as_json: bool) -> int:
    """Print the listings, and what their shops were told last."""
    async with house(settings) as db, db.reading() as tx:
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
    async with house(settings) as db, db.reading() as tx:
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


def _plain(row: ListingRow | PublishedRow) -> dict[str, object]:
    return row.model_dump(mode="json")
