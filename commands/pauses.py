"""`orderhub pauses`: what is paused; pausing a slice, and letting it go on."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from rich.console import Console
from rich.table import Column, Table

from commands.house import house, refuse
from domain.clock import utc_now
from domain.pauses import Slice, slice_words
from domain.texts import text
from settings import Settings
from store import pauses


async def show(settings: Settings, *, every: bool, as_json: bool) -> int:
    """Print what is paused; with `every` the last that were."""
    async with house(settings) as db, db.reading() as tx:
        found = [pauses.as_json(row) for row in await pauses.listed(tx, every=every)]
        waiting = await pauses.waiting(tx)
    if as_json:
        print(json.dumps({"pauses": found, "waiting": waiting}, ensure_ascii=False))  # noqa: T201
        return 0
    console = Console()
    if not found:
        console.print(text("pauses.none"))
        return 0
    columns = ["n", "what", "why", "since", "until", "by", *(["ended_at"] if every else [])]
    table = Table(*(Column(text(f"pauses.{column}"), overflow="fold") for column in columns))
    for one in found:
        what = slice_words(one["kind"], one["name"])
        by = text("pauses.rule", rule=one["rule"].rpartition("/")[2]) if one["rule"] else one["by"]
        who = text("pause.by_time") if one["ended_by"] == pauses.OF_TIME else one["ended_by"]
        ended = [f"{_short(one['ended_at'])} {who}".strip()] if every else []
        until = _short(one["until"]) or text("pause.by_hand")
        table.add_row(str(one["n"]), what, one["why"], _short(one["since"]), until, by, *ended)
    console.print(table)
    console.print(text("pauses.waiting", count=waiting))
    return 0


async def add(
    settings: Settings, kind: Slice, name: str, *, why: str, by: str, minutes: int | None, as_json: bool
) -> int:
    """Pause a slice, for so many minutes or until it is ended. Exit code 1 when it is paused already."""
    now = utc_now()
    until = now + timedelta(minutes=minutes) if minutes else None
    async with house(settings) as db, db.transaction() as tx:
        row = await pauses.begin(tx, kind, name, why, by, now=now, until=until)
    if row is None:
        return refuse(text("pause.already", what=slice_words(kind, name)))
    _say(text("pause.begun", number=row.n, says=pauses.sentence(row)), {"pause": pauses.as_json(row)}, as_json)
    return 0


async def end(settings: Settings, number: int, *, by: str, as_json: bool) -> int:
    """Let a slice go on. Exit code 1 when that pause is not open."""
    async with house(settings) as db, db.transaction() as tx:
        ended = await pauses.end(tx, number, by, utc_now())
    if not ended:
        return refuse(text("pause.not_open", number=number))
    _say(text("pause.ended", number=number), {"ended": number}, as_json)
    return 0


def _say(words: str, facts: dict[str, Any], as_json: bool) -> None:
    print(json.dumps(facts, ensure_ascii=False) if as_json else words)  # noqa: T201


def _short(moment: str | None) -> str:
    return moment[5:16].replace("T", " ") if moment else ""
