"""Orders: taking documents in, and reading the body back."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import and_, col, func, or_, select

from domain.amounts import adds_up, recalculated
from domain.clock import utc_now
from domain.gifts import with_house_gifts
from domain.golden import GoldenState, reached
from domain.ids import order_id as make_order_id
from domain.order import Channel, ChannelStatus, Order, Receiver
from domain.pauses import Slice
from domain.refund import Refund, with_refunds
from store import deadlines, gifts, pauses, shadows
from store.plain import ask, columns
from store.tables import (
    OrderEventRow,
    OrderRow,
    OrderVersionRow,
    ParcelRow,
    PauseRow,
    RefundRow,
    ShadowOrderRow,
    WithdrawnOrderRow,
)
from store.upsert import insert_ignore

LOCKED_QUIETLY = timedelta(minutes=10)
"""How long an order that its channel locks before it ever began is not worth a person's look."""

HEALING = "healing"
"""Who made a revision in which something was mended."""

GIFTS = "gifts"
"""Who made a revision with gifts that promotions give."""

AGAIN = "review"
"""Who made a revision that says the same: so that the order is reviewed again."""

CHANNEL = "channel"
"""Who made a revision that is the channel's own document."""

SUPPLIED = "declaration"
"""Who made a revision that says the same, after somebody supplied what its declaration lacked."""

_UNDER_WAY = frozenset({ChannelStatus.SHIPPED, ChannelStatus.FINISHED})


class Taken(StrEnum):
    """What an order document changed."""

    NEW = "new"
    NEWER = "newer"
    DUPLICATE = "duplicate"
    STALE = "stale"


class PaidForLess(ValueError):
    """A document without a payment of its own asks for another amount than what was paid for the order."""


def fingerprint(order: Order) -> str:
    """A digest of the order's content without its version: equal content gives equal digests."""
    return hashlib.sha256(order.model_dump_json(exclude={"version"}).encode()).hexdigest()


async def take(tx: AsyncSession, order: Order) -> Taken:
    """Keep a channel's document of an order; the newest version wins.

    The same version with other content counts as newer: some platforms do not move their clock for every change, and
    the connector read the content only now. An order that is paid stays so, whatever a document says that knows of no
    payment (a mini-program's own: WeChat Pay tells of the money). Raises PaidForLess when that document's amount is
    not what was paid.
    """
    now = utc_now()
    row = await tx.get(OrderRow, order.order_id, with_for_update=True)
    if (row is None or row.status == ChannelStatus.CANCELLED) and await _withdrawn(tx, order.order_id):
        order = order.model_copy(update={"status": ChannelStatus.CANCELLED})
    if row is None:
        row = OrderRow(
            order_id=order.order_id,
            channel=order.channel,
            shop=order.shop,
            channel_order_no=order.channel_order_no,
            version=order.version,
            revision=1,
            status=order.status,
            amount_fen=order.amounts.paid_fen,
            encrypted=order.encrypted,
            customer_id=order.customer.external_id,
            placed_at=order.placed_at,
            paid_at=order.paid_at,
            updated_at=now,
        )
        tx.add(row)
        await tx.flush()
        _keep_body(tx, row, order, CHANNEL)
        if not await shadows.claim(tx, order):
            await gifts.promise(tx, order)
        return Taken.NEW
    if order.version < row.version:
        return Taken.STALE
    if order.status is ChannelStatus.UNPAID and row.paid_at is not None:
        order = await _as_paid(tx, order)
    if order.status in _UNDER_WAY and (await _leaves(tx, row) or await shadows.is_shadow(tx, row.order_id)):
        # The echo of our own write-back, or what the old system did: nothing that the order's workflow must be told, or
        # that is to be decided anew (platforms even blank the receiver then).
        row.version, row.status, row.updated_at = order.version, order.status, now
        tx.add(row)
        await shadows.heard(tx, row.order_id, row.status)
        return Taken.DUPLICATE
    if _same_content(await sent_body(tx, order.order_id), order):
        row.version = max(row.version, order.version)
        return Taken.DUPLICATE
    row.version = order.version
    row.revision += 1
    row.status = order.status
    row.amount_fen = order.amounts.paid_fen
    row.paid_at = row.paid_at or order.paid_at
    row.updated_at = now
    tx.add(row)
    _keep_body(tx, row, order, CHANNEL)
    await shadows.heard(tx, row.order_id, row.status)
    tx.add(
        OrderEventRow(
            order_id=order.order_id,
            step=f"document/{row.revision}",
            at=now,
            who=f"channel:{order.channel}",
            what="document.newer",
            why=f"version {order.version}, {order.status}",
            state_before=row.state,
            state_after=row.state,
        )
    )
    await tx.flush()
    await deadlines.look_again(tx, order.order_id, now)
    await gifts.follow(tx, order)
    await apply_refunds(tx, row, f"refunds/{row.revision}")
    return Taken.NEWER


