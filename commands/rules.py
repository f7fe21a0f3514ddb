"""`orderhub rules`: what is in force, what is wrong with a version, and putting one in force or taking it back."""

from __future__ import annotations

import json
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from xlsxwriter.exceptions import XlsxWriterException

from commands.house import house
from domain.clock import BEIJING, format_beijing, utc_now
from domain.rulesets import Refused, RuleEvent, What, event_facts, in_force, seen_facts
from domain.texts import text, use_language
from rules import engine
from rules.documents import BadRule, Document, declared, grids, parse, version_of
from rules.dry_run import DryRun
from rules.lint import lint
from rules.problems import Problem, Verdict, verdict_facts
from rules.trial_report import as_json as as_facts
from rules.trial_report import changes, effects, rows, sentences
from rules.workbook import BadWorkbook, read_workbook, write_workbook
from runtime.rule_desk import RuleDesk, Say, known
from runtime.rule_explaining import explain as explained
from settings import Settings

REFUSED, UNUSABLE = 1, 2
"""Exit codes: the version or the wish is not good; the command cannot be understood or was not confirmed."""

_SHOWN = 20

Confirm = Callable[[str], bool]


def check(language: str, name: str = "", file: Path | None = None, *, as_json: bool) -> int:
    """Check a file, or tables as they came with orderhub. It needs no store, and keeps nothing."""
    use_language("en" if language == "en" else "zh")
    try:
        if name:
            known(name)
        found = {name: read_document(name, file)} if file is not None else _as_they_came(name)
    except Refused as refused:
        if as_json:
            _print_json({"sound": False, "problems": list(refused.lines)})
        for line in () if as_json else refused.lines:
            _warn(line)
        return REFUSED
    verdicts = {one: lint(one, document) for one, (document, _) in found.items()}
    sound = all(verdict.sound for verdict in verdicts.values())
    if as_json:
        tables = {one: verdict_facts(verdict, found[one][1]) for one, verdict in verdicts.items()}
        _print_json({"sound": sound, "tables": tables})
    else:
        for one, verdict in verdicts.items():
            document, say = found[one]
            _show_verdict(one, version_of(document), verdict, say)
    return 0 if sound else REFUSED


def _as_they_came(name: str) -> dict[str, tuple[Document, Say]]:
    return {one: (engine.default(one), Problem.sentence) for one in engine.tables() if name in ("", one)}


async def show_all(settings: Settings, *, as_json: bool) -> int:
    """Every rule set."""

    async def work(desk: RuleDesk) -> int:
        seen = await desk.overview()
        if as_json:
            _print_json({"rules": [seen_facts(one) for one in seen]})
            return 0
        columns = ("name", "title", "version", "since", "next", "rows")
        table = Table(*(text(f"rules.list.{name}") for name in columns))
        table.columns[0].no_wrap = table.columns[-1].no_wrap = True  # names are what other commands are given
        for one in seen:
            since = text("rules.default") if one.default else _moment(one.since)
            until = f" → {_moment(one.until)}" if one.until else ""
            waits = [text("rules.waits", version=event.version, begins=_moment(event.begins)) for event in one.waiting]
            drafts = [text(f"rules.state.{draft.state}", version=draft.version) for draft in one.drafts]
            row = (one.name, one.title, one.version, since + until, ", ".join(waits + drafts), str(one.rows))
            table.add_row(*row)
        Console().print(table)
        return 0

    return await _at_desk(settings, work)


async def show(settings: Settings, name: str, version: str, *, as_json: bool) -> int:
    """One version, row by row."""

    async def work(desk: RuleDesk) -> int:
        found, document = await desk.document(name, version or None)
        if as_json:
            _print_json({"name": name, "version": found, "document": document})
            return 0
        for grid in grids(document):
            columns = (*grid.inputs, *(column for column in grid.outputs if column.field != "row"))
            table = Table(text("rules.row"), *(column.title for column in columns), title=f"{grid.title} {found}")
            for row in grid.rows:
                table.add_row(row.get("_id", ""), *(row.get(column.id, "") for column in columns))
            Console().print(table)
        for key, value in declared(document).items():
            if key != "examples":
                _say(f"{key}: {json.dumps(value, ensure_ascii=False)}")
        return 0

    return await _at_desk(settings, work)


async def history(settings: Settings, name: str, *, as_json: bool) -> int:
    """What happened to a rule set, oldest first."""

    async def work(desk: RuleDesk) -> int:
        events = await desk.history(name)
        if as_json:
            _print_json({"name": name, "events": [event_facts(event) for event in events]})
            return 0
        now = in_force(events, utc_now())
        columns = ("number", "at", "what", "version", "who", "why", "holds")
        table = Table(*(text(f"rules.history.{column}") for column in columns))
        for event in events:
            table.add_row(
                str(event.seq),
                _moment(event.at),
                text(f"rules.what.{event.what}"),
                event.version,
                event.who,
                event.why,
                _holds(event) + (text("rules.now") if now is not None and event.seq == now.seq else ""),
            )
        Console().print(table)
        return 0

    return await _at_desk(settings, work)


