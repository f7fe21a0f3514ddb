"""Versions of rule sets as the store keeps them: contents that never change, and events that are only appended."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, func, select

from domain.rulesets import RuleEvent, What
from store.tables import OrderEventRow, RuleEventRow, RuleVersionRow
from store.upsert import insert_ignore, parts

ACCEPTED = "order.accepted"
"""The event of an order that was reviewed."""
FILE = "file"
"""The origin of a version that came with orderhub."""


@dataclass(frozen=True)
class Version:
    """A version of a rule set. `content` is the document whole, `origin` how it came."""

    name: str
    version: str
    content: dict[str, Any]
    origin: str
    at: datetime


class NoSuchVersion(LookupError):
    """The rule set has no such version."""


async def keep(tx: AsyncSession, version: Version) -> bool:
    """Keep a version's content. False when it is here already.

    Raises ValueError when another content has that version's digest.
    """
    values = {
        "name": version.name,
        "version": version.version,
        "content": version.content,
        "origin": version.origin,
        "at": version.at,
    }
    if await insert_ignore(tx, RuleVersionRow, values):
        return True
    if (await find(tx, version.name, version.version)).content != version.content:
        raise ValueError(f"another {version.name} has the digest {version.version}: change anything in it")
    return False


async def draft(tx: AsyncSession, version: Version, who: str, why: str) -> bool:
    """Keep a version that a person brings. False when it was drafted before."""
    await keep(tx, version)
    drafted = select(RuleEventRow.seq).where(
        RuleEventRow.name == version.name,
        RuleEventRow.version == version.version,
        RuleEventRow.what == What.DRAFTED,
    )
    if (await tx.execute(drafted.limit(1))).first() is not None:
        return False
    await _append(tx, version.name, version.version, What.DRAFTED, who, why, version.at)
    return True


async def tested(
    tx: AsyncSession, name: str, version: str, who: str, at: datetime, result: Mapping[str, Any]
) -> RuleEvent:
    """A version passed its tests. Raises NoSuchVersion."""
    await find(tx, name, version)
    return await _append(tx, name, version, What.TESTED, who, "", at, result=result)


async def publish(
    tx: AsyncSession,
    name: str,
    version: str,
    who: str,
    why: str,
    at: datetime,
    begins: datetime | None = None,
    ends: datetime | None = None,
) -> RuleEvent | None:
    """Put a version in force from `begins` (None: now), and before `ends`. None when it is so published already.

    Raises NoSuchVersion; ValueError when it would begin in the past, or end before it begins.
    """
    starts = begins or at
    if starts < at:
        raise ValueError("a publication cannot begin in the past: what was decided then was decided")
    if ends is not None and ends <= starts:
        raise ValueError("a publication must end after it begins")
    await _lock(tx, name, version)
    known = await events(tx, name)
    gone = {event.of for event in known if event.what is What.WITHDRAWN}
    for event in known:
        if event.what is not What.PUBLISHED or event.seq in gone or event.version != version or event.ends != ends:
            continue
        if event.begins == begins or (begins is None and _decides(known, event, at)):
            return None
    return await _append(tx, name, version, What.PUBLISHED, who, why, at, begins=starts, ends=ends)


async def withdraw(tx: AsyncSession, publication: RuleEvent, who: str, why: str, at: datetime) -> RuleEvent | None:
    """Take a publication back, from now on. None when that was done before."""
    await _lock(tx, publication.name, publication.version)
    known = await events(tx, publication.name)
    if any(event.of == publication.seq for event in known if event.what is What.WITHDRAWN):
        return None
    return await _append(tx, publication.name, publication.version, What.WITHDRAWN, who, why, at, of=publication.seq)


async def find(tx: AsyncSession, name: str, version: str) -> Version:
    """A version with its content. Raises NoSuchVersion."""
    row = await tx.get(RuleVersionRow, (name, version))
    if row is None:
        raise NoSuchVersion(f"{name} has no version {version}")
    return _version(row)


async def versions(tx: AsyncSession, name: str | None = None) -> list[Version]:
    """All versions, or those of one rule set, in the order in which they came."""
    query = select(RuleVersionRow).order_by(col(RuleVersionRow.at), col(RuleVersionRow.version))
    if name is not None:
        query = query.where(RuleVersionRow.name == name)
    return [_version(row) for row in (await tx.execute(query)).scalars()]


async def contents(tx: AsyncSession, wanted: Collection[tuple[str, str]]) -> list[Version]:
    """The versions named by (name, version); those that are not here are left out."""
    rows = [await tx.get(RuleVersionRow, key) for key in sorted(wanted)]
    return [_version(row) for row in rows if row is not None]


async def events(tx: AsyncSession, name: str | None = None) -> list[RuleEvent]:
    """What happened to all versions, or to those of one rule set, in that order."""
    query = select(RuleEventRow).order_by(col(RuleEventRow.seq))
    if name is not None:
        query = query.where(RuleEventRow.name == name)
    return [_event(row) for row in (await tx.execute(query)).scalars()]


async def mark(tx: AsyncSession) -> tuple[int, int]:
    """Differs whenever anything happened: cheap to ask for again and again.

    The count is there because the events of two transactions may come to be seen in another order than their numbers.
    """
    query = select(func.count(), func.coalesce(func.max(RuleEventRow.seq), 0)).select_from(RuleEventRow)
    count, newest = (await tx.execute(query)).one()
    return count, newest


@dataclass(frozen=True)
class DecidedStep:
    """A step of an order and the rows `{table}@{version}/{row}` that decided in it."""

    order_id: str
    step: str
    at: datetime
    what: str
    rules: tuple[str, ...]


async def decided_steps(tx: AsyncSession, order_id: str) -> list[DecidedStep]:
    """The steps of an order in which rules decided, in their order."""
    query = select(OrderEventRow).where(OrderEventRow.order_id == order_id, col(OrderEventRow.rules).is_not(None))
    rows = (await tx.execute(query.order_by(col(OrderEventRow.seq)))).scalars()
    return [DecidedStep(row.order_id, row.step, row.at, row.what, tuple(row.rules or ())) for row in rows]


async def reviewed_at(tx: AsyncSession, order_ids: Collection[str]) -> dict[str, datetime]:
    """When orders were reviewed last; those that never were are not here."""
    found: dict[str, datetime] = {}
    for some in parts(sorted(order_ids)):
        query = (
            select(OrderEventRow.order_id, func.max(col(OrderEventRow.at)))
            .where(col(OrderEventRow.order_id).in_(some), OrderEventRow.what == ACCEPTED)
            .group_by(col(OrderEventRow.order_id))
        )
        found.update((await tx.execute(query)).tuples().all())
    return found


def _decides(known: list[RuleEvent], event: RuleEvent, at: datetime) -> bool:
    """Whether a publication is the last one of its kind that began: publishing its version again changes nothing."""
    gone = {one.of for one in known if one.what is What.WITHDRAWN}
    begun = [
        (one.begins, one.seq)
        for one in known
        if one.what is What.PUBLISHED
        and one.seq not in gone
        and one.begins is not None
        and one.begins <= at
        and (one.ends is None) == (event.ends is None)
    ]
    return bool(begun) and max(begun)[1] == event.seq


async def _lock(tx: AsyncSession, name: str, version: str) -> None:
    """Whoever publishes or takes back a version waits for others that do. Raises NoSuchVersion."""
    if await tx.get(RuleVersionRow, (name, version), with_for_update=True) is None:
        raise NoSuchVersion(f"{name} has no version {version}")


async def _append(
    tx: AsyncSession,
    name: str,
    version: str,
    what: What,
    who: str,
    why: str,
    at: datetime,
    *,
    begins: datetime | None = None,
    ends: datetime | None = None,
    of: int | None = None,
    result: Mapping[str, Any] | None = None,
) -> RuleEvent:
    row = RuleEventRow(
        name=name,
        version=version,
        what=what,
        who=who,
        why=why,
        at=at,
        begins=begins,
        ends=ends,
        of=of,
        result=dict(result or {}),
    )
    tx.add(row)
    await tx.flush()
    return _event(row)


def _event(row: RuleEventRow) -> RuleEvent:
    return RuleEvent(
        row.seq or 0, row.name, row.version, What(row.what), row.who, row.why, row.at, row.begins, row.ends, row.of
    )


def _version(row: RuleVersionRow) -> Version:
    return Version(row.name, row.version, row.content, row.origin, row.at)
