"""What news of parcels ask of people: troubles, courses and silence, each a task that closes itself when news come."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from sqlalchemy import Update, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, func, or_, select

from domain.clock import utc_now
from domain.proposals import Proposal, for_course, for_silence, for_trouble
from domain.shipping import Carrier, TrackCode, TrackNode, TrackReport, Trouble
from domain.texts import text
from domain.tracking import Gap, Phase, journey_gaps
from store.holds import open_task
from store.tables import InterceptionRow, ParcelRow, TaskRow, TrackNodeRow, WaybillRow


async def heard(tx: AsyncSession, waybill: WaybillRow, parcel: ParcelRow, report: TrackReport) -> None:
    """Take a report of a live waybill: whom to call, the newest node, and what a person must do about it.

    The parcel's status is that after the report. The same report again changes nothing.
    """
    if report.courier_phone and parcel.courier_phone != report.courier_phone:
        parcel.courier_phone = report.courier_phone
        tx.add(parcel)
    newest = report.newest
    if newest is None or (waybill.last_node_at is not None and newest.at < waybill.last_node_at):
        return  # an old report that a newer one overtook
    _note_unknown(waybill, newest)
    tx.add(waybill)
    # News that say nothing of where it is are news all the same: it is where it was.
    code = waybill.last_node_code or "" if newest.code is TrackCode.NONE else str(newest.code)
    if (waybill.last_node_at, waybill.last_node_code or "") == (newest.at, code):
        return
    waybill.last_node_at, waybill.last_node_code = newest.at, code
    waybill.silence_due_at = waybill.stuck_since = None
    if newest.unknown is not None:
        return  # what people were asked before, they are still asked
    wanted = {need.key: need for need in _needs(waybill, parcel, newest)}
    if newest.trouble is Trouble.FORWARDED and await _rerouted_by_us(tx, parcel):
        wanted = {}
    await _close_but(tx, parcel, list(wanted))
    for need in wanted.values():
        await _open(tx, parcel, need)


def _note_unknown(waybill: WaybillRow, newest: TrackNode) -> None:
    word = newest.unknown.key if newest.unknown is not None else ""
    if waybill.unknown_word != word:
        waybill.unknown_word, waybill.unknown_since = word, newest.at if word else None


@dataclass(frozen=True)
class _Need:
    key: str
    kind: str
    sentence: str
    proposal: Proposal


def _needs(waybill: WaybillRow, parcel: ParcelRow, newest: TrackNode) -> Iterator[_Need]:
    """What people must do about a parcel after its newest node."""
    if (course := for_course(parcel.status)) is not None:
        key = f"{parcel.parcel_id}/course/{parcel.status}"
        yield _Need(key, f"parcel_{parcel.status}", _sentence(waybill, text(f"parcel.{parcel.status}")), course)
    if newest.code is TrackCode.PROBLEM and parcel.status != "signed":
        trouble = newest.trouble or Trouble.OTHER
        # One per kind of trouble and moment: the courier's next try that fails is another one.
        key = f"{parcel.parcel_id}/trouble/{trouble}/{newest.at.isoformat()}"
        yield _Need(key, "parcel_trouble", _sentence(waybill, text(f"trouble.{trouble}")), for_trouble(trouble))


async def _rerouted_by_us(tx: AsyncSession, parcel: ParcelRow) -> bool:
    query = select(InterceptionRow.n).where(
        InterceptionRow.parcel_id == parcel.parcel_id,
        InterceptionRow.kind == "reroute",
        InterceptionRow.status != "refused",
    )
    return (await tx.execute(query)).first() is not None


def _sentence(waybill: WaybillRow, what: str) -> str:
    carrier = text(f"carrier.{waybill.carrier}")
    return text("task.parcel_trouble", carrier=carrier, number=waybill.number, what=what)


@dataclass(frozen=True)
class Silent:
    """A parcel on its way whose silence is to be judged, or has lasted longer than is usual."""

    key: str
    order_id: str
    parcel_id: str
    carrier: Carrier
    since: datetime
    """The newest node, or the moment when the channel was told of the number."""
    code: str
    due_at: datetime | None


async def silent(tx: AsyncSession, now: datetime, limit: int) -> list[Silent]:
    """Parcels on their way that were not judged since their newest node, or whose time is over; no person was asked."""
    query = (
        select(WaybillRow, ParcelRow)
        .join(ParcelRow, col(ParcelRow.parcel_id) == col(WaybillRow.parcel_id))
        .where(
            WaybillRow.status == "live",
            ParcelRow.status == "numbered",
            col(ParcelRow.told_at).is_not(None),
            col(WaybillRow.stuck_since).is_(None),
            or_(col(WaybillRow.silence_due_at).is_(None), col(WaybillRow.silence_due_at) <= now),
        )
        .order_by(col(WaybillRow.asked_at))
        .limit(limit)
    )
    found = []
    for waybill, parcel in (await tx.execute(query)).all():
        since = waybill.last_node_at or parcel.told_at
        where = (waybill.key, waybill.order_id, waybill.parcel_id, Carrier(waybill.carrier))
        found.append(Silent(*where, since, waybill.last_node_code or "", waybill.silence_due_at))
    return found


async def judge(tx: AsyncSession, silent: Silent, due_at: datetime) -> None:
    """Until when this parcel's silence is usual; news that came meanwhile are judged by the next sweep."""
    unchanged = _unchanged(silent).values(silence_due_at=due_at)
    await tx.execute(unchanged)