async def _leaves(tx: AsyncSession, row: OrderRow) -> bool:
    """Whether the order is packed, or a part of it has left: its channel knows the number of a parcel."""
    if reached(GoldenState(row.state) if row.state else None, GoldenState.PACKED):
        return True
    told = select(ParcelRow.parcel_id).where(ParcelRow.order_id == row.order_id, col(ParcelRow.told_at).is_not(None))
    return (await tx.execute(told.limit(1))).first() is not None


async def _as_paid(tx: AsyncSession, order: Order) -> Order:
    """A document that knows of no payment, with the payment that its order has."""
    paid = await sent_body(tx, order.order_id)
    if paid is None or paid.paid_at is None:
        return order
    due, came = order.amounts.paid_fen, paid.amounts.paid_fen
    if due != came:
        raise PaidForLess(f"asks for {due} fen, and {came} fen were paid")
    return order.model_copy(update={"status": paid.status, "paid_at": paid.paid_at})


async def withdraw(tx: AsyncSession, order_id: str, why: str) -> None:
    """An order is cancelled that is not here: should it come, it comes cancelled. Again, it changes nothing."""
    await insert_ignore(tx, WithdrawnOrderRow, {"order_id": order_id, "why": why, "at": utc_now()})


async def _withdrawn(tx: AsyncSession, order_id: str) -> bool:
    return await tx.get(WithdrawnOrderRow, order_id) is not None


async def apply_refunds(tx: AsyncSession, row: OrderRow, step: str) -> bool:
    """Keep a new revision in which the order's refunds are taken into account. False when they change nothing.

    The channel's own body stays as it was sent, and with it what is compared with the next document. What has left has
    left: a refund does not change it any more.
    """
    if reached(GoldenState(row.state) if row.state else None, GoldenState.WAYBILL_RETURNED):
        return False
    if row.status in _UNDER_WAY and await shadows.is_shadow(tx, row.order_id):
        return False
    bodies = (await tx.execute(select(RefundRow.body).where(RefundRow.order_id == row.order_id))).scalars()
    refunds = [Refund.model_validate(kept) for kept in bodies]
    bought = await sent_body(tx, row.order_id)
    if not refunds or bought is None:
        return False
    present = await body(tx, row.order_id)
    # Money that did not add up and was mended must not go wrong again by what is paid back.
    bought = bought if adds_up(bought) else recalculated(bought) or bought
    order = with_refunds(bought.model_copy(update={"receiver": present.receiver}), refunds)
    order = with_house_gifts(order, present.lines)
    if _same_content(present, order):
        return False
    row.revision += 1
    row.status = order.status
    row.amount_fen = order.amounts.paid_fen
    row.updated_at = utc_now()
    tx.add(row)
    _keep_body(tx, row, order, "refund")
    await shadows.heard(tx, row.order_id, row.status)
    tx.add(
        OrderEventRow(
            order_id=row.order_id,
            step=step,
            at=utc_now(),
            who=f"channel:{row.channel}",
            what="refunds.applied",
            why=f"{len(refunds)} refunds, {order.status}, pending: {order.refund_pending}",
            state_before=row.state,
            state_after=row.state,
        )
    )
    await tx.flush()
    await deadlines.look_again(tx, row.order_id, utc_now())
    await gifts.follow(tx, order)
    return True


async def replace_receiver(tx: AsyncSession, row: OrderRow, receiver: Receiver, origin: str) -> int:
    """Keep a new revision of the body with another receiver. Returns the revision."""
    order = (await body(tx, row.order_id)).model_copy(update={"receiver": receiver})
    return await replace(tx, row, order, origin)


async def replace(tx: AsyncSession, row: OrderRow, order: Order, origin: str) -> int:
    """Keep a new revision of the body that `origin` made. Returns the revision."""
    row.revision += 1
    tx.add(row)
    _keep_body(tx, row, order, origin)
    await deadlines.look_again(tx, row.order_id, utc_now())
    return row.revision


async def find(tx: AsyncSession, channel: Channel, shop: str, channel_order_no: str) -> Order | None:
    """The newest body of an order by its channel's number; None when it is not here (yet)."""
    try:
        return await body(tx, make_order_id(channel, shop, channel_order_no))
    except (LookupError, ValueError):
        return None


