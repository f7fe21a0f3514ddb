"""`orderhub approvals`: what waits for an approval, and what was decided."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table

from commands.house import NO_SUCH, house, refuse
from domain.approvals import role_name
from domain.clock import format_beijing
from domain.money import format_yuan
from domain.texts import text
from settings import Settings
from store.tables import OrderRow
from views.approvals import trail, waiting
from views.words import items

_OPEN = ("order", "n", "role", "amount", "deadline", "asked")
_QUESTIONS = ("n", "role", "amount", "status", "deadline", "rule")
_DECISIONS = ("at", "n", "who", "verdict", "way", "why")


async def open_ones(settings: Settings, *, as_json: bool) -> int:
    """What waits for a decision, the most urgent first."""
    async with house(settings) as db, db.reading() as tx:
        found = await waiting(tx)
    if as_json:
        print(json.dumps({"approvals": found}, ensure_ascii=False))  # noqa: T201
        return 0
    table = Table(*(text(f"approvals.{name}") for name in _OPEN))
    for one in found:
        asked = items(one["asked_names"])
        cells = (one["order_id"], str(one["n"]), one["role_text"], format_yuan(one["amount_fen"]))
        table.add_row(*cells, _moment(one["deadline"]), asked)
    Console().print(table)
    return 0


async def show(settings: Settings, order_id: str, *, as_json: bool) -> int:
    """The trail of one order. Exit code 2 when there is no such order."""
    async with house(settings) as db, db.reading() as tx:
        known = await tx.get(OrderRow, order_id) is not None
        found = await trail(tx, order_id)
    if not known:
        return refuse(f"there is no order {order_id}", NO_SUCH)
    if as_json:
        print(json.dumps({"order_id": order_id, "approvals": found}, ensure_ascii=False))  # noqa: T201
        return 0
    questions = Table(*(text(f"approvals.{name}") for name in _QUESTIONS))
    decisions = Table(*(text(f"approvals.{name}") for name in _DECISIONS))
    for one in found:
        cells = (str(one["n"]), one["role_text"], format_yuan(one["amount_fen"]), one["status_text"])
        questions.add_row(*cells, _moment(one["deadline"]), one["rule"])
    for n, said in sorted(((one["n"], said) for one in found for said in one["decisions"]), key=lambda at: at[1]["at"]):
        who = said["who"]
        if said["stands_for"]:
            who += f"（{text('approval.standing.' + said['standing'])} {role_name(said['stands_for'])}）"
        way = text(f"approval.way.{said['way']}")
        decisions.add_row(_moment(said["at"]), str(n), who, said["verdict_text"], way, said["why"])
    Console().print(questions)
    Console().print(decisions)
    return 0


def _moment(given: Any) -> str:
    return format_beijing(datetime.fromisoformat(given)) if given else ""