async def test(
    settings: Settings, name: str, version: str, file: Path | None, against: int, who: str, *, as_json: bool
) -> int:
    """Everything that is wrong with a version, and what it would have decided differently. Exit code 1 when refused."""

    async def work(desk: RuleDesk) -> int:
        if file is not None:
            document, say = read_document(name, file)
            which, verdict = version_of(document), lint(name, document)
        else:
            say = Problem.sentence
            which, verdict = await desk.test(name, version or None, who)
            _, document = await desk.document(name, which)
        run = await desk.against(name, document, against) if against and verdict.sound else None
        table = engine.Table(name, document) if run is not None else None
        failed = run is not None and bool(run.failures)
        if as_json:
            tried = as_facts(table, run) if table is not None and run is not None else None
            _print_json({"name": name, "version": which, **verdict_facts(verdict, say), "against": tried})
        else:
            _show_verdict(name, which, verdict, say)
            if table is not None and run is not None:
                _show_run(table, run)
        return REFUSED if failed or not verdict.sound else 0

    return await _at_desk(settings, work)


async def publish(
    settings: Settings,
    name: str,
    version: str,
    who: str,
    why: str,
    begins: str,
    ends: str,
    confirm: Confirm,
    *,
    as_json: bool,
) -> int:
    """Put a version in force, after a person said yes."""

    async def work(desk: RuleDesk) -> int:
        first, last = _when(begins), _when(ends)
        which = await desk.to_publish(name, version or None)
        start = _moment(first) if first else text("rules.at_once")
        until = _moment(last) if last else text("rules.until_next")
        if not confirm(text("rules.confirm_publish", name=name, version=which, begins=start, ends=until)):
            return UNUSABLE
        event = await desk.publish(name, which, who, why, first, last)
        _done(event, text("rules.published" if event else "rules.published_already", name=name, version=which), as_json)
        return 0

    return await _at_desk(settings, work)


async def rollback(
    settings: Settings, name: str, number: int | None, who: str, why: str, confirm: Confirm, *, as_json: bool
) -> int:
    """Take a publication back, after a person said yes."""

    async def work(desk: RuleDesk) -> int:
        event, then = await desk.to_withdraw(name, number)
        if not confirm(text("rules.confirm_rollback", name=name, version=event.version, then=then)):
            return UNUSABLE
        gone = await desk.withdraw(event, who, why)
        _done(gone, text("rules.rolled_back", name=name, version=event.version, then=then), as_json)
        return 0

    return await _at_desk(settings, work)


async def explain(settings: Settings, order_id: str, *, as_json: bool) -> int:
    """Which versions and rows decided about an order, and what is in force would say now."""

    async def work(desk: RuleDesk) -> int:
        steps = await explained(desk, order_id)
        if as_json:
            _print_json({"order": order_id, "steps": [{**asdict(one), "at": one.at.isoformat()} for one in steps]})
            return 0
        columns = ("step", "rule", "row", "result", "now", "changes")
        table = Table(*(text(f"rules.explain.{name}") for name in columns))
        for step in steps:
            for n, one in enumerate(step.decisions):
                changes = one.differs_now or {}
                table.add_row(
                    "" if n else f"{_moment(step.at)} {step.step}",
                    f"{one.table}@{one.version}",
                    one.row,
                    _result(one.row, one.result),
                    one.now if one.version == one.in_force else f"{one.now} ({one.in_force})",
                    "; ".join(f"{field}: {_json(was)} → {_json(now)}" for field, (was, now) in changes.items()),
                )
        Console().print(table)
        return 0

    return await _at_desk(settings, work)


async def export(settings: Settings, name: str, file: Path, version: str) -> int:
    """Write a version into an XLSX or JSON file."""

    async def work(desk: RuleDesk) -> int:
        which, document = await desk.document(name, version or None)
        write_document(name, document, file)
        _say(text("rules.exported", name=name, version=which, file=file))
        return 0

    return await _at_desk(settings, work)


async def import_(settings: Settings, name: str, file: Path, who: str, why: str, *, as_json: bool) -> int:
    """Keep a file as a draft. Exit code 1, and nothing is kept, when anything is wrong with it."""

    async def work(desk: RuleDesk) -> int:
        document, say = read_document(name, file)
        version, new = await desk.draft(name, document, who, why, file.suffix.lower().lstrip("."), say)
        if as_json:
            _print_json({"name": name, "version": version, "new": new})
        else:
            _say(text("rules.imported" if new else "rules.imported_already", name=name, version=version))
        return 0

    return await _at_desk(settings, work)


