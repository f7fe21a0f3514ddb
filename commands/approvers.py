"""`orderhub approvers`: who may approve orders."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rich.console import Console
from rich.table import Table

from commands.house import NO_SUCH, house, refuse
from domain.approvals import role_name
from domain.clock import BEIJING
from domain.texts import text
from rules.documents import grids
from runtime.client import key_ring
from runtime.phones import Phones
from runtime.rule_desk import RuleDesk
from settings import Settings
from store import approvers
from store.approvers import Changes

_PEOPLE = ("id", "name", "roles", "phone", "deputy", "absent_until")


@dataclass(frozen=True)
class Given:
    """What was given on the command line; None: it stays as it is."""

    name: str | None = None
    roles: Sequence[str] | None = None
    phone: str | None = None
    deputy: str | None = None


async def people(settings: Settings, *, as_json: bool) -> int:
    """Everybody who may approve, and the roles that the table in force asks for and nobody fills."""
    async with house(settings) as db:
        async with db.reading() as tx:
            kept = [approvers.facts(row) for row in await approvers.rows(tx)]
        wanted = await _roles(RuleDesk(db, settings.company.warehouse))
    unfilled = sorted(wanted - {role for one in kept for role in one["roles"]})
    if as_json:
        print(json.dumps({"approvers": kept, "unfilled": unfilled}, ensure_ascii=False))  # noqa: T201
        return 0
    table = Table(*(text(f"approvers.{name}") for name in _PEOPLE))
    for one in kept:
        roles = "、".join(map(role_name, one["roles"]))
        phone = text("approvers.yes") if one["phone"] else ""
        table.add_row(one["id"], one["name"], roles, phone, one["deputy"], one["absent_until"] or "")
    Console().print(table)
    for role in unfilled:
        print(text("approvers.unfilled", role=role_name(role), role_id=role), file=sys.stderr)  # noqa: T201
    return 0


async def keep(settings: Settings, who: str, given: Given, by: str, *, as_json: bool) -> int:
    """Keep an approver, or change one."""
    phone = given.phone
    if phone:
        phone = Phones(key_ring(settings.encryption)).seal(phone.strip(), who)
    roles = None if given.roles is None else tuple(given.roles)
    return await _change(settings, who, Changes(given.name, roles, phone, given.deputy), by, as_json=as_json)


async def away(settings: Settings, who: str, until: str, by: str, *, as_json: bool) -> int:
    """Somebody is away until a moment of Beijing; "": they are back."""
    moment = None
    if until:
        try:
            moment = datetime.fromisoformat(until)
        except ValueError:
            return refuse(f'a moment is "2026-11-11 18:00", Beijing time, not {until!r}', NO_SUCH)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=BEIJING)
    return await _change(settings, who, Changes(absence=True, absent_until=moment), by, known=True, as_json=as_json)


async def remove(settings: Settings, who: str, by: str, *, as_json: bool) -> int:
    """Somebody approves no more; what they decided stays."""
    return await _change(settings, who, Changes(removed=True), by, known=True, as_json=as_json)


async def _roles(desk: RuleDesk) -> set[str]:
    """The roles that the table in force asks for, deputies and escalations included."""
    _, document = await desk.document("approvals")
    rows = [row for grid in grids(document) for row in grid.rows]
    cells = [str(json.loads(row[column] or '""')) for row in rows for column in ("who", "deputy", "escalates_to")]
    return {role for cell in cells for role in cell.split()}


async def _change(
    settings: Settings, who: str, changes: Changes, by: str, *, known: bool = False, as_json: bool
) -> int:
    async with house(settings) as db, db.transaction() as tx:
        if known and not await approvers.known(tx, who):
            return refuse(text("approvers.no_such", who=who), NO_SUCH)
        try:
            changed = await approvers.put(tx, who, changes, by)
        except LookupError as unknown:
            return refuse(text("approvers.no_such", who=unknown.args[0]), NO_SUCH)
    words = text("approvers.kept" if changed else "approvers.same", who=who)
    print(json.dumps({"id": who, "changed": changed}) if as_json else words)  # noqa: T201
    return 0
