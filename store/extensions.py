"""Fields of the merchant's own that came after their order, and the files that fields name."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from domain.clock import utc_now
from domain.extensions import FieldRule, Place, Scope, Supplied, Value, for_warehouse, named, with_supplied
from domain.golden import GoldenState, reached
from domain.holds import HoldReason
from domain.order import Order
from domain.review.fields import NO_FILE
from domain.texts import text
from store import flags, planning
from store.database import Database
from store.holds import keep_task
from store.orders import body, review_again
from store.tables import (
    DeliveryRow,
    FlagRow,
    KeptFileRow,
    MergeMemberRow,
    OrderEventRow,
    OrderRow,
    SuppliedFieldRow,
)
from store.upsert import insert_ignore

_TOLD, _ASKED = "told", "asked"
"""How a value came to a warehouse's people: in the instruction, or by a person."""


async def supplied(tx: AsyncSession, order_id: str) -> Supplied:
    """What was handed in for an order after it came."""
    query = select(SuppliedFieldRow).where(SuppliedFieldRow.order_id == order_id)
    query = query.order_by(col(SuppliedFieldRow.line_no), col(SuppliedFieldRow.key))
    rows = (await tx.execute(query)).scalars()
    return {(Place(Scope(row.scope), row.line_no), row.key): row.value for row in rows}


async def whole(tx: AsyncSession, order: Order) -> Order:
    """The order with what was handed in for it."""
    return with_supplied(order, await supplied(tx, order.order_id))


async def supply(
    tx: AsyncSession, row: OrderRow, values: Collection[Value], by: str, rules: Sequence[FieldRule]
) -> bool:
    """Keep values; an order that waits for some, or whose warehouse must be told of some, is reviewed again. False when
    all of them were there already.

    The caller has locked the order's row, and has seen to it that the values can be.
    """
    now, before = utc_now(), await supplied(tx, row.order_id)
    fresh = [value for value in values if before.get((value.place, value.key)) != value.value]
    if not fresh:
        return False
    for value in fresh:
        place = value.place
        key = (row.order_id, str(place.scope), place.line_no, value.key)
        kept = await tx.get(SuppliedFieldRow, key, with_for_update=True)
        if kept is None:
            kept = SuppliedFieldRow(
                order_id=row.order_id,
                scope=str(place.scope),
                line_no=place.line_no,
                key=value.key,
                value="",
                by="",
                at=now,
            )
        kept.value, kept.by, kept.at = value.value, by, now
        tx.add(kept)
    tx.add(
        OrderEventRow(
            order_id=row.order_id,
            step=f"fields/{now.isoformat()}",
            at=now,
            who=by,
            what="fields.supplied",
            why=", ".join(sorted(value.key for value in fresh))[:300],
            state_before=row.state,
            state_after=row.state,
        )
    )
    await tx.flush()
    # By what was found, and not by the hold: that is opened a moment later, in a transaction of its own.
    waits = _waiting().where(FlagRow.order_id == row.order_id)
    waiting = (await tx.execute(waits.limit(1))).first() is not None
    if row.closed_at is None and (waiting or (_to_warehouse(fresh, rules) and not _packed(row))):
        await review_again(tx, row)
    await ask_people(tx, row, rules)
    return True


def note_told(delivery: DeliveryRow, told: Iterable[tuple[str, Sequence[Value]]]) -> None:
    """An instruction tells its warehouse these fields of these orders. Given again under its code, it is what it was:
    a warehouse that has it already does not read it once more."""
    if delivery.fields is None:
        delivery.fields = {_place(of, one): [_digest(one), _TOLD] for of, values in told for one in values}


async def ask_people(tx: AsyncSession, row: OrderRow, rules: Sequence[FieldRule]) -> bool:
    """Have people tell a warehouse what it cannot be told any more, since it has packed: one task for an instruction.

    Whether anything was new: asked again, it changes nothing, be the task open or done. The caller has locked the
    order's row.
    """
    order = await whole(tx, await body(tx, row.order_id))
    if row.exit is not None or not for_warehouse(order, rules):
        return False
    shared = select(MergeMemberRow.code).where(MergeMemberRow.order_id == row.order_id, MergeMemberRow.code != "")
    mine = or_(col(DeliveryRow.order_id) == row.order_id, col(DeliveryRow.code).in_(shared))
    query = select(DeliveryRow).where(DeliveryRow.status == "packed", mine).order_by(col(DeliveryRow.code))
    found = False
    for delivery in (await tx.execute(query.with_for_update())).scalars():
        part = await planning.consignment(tx, row.order_id, delivery.consignment) if delivery.consignment else None
        lines = [str(line["line_no"]) for line in part.lines] if part is not None else None
        found |= await _ask(tx, delivery, row.order_id, for_warehouse(order, rules, lines), rules)
    return found


