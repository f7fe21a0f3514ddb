"""Orders out of files, on their way into the inbox: what each of them would change, and keeping those that do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from connectors.files import FileOrder
from connectors.rest.documents import order_document
from domain.order import Order
from store import inbox
from store.orders import fingerprint
from store.tables import OrderRow


class Effect(StrEnum):
    """What an order out of a file changes."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    STALE = "stale"
    """Its version is older than what is here."""
    CONFLICT = "conflict"
    """Its version was here before with other content."""


@dataclass(frozen=True)
class Judged:
    """An order with its version, and what it changes."""

    order: Order
    found: FileOrder
    effect: Effect

    @property
    def counts(self) -> bool:
        """Whether it is to be kept."""
        return self.effect in {Effect.NEW, Effect.CHANGED}


async def judge(tx: AsyncSession, orders: Sequence[FileOrder], now: datetime) -> list[Judged]:
    """What each order would change, against what is in the inbox and in the store. Changes nothing.

    An order without a version of its own gets the time of the import, or one more than the newest that is here; with
    the content that is here already it changes nothing, so that the same file again does not either.
    """
    documents = {order_document(one.order).document_id: one for one in orders}
    source = order_document(orders[0].order).source if orders else ""
    newest = await inbox.newest(tx, source, list(documents))
    ids = [one.order.order_id for one in orders]
    query = select(OrderRow.order_id, OrderRow.version).where(col(OrderRow.order_id).in_(ids))
    stored = dict((await tx.execute(query)).tuples().all())
    stamp = int(now.timestamp() * 1000)
    judged = []
    for document_id, one in documents.items():
        known = newest.get(document_id)
        reached = max(known.version if known else -1, stored.get(one.order.order_id, -1))
        same = known is not None and known.version == reached and _same(known.body, one.order)
        if same and (not one.versioned or known is None or one.order.version == known.version):
            judged.append(Judged(one.order, one, Effect.UNCHANGED))
            continue
        order = one.order
        if not one.versioned:
            order = order.model_copy(update={"version": max(stamp, reached + 1)})
        judged.append(Judged(order, one, await _effect(tx, order, reached)))
    return judged


async def keep(tx: AsyncSession, judged: Sequence[Judged]) -> None:
    """Put the orders that change something into the inbox, as the REST API does."""
    await inbox.put_all(tx, [_incoming(one.order) for one in judged if one.counts])


async def _effect(tx: AsyncSession, order: Order, reached: int) -> Effect:
    if order.version > reached:
        return Effect.NEW if reached < 0 else Effect.CHANGED
    there = await inbox.body_of(tx, _incoming(order))
    if there is None:
        return Effect.STALE
    return Effect.UNCHANGED if there == _incoming(order).body else Effect.CONFLICT


def _incoming(order: Order) -> inbox.Incoming:
    document = order_document(order)
    return inbox.Incoming(
        document.source, document.kind, document.document_id, document.version, document.body, document.order_id
    )


def _same(body: str, order: Order) -> bool:
    """Whether a kept document says the same but for its version."""
    try:
        return fingerprint(Order.model_validate_json(body)) == fingerprint(order)
    except ValueError:
        return False
