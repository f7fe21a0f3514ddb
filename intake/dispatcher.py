"""The dispatcher: documents out of the inbox, orders into Temporal.

Twelve loops, each alone able to go on when another waits: documents about living orders, order documents, starting new
orders in a small window, telling orders of newer revisions, waking those whose goods have come in, waking those that
were short of goods of which there are more now, telling merged orders of each other, telling orders that other people
may approve them now, reading documents again whose words have got a meaning, asking people about those that nobody can
read, having orders reviewed again that other rules might let go, and deciding orders of shops in shadow, which are
never started. Any number of processes may run it: claims are exclusive, starts and signals change nothing the second
time.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from temporalio.service import RPCError, RPCStatusCode

from connectors.errors import DocumentUnreadable, PartnerError
from connectors.ports import Document, PushSource
from domain.approvals import mark_of
from domain.clock import utc_now
from domain.ids import split_order_id
from domain.news import News, TrackNews
from domain.words import Word, known, unknown_in
from intake.apply import NotYet, apply
from intake.linking import Linker
from intake.orders import Orders
from intake.rereviews import Rereviews
from store import approvals, approvers, inbox, merges, orders, planning, quarantine, shops, shortages, words
from store.database import Database
from store.orders import Untold
from store.tables import InboxRow
from workflows.contracts import DocumentSignal

log = logging.getLogger("orderhub.intake")

ORDER_KINDS = ["order", "order_hint"]
_MAX_WAIT_S = 300.0
_PAUSED_LOOK_S = 30.0
"""How soon a document of a paused shop is looked at again."""
_PAUSED_FRESH_S = 1.0
"""How long it is not asked again which shops are paused."""
_WORDS_FRESH_S = 2.0
"""How often it is looked whether words that nobody knew mean something by now."""
_APPROVERS_FRESH_S = 2.0
"""How often it is looked whether other people may approve orders."""
_QUARANTINE_FRESH_S = 5.0
"""How often it is looked whether people must be asked about documents in quarantine."""
_SHORT_LOOK_S = 1.0
"""How often it is looked whether there is more of what orders are short of."""


Decide = Callable[[str, int], Awaitable[None]]
"""Decides a revision of an order that is in shadow, and keeps what would have been done; twice, it changes nothing."""


@dataclass(frozen=True)
class Pace:
    """How the dispatcher works: see `settings.IntakeSettings`."""

    start_window: int = 10
    batch: int = 50
    poll_s: float = 0.2
    lease_s: float = 60
    retry_s: float = 2
    max_attempts: int = 50


class Dispatcher:
    """Moves what the inbox holds to the orders that it is about."""

    def __init__(
        self,
        db: Database,
        sources: Mapping[str, PushSource],
        workflows: Orders,
        pace: Pace,
        linker: Linker | None = None,
        decide: Decide | None = None,
    ) -> None:
        self._db = db
        self._sources = sources
        self._workflows = workflows
        self._pace = pace
        self._linker = linker
        self._decide = decide
        self._paused_shops: set[tuple[str, str]] = set()
        self._paused_seen = float("-inf")
        self._words_seen = float("-inf")
        self._quarantine_seen = float("-inf")
        self._short_seen = float("-inf")
        self._approvers_seen = float("-inf")
        self._rereviews = Rereviews(db, pace.batch)

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            turns = (self.living_documents, self.order_documents, self.start_orders, self.tell_orders)
            more = (self.wake_orders, self.wake_short, self.wake_merged, self.tell_of_approvers, self.decide_shadows)
            for turn in (*turns, *more, self.heed_words, self.heed_quarantine, self._rereviews.turn):
                group.create_task(self._forever(turn))

    async def living_documents(self) -> int:
        """Take documents about living orders: they come first, and never wait behind new orders."""
        return await self._documents(kinds=None)

    async def order_documents(self) -> int:
        """Take order documents: the oldest, and a quarter of the latest while there are more than one turn takes."""
        return await self._documents(kinds=ORDER_KINDS)

    async def start_orders(self) -> int:
        """Start paid orders, a few at a time: a burst waits in the store and delays no living order."""
        async with self._db.reading() as tx:
            free = self._pace.start_window - await orders.count_in_flight(tx)
            waiting = await orders.to_start(tx, free) if free > 0 else []
        for order in waiting:
            try:
                await self._workflows.start(order)
            except RPCError as error:
                if error.status is RPCStatusCode.UNAVAILABLE:
                    raise
                # One that cannot be started must not hold up those behind it.
                log.error("an order cannot be started", extra={"order_id": order.order_id, "error": str(error)})
                continue
            async with self._db.transaction() as tx:
                await orders.mark_started(tx, order.order_id, order.revision)
        return len(waiting)

    async def tell_orders(self) -> int:
        """Tell orders of revisions that they do not know."""
        async with self._db.reading() as tx:
            untold = await orders.to_tell(tx, self._pace.batch)
        for order in untold:
            await self._tell(order)
        return len(untold)

    async def wake_orders(self) -> int:
        """Tell orders that the goods which they waited for have come in, whoever booked them."""
        async with self._db.reading() as tx:
            woken = await planning.arrived(tx, self._pace.batch)
        for order_id in woken:
            await self._workflows.signal(order_id, "goods_arrived")
            async with self._db.transaction() as tx:
                await planning.mark_told(tx, order_id)
        return len(woken)

    async def wake_merged(self) -> int:
        """Tell orders of what became of those that they are packed with. What it means they find in the store."""
        async with self._db.reading() as tx:
            untold = await merges.untold(tx, self._pace.batch)
        for one in untold:
            await self._workflows.signal(one.order_id, "merge_changed")
            async with self._db.transaction() as tx:
                await merges.mark_told(tx, one)
        return len(untold)

    async def tell_of_approvers(self) -> int:
        """Tell orders that wait for an approval when others may give it, or somebody is away or back. Whom that means
        they find in the store."""
        if time.monotonic() - self._approvers_seen < _APPROVERS_FRESH_S:
            return 0
        self._approvers_seen = time.monotonic()
        async with self._db.reading() as tx:
            roster = mark_of(await approvers.roster(tx), utc_now())
            untold = await approvals.untold_of_roster(tx, roster, self._pace.batch)
        for order_id in untold:
            await self._workflows.signal(order_id, "approvers_changed")
            async with self._db.transaction() as tx:
                await approvals.mark_told(tx, order_id, roster)
        if untold:
            self._approvers_seen = float("-inf")  # there may be more of them
        return len(untold)

    async def wake_short(self) -> int:
        """Tell orders that were short of goods that there are more by now: at most once a second, so that those who
        were told have taken theirs before others are told of the same goods."""
        if time.monotonic() - self._short_seen < _SHORT_LOOK_S:
            return 0
        self._short_seen = time.monotonic()
        async with self._db.reading() as tx:
            if not await shortages.any_short(tx):
                return 0
        async with self._db.transaction() as tx:
            looked = await shortages.look(tx, self._pace.batch)
        for order_id in looked.wake:
            await self._workflows.signal(order_id, "goods_arrived")
        async with self._db.transaction() as tx:
            await shortages.told(tx, looked)
        return len(looked.wake)

    async def heed_words(self) -> int:
        """Read the documents again that waited for the meaning of a word, once it has one."""
        if time.monotonic() - self._words_seen < _WORDS_FRESH_S:
            return 0
        self._words_seen = time.monotonic()
        async with self._db.reading() as tx:
            asked = await words.asked(tx)
        read_again = 0
        for word in asked:
            if known(word):
                async with self._db.transaction() as tx:
                    read_again += await words.learnt(tx, word)
        return read_again

    async def heed_quarantine(self) -> int:
        """Ask people about the documents that nobody can read, once for each shop and kind, until there are none."""
        if time.monotonic() - self._quarantine_seen < _QUARANTINE_FRESH_S:
            return 0
        self._quarantine_seen = time.monotonic()
        return await quarantine.heed(self._db)

    async def decide_shadows(self) -> int:
        """Decide orders of shops in shadow, one after the other: nobody waits for them."""
        if self._decide is None:
            return 0
        async with self._db.reading() as tx:
            undecided = await orders.to_decide(tx, self._pace.batch)
        for order in undecided:
            await self._decide(order.order_id, order.revision)
        return len(undecided)

    async def _tell(self, order: Untold) -> None:
        await self._workflows.signal(order.order_id, "document", DocumentSignal(order.revision))
        async with self._db.transaction() as tx:
            await orders.mark_signalled(tx, order.order_id, order.revision)

    async def _documents(self, kinds: list[str] | None) -> int:
        lease = timedelta(seconds=self._pace.lease_s)
        but_not = [] if kinds else ORDER_KINDS
        # While a backlog of hours is worked off, an order of this minute need not wait for all of it.
        latest = self._pace.batch // 4 if kinds else 0
        async with self._db.reading() as tx:
            if not await inbox.due(tx):
                return 0
        async with self._db.transaction() as tx:
            rows = await inbox.claim(tx, self._pace.batch - latest, lease, kinds=kinds, but_not=but_not)
            if latest and len(rows) == self._pace.batch - latest:
                rows += await inbox.claim(tx, latest, lease, kinds=kinds, latest_first=True)
        # Some ask their partner back: one that hangs must not hold up the others.
        await asyncio.gather(*(self._document(row) for row in rows))
        return len(rows)

    async def _document(self, row: InboxRow) -> None:
        if await self._paused(row):
            async with self._db.transaction() as tx:
                until = utc_now() + timedelta(seconds=_PAUSED_LOOK_S)
                await inbox.postpone(tx, row.seq or 0, until, "the shop is paused", tried=False)
            return
        try:
            news = await self._interpret(row)
            outcomes = [await apply(self._db, self._workflows, each, self._linker) for each in news]
        except DocumentUnreadable as error:
            await self._quarantine(row, error)
        except (PartnerError, NotYet) as error:
            await self._postpone(row, str(error))
        except Exception as error:
            log.exception("a document failed", extra={"seq": row.seq, "source": row.source})
            await self._postpone(row, f"{type(error).__name__}: {error}")
        else:
            outcome, word = ", ".join(outcomes) or "nothing", _unknown(news)
            await self._finish(row, words.outcome(word, outcome) if word is not None else outcome, quarantined=False)

    async def _paused(self, row: InboxRow) -> bool:
        """Whether a person paused the shop that a document comes from."""
        if time.monotonic() - self._paused_seen > _PAUSED_FRESH_S:
            async with self._db.reading() as tx:
                self._paused_shops = await shops.paused(tx)
            self._paused_seen = time.monotonic()
        if row.order_id is None or not self._paused_shops:
            return False
        # By the source and not by the channel: a mini-program's orders and payments come from two.
        return (row.source, split_order_id(row.order_id)[1]) in self._paused_shops

    async def _interpret(self, row: InboxRow) -> list[News]:
        source = self._sources.get(row.source)
        if source is None:
            raise NotYet(f"no partner {row.source} is configured")
        document = Document(row.source, row.kind, row.document_id, row.version, row.body, row.order_id)
        return list(await source.interpret(document))

    async def _quarantine(self, row: InboxRow, error: DocumentUnreadable) -> None:
        word = unknown_in(error)
        async with self._db.transaction() as tx:
            if word is not None:
                await words.keep(tx, word, 0)  # how often it came, the process itself counts
            outcome = words.outcome(word, error.reason) if word is not None else error.reason
            await inbox.finish(tx, row.seq or 0, outcome, quarantined=True)

    async def _finish(self, row: InboxRow, outcome: str, *, quarantined: bool) -> None:
        async with self._db.transaction() as tx:
            await inbox.finish(tx, row.seq or 0, outcome, quarantined=quarantined)

    async def _postpone(self, row: InboxRow, why: str) -> None:
        if row.attempts >= self._pace.max_attempts:
            await self._finish(row, f"given up after {row.attempts} tries: {why}", quarantined=True)
            return
        wait = min(self._pace.retry_s * 2 ** min(row.attempts - 1, 10), _MAX_WAIT_S)
        async with self._db.transaction() as tx:
            await inbox.postpone(tx, row.seq or 0, utc_now() + timedelta(seconds=wait), why)

    async def _forever(self, turn: Callable[[], Awaitable[int]]) -> None:
        while True:
            try:
                moved = await turn()
            except Exception as error:
                # The database or Temporal is away: nothing is lost, it all waits in the store.
                log.warning("intake waits", extra={"turn": turn.__name__, "error": f"{type(error).__name__}: {error}"})
                moved = 0
                await asyncio.sleep(1.0)
            if not moved:
                await asyncio.sleep(self._pace.poll_s)


def _unknown(news: list[News]) -> Word | None:
    """The word that a parcel's newest news are, and that means nothing yet."""
    newest = [each.report.newest for each in news if isinstance(each, TrackNews)]
    return next((node.unknown for node in newest if node is not None and node.unknown is not None), None)