@dataclass(frozen=True)
class Kept:
    """An order's body at one revision, and who made it."""

    order: Order
    origin: str


_BODIES = columns(OrderVersionRow)
# Built once: that costs more than asking them.
_OF_ORDER = sa.select(_BODIES.c.body, _BODIES.c.origin).where(_BODIES.c.order_id == sa.bindparam("order_id"))
_NEWEST = _OF_ORDER.order_by(_BODIES.c.revision.desc()).limit(1)
_AT_REVISION = _OF_ORDER.where(_BODIES.c.revision == sa.bindparam("revision"))
_NEWEST_SENT = _OF_ORDER.where(_BODIES.c.origin == CHANNEL).order_by(_BODIES.c.revision.desc()).limit(1)


async def kept(tx: AsyncSession, order_id: str, revision: int | None = None) -> Kept:
    """An order's body at one revision (the newest unless told), and who made it. Raises LookupError."""
    asked, values = (_NEWEST, {}) if revision is None else (_AT_REVISION, {"revision": revision})
    found = (await ask(tx, asked, {"order_id": order_id, **values})).one_or_none()
    if found is None:
        raise LookupError(f"no body of {order_id}")
    return Kept(Order.model_validate(found.body), found.origin)


async def body(tx: AsyncSession, order_id: str, revision: int | None = None) -> Order:
    """An order's body at one revision (the newest unless told). Raises LookupError."""
    return (await kept(tx, order_id, revision)).order


async def origin(tx: AsyncSession, order_id: str, revision: int) -> str:
    """Who made a revision. Raises LookupError."""
    query = select(OrderVersionRow.origin).where(
        OrderVersionRow.order_id == order_id, OrderVersionRow.revision == revision
    )
    found: str | None = (await tx.execute(query)).scalar_one_or_none()
    if found is None:
        raise LookupError(f"no revision {revision} of {order_id}")
    return found


def ours(origin: str) -> bool:
    """Whether a revision is there only so that its order is reviewed again."""
    return origin == AGAIN or origin.startswith(f"{SUPPLIED}/")


async def review_again(tx: AsyncSession, row: OrderRow) -> int:
    """Have an order reviewed once more, though its channel says nothing new. Returns the revision that is reviewed."""
    revision = await replace(tx, row, await body(tx, row.order_id), AGAIN)
    row.updated_at = utc_now()
    await tx.flush()
    return revision


async def body_at(tx: AsyncSession, order_id: str, at: datetime) -> Order:
    """An order's body as it was at a moment; the first one when that is before any. Raises LookupError."""
    query = select(OrderVersionRow).where(OrderVersionRow.order_id == order_id, OrderVersionRow.at <= at)
    query = query.order_by(col(OrderVersionRow.revision).desc()).limit(1)
    found = (await tx.execute(query)).scalar_one_or_none()
    return Order.model_validate(found.body) if found is not None else await body(tx, order_id, 1)


async def newest(tx: AsyncSession, count: int) -> list[Order]:
    """The newest body of the orders that were placed last, the last one first."""
    ids = select(OrderRow.order_id, OrderRow.revision).order_by(col(OrderRow.placed_at).desc()).limit(count).subquery()
    query = (
        select(OrderVersionRow)
        .join(ids, and_(ids.c.order_id == OrderVersionRow.order_id, ids.c.revision == OrderVersionRow.revision))
        .join(OrderRow, col(OrderRow.order_id) == col(OrderVersionRow.order_id))
        .order_by(col(OrderRow.placed_at).desc(), col(OrderRow.order_id))
    )
    return [Order.model_validate(row.body) for row in (await tx.execute(query)).scalars()]


@dataclass(frozen=True)
class Untold:
    """An order whose workflow must be started, or told of a newer revision."""

    order_id: str
    revision: int
    channel: str
    shop: str
    amount_fen: int


