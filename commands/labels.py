"""What `orderhub labels` does."""

from __future__ import annotations

import getpass
import json
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rich.console import Console
from rich.table import Table

from commands.house import house
from domain.clock import utc_now
from domain.paper import Size
from domain.texts import text, use_language
from printing.desk import Ask, Desk, read_since
from settings import Settings
from store.database import Database

_OF_THIS_MACHINE = ("127.0.0.1", "0.0.0.0", "localhost")  # noqa: S104 - nothing is bound to it
Work = Callable[[Desk, datetime, str], Awaitable[int]]
"""What is done at the desk, with the moment and the warehouse that are looked at. Returns the exit code."""


async def show(at: Desk, since: datetime, warehouse: str, *, as_json: bool) -> int:
    """Print the overview."""
    overview = await at.overview(since, warehouse)
    if as_json:
        _say(json.dumps(overview, ensure_ascii=False))
        return 0
    _tables(overview)
    _warn(overview["held"], overview["taken_off"])
    return 0


async def print_labels(
    at: Desk, since: datetime, warehouse: str, *, out: Path, size: Size, early: bool, again: bool, as_json: bool
) -> int:
    """Print, and write the PDF."""
    printed = await at.print_labels(Ask(since, size, warehouse, early, again), _who())
    if printed.pdf is not None and urlsplit(at.address).hostname in _OF_THIS_MACHINE:
        print(text("labels.address", address=at.address), file=sys.stderr)  # noqa: T201
    if printed.pdf is not None and not _written(out, printed.pdf):
        # The sheets are made: what has no paper yet comes with the next try.
        print(text("labels.made", sheets="、".join(printed.sheets)), file=sys.stderr)  # noqa: T201
        return 1
    held, off = [asdict(one) for one in printed.held], [asdict(one) for one in printed.taken_off]
    if as_json:
        report = {
            "file": str(out) if printed.pdf is not None else None,
            "sheets": printed.sheets,
            "new": printed.new,
            "waiting": printed.waiting,
            "held": held,
            "taken_off": off,
        }
        _say(json.dumps(report, ensure_ascii=False))
        return 0
    written = text("labels.written", sheets=len(printed.sheets), new=len(printed.new), file=out)
    _say(written if printed.pdf is not None else text("labels.nothing"))
    if printed.waiting:
        _say(text("labels.waiting", count=printed.waiting))
    _warn(held, off)
    return 0


async def print_again(at: Desk, since: datetime, warehouse: str, *, sheet: str, out: Path) -> int:
    """Write one sheet's PDF."""
    try:
        drawn = await at.reprint(sheet)
    except LookupError:
        print(text("labels.no_such_sheet"), file=sys.stderr)  # noqa: T201
        return 1
    if not _written(out, drawn):
        return 1
    _say(text("labels.written", sheets=1, new=0, file=out))
    return 0


async def take_off(at: Desk, since: datetime, warehouse: str, *, sheet: str) -> int:
    """Withdraw a sheet."""
    try:
        count = await at.withdraw(sheet, _who())
    except LookupError:
        print(text("labels.no_such_sheet"), file=sys.stderr)  # noqa: T201
        return 1
    _say(text("labels.withdrawn", sheet=sheet, count=count))
    return 0


def desk(settings: Settings, db: Database) -> Desk:
    """The labels' desk as the settings have it."""
    return Desk(db, settings.public_url, timedelta(hours=settings.company.label_hours))


async def at_the_desk(settings: Settings, work: Work, since: str, warehouse: str) -> int:
    """Do one thing at the desk. Exit code 2 when `since` is no time."""
    use_language(settings.language)
    try:
        moment = read_since(since, utc_now())
    except ValueError:
        print(f"--since: {text('labels.bad_since')}", file=sys.stderr)  # noqa: T201
        return 2
    async with house(settings) as db:
        return await work(desk(settings, db), moment, warehouse)


def _written(out: Path, drawn: bytes) -> bool:
    try:
        out.write_bytes(drawn)
    except OSError as error:
        print(f"{out}: {error.strerror}", file=sys.stderr)  # noqa: T201
        return False
    return True


def _who() -> str:
    return getpass.getuser()


def _say(words: str) -> None:
    print(words)  # noqa: T201


def _tables(overview: dict[str, Any]) -> None:
    console = Console()
    names = ("warehouse", "carrier", "area", "window", "parcels", "state")
    table = Table(*(text(f"labels.{name}") for name in names), title=text("labels.title"))
    for group in overview["groups"]:
        table.add_row(
            group["warehouse"],
            text(f"carrier.{group['carrier']}"),
            group["area"],
            f"{group['opens_at'][5:16]} – {group['closes_at'][11:16]}".replace("T", " "),
            str(len(group["parcels"])),
            text("labels.due") if group["due"] else text("labels.open"),
        )
    console.print(table)
    columns = ("sheet", "warehouse", "carrier", "area", "size", "parcels", "printed")
    table = Table(*(text(f"labels.{name}") for name in columns), title=text("labels.sheets"))
    for sheet in overview["sheets"]:
        table.add_row(
            sheet["sheet_id"],
            sheet["warehouse"],
            text(f"carrier.{sheet['carrier']}"),
            sheet["area"],
            sheet["size"],
            str(len(sheet["parcels"])),
            sheet["printed_at"][:16].replace("T", " "),
        )
    console.print(table)


def _warn(held: list[dict[str, Any]], taken_off: list[dict[str, Any]]) -> None:
    for one in held:
        _say(text("labels.held", parcel=one["parcel_id"], why="、".join(one["why"])))
    for one in taken_off:
        words = [text(f"label.off.{one['why']}")]
        if one["new_number"]:
            words.append(text("label.new_number", number=one["new_number"]))
        if one["new_sheet"]:
            words.append(text("label.new_sheet", sheet=one["new_sheet"]))
        _say(
            text(
                "labels.taken_off",
                sheet=one["sheet_id"],
                parcel=one["parcel_id"],
                number=one["number"],
                why="，".join(words),
            )
        )