async def ask_about_silence(tx: AsyncSession, silent: Silent, phase: Phase, rule: str, now: datetime) -> bool:
    """Open the task about a stuck parcel, once for each time that it falls silent. False when news came meanwhile."""
    stuck = _unchanged(silent).values(stuck_since=now).returning(col(WaybillRow.number))
    row = (await tx.execute(stuck)).first()
    parcel = await tx.get(ParcelRow, silent.parcel_id)
    if row is None or parcel is None:
        return False
    hours = int((now - silent.since) / timedelta(hours=1))
    sentence = text(
        "task.parcel_stuck",
        carrier=text(f"carrier.{silent.carrier}"),
        number=row[0],
        phase=text(f"phase.{phase}"),
        hours=hours,
        rule=rule,
    )
    key = f"{silent.parcel_id}/stuck/{silent.since.isoformat()}"
    return await _open(tx, parcel, _Need(key, "parcel_stuck", sentence, for_silence(phase)))


async def gaps(tx: AsyncSession, since: datetime, limit: int) -> list[Gap]:
    """The gaps in the journeys of the last parcels that were heard of since a moment, of at most `limit` nodes."""
    numbers = (
        select(col(WaybillRow.number), col(WaybillRow.carrier))
        .where(WaybillRow.status == "live", col(WaybillRow.last_node_at) >= since)
        .order_by(col(WaybillRow.last_node_at).desc())
        .limit(limit)
        .subquery()
    )
    query = (
        select(numbers.c.carrier, TrackNodeRow.number, TrackNodeRow.at, TrackNodeRow.code)
        .join(numbers, numbers.c.number == col(TrackNodeRow.number))
        .order_by(col(TrackNodeRow.number), col(TrackNodeRow.at), col(TrackNodeRow.seq))
        .limit(limit)
    )
    rows = [tuple(row) for row in (await tx.execute(query)).all()]
    return list(_gaps(rows))


def _gaps(rows: Sequence[tuple[str, str, datetime, str]]) -> Iterator[Gap]:
    for (carrier, _), nodes in groupby(rows, key=lambda row: (row[0], row[1])):
        yield from journey_gaps(Carrier(carrier), ((at, code) for _, _, at, code in nodes))


async def alert_overdue(tx: AsyncSession, now: datetime) -> int:
    """Make alerts of tasks whose time is over. Returns how many."""
    overdue = (
        update(TaskRow)
        .where(col(TaskRow.closed_at).is_(None), col(TaskRow.due_at) <= now, col(TaskRow.severity) == "normal")
        .values(severity="alert")
        .returning(col(TaskRow.key))
    )
    return len((await tx.execute(overdue)).all())


async def close_parcel(tx: AsyncSession, parcel: ParcelRow) -> None:
    """The parcel goes nowhere: nothing about its journey is left to do."""
    await _close_but(tx, parcel, ())


async def close_tasks(tx: AsyncSession, order_id: str, by: str) -> None:
    """The order has ended: nothing about its parcels is left to do."""
    await tx.execute(
        update(TaskRow)
        .where(col(TaskRow.order_id) == order_id, col(TaskRow.kind).in_(_KINDS), col(TaskRow.closed_at).is_(None))
        .values(closed_at=utc_now(), closed_by=by)
    )


_KINDS = ("parcel_trouble", "parcel_stuck", "parcel_refused", "parcel_lost", "parcel_returned")


def _unchanged(silent: Silent) -> Update:
    """Its waybill, unless there were news since it was looked at."""
    return update(WaybillRow).where(
        col(WaybillRow.key) == silent.key,
        col(WaybillRow.status) == "live",
        func.coalesce(col(WaybillRow.last_node_code), "") == silent.code,
        or_(col(WaybillRow.last_node_at).is_(None), col(WaybillRow.last_node_at) == silent.since),
        col(WaybillRow.stuck_since).is_(None),
    )


async def _open(tx: AsyncSession, parcel: ParcelRow, need: _Need) -> bool:
    due, kept = utc_now() + need.proposal.within, need.proposal.as_json(parcel.parcel_id)
    return await open_task(tx, need.key, need.kind, need.sentence, order_id=parcel.order_id, due_at=due, proposal=kept)


async def _close_but(tx: AsyncSession, parcel: ParcelRow, wanted: Sequence[str]) -> None:
    """Whatever was asked about this parcel before is done, but what is asked now."""
    await tx.execute(
        update(TaskRow)
        .where(
            col(TaskRow.order_id) == parcel.order_id,
            col(TaskRow.kind).in_(_KINDS),
            col(TaskRow.key).startswith(f"{parcel.parcel_id}/", autoescape=True),
            col(TaskRow.key).not_in(wanted),
            col(TaskRow.closed_at).is_(None),
        )
        .values(closed_at=utc_now(), closed_by="tracker")
    )
