"""Asking channels what changed, beside whatever they push: a lost push, or a hub that was down, loses no order."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.contracts import PULL_CHANGES, PullAsk, Pulled
from activities.partners import answered
from connectors.errors import Rejected
from connectors.ports import Document, PullSource, Window
from domain.clock import utc_now
from domain.texts import text
from store import cursors, inbox, shops
from store.database import Database
from store.holds import close_task, open_task
from store.shops import ShopState
from store.tables import OrderRow

_ORDER_KINDS = frozenset({"order", "order_hint"})

_log = logging.getLogger("orderhub.pulling")

LAG = timedelta(seconds=5)
"""A platform's list is not asked about the last moments: its index may still be behind its orders."""


ASK_AGAIN = timedelta(minutes=10)
"""How long a shop that refused our credentials is left alone: it goes on by itself once they are good again."""


class PullSteps:
    """Changes of one shop, oldest first, window by window."""

    def __init__(self, db: Database, sources: Mapping[str, PullSource]) -> None:
        self._db = db
        self._sources = sources

    @activity.defn(name=PULL_CHANGES.name)
    async def pull_changes(self, ask: PullAsk) -> Pulled:
        """Pull until there is nothing left, or `pages` are read. Each page and the cursor move together."""
        source = self._sources.get(ask.source)
        if source is None or ask.shop not in source.shops or await self._rests(source, ask.shop):
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
                if error.type != "Misconfigured" or not await self._unauthorised(source, ask.shop, error.message):
                    raise
                return Pulled(pages, fresh, max(0, behind))
            async with self._db.transaction() as tx:
                if await shops.authorised_again(tx, source.channel, ask.shop):
                    await close_task(tx, _task_key(source, ask.shop), "orderhub")
                for document in page.documents:
                    fresh += await put_document(tx, document)
                await cursors.advance(tx, ask.source, ask.shop, at, page.next_page)
            pages += 1
            activity.heartbeat(pages, fresh, behind)

    async def _rests(self, source: PullSource, shop: str) -> bool:
        """Whether a shop is not asked now: a person paused it, or it refused our credentials a short while ago."""
        async with self._db.reading() as tx:
            kept = await shops.find(tx, source.channel, shop)
        if kept is None or kept.state is ShopState.ACTIVE:
            return False
        return kept.state is ShopState.PAUSED or utc_now() - kept.updated_at < ASK_AGAIN

    async def _unauthorised(self, source: PullSource, shop: str, why: str) -> bool:
        """A shop's orders cannot be read with our credentials: it rests, and a person is asked once.

        False where there is no account to rest, or only a further feed (refunds) is refused.
        """
        if source.feed != source.channel:
            return False
        async with self._db.transaction() as tx:
            if await shops.find(tx, source.channel, shop) is None:
                return False
            await shops.move(tx, source.channel, shop, to=ShopState.UNAUTHORISED, why=why)
            await shops.touch(tx, source.channel, shop)
            sentence = text("task.shop_unauthorised", channel=text(f"channel.{source.channel}"), shop=shop)
            await open_task(tx, _task_key(source, shop), "shop_unauthorised", sentence, alert=True)
        return True

    async def _refused(self, source: PullSource, shop: str, refused: Rejected) -> None:
        _log.error("a pull was refused", extra={"feed": source.feed, "shop": shop, "code": refused.code})
        key = f"pull_refused/{source.feed}/{shop}"
        async with self._db.transaction() as tx:
            await open_task(tx, key, "pull_refused", text("task.pull_refused", why=refused.operator_text), alert=True)


def _task_key(source: PullSource, shop: str) -> str:
    return f"shop_unauthorised/{source.channel}/{shop}"


async def put_document(tx: AsyncSession, document: Document) -> bool:
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