async def to_start(tx: AsyncSession, limit: int) -> list[Untold]:
    """Paid orders without a workflow, the longest waiting first; none that was withdrawn before it came.

    A quarter of them are the latest instead: while a backlog of hours is worked off, who orders now need not wait for
    all of it. What the channel locks at first (a risk review of seconds on every order) is not begun; what stays
    locked is, so that its hold is in sight. Those of a channel that is paused wait here.
    """
    query = select(OrderRow).where(
        col(OrderRow.started_at).is_(None),
        _to_begin(),
        ~select(ShadowOrderRow.order_id).where(ShadowOrderRow.order_id == OrderRow.order_id).exists(),
        # Read here as well as when an order is taken in: the two may have happened at the same moment.
        ~select(WithdrawnOrderRow.order_id).where(WithdrawnOrderRow.order_id == OrderRow.order_id).exists(),
        ~select(PauseRow.n)
        .where(pauses.in_force(utc_now()), PauseRow.kind == Slice.CHANNEL, PauseRow.name == OrderRow.channel)
        .exists(),
    )
    latest = limit // 4
    rows = list((await tx.execute(query.order_by(col(OrderRow.updated_at)).limit(limit - latest))).scalars())
    if latest and len(rows) == limit - latest:
        here = [row.order_id for row in rows]
        rest = query.where(col(OrderRow.order_id).not_in(here)).order_by(col(OrderRow.paid_at).desc()).limit(latest)
        rows += (await tx.execute(rest)).scalars()
    return [_untold(row) for row in rows]


def _to_begin() -> ColumnElement[bool]:
    """Paid, and not locked by its channel for a moment only."""
    locked_long = and_(
        col(OrderRow.status) == ChannelStatus.LOCKED, col(OrderRow.updated_at) < utc_now() - LOCKED_QUIETLY
    )
    return and_(col(OrderRow.paid_at).is_not(None), or_(col(OrderRow.status) == ChannelStatus.PAID, locked_long))


async def to_decide(tx: AsyncSession, limit: int) -> list[Untold]:
    """Orders of an old system's whose newest revision was not decided, the longest waiting first."""
    query = (
        select(OrderRow)
        .join(ShadowOrderRow, col(ShadowOrderRow.order_id) == col(OrderRow.order_id))
        .where(
            col(ShadowOrderRow.to_decide), _to_begin(), col(OrderRow.revision) > col(ShadowOrderRow.decided_revision)
        )
    )
    rows = (await tx.execute(query.order_by(col(OrderRow.updated_at)).limit(limit))).scalars()
    return [_untold(row) for row in rows]


async def to_tell(tx: AsyncSession, limit: int) -> list[Untold]:
    """Living orders whose workflow does not know of their newest revision."""
    query = select(OrderRow).where(
        col(OrderRow.started_at).is_not(None),
        col(OrderRow.closed_at).is_(None),
        col(OrderRow.revision) > col(OrderRow.signalled_revision),
    )
    rows = (await tx.execute(query.order_by(col(OrderRow.updated_at)).limit(limit))).scalars()
    return [_untold(row) for row in rows]


def _untold(row: OrderRow) -> Untold:
    return Untold(row.order_id, row.revision, row.channel, row.shop, row.amount_fen)


async def mark_started(tx: AsyncSession, order_id: str, revision: int) -> None:
    """Note that the order's workflow runs and knows everything up to `revision`."""
    row = await tx.get(OrderRow, order_id, with_for_update=True)
    if row is not None:
        note_started(tx, row, revision)


def note_started(tx: AsyncSession, row: OrderRow, revision: int) -> None:
    """The same, of an order whose row the caller has locked."""
    if row.started_at is None:
        row.started_at = utc_now()
        row.in_flight = row.state is None or row.state in {"PAID", "RISK_PASSED"}
        row.signalled_revision = max(row.signalled_revision, revision)
        tx.add(row)


async def mark_signalled(tx: AsyncSession, order_id: str, revision: int) -> None:
    """Note that the order's workflow was told of `revision`."""
    row = await tx.get(OrderRow, order_id, with_for_update=True)
    if row is not None:
        row.signalled_revision = max(row.signalled_revision, revision)
        tx.add(row)


async def count_in_flight(tx: AsyncSession) -> int:
    """How many orders were started and have not come to their first wait."""
    return int((await tx.execute(select(func.count()).where(col(OrderRow.in_flight)))).scalar_one())


def _keep_body(tx: AsyncSession, row: OrderRow, order: Order, origin: str) -> None:
    tx.add(
        OrderVersionRow(
            order_id=order.order_id,
            revision=row.revision,
            version=order.version,
            fingerprint=fingerprint(order),
            body=order.model_dump(mode="json"),
            origin=origin,
            at=utc_now(),
        )
    )


async def sent_body(tx: AsyncSession, order_id: str) -> Order | None:
    """The newest body as the channel sent it."""
    found = (await ask(tx, _NEWEST_SENT, {"order_id": order_id})).one_or_none()
    return None if found is None else Order.model_validate(found.body)


def _same_content(kept: Order | None, order: Order) -> bool:
    """Whether a kept body says the same. Read anew and not by its kept fingerprint, which knew fewer fields."""
    return kept is not None and fingerprint(kept) == fingerprint(order)
