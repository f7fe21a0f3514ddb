"""Everything that the checks look at, loaded once."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from pydantic import ValidationError
from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel, col, select

from audit.books import BookOrder, Books, BookWaybill
from audit.facts import (
    BodyFact,
    ConsignmentFact,
    CreditFact,
    DeliveryFact,
    GiftFact,
    HoldFact,
    InterceptionFact,
    MemberFact,
    NotificationFact,
    OrderFact,
    ParcelFact,
    ReservationFact,
    WaybillFact,
    body_fact,
)
from domain.ids import order_id
from domain.order import Order
from domain.shipping import Provider
from store.database import Database
from store.tables import (
    ConsignmentRow,
    CreditCheckRow,
    DeliveryRow,
    GiftRow,
    HoldRow,
    InterceptionRow,
    MergeMemberRow,
    NotificationRow,
    OrderEventRow,
    OrderRow,
    OrderVersionRow,
    ParcelRow,
    ReservationRow,
    ShadowOrderRow,
    WaybillRow,
)

ROWS_AT_ONCE = 1_000
"""How many rows of a large table are in memory at a time."""

T = TypeVar("T")


class _OfOrder(Protocol):
    @property
    def order_id(self) -> str: ...


F = TypeVar("F", bound=_OfOrder)


@dataclass(frozen=True)
class Evidence:
    """The store at one moment, and the books as they were shortly before.

    The books are read first. So what is in them must be in the store, always; the other way round it must be only when
    nothing moves any more: such comparisons use `final_books`.
    """

    db: Database
    settled: bool
    books: Books | None
    orders: Mapping[str, OrderFact]
    bodies: Mapping[str, list[BodyFact]]
    """By order, oldest first."""
    unreadable: list[tuple[str, int]]
    """Order and revision of bodies that are no orders."""
    reservations: Mapping[str, list[ReservationFact]]
    consignments: Mapping[str, list[ConsignmentFact]]
    deliveries: Mapping[str, list[DeliveryFact]]
    members: Mapping[str, MemberFact]
    """What is or was in a merge, by order."""
    parcels: Mapping[str, list[ParcelFact]]
    gifts: Mapping[str, list[GiftFact]]
    waybills: list[WaybillFact]
    interceptions: list[InterceptionFact]
    credit: list[CreditFact]
    holds: list[HoldFact]
    notifications: list[NotificationFact]
    shown_by_other: frozenset[str]
    """Parcels whose channel shows another parcel's number for what is in them, by the audit trail."""
    cancelled_by_person: frozenset[str]
    """Orders that a person of ours cancelled, by the audit trail."""
    book_orders: Mapping[str, BookOrder]
    """The channels' orders by our order id."""
    shadows: Mapping[str, int]
    """Orders that an old system works on, with the newest revision that was decided (0: none)."""

    @property
    def final_books(self) -> Books | None:
        """The books, when everything is at its end; None while orders still move."""
        return self.books if self.settled else None

    @property
    def waybills_by_key(self) -> dict[str, WaybillFact]:
        """Every waybill ever asked for."""
        return {waybill.key: waybill for waybill in self.waybills}

    def tellable_waybills(self) -> dict[str, list[WaybillFact]]:
        """What channels may have been told of, by order: live waybills, and those that were void after that, since a
        refund stopped their parcels."""
        called_off = {wish.number for wish in self.interceptions if wish.how == "void"}
        return _by_order(
            w for w in self.waybills if w.status == "live" or (w.status == "void" and w.number in called_off)
        )

    def waybills_in_books(self) -> list[tuple[Provider, BookWaybill]]:
        """Every waybill that somebody gave out, and who."""
        books = self.books.waybills() if self.books else {}
        return [(provider, entry) for provider, entries in books.items() for entry in entries]

    def body_at(self, oid: str, revision: int) -> BodyFact | None:
        """An order's body at one revision."""
        return next((body for body in self.bodies.get(oid, []) if body.revision == revision), None)

    def packed_body(self, oid: str) -> BodyFact | None:
        """What the warehouse packed: the body that its instruction was made of, the newest where there is none."""
        for delivery in self.deliveries.get(oid, []):
            if delivery.status == "packed":
                return self.body_at(oid, delivery.revision)
        member = self.members.get(oid)
        if member is not None and member.state == "packed":
            return self.body_at(oid, member.revision)
        bodies = self.bodies.get(oid)
        return bodies[-1] if bodies else None

    def told_together(self, code: str) -> list[MemberFact]:
        """The orders of a merge whose goods stand in an instruction, in the order in which they joined."""
        return sorted((one for one in self.members.values() if one.code == code), key=lambda one: one.n)

    def packed_by(self, oid: str) -> list[DeliveryFact]:
        """The instructions by which an order is packed, in a merge that of another order."""
        member = self.members.get(oid)
        rows = [row for row in self.deliveries.get(oid, []) if row.status == "packed"]
        if member is not None and member.state == "packed":
            others = {one.order_id for one in self.told_together(member.code)} - {oid}
            rows += [row for other in others for row in self.deliveries.get(other, []) if row.code == member.code]
        return rows

    def in_parts(self, oid: str) -> list[ConsignmentFact]:
        """The consignments of an order whose parts each had an instruction of their own; none of any other order."""
        told = any(row.consignment for row in self.deliveries.get(oid, []))
        return sorted(self.consignments.get(oid, []), key=lambda one: one.n) if told else []

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[AsyncSession]:
        """The store at one moment, for what is too large to load."""
        async with _snapshot(self.db) as tx:
            yield tx


