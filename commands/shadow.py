"""`orderhub shadow`: which channels, shops and warehouses only watch, and what the old system does meanwhile."""

from __future__ import annotations

import getpass
import json
import sys
from datetime import timedelta

from rich.console import Console
from rich.table import Table

from commands.house import house
from domain.clock import BEIJING, format_beijing, utc_now
from domain.money import format_yuan
from domain.shadow import Kind, Slice, in_force, slice_of
from domain.texts import text, use_language
from settings import Settings
from store import shadow_reports, shadows
from store.shadow_reports import order_facts, report_facts

_UNUSABLE = 2
_UNCOUNTED = ("orders", "freight_fen", "real_freight_fen")


async def show(settings: Settings, *, as_json: bool) -> int:
    """Every slice that was ever switched, as it is now, and with `--json` the whole history."""
    async with house(settings) as db, db.reading() as tx:
        history = await shadows.history(tx)
        standing = [(one, await shadows.standing(tx, one.slice)) for one in in_force(history)]
    if as_json:
        slices = [{**shadows.switch_facts(one), **shadows.standing_facts(orders)} for one, orders in standing]
        _print({"slices": slices, "history": [shadows.switch_facts(one) for one in history]})
        return 0
    table = Table(*(text(f"shadow.{name}") for name in ("slice", "state", "since", "by", "why", "waiting", "living")))
    for one, orders in standing:
        state = text("shadow.on" if one.on else "shadow.off")
        counts = (str(orders.waiting), str(orders.living)) if one.slice.channel else ("", "")
        table.add_row(str(one.slice), state, format_beijing(one.at), one.by, one.why, *counts)
    Console().print(table)
    return 0


async def switch(settings: Settings, typed: str, why: str, *, on: bool, as_json: bool) -> int:
    """Put a slice into shadow, or switch it over. What lives stays where it is, and is counted."""
    use_language(settings.language)
    wanted = _slice(typed)
    if wanted is None:
        return _UNUSABLE
    async with house(settings) as db, db.transaction() as tx:
        moved = await shadows.switch(tx, wanted, on, getpass.getuser(), why, settings.company.warehouse)
        orders = await shadows.standing(tx, wanted)
    if moved is None:
        _warn(text("shadow.no_warehouse", code=wanted.name))
        return _UNUSABLE
    if as_json:
        _print({"slice": str(wanted), "shadow": on, "changed": moved, **shadows.standing_facts(orders)})
        return 0
    for line in shadows.switched(wanted, on, moved, orders):
        print(line)  # noqa: T201
    return 0


async def report(settings: Settings, typed: str, days: int, *, as_json: bool) -> int:
    """Compare now, keep it, and show it by day."""
    use_language(settings.language)
    wanted = _slice(typed) if typed else None
    if typed and wanted is None:
        return _UNUSABLE
    now = utc_now()
    async with house(settings) as db:
        await shadow_reports.make(db, days, now)
        since = now.astimezone(BEIJING).date() - timedelta(days=days - 1)
        async with db.reading() as tx:
            rows = await shadow_reports.kept(tx, since, wanted)
    if as_json:
        _print({"reports": [report_facts(row) for row in rows]})
        return 0
    table = Table(*(text(f"shadow.{name}") for name in ("day", "slice", "orders", "kinds", "examples")))
    for row in rows:
        kinds = [f"{text(f'shadow.kind.{kind}')} {n}" for kind, n in row.counts.items() if kind not in _UNCOUNTED]
        if "freight_fen" in row.counts:
            more = format_yuan(row.counts["freight_fen"] - row.counts["real_freight_fen"])
            kinds.append(text("shadow.freight", more=more if more.startswith("-") else f"+{more}"))
        examples = [f"{text(f'shadow.kind.{kind}')}: {', '.join(ids)}" for kind, ids in row.examples.items()]
        name = str(Slice(row.channel, row.name))
        table.add_row(row.day, name, str(row.counts.get("orders", 0)), "\n".join(kinds), "\n".join(examples))
    Console().print(table)
    return 0


async def orders(settings: Settings, kind: str, typed: str, days: int, *, after: str, limit: int, as_json: bool) -> int:
    """The orders of one kind of outcome, a page of them."""
    use_language(settings.language)
    wanted = _slice(typed) if typed else None
    if typed and wanted is None:
        return _UNUSABLE
    if kind not in set(Kind):
        _warn(text("shadow.no_kind", kind=kind, kinds=", ".join(Kind)))
        return _UNUSABLE
    now = utc_now()
    since = now.astimezone(BEIJING).date() - timedelta(days=days - 1)
    async with house(settings) as db:
        try:
            found, more = await shadow_reports.of_kind(db, Kind(kind), since, now, of=wanted, after=after, limit=limit)
        except ValueError:
            _warn(f"--after: not the end of a page: {after}")
            return _UNUSABLE
    facts = [order_facts(one) for one in found]
    if as_json:
        _print({"orders": facts, "after": more})
        return 0
    table = Table(*(text(f"shadow.{name}") for name in ("order", "placed", "would", "did")))
    for one in facts:
        would, did = one["would"], one["did"]
        ours = ""
        if would is not None:
            ours = " ".join([text(f"shadow.do.{would['do']}"), would["carrier"], would["ship_by"] or ""])
        theirs = " ".join([did["status"], did["shipped_at"] or "", *(p["number"] for p in did["parcels"])])
        table.add_row(one["order_id"], one["placed_at"], ours, theirs)
    Console().print(table)
    if more:
        print(text("shadow.more", after=more))  # noqa: T201
    return 0


def _slice(typed: str) -> Slice | None:
    try:
        return slice_of(typed)
    except ValueError:
        _warn(text("shadow.no_slice", typed=typed))
        return None


def _print(facts: object) -> None:
    print(json.dumps(facts, ensure_ascii=False))  # noqa: T201


def _warn(words: str) -> None:
    print(words, file=sys.stderr)  # noqa: T201
