"""`orderhub reconcile channel`: each channel's own list of a day against our orders."""

from __future__ import annotations

import json
import sys
from datetime import date, datetime, timedelta

from rich.console import Console
from rich.table import Table

from activities.contracts import ReconcileAsk
from activities.reconciling import ReconcileSteps
from commands.house import house
from domain.clock import BEIJING, format_beijing, utc_now
from domain.texts import text
from runtime.client import key_ring
from runtime.partners import Outside, open_partners
from runtime.shops import ShopKeeper
from settings import Settings
from store import reconciliations
from store.tables import ReconciliationRow


async def channel(settings: Settings, only: str, day: str, *, run: bool, as_json: bool) -> int:
    """Show the report of a day, or compare now. Exit code 1 when orders wait in quarantine, or a shop has no report."""
    try:
        wanted = date.fromisoformat(day) if day else (utc_now().astimezone(BEIJING) - timedelta(days=1)).date()
    except ValueError:
        print(f"--day: not a day like 2026-11-11: {day}", file=sys.stderr)  # noqa: T201
        return 2
    if wanted > utc_now().astimezone(BEIJING).date():
        print(f"--day: {wanted} has not come yet", file=sys.stderr)  # noqa: T201
        return 2
    async with house(settings) as db, open_partners(settings, db) as outside:
        await ShopKeeper(settings, db, key_ring(settings.encryption), outside).look()
        steps = ReconcileSteps(db, outside.partners.pulls)
        shops = [(feed, shop) for feed, shop in outside.pulled() if "/" not in feed and only in ("", feed)]
        if only and not shops:
            known = ", ".join(sorted({feed for feed, _ in outside.pulled() if "/" not in feed})) or "none"
            print(f"{only} has no list to compare with; these have: {known}", file=sys.stderr)  # noqa: T201
            return 2
        failed = await _compare(steps, shops, wanted.isoformat()) if run else {}
        async with db.reading() as tx:
            kept = await reconciliations.reports(tx, wanted.isoformat())
        lines = [_line(feed, shop, kept.get((feed, shop)), failed.get((feed, shop), "")) for feed, shop in shops]
        without = _without_list(outside, only)
    if as_json:
        report = {"day": wanted.isoformat(), "shops": lines, "without_list": without}
        print(json.dumps(report, ensure_ascii=False))  # noqa: T201
    else:
        _show(wanted.isoformat(), lines, without)
    return 1 if any(line["quarantined"] or line["compared_at"] is None or line["error"] for line in lines) else 0


async def _compare(steps: ReconcileSteps, shops: list[tuple[str, str]], day: str) -> dict[tuple[str, str], str]:
    """Compare each shop; one that cannot be asked keeps no other from being compared. Returns what went wrong."""
    failed: dict[tuple[str, str], str] = {}
    for feed, shop in shops:
        try:
            await steps.compare(ReconcileAsk(feed, shop, day), lambda listed: None)
        except Exception as error:
            failed[feed, shop] = str(error)
    return failed


def _without_list(outside: Outside, only: str) -> list[str]:
    """Channels that only push: there is no list of theirs to compare with."""
    listed = {source.channel for source in outside.partners.pulls.values()}
    return sorted(str(name) for name in outside.partners.channels if name not in listed and only in ("", name))


def _line(feed: str, shop: str, row: ReconciliationRow | None, error: str) -> dict[str, object]:
    return {
        "channel": feed,
        "shop": shop,
        "listed": row.listed if row else 0,
        "missing": row.missing if row else [],
        "stale": row.stale if row else [],
        "waiting": row.waiting if row else [],
        "quarantined": row.quarantined if row else [],
        "compared_at": row.at.isoformat() if row else None,
        "error": error,
    }


def _show(day: str, lines: list[dict[str, object]], without: list[str]) -> None:
    console = Console()
    names = ("channel", "shop", "listed", "missing", "stale", "waiting", "quarantined", "at")
    table = Table(title=text("reconcile.title", day=day))
    for name in names:
        table.add_column(text(f"reconcile.{name}"), overflow="fold")
    for line in lines:
        counts = [line["missing"], line["stale"], line["waiting"], line["quarantined"]]
        at = line["compared_at"]
        table.add_row(
            text(f"channel.{line['channel']}"),
            str(line["shop"]),
            str(line["listed"]),
            *(str(len(kind)) if isinstance(kind, list) else "" for kind in counts),
            str(line["error"]) or (format_beijing(datetime.fromisoformat(str(at))) if at else text("reconcile.never")),
        )
    console.print(table)
    for line in lines:
        for kind in ("missing", "stale", "quarantined"):
            named = line[kind]
            if isinstance(named, list) and named:
                console.print(f"{text(f'reconcile.{kind}')}: {', '.join(named[:20])}{' …' if len(named) > 20 else ''}")
    if without:
        console.print(text("reconcile.without", channels=", ".join(text(f"channel.{name}") for name in without)))