async def _ask(
    tx: AsyncSession, delivery: DeliveryRow, order_id: str, values: Sequence[Value], rules: Sequence[FieldRule]
) -> bool:
    if delivery.fields is None:
        return False
    known = delivery.fields
    fresh = [one for one in values if known.get(_place(order_id, one), [""])[0] != _digest(one)]
    if not fresh:
        return False
    delivery.fields = {**known, **{_place(order_id, one): [_digest(one), _ASKED] for one in fresh}}
    tx.add(delivery)
    asked = [one for one in values if delivery.fields[_place(order_id, one)][1] == _ASKED]
    names = "、".join(named(one, rules) for one in asked)
    words = text("task.fields_untold", code=delivery.code, fields=names)
    await keep_task(tx, f"{order_id}/fields/{delivery.n}", "fields_untold", words, order_id=order_id)
    return True


def _to_warehouse(values: Iterable[Value], rules: Sequence[FieldRule]) -> bool:
    told = {(rule.scope, rule.key) for rule in rules if rule.to_warehouse}
    return any((one.place.scope, one.key) in told for one in values)


def _packed(row: OrderRow) -> bool:
    return reached(GoldenState(row.state) if row.state else None, GoldenState.PACKED)


def _place(order_id: str, value: Value) -> str:
    return f"{order_id} {value.place.scope}/{value.place.line_no}/{value.key}"


def _digest(value: Value) -> str:
    return hashlib.sha256(value.value.encode()).hexdigest()[:16]


async def keep_file(tx: AsyncSession, name: str, media_type: str, content: bytes, by: str) -> str:
    """Keep a file. Returns its id; the same content has the same id, whoever hands it in."""
    file_id = hashlib.sha256(content).hexdigest()
    values = {"name": name, "media_type": media_type, "size": len(content), "content": content, "by": by}
    await insert_ignore(tx, KeptFileRow, {"file_id": file_id, "at": utc_now(), **values})
    return file_id


async def wake_for(db: Database, file_ids: Collection[str]) -> list[str]:
    """Have orders reviewed again that wait for one of these files. Returns them. Call it when the files are kept.

    A review that goes on meanwhile and did not see them calls it, too, once what it found is kept: one of the two finds
    both the file and the order that waits for it.
    """
    waits = _waiting().where(FlagRow.code == NO_FILE, col(FlagRow.about).in_([flags.digest(one) for one in file_ids]))
    async with db.reading() as tx:
        waiting = sorted(set((await tx.execute(waits)).scalars()))
    woken = []
    for order_id in waiting:
        async with db.transaction() as tx:
            row = await tx.get(OrderRow, order_id, with_for_update=True)
            stands = await tx.execute(waits.where(FlagRow.order_id == order_id).limit(1))
            if row is not None and row.closed_at is None and stands.first() is not None:
                await review_again(tx, row)
                woken.append(order_id)
    return woken


def _waiting() -> SelectOfScalar[str]:
    """Orders that lack fields or files, by what was found about them."""
    return select(FlagRow.order_id).where(FlagRow.hold == HoldReason.FIELDS_MISSING, col(FlagRow.gone_at).is_(None))


async def file(tx: AsyncSession, file_id: str) -> KeptFileRow | None:
    """A kept file."""
    return await tx.get(KeptFileRow, file_id)


async def files_lacking(tx: AsyncSession, file_ids: Collection[str]) -> list[str]:
    """Which of these were never handed in."""
    if not file_ids:
        return []
    here = select(KeptFileRow.file_id).where(col(KeptFileRow.file_id).in_(sorted(file_ids)))
    return sorted(set(file_ids) - set((await tx.execute(here)).scalars()))


async def order_of(tx: AsyncSession, order_id: str) -> Order | None:
    """The order as it stands, with everything that was handed in; None when there is none."""
    try:
        return await whole(tx, await body(tx, order_id))
    except LookupError:
        return None
