"""`orderhub partners`: how well each partner's interface serves, as all processes of orderhub saw it."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from asyncpg import InterfaceError, PostgresError
from rich.console import Console
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError

from commands.house import house
from domain.clock import format_beijing, utc_now
from domain.partner_health import (
    LONG,
    SHORT,
    Health,
    LineSeen,
    Outcome,
    breaker_of,
    percent,
    together,
    worst,
)
from domain.texts import partner_name, text
from runtime.partners import configured, health_rule
from settings import Settings
from store import partner_calls
from store.database import Database
from store.partner_alerts import open_alerts
from store.tables import TaskRow

_STORE_ERRORS = (SQLAlchemyError, PostgresError, InterfaceError, OSError)
_NONE = Health()


@dataclass(frozen=True)
class Seen:
    """Everything that is known of one partner: its calls by window (in minutes) and operation, its lines, its alert."""

    partner: str
    windows: Mapping[int, Mapping[str, Health]]
    lines: Sequence[LineSeen]
    alert: TaskRow | None

    def total(self, minutes: int) -> Health:
        """All operations together."""
        return together(self.windows[minutes].values())

    @property
    def operations(self) -> list[str]:
        """Every operation that was called in any window."""
        return sorted({name for operations in self.windows.values() for name in operations})


async def main(settings: Settings, *, minutes: int | None, as_json: bool) -> int:
    """Print the health of all partners, over 5 minutes, an hour, and `minutes`. Exit code 1 when the store is away."""
    windows = sorted({_minutes(SHORT), _minutes(LONG), *([minutes] if minutes else [])})
    now = utc_now()
    try:
        async with house(settings) as db:
            partners = await _look(db, windows, configured(settings), now)
    except _STORE_ERRORS as error:
        # Only the type: the message of a database error quotes addresses and values.
        print(f"the store cannot be read ({type(error).__name__}): see `orderhub doctor`", file=sys.stderr)  # noqa: T201
        return 1
    if as_json:
        rule = health_rule(settings)
        answer = {
            "at": now.isoformat(),
            "threshold": float(rule.threshold_percent),
            "min_calls": rule.min_calls,
            "partners": [_to_json(seen) for seen in partners],
        }
        print(json.dumps(answer, ensure_ascii=False))  # noqa: T201
    else:
        _show(partners, minutes, Console())
    return 0


async def _look(db: Database, windows: Sequence[int], names: Sequence[str], now: datetime) -> list[Seen]:
    async with db.reading(snapshot=True) as tx:
        calls = {each: await partner_calls.healths(tx, now - timedelta(minutes=each)) for each in windows}
        lines = await partner_calls.lines(tx, now)
        alerts = await open_alerts(tx)
    known = {*names, *lines, *alerts, *(name for each in calls.values() for name in each)}
    return [
        Seen(name, {each: calls[each].get(name, {}) for each in windows}, lines.get(name, []), alerts.get(name))
        for name in sorted(known)
    ]


def _to_json(seen: Seen) -> dict[str, Any]:
    breaker = breaker_of(line.state for line in seen.lines)
    alert = seen.alert
    return {
        "partner": seen.partner,
        "name": partner_name(seen.partner),
        "breaker": breaker,
        "breaker_since": _since(seen.lines),
        "alert": None if alert is None else {"since": alert.opened_at.isoformat(), "text": alert.text},
        "worst_operation": worst(seen.windows[_minutes(SHORT)]) or worst(seen.windows[_minutes(LONG)]),
        "windows": {_key(each): _numbers(seen.total(each)) for each in seen.windows},
        "operations": [
            {
                "operation": name,
                "windows": {_key(each): _numbers(calls.get(name, _NONE)) for each, calls in seen.windows.items()},
            }
            for name in seen.operations
        ],
    }


def _numbers(health: Health) -> dict[str, Any]:
    success = health.success_percent
    return {
        "calls": health.tried,
        "failed": health.failed,
        "success_percent": None if success is None else round(float(success), 3),
        "p50_ms": _rounded(health.quantile_ms(0.5)),
        "p95_ms": _rounded(health.quantile_ms(0.95)),
        "p99_ms": _rounded(health.quantile_ms(0.99)),
        "outcomes": {outcome.value: health.outcomes.get(outcome, 0) for outcome in Outcome},
    }


def _show(partners: Sequence[Seen], minutes: int | None, console: Console) -> None:
    short, long = _minutes(SHORT), minutes or _minutes(LONG)
    names = [text("health.minutes", n=each) for each in (short, long)]
    table = Table(title=text("health.title"))
    table.add_column(text("health.partner"))
    table.add_column(text("health.calls", window=names[1]), justify="right")
    for name in names:
        table.add_column(text("health.success", window=name), justify="right")
    table.add_column(text("health.latency", window=names[1]), justify="right")
    for key in ("health.breaker", "health.worst", "health.alert"):
        table.add_column(text(key))
    for seen in partners:
        recent, before = seen.total(short), seen.total(long)
        latency = before.quantile_ms(0.95)
        table.add_row(
            partner_name(seen.partner),
            str(before.tried),
            percent(recent.success_percent),
            percent(before.success_percent),
            "-" if latency is None else f"{latency:.0f} ms",
            _breaker(seen.lines),
            worst(seen.windows[short]) or worst(seen.windows[long]) or "-",
            "-"
            if seen.alert is None
            else f"[red]{text('health.since', moment=format_beijing(seen.alert.opened_at))}[/]",
        )
    console.print(table)


def _breaker(lines: Sequence[LineSeen]) -> str:
    state = breaker_of(line.state for line in lines)
    return "-" if state is None else text(f"health.breaker.{state}")


def _alert(task: TaskRow | None) -> str:
    return "-" if task is None else f"[red]{text('health.since', moment=format_beijing(task.opened_at))}[/]"


def _since(lines: Sequence[LineSeen]) -> str | None:
    """Since when the worst of the breakers is as it is."""
    state = breaker_of(line.state for line in lines)
    moments = [line.since for line in lines if line.state is state]
    return min(moments).isoformat() if moments else None


def _minutes(window: timedelta) -> int:
    return int(window.total_seconds()) // 60


def _key(minutes: int) -> str:
    return "1h" if minutes == _minutes(LONG) else f"{minutes}m"


def _rounded(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else round(milliseconds, 1)