async def gather(db: Database, books: Books | None, *, settled: bool) -> Evidence:
    """Load everything; see Evidence for why the books must have been read before."""
    async with _snapshot(db) as tx:
        bodies, unreadable = await _bodies(tx)
        return Evidence(
            db=db,
            settled=settled,
            books=books,
            orders={order.order_id: order for order in await _facts(tx, OrderRow, OrderFact)},
            bodies=bodies,
            unreadable=unreadable,
            reservations=_by_order(await _facts(tx, ReservationRow, ReservationFact)),
            consignments=_by_order(await _facts(tx, ConsignmentRow, ConsignmentFact)),
            deliveries=_by_order(await _facts(tx, DeliveryRow, DeliveryFact)),
            members={one.order_id: one for one in await _facts(tx, MergeMemberRow, MemberFact)},
            parcels=_by_order(await _facts(tx, ParcelRow, ParcelFact)),
            gifts=_by_order(await _facts(tx, GiftRow, GiftFact)),
            waybills=await _facts(tx, WaybillRow, WaybillFact),
            interceptions=await _facts(tx, InterceptionRow, InterceptionFact),
            credit=await _facts(tx, CreditCheckRow, CreditFact),
            holds=await _facts(tx, HoldRow, HoldFact),
            notifications=await _facts(tx, NotificationRow, NotificationFact),
            shown_by_other=await _shown_by_other(tx),
            cancelled_by_person=await _cancelled_by_person(tx),
            book_orders=_book_orders(books),
            shadows=await _shadows(tx),
        )


async def stream(tx: AsyncSession, statement: Select[Any]) -> AsyncIterator[Any]:
    """The rows of a large result, a page of them in memory at a time."""
    async for row in await tx.stream(statement, execution_options={"yield_per": ROWS_AT_ONCE}):
        yield row


@asynccontextmanager
async def _snapshot(db: Database) -> AsyncIterator[AsyncSession]:
    async with db.reading(snapshot=True) as tx:
        yield tx


async def _facts(tx: AsyncSession, table: type[SQLModel], fact: type[T]) -> list[T]:
    columns = [getattr(table, field.name) for field in dataclasses.fields(fact)]  # type: ignore[arg-type]
    return [fact(*row) async for row in stream(tx, select(*columns))]


async def _shown_by_other(tx: AsyncSession) -> frozenset[str]:
    event = OrderEventRow
    statement = select(event.step).where(event.what == "channel.shows_other")
    return frozenset([step.removeprefix("told/") async for (step,) in stream(tx, statement)])


async def _cancelled_by_person(tx: AsyncSession) -> frozenset[str]:
    event = OrderEventRow
    statement = select(event.order_id, event.who).where(event.what == "order.cancelled")
    return frozenset([oid async for oid, who in stream(tx, statement) if not who.startswith(("channel", "orderhub"))])


async def _shadows(tx: AsyncSession) -> dict[str, int]:
    row = ShadowOrderRow
    return {oid: decided async for oid, decided in stream(tx, select(row.order_id, row.decided_revision))}


async def _bodies(tx: AsyncSession) -> tuple[dict[str, list[BodyFact]], list[tuple[str, int]]]:
    row = OrderVersionRow
    statement = select(row.order_id, row.revision, row.origin, row.body)
    bodies: defaultdict[str, list[BodyFact]] = defaultdict(list)
    unreadable: list[tuple[str, int]] = []
    async for oid, revision, origin, body in stream(tx, statement.order_by(col(row.order_id), col(row.revision))):
        try:
            bodies[oid].append(body_fact(Order.model_validate(body), revision, origin))
        except ValidationError:
            unreadable.append((oid, revision))
    return dict(bodies), unreadable


def _by_order(facts: Iterable[F]) -> dict[str, list[F]]:
    grouped: defaultdict[str, list[F]] = defaultdict(list)
    for fact in facts:
        grouped[fact.order_id].append(fact)
    return dict(grouped)


def _book_orders(books: Books | None) -> dict[str, BookOrder]:
    if books is None:
        return {}
    return {
        order_id(channel, order.shop, order.order_no): order
        for channel, book in books.channels().items()
        for order in book.orders
    }
