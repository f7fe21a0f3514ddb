"""Asking channels what changed, beside whatever they push: a lost push, or a hub that was down, loses no order."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.contracts import PULL_CHANGES, PullAsk, Pulled
from activities.partners import answered
from connectors.ports import Document, PullSource, Window
from domain.clock import utc_now
from store import cursors, inbox
from store.database import Database
from store.tables import OrderRow

_ORDER_KINDS = frozenset({"order", "order_hint"})

LAG = timedelta(seconds=5)
"""A platform's list is not asked about the last moments: its index may still be behind its orders."""


class PullSteps:
    """Changes of one shop, oldest first, window by window."""

    def __init__(self, db: Database, sources: Mapping[str, PullSource]) -> None:
        self._db = db
        self._sources = sources

    @activity.defn(name=PULL_CHANGES.name)
    async def pull_changes(self, ask: PullAsk) -> Pulled:
        """Pull until there is nothing left, or `pages` are read. Each page and the cursor move together."""
        source = self._sources[ask.source]
        pages = fresh = 0
        while True:
            now = utc_now() - LAG
            async with self._db.transaction() as tx:
                at = await cursors.reach(
                    tx,
                    ask.source,
                    ask.shop,
                    first=now - timedelta(seconds=ask.first_s),
                    longest=source.longest_window,
                    overlap=source.overlap,
                    now=now,
                )
            behind = int((now - at.until).total_seconds())
            if (at.page is None and behind <= 0) or pages >= ask.pages:
                return Pulled(pages, fresh, max(0, behind))
            async with answered(self._db, None):
                page = await source.pull(ask.shop, Window(at.start, at.end), at.page)
            async with self._db.transaction() as tx:
                for document in page.documents:
                    fresh += await _put(tx, document)
                await cursors.advance(tx, ask.source, ask.shop, at, page.next_page)
            pages += 1
            activity.heartbeat(pages, fresh, behind)


async def _put(tx: AsyncSession, document: Document) -> bool:
    """Into the inbox, unless the order is here in this version already (a push was quicker).

    Only order documents count by the order's version: a refund of it has one of its own.
    """
    if document.order_id is not None and document.kind in _ORDER_KINDS:
        row = await tx.get(OrderRow, document.order_id)
        if row is not None and row.version >= document.version:
            return False
    return await inbox.put(
        tx,
        inbox.Incoming(
            document.source,
            document.kind,
            document.document_id,
            document.version,
            document.body,
            document.order_id,
        ),
    )
