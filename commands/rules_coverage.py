"""`orderhub rules coverage status_map`: which of the partners' words mean something, and which came and mean none."""

from __future__ import annotations

import json
from datetime import timedelta

from rich.console import Console
from rich.table import Table

from commands.house import house
from domain.clock import format_beijing, utc_now
from domain.rulesets import Refused
from domain.texts import partner_name, text, use_language
from rules.statuses import NAME, Coverage, coverage
from runtime.rule_desk import RuleDesk
from settings import Settings
from store import words


async def show_coverage(settings: Settings, name: str, days: int, *, as_json: bool) -> int:
    """Show it. Exit code 1 when a word came within so many days that means nothing now; 2 for another rule set."""
    use_language(settings.language)
    if name != NAME:
        print(text("rules.no_coverage", name=name, with_it=NAME))  # noqa: T201
        return 2
    try:
        async with house(settings) as db:
            version, document = await RuleDesk(db, settings.company.warehouse).document(NAME)
            async with db.reading() as tx:
                found = coverage(document, await words.since(tx, utc_now() - timedelta(days=days)))
    except Refused as refused:
        print("\n".join(refused.lines))  # noqa: T201
        return 1
    if as_json:
        print(json.dumps({"name": NAME, "version": version, "days": days, **_facts(found)}, ensure_ascii=False))  # noqa: T201
    else:
        _show(found, version)
    return 1 if any(one.unmapped for one in found) else 0


def _facts(found: list[Coverage]) -> dict[str, object]:
    return {
        "unmapped": sum(len(one.unmapped) for one in found),
        "partners": [
            {
                "partner": one.partner,
                "kind": str(one.about),
                "mapped": [{"word": word, "act": entry.act, "ours": entry.ours} for word, entry in one.mapped.items()],
                "unmapped": [
                    {
                        "word": heard.word.word,
                        "times": heard.times,
                        "first_at": heard.first_at.isoformat(),
                        "last_at": heard.last_at.isoformat(),
                    }
                    for heard in one.unmapped
                ],
                "not_in_protocol": list(one.unnamed),
            }
            for one in found
        ],
    }


def _show(found: list[Coverage], version: str) -> None:
    names = ("partner", "kind", "mapped", "unmapped", "unnamed")
    table = Table(*(text(f"rules.coverage.{name}") for name in names), title=f"{NAME} {version}")
    for one in found:
        table.add_row(
            partner_name(one.partner),
            text(f"word.{one.about}"),
            str(len(one.mapped)),
            "\n".join(f"{heard.word.word} ×{heard.times} {format_beijing(heard.last_at)}" for heard in one.unmapped),
            " ".join(word or '""' for word in one.unnamed),
        )
    Console().print(table)
