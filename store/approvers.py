"""Who may approve orders, as people keep it. Telephone numbers are sealed by the caller."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from domain.approvals import Approver
from domain.clock import BEIJING, utc_now
from store.tables import ApproverChangeRow, ApproverRow
from store.upsert import insert_ignore


@dataclass(frozen=True)
class Changes:
    """What is to be changed of an approver; None: it stays. `absent_until` is changed only when `absence` says so."""

    name: str | None = None
    roles: tuple[str, ...] | None = None
    phone: str | None = None
    """Sealed; "" takes it away."""
    deputy: str | None = None
    absence: bool = False
    absent_until: datetime | None = None
    removed: bool = False


async def roster(tx: AsyncSession) -> list[Approver]:
    """Everybody who may approve, by id."""
    return [_approver(row) for row in await rows(tx)]


async def rows(tx: AsyncSession) -> list[ApproverRow]:
    """The same, as it is kept."""
    query = select(ApproverRow).where(col(ApproverRow.removed).is_(False)).order_by(ApproverRow.id)
    return list((await tx.execute(query)).scalars())


async def put(tx: AsyncSession, who: str, changes: Changes, by: str) -> bool:
    """Keep an approver, or change one. Whether that changed anything. Raises LookupError for a deputy whom nobody
    knows."""
    if changes.deputy:
        deputy = await tx.get(ApproverRow, changes.deputy)
        if deputy is None or deputy.removed or changes.deputy == who:
            raise LookupError(changes.deputy)
    now = utc_now()
    fresh = await insert_ignore(tx, ApproverRow, _blank(who, now))
    row = await tx.get_one(ApproverRow, who, with_for_update=True)
    before, phone = _facts(row), row.phone
    if row.removed and not changes.removed:
        row.roles, row.deputy, row.absent_until, row.phone = [], "", None, ""
    row.removed = changes.removed
    if changes.name is not None:
        row.name = changes.name
    if changes.roles is not None:
        row.roles = sorted(set(changes.roles))
    if changes.phone is not None:
        row.phone = changes.phone
    if changes.deputy is not None:
        row.deputy = changes.deputy
    if changes.absence:
        row.absent_until = changes.absent_until
    if not fresh and before == _facts(row) and (changes.phone is None or changes.phone == phone):
        return False
    row.updated_at = now
    tx.add(row)
    tx.add(ApproverChangeRow(approver=who, at=now, by=by, facts=_facts(row)))
    await tx.flush()
    return True


async def known(tx: AsyncSession, who: str) -> bool:
    """Whether somebody is an approver."""
    row = await tx.get(ApproverRow, who)
    return row is not None and not row.removed


async def changes_of(tx: AsyncSession, who: str) -> list[ApproverChangeRow]:
    """What was changed about somebody, oldest first."""
    query = select(ApproverChangeRow).where(ApproverChangeRow.approver == who).order_by(col(ApproverChangeRow.seq))
    return list((await tx.execute(query)).scalars())


def facts(row: ApproverRow) -> dict[str, Any]:
    """An approver for people's eyes, as JSON, without the telephone number."""
    return {"id": row.id, **_facts(row)}


def _facts(row: ApproverRow) -> dict[str, Any]:
    until = row.absent_until.astimezone(BEIJING).isoformat() if row.absent_until else None
    return {
        "name": row.name,
        "roles": list(row.roles),
        "deputy": row.deputy,
        "absent_until": until,
        "phone": bool(row.phone),
        "removed": row.removed,
    }


def _blank(who: str, now: datetime) -> dict[str, Any]:
    values = {"id": who, "name": "", "roles": [], "phone": "", "deputy": "", "removed": False}
    return {**values, "absent_until": None, "updated_at": now}


def _approver(row: ApproverRow) -> Approver:
    return Approver(row.id, row.name or row.id, frozenset(row.roles), row.deputy, row.absent_until)
