"""`orderhub articles`: class, safety stock, and what happens below it."""

from __future__ import annotations

import json
import sys

from rich.console import Console
from rich.table import Table

from commands.rows import read
from domain.texts import text, use_language
from settings import Settings
from store import articles
from store.articles import BELOW_SAFETY, CLASSES, Article
from store.database import Database

COLUMNS = ("sku", "title", "abc", "safety_stock", "below_safety")


async def take(settings: Settings, content: bytes, *, as_json: bool) -> int:
    """Keep the articles in a file. Exit code 1 when any row was bad; the good ones are kept all the same."""
    use_language(settings.language)
    found = read(content, COLUMNS, 1, _article)
    db = Database(settings.database_url.get_secret_value())
    try:
        async with db.transaction() as tx:
            counted = await articles.put(tx, found.found)
    finally:
        await db.close()
    for problem in found.problems:
        print(problem, file=sys.stderr)  # noqa: T201
    said = {name: counted[name] for name in ("added", "changed", "same")} | {"bad": len(found.problems)}
    print(json.dumps(said) if as_json else text("rows.taken", **said))  # noqa: T201
    return 1 if found.problems else 0


async def show(settings: Settings, *, as_json: bool) -> int:
    """Print the articles."""
    use_language(settings.language)
    db = Database(settings.database_url.get_secret_value())
    try:
        async with db.reading() as tx:
            rows = await articles.all_articles(tx)
    finally:
        await db.close()
    if as_json:
        print(json.dumps({"articles": [row.model_dump() for row in rows]}, ensure_ascii=False))  # noqa: T201
        return 0
    table = Table(*(text(f"articles.{name}") for name in COLUMNS))
    for row in rows:
        table.add_row(row.sku, row.title, row.abc, str(row.safety_stock), text(f"articles.below.{row.below_safety}"))
    Console().print(table)
    return 0


def _article(row: dict[str, str]) -> Article:
    """One row. Raises ValueError, in words."""
    if not row["sku"]:
        raise ValueError(text("rows.empty", column="sku"))
    abc, below, safety = row["abc"].upper(), row["below_safety"] or BELOW_SAFETY[0], row["safety_stock"] or "0"
    for name, value, known in (("abc", abc, CLASSES), ("below_safety", below, BELOW_SAFETY)):
        if value not in known:
            raise ValueError(text("rows.unknown", column=name, value=value[:40], known=", ".join(filter(None, known))))
    if not (safety.isascii() and safety.isdecimal() and len(safety) <= 9):
        raise ValueError(text("rows.no_number", column="safety_stock"))
    return Article(row["sku"], row["title"], abc, int(safety), below)
