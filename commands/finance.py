"""`orderhub finance export`: a period's books for finance."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from commands.house import NO_SUCH, house, refuse
from domain.finance import BadPeriod, Period, Sheet, period
from domain.money import format_yuan
from domain.order import Channel
from domain.texts import text
from gateway.finance_books import Exported, export, files_of
from rules.engine import trying
from rules.fields import definitions
from runtime.rule_desk import RuleDesk
from settings import Settings

_EVERY = 10_000
"""Rows after which progress is told."""


async def export_to(
    settings: Settings,
    since: str,
    until: str,
    channel: str,
    shop: str,
    out: Path,
    *,
    force: bool = False,
    as_json: bool = False,
) -> int:
    """Write the books. Exit code 2 when nothing was written, with the reason on stderr."""
    async with house(settings) as db:
        try:
            of = _wanted(since, until, channel, shop, out, force=force)
        except ValueError as bad:
            return refuse(str(bad), NO_SUCH)
        with trying(book=await RuleDesk(db, settings.company.warehouse).published()):
            done = await export(db, of, definitions(), out, _Progress().told)
        if not any(done.rows[sheet] for sheet in Sheet if sheet is not Sheet.SUMMARY):
            print(text("finance.empty", period=of.words()), file=sys.stderr)  # noqa: T201
        print(_as_json(of, done) if as_json else _words(of, done))  # noqa: T201
        return 0


def _wanted(since: str, until: str, channel: str, shop: str, out: Path, *, force: bool) -> Period:
    """What is asked for. Raises ValueError, in words."""
    of = period(since, until, channel, shop)
    if channel and channel not in set(Channel):
        raise BadPeriod(text("finance.bad.channel", channel=channel, channels=", ".join(Channel)))
    if out.suffix.lower() not in {".xlsx", ".csv"}:
        raise BadPeriod(text("finance.bad.suffix"))
    if not out.parent.is_dir():
        raise BadPeriod(text("finance.bad.folder", folder=out.parent))
    there = [file for file in files_of(out).values() if file.exists()]
    if there and not force:
        raise BadPeriod(text("finance.exists", file=there[0]))
    return of


class _Progress:
    """Says on stderr how far it is: once for every so many rows of a table."""

    def __init__(self) -> None:
        self._said: dict[Sheet, int] = {}

    def told(self, sheet: Sheet, rows: int) -> None:
        """A table has so many rows."""
        if rows // _EVERY > self._said.get(sheet, 0):
            self._said[sheet] = rows // _EVERY
            words = text("finance.progress", sheet=text(f"finance.sheet.{sheet}"), rows=f"{rows:,}")
            print(words, file=sys.stderr)  # noqa: T201


def _words(of: Period, done: Exported) -> str:
    total = done.summary.total()
    return text(
        "finance.done",
        period=of.words(),
        orders=total.orders,
        paid=format_yuan(total.paid_fen),
        refunded=format_yuan(total.refunded_fen),
        files=", ".join(str(file) for file in done.files),
    )


def _as_json(of: Period, done: Exported) -> str:
    total = done.summary.total()
    facts = {
        "from": of.since.isoformat(),
        "to": of.until.isoformat(),
        "files": [str(file) for file in done.files],
        "rows": {str(sheet): count for sheet, count in done.rows.items()},
        "orders": total.orders,
        "paid_fen": total.paid_fen,
        "refunded_fen": total.refunded_fen,
    }
    return json.dumps(facts, ensure_ascii=False)
