"""`orderhub import`: orders out of a CSV or XLSX file, and an empty file to fill in."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any, Protocol

from commands.house import house
from connectors.errors import DocumentUnreadable
from connectors.files import FileOrder, OrderFile, Problem, Unusable, write_template
from connectors.rest import Caller
from domain.clock import utc_now
from domain.money import format_yuan
from domain.order import Channel
from domain.texts import text, use_language
from intake.files import Effect, Judged, judge, keep
from runtime.client import key_ring
from runtime.rules import RuleKeeper
from runtime.shops import with_shops
from settings import Settings
from store import shops
from store.database import Database

_AT_ONCE = 200
_TELL_EVERY_S = 2.0
_WRONG = 2


def template(language: str, path: Path) -> int:
    """Write an empty file. Exit code 2 when that cannot be."""
    use_language("en" if language == "en" else "zh")
    try:
        write_template(path)
    except OSError as error:
        print(text("import.file.not_written", path=path, why=error.strerror), file=sys.stderr)  # noqa: T201
        return _WRONG
    print(text("import.template.written", path=path))  # noqa: T201
    return 0


async def main(settings: Settings, path: Path, channel: str, shop: str, *, preview: bool, as_json: bool) -> int:
    """Take the orders of a file. Exit code 1 when a row is bad, 2 when the file cannot be read at all."""
    try:
        async with house(settings) as db:
            caller = await _caller(settings, db, channel, shop)
            if caller is None:
                print(text("import.no_shop", channel=channel, shop=shop), file=sys.stderr)  # noqa: T201
                return _WRONG
            await RuleKeeper(db).look()  # which fields of the merchant's own there are
            report: _Report = _Json(path, caller, preview) if as_json else _Lines(preview)
            with OrderFile(path, caller) as file:
                file.load(_Progress())
                report.begin(file)
                async with aclosing(_judged(db, file, preview)) as batches:
                    async for batch in batches:
                        report.orders(batch)
                bad = report.end(file.problems())
    except DocumentUnreadable as error:
        print(error.reason, file=sys.stderr)  # noqa: T201
        return _WRONG
    return 1 if bad else 0


async def _caller(settings: Settings, db: Database, channel: str, shop: str) -> Caller | None:
    """The shop whose orders these are; None for one that there is not."""
    async with db.reading() as tx:
        kept = await shops.all_shops(tx)
    known = with_shops(settings, key_ring(settings.encryption), kept).rest()
    found = [name for name, group in known.items() if name == channel and shop in group.shops]
    return Caller(Channel(found[0]), shop) if found else None


async def _judged(db: Database, file: OrderFile, preview: bool) -> AsyncGenerator[list[Judged | Unusable], None]:
    """The orders in batches, a transaction each: what was taken before a crash is unchanged the next time."""
    for batch in _batches(file.orders()):
        good = [one for one in batch if isinstance(one, FileOrder)]
        if preview:
            async with db.reading() as tx:
                judged = await judge(tx, good, utc_now())
        else:
            async with db.transaction() as tx:
                judged = await judge(tx, good, utc_now())
                await keep(tx, judged)
        for one in judged:
            if one.effect is Effect.CONFLICT:
                file.complain(_conflict(one))
        yield [*judged, *(one for one in batch if isinstance(one, Unusable))]


def _conflict(one: Judged) -> Problem:
    order_no, version = one.order.channel_order_no, one.order.version
    return Problem(one.found.sheet, one.found.row, "", "import.conflict", {"version": version}, order_no)


def _batches(orders: Iterator[FileOrder | Unusable]) -> Iterator[list[FileOrder | Unusable]]:
    batch: list[FileOrder | Unusable] = []
    for order in orders:
        batch.append(order)
        if len(batch) >= _AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


class _Progress:
    """Tells on stderr how far reading is, every other second."""

    def __init__(self) -> None:
        self._told = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        if time.monotonic() - self._told >= _TELL_EVERY_S and total:
            self._told = time.monotonic()
            print(text("import.progress", percent=min(100, done * 100 // total)), file=sys.stderr)  # noqa: T201


class _Report(Protocol):
    """How the outcome is printed: piece by piece, for a file may hold a million orders."""

    def begin(self, file: OrderFile) -> None: ...

    def orders(self, batch: Iterable[Judged | Unusable]) -> None: ...

    def end(self, problems: Iterator[Problem]) -> int: ...


class _Lines:
    """For people."""

    def __init__(self, preview: bool) -> None:
        self._preview = preview
        self._counts: Counter[str] = Counter()

    def begin(self, file: OrderFile) -> None:
        """The sheets, and what of them is not read."""
        for sheet, header in file.sheets:
            _say(text("import.sheet", sheet=sheet, row=header.row, columns=len(header.places)))
            if header.unknown:
                _say(text("import.unknown_columns", columns=", ".join(header.unknown)))

    def orders(self, batch: Iterable[Judged | Unusable]) -> None:
        """In a preview, a line for each order."""
        for one in batch:
            effect = one.effect if isinstance(one, Judged) else "bad"
            self._counts[effect] += 1
            if self._preview and isinstance(one, Judged):
                paid, number = format_yuan(one.order.amounts.paid_fen), one.order.channel_order_no
                what = text(f"import.effect.{effect}")
                _say(text("import.order", order=number, lines=one.found.lines, yuan=paid, effect=what))

    def end(self, problems: Iterator[Problem]) -> int:
        """Every problem, and the sums."""
        found = 0
        for problem in problems:
            found += 1
            _say(problem.line())
        _say(text("import.previewed" if self._preview else "import.taken", **_sums(self._counts), problems=found))
        return found


class _Json:
    """One JSON object, written as it comes to be."""

    def __init__(self, path: Path, caller: Caller, preview: bool) -> None:
        self._about = {"file": path.name, "channel": caller.channel, "shop": caller.shop, "preview": preview}
        self._counts: Counter[str] = Counter()
        self._first = True

    def begin(self, file: OrderFile) -> None:
        """What is read."""
        sheets = [
            {
                "sheet": sheet,
                "header_row": header.row,
                "columns": {name: column.value for column, name in header.names.items()},
                "unknown_columns": list(header.unknown),
            }
            for sheet, header in file.sheets
        ]
        _write(f'{json.dumps({**self._about, "sheets": sheets}, ensure_ascii=False)[:-1]}, "orders": [')

    def orders(self, batch: Iterable[Judged | Unusable]) -> None:
        """Every order."""
        for one in batch:
            if isinstance(one, Judged):
                order = one.order
                about: dict[str, Any] = {
                    "order_no": order.channel_order_no,
                    "order_id": order.order_id,
                    "version": order.version,
                    "lines": one.found.lines,
                    "paid_fen": order.amounts.paid_fen,
                    "result": one.effect,
                }
            else:
                about = {"order_no": one.order_no, "result": "bad"}
            self._counts[about["result"]] += 1
            self._item(about)

    def end(self, problems: Iterator[Problem]) -> int:
        """Every problem, and the sums."""
        _write('], "problems": [')
        self._first = True
        found = 0
        for problem in problems:
            found += 1
            place = {"sheet": problem.sheet, "row": problem.row, "column": problem.column}
            self._item({**place, "order_no": problem.order_no, "what": problem.key, "text": problem.sentence()})
        _write(f'], "counts": {json.dumps({**_sums(self._counts), "problems": found})}}}\n')
        return found

    def _item(self, item: dict[str, Any]) -> None:
        _write(("" if self._first else ", ") + json.dumps(item, ensure_ascii=False))
        self._first = False


def _sums(counts: Counter[str]) -> dict[str, int]:
    return {name: counts[name] for name in (*(effect.value for effect in Effect), "bad")}


def _say(line: str) -> None:
    print(line)  # noqa: T201


def _write(piece: str) -> None:
    sys.stdout.write(piece)