def write_document(name: str, document: Document, file: Path) -> None:
    """Write a document as JSON or XLSX, as the file's name says. Raises Refused."""
    try:
        if file.suffix.lower() == ".json":
            file.write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        else:
            write_workbook(name, document, file)
    except (OSError, ValueError, XlsxWriterException) as error:
        raise Refused(f"{file}: {error}") from None


def read_document(name: str, file: Path) -> tuple[Document, Say]:
    """A rule set out of an XLSX or JSON file, and how its problems are said. Raises Refused with all it cannot read."""
    known(name)
    if not file.is_file():
        raise Refused(text("rules.no_file", file=file))
    try:
        if file.suffix.lower() == ".json":
            return parse(file.read_text(encoding="utf-8"), file.name), Problem.sentence
        document, places = read_workbook(name, file)
    except BadWorkbook as bad:
        raise Refused(*bad.lines) from None
    except UnicodeDecodeError:
        raise Refused(text("rules.file.not_utf8", file=file)) from None
    except BadRule as error:
        raise Refused(text("rules.bad.form", reason=error)) from None
    return document, places.sentence


async def _at_desk(settings: Settings, work: Callable[[RuleDesk], Awaitable[int]]) -> int:
    try:
        async with house(settings) as db:
            return await work(RuleDesk(db, settings.company.warehouse))
    except Refused as refused:
        for line in refused.lines:
            _warn(line)
        return REFUSED


def _when(written: str) -> datetime | None:
    """A moment in Beijing: "2026-11-11 00:00" or with seconds. Raises Refused."""
    if not written:
        return None
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        raise Refused(text("rules.bad_moment", written=written)) from None
    return found if found.tzinfo else found.replace(tzinfo=BEIJING)


def _moment(at: datetime | None) -> str:
    return format_beijing(at) if at is not None else ""


def _holds(event: RuleEvent) -> str:
    if event.what is What.WITHDRAWN:
        return text("rules.takes_back", number=event.of)
    if event.what is not What.PUBLISHED:
        return ""
    return f"{_moment(event.begins)} → {_moment(event.ends) if event.ends else text('rules.until_next')}"


def _done(event: RuleEvent | None, words: str, as_json: bool) -> None:
    if as_json:
        _print_json({"changed": event is not None, "event": event_facts(event) if event else None})
    else:
        _say(words)


def _show_verdict(name: str, version: str, verdict: Verdict, say: Say) -> None:
    for problem in verdict.problems:
        _warn(say(problem))
    if verdict.sound:
        _say(text("rules.sound", name=name, version=version, rows=verdict.rows, examples=verdict.examples))
    else:
        _warn(text("rules.unsound", name=name, version=version, count=len(verdict.problems)))


def _show_run(table: engine.Table, run: DryRun) -> None:
    for line in sentences(table.name, run):
        _say(line)
    if found := rows(table, run):
        shown = Table(text("rules.row"), text("rules.run.before"), text("rules.run.after"), "+/-")
        for row, before, after in found[:_SHOWN]:
            shown.add_row(row, str(before), str(after), f"{after - before:+d}" if after != before else "")
        Console().print(shown)
        if len(found) > _SHOWN:
            _say(text("rules.run.more_rows", count=len(found) - _SHOWN))
    if kinds := run.kinds():
        names = ("count", "before", "after", "what", "examples")
        shown = Table(*(text(f"rules.run.{name}") for name in names))
        for one in kinds[:_SHOWN]:
            examples = [f"{about} ({said})" if (said := effects(run, about)) else about for about in one.examples]
            both = (" ".join(one.rows_before), " ".join(one.rows_after))
            shown.add_row(str(one.things), *both, changes(table, one), "\n".join(examples))
        Console().print(shown)
        if len(kinds) > _SHOWN:
            _say(text("rules.run.more", count=len(kinds) - _SHOWN))
    for failure in run.failures[:_SHOWN]:
        _warn(f"{failure.about}: {failure.reason}")


def _result(row: str, result: dict[str, Any] | None) -> str:
    if result is None:
        return text("rules.explain.gone")
    return _short(result) if row else text("rules.explain.none")


def _short(result: dict[str, Any]) -> str:
    return "; ".join(f"{name}: {_json(value)}" for name, value in result.items() if name != "row")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _print_json(facts: dict[str, Any]) -> None:
    print(_json(facts))  # noqa: T201


def _say(words: str) -> None:
    print(words)  # noqa: T201


def _warn(words: str) -> None:
    print(words, file=sys.stderr)  # noqa: T201
