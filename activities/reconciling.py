"""The nightly comparison: each channel's own list of a day's changes against ours. What was missed is taken in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta

from temporalio import activity

from activities.contracts import LIST_FEEDS, RECONCILE_SHOP, Batch, Feeds, ReconcileAsk, Reconciled
from activities.partners import answered
from activities.pulling import LAG, ORDER_KINDS, put_document
from connectors.ports import PullSource, Window
from domain.clock import BEIJING, utc_now
from store import reconciliations
from store.database import Database
from store.reconciliations import Findings, Standing


class ReconcileSteps:
    """Of channels that have a list; refunds are taken in by their own feed's overlap, or beside the orders."""

    def __init__(self, db: Database, sources: Mapping[str, PullSource]) -> None:
        self._db = db
        self._sources = sources

    @activity.defn(name=LIST_FEEDS.name)
    async def list_feeds(self, batch: Batch) -> Feeds:
        """Every shop of every list of orders."""
        lists = [source for source in self._sources.values() if "/" not in source.feed]
        return Feeds([[source.feed, shop] for source in lists for shop in source.shops])

    @activity.defn(name=RECONCILE_SHOP.name)
    async def reconcile_shop(self, ask: ReconcileAsk) -> Reconciled:
        """Compare a day of one shop. Running it again finds what it repaired as here, and keeps both in the report."""
        findings = await self.compare(ask, activity.heartbeat)
        return Reconciled(findings.listed, len(findings.orders[Standing.MISSING]), len(findings.orders[Standing.STALE]))

    async def compare(self, ask: ReconcileAsk, progress: Callable[[int], object]) -> Findings:
        """The comparison itself, without Temporal around it. `progress` is told how many orders were compared."""
        source, findings = self._sources[ask.feed], Findings()
        start = datetime.combine(date.fromisoformat(ask.day), datetime.min.time(), BEIJING)
        end = min(start + timedelta(days=1), utc_now() - LAG)
        seen: set[tuple[str, int]] = set()
        while start < end:
            window, page = Window(start, min(start + source.longest_window, end)), None
            while True:
                async with answered(self._db, None):
                    pulled = await source.pull(ask.shop, window, page)
                async with self._db.transaction() as tx:
                    for document in pulled.documents:
                        if document.order_id is None or document.kind not in ORDER_KINDS:
                            # Unreadable: it goes to quarantine, where it is seen. A refund: taken in if it was missed.
                            await put_document(tx, document)
                            continue
                        if (document.document_id, document.version) in seen:
                            continue
                        seen.add((document.document_id, document.version))
                        found = await reconciliations.standing(
                            tx, document.source, document.document_id, document.version, document.order_id
                        )
                        findings.add(document.order_id, found)
                        if found in (Standing.MISSING, Standing.STALE):
                            await put_document(tx, document)
                progress(findings.listed)
                page = pulled.next_page
                if page is None:
                    break
            start = window.end
        async with self._db.transaction() as tx:
            await reconciliations.keep(tx, ask.feed, ask.shop, ask.day, findings)
        return findings
