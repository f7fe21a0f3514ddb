"""Asking channels what changed, beside whatever they push: a lost push, or a hub that was down, loses no order."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities import shop_state
from activities.contracts import PULL_CHANGES, PullAsk, Pulled
from activities.partners import answered
from connectors.errors import Rejected
from connectors.ports import Document, PullSource, Window
from domain.clock import utc_now
from domain.texts import text
from store import cursors, inbox
from store.database import Database
from store.holds import open_task
from store.tables import OrderRow

ORDER_KINDS = frozenset({"order", "order_hint"})
"""Documents that are an order, whose version is the order's; a refund of it has one of its own."""
_OF_AN_ORDER = ORDER_KINDS | {"refused_order"}
"""The same, and orders that are refused by rules which may be younger than they are."""

_log = logging.getLogger("orderhub.pulling")

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
        source = self._sources.get(ask.source)
        if source is None or ask.shop not in source.shops or await shop_state.rests(self._db, source.channel, ask.shop):
            return Pulled(0, 0, 0)
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
            try:
                async with answered(self._db, None):
                    page = await source.pull(ask.shop, Window(at.start, at.end), at.page)
            except Rejected as refused:
                # A no to a question that we put wrongly, again and again: only in sight does anybody mend it.
                await self._refused(source, ask.shop, refused)
                raise ApplicationError(str(refused), type="Rejected") from refused
            except ApplicationError as error:
                if pages and error.type != "Misconfigured":
                    # What came before it is safe: the next try goes on from there, and at once.
                    return Pulled(pages, fresh, max(1, behind))
                # A further feed (refunds) that we may not read leaves the shop's orders alone.
                if error.type != "Misconfigured" or "/" in source.feed:
                    raise
                if not await shop_state.refused(self._db, source.channel, ask.shop, error.message):
                    raise
                return Pulled(pages, fresh, max(0, behind))
            async with self._db.transaction() as tx:
                await shop_state.accepted(tx, source.channel, ask.shop)
                for document in page.documents:
                    fresh += await put_document(tx, document)
                await cursors.advance(tx, ask.source, ask.shop, at, page.next_page)
            pages += 1
            activity.heartbeat(pages, fresh, behind)

    async def _refused(self, source: PullSource, shop: str, refused: Rejected) -> None:
        _log.error("a pull was refused", extra={"feed": source.feed, "shop": shop, "code": refused.code})
        key = f"pull_refused/{source.feed}/{shop}"
        async with self._db.transaction() as tx:
            await open_task(tx, key, "pull_refused", text("task.pull_refused", why=refused.operator_text), alert=True)


async def put_document(tx: AsyncSession, document: Document) -> bool:
    """Into the inbox, unless the order is here in this version already (a push was quicker).

    Only order documents count by the order's version: a refund of it has one of its own.
    """
    if document.order_id is not None and document.kind in _OF_AN_ORDER:
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
