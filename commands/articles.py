"""`orderhub articles`: class, safety stock, what happens below it, weight, and what the law wants to know of them."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from datetime import date
from typing import TypeVar

from rich.console import Console
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncSession

from commands.house import house
from commands.rows import Read, read
from domain.tags import KINDS, Tag, well_formed
from domain.texts import text, use_language
from settings import Settings
from store import articles
from store.articles import BELOW_SAFETY, CATEGORY, CLASSES, HEAVIEST_G, Article, TagOf

COLUMNS = ("sku", "title", "abc", "safety_stock", "below_safety", "category", "grade", "weight_g")
T = TypeVar("T")

TAG_COLUMNS = ("sku", "kind", "value", "area", "issuer", "valid_from", "valid_to")


async def take(settings: Settings, content: bytes, *, as_json: bool) -> int:
    """Keep the articles in a file. Exit code 1 when any row was bad; the good ones are kept all the same."""
    use_language(settings.language)
    return await _take(settings, read(content, COLUMNS, 1, _article), articles.put, as_json=as_json)


async def take_tags(settings: Settings, content: bytes, *, as_json: bool) -> int:
    """Keep the tags in a file. Exit code 1 when any row was bad; the good ones are kept all the same."""
    use_language(settings.language)
    return await _take(settings, read(content, TAG_COLUMNS, 3, _tag), articles.put_tags, as_json=as_json)


async def _take(
    settings: Settings,
    found: Read[T],
    put: Callable[[AsyncSession, Iterable[T]], Awaitable[Counter[str]]],
    *,
    as_json: bool,
) -> int:
    async with house(settings) as db, db.transaction() as tx:
        counted = await put(tx, found.found)
    for problem in found.problems:
        print(problem, file=sys.stderr)  # noqa: T201
    said = {name: counted[name] for name in ("added", "changed", "same")} | {"bad": len(found.problems)}
    print(json.dumps(said) if as_json else text("rows.taken", **said))  # noqa: T201
    return 1 if found.problems else 0


async def show(settings: Settings, *, as_json: bool) -> int:
    """Print the articles."""
    async with house(settings) as db, db.reading() as tx:
        rows = await articles.all_articles(tx)
    if as_json:
        print(json.dumps({"articles": [row.model_dump() for row in rows]}, ensure_ascii=False))  # noqa: T201
        return 0
    table = Table()
    for name in COLUMNS:
        table.add_column(text(f"articles.{name}"), no_wrap=name in ("sku", "below_safety"))
    for row in rows:
        below = text(f"articles.below.{row.below_safety}")
        said = (row.category, str(row.grade or ""), str(row.weight_g or ""))
        table.add_row(row.sku, row.title, row.abc, str(row.safety_stock), below, *said)
    Console().print(table)
    return 0


async def show_tags(settings: Settings, *, as_json: bool) -> int:
    """Print the tags."""
    async with house(settings) as db, db.reading() as tx:
        rows = await articles.all_tags(tx)
    if as_json:
        print(json.dumps({"tags": [row.model_dump(mode="json") for row in rows]}, ensure_ascii=False))  # noqa: T201
        return 0
    table = Table(*(text(f"tags.{name}") for name in TAG_COLUMNS))
    for row in rows:
        valid = (str(row.valid_from or ""), str(row.valid_to or ""))
        table.add_row(row.sku, text(f"tag.{row.kind}"), row.value, row.area, row.issuer, *valid)
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
    category, grade = row["category"] or None, row["grade"]
    if category and not CATEGORY.fullmatch(category):
        raise ValueError(text("articles.bad_category", value=category[:40]))
    if grade and not (grade.isascii() and grade.isdecimal() and len(grade) == 1):
        raise ValueError(text("articles.bad_grade"))
    weight = row["weight_g"]
    if weight and not (weight.isascii() and weight.isdecimal() and len(weight) <= 7 and int(weight) <= HEAVIEST_G):
        raise ValueError(text("rows.no_number", column="weight_g"))
    said = (category, int(grade) if grade else None, int(weight) if weight else None)
    return Article(row["sku"], row["title"], abc, int(safety), below, *said)


def _tag(row: dict[str, str]) -> TagOf:
    """One row. Raises ValueError, in words."""
    if not row["sku"]:
        raise ValueError(text("rows.empty", column="sku"))
    if row["kind"] not in KINDS:
        raise ValueError(text("rows.unknown", column="kind", value=row["kind"][:40], known=", ".join(KINDS)))
    if not well_formed(row["kind"], row["value"]):
        raise ValueError(text("tags.bad_value", kind=text(f"tag.{row['kind']}"), value=row["value"][:40]))
    begins, ends = _day(row, "valid_from"), _day(row, "valid_to")
    if begins and ends and ends < begins:
        raise ValueError(text("tags.bad_span"))
    return TagOf(row["sku"], Tag(row["kind"], row["value"], row["area"].upper(), row["issuer"], begins, ends))


def _day(row: dict[str, str], column: str) -> date | None:
    try:
        return date.fromisoformat(row[column]) if row[column] else None
    except ValueError:
        raise ValueError(text("tags.bad_day", column=column)) from None
