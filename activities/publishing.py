"""Telling channels how many pieces of each listing they may sell: only changes, each logged with how it came about."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities import shop_state
from activities.contracts import PUBLISH_STOCK, PublishAsk, Published
from activities.partners import answered
from connectors.errors import OutcomeUnknown, PartnerError, Rejected
from connectors.ports import SalesChannel, StockTaker
from domain.clock import utc_now
from domain.listing import Classed, StockFigure, last_slot, next_slot
from domain.order import Channel
from domain.texts import text
from rules.documents import BadRule
from rules.publishing import Publication, publication
from store import listings, shadows
from store.database import Database
from store.holds import close_task, keep_task
from store.listings import Wanted
from store.tables import ListingRow, PublishedRow

REFUSED_AGAIN = timedelta(minutes=10)
AWAY_AGAIN = timedelta(seconds=30)

_Shop = tuple[str, str]


class PublishSteps:
    """The only one who tells channels their stock."""

    def __init__(self, db: Database, channels: Mapping[Channel, SalesChannel]) -> None:
        self._db = db
        self._channels = channels

    @activity.defn(name=PUBLISH_STOCK.name)
    async def publish_stock(self, ask: PublishAsk) -> Published:
        """Look at the listings whose stock moved, and tell those whose turn has come another figure.

        A figure is the whole one, and is logged before it is told: after a lost answer, or a death, the listing is told
        anew. One shop that is away or refuses holds up no other.
        """
        async with self._db.transaction() as tx:
            await listings.mark_moved(tx, utc_now(), timedelta(seconds=ask.everything_s))
        looked = taken = not_taken = 0
        until = utc_now() + timedelta(seconds=ask.seconds)
        while utc_now() < until:  # what is left then is taken up by the next turn
            async with self._db.transaction() as tx:
                rows = await listings.due(tx, utc_now(), ask.batch)
                by_shop = await self._reckon(tx, rows)
            if not rows:
                break
            looked += len(rows)
            for ok, failed in await asyncio.gather(*(self._tell(shop, due) for shop, due in by_shop.items())):
                taken, not_taken = taken + ok, not_taken + failed
            activity.heartbeat(looked, taken)
        return Published(looked, taken, not_taken)

    async def _reckon(self, tx: AsyncSession, rows: Sequence[ListingRow]) -> Mapping[_Shop, list[Wanted]]:
        """What each listing must be told now, by shop. The rows are locked, and leased to us."""
        now = utc_now()
        described = await listings.classed(tx, {row.sku for row in rows})
        safety = {sku: pieces for sku, (_, pieces) in described.items()}
        figures = await listings.quantities(tx, {(row.sku, row.channel) for row in rows}, safety)
        due: dict[_Shop, list[Wanted]] = defaultdict(list)
        for row in rows:
            tx.add(row)
            if not isinstance(self._channels.get(Channel(row.channel)), StockTaker):
                await self._takes_none(tx, row, now)
                continue
            classed, _ = described.get(row.sku, (Classed(), 0))
            try:
                wanted = publication(row.channel, row.shop, row.sku, classed, figures[row.sku, row.channel])
            except (BadRule, LookupError) as error:
                await self._no_figure(tx, row, now, str(error))
                continue
            if not _turn(row, wanted, now):
                row.next_try_at = next_slot(wanted.times, now)
            elif row.pieces == wanted.pieces:
                row.stale, row.settled_at, row.next_try_at = False, now, None
            else:
                row.leased_until = now + listings.LEASE
                key = (row.channel, row.shop, row.item_id, row.sku_id)
                due[row.channel, row.shop].append(Wanted(key, wanted.pieces, wanted.inputs, wanted.rule, row.moves))
        return due

    async def _no_figure(self, tx: AsyncSession, row: ListingRow, now: datetime, why: str) -> None:
        row.trouble, row.next_try_at = why[:300], now + REFUSED_AGAIN
        sentence = text("task.stock_rule_broken", sku=row.sku, why=why)
        await keep_task(tx, _task_key(row), "stock_rule_broken", sentence, alert=True)

    async def _takes_none(self, tx: AsyncSession, row: ListingRow, now: datetime) -> None:
        """Nobody can tell this channel anything (or it is not configured now): said once, looked at again later."""
        row.trouble = text("task.stock_takes_none", channel=text(f"channel.{row.channel}"), shop=row.shop, sku=row.sku)
        row.next_try_at = now + REFUSED_AGAIN
        await keep_task(tx, _task_key(row), "stock_takes_none", row.trouble)

    async def _tell(self, shop: _Shop, due: Sequence[Wanted]) -> tuple[int, int]:
        """Tell one shop its figures, one after the other. How many it took, and how many not."""
        async with self._db.reading() as tx:
            in_shadow = await shadows.shop_is(tx, *shop)
        if in_shadow:  # the old system tells it
            await self._put_off(due, "the shop is in shadow")
            return 0, 0
        if await shop_state.rests(self._db, Channel(shop[0]), shop[1]):
            await self._put_off(due, "the shop rests")
            return 0, 0
        taken = 0
        for n, wanted in enumerate(due):
            trouble = await self._one(wanted)
            if trouble is None:
                taken += 1
            elif not isinstance(trouble, Rejected | OutcomeUnknown):
                # What stops one stops the others: they wait for the next turn.
                await self._put_off(due[n + 1 :], str(trouble))
                break
        return taken, len(due) - taken

    async def _one(self, wanted: Wanted) -> Exception | None:
        """Tell one figure. What went wrong, if anything."""
        channel = self._channels.get(Channel(wanted.key[0]))
        async with self._db.transaction() as tx:
            logged = await listings.asked(tx, wanted)
        if logged is None or not isinstance(channel, StockTaker):
            return None  # it was removed a moment ago
        try:
            async with answered(self._db, None):
                await channel.tell_stock(_figure(logged))
        except Rejected as refused:
            await self._refused(logged, refused)
            return refused
        except ApplicationError as error:
            cause = error.__cause__ if isinstance(error.__cause__, PartnerError) else error
            status = "unknown" if isinstance(cause, OutcomeUnknown) else "refused"
            async with self._db.transaction() as tx:
                await listings.not_taken(tx, logged, status, str(cause), utc_now() + AWAY_AGAIN)
            return cause
        async with self._db.transaction() as tx:
            await listings.taken(tx, logged, wanted.moves)
            await close_task(tx, _task_key(logged), "orderhub")
        return None

    async def _refused(self, logged: PublishedRow, refused: Rejected) -> None:
        """The channel says no: a person must look at the listing, and it is tried again later."""
        sentence = text(
            "task.stock_not_told",
            channel=text(f"channel.{logged.channel}"),
            shop=logged.shop,
            sku=logged.sku,
            listing=f"{logged.item_id}/{logged.sku_id}",
            pieces=logged.pieces,
            why=refused.operator_text,
        )
        async with self._db.transaction() as tx:
            await listings.not_taken(tx, logged, "refused", str(refused), utc_now() + REFUSED_AGAIN)
            await keep_task(tx, _task_key(logged), "stock_not_told", sentence)

    async def _put_off(self, due: Sequence[Wanted], why: str) -> None:
        async with self._db.transaction() as tx:
            await listings.put_off(tx, [wanted.key for wanted in due], utc_now() + AWAY_AGAIN, why)


def _turn(row: ListingRow, wanted: Publication, now: datetime) -> bool:
    """Whether a listing may be told something now. What is sold out is told at once, whatever its class: until then the
    channel sells what is not there."""
    slot = last_slot(wanted.times, now)
    sold_out = wanted.pieces == 0 and row.pieces != 0
    return slot is None or sold_out or row.settled_at is None or row.settled_at < slot


def _figure(logged: PublishedRow) -> StockFigure:
    key = f"stock/{logged.channel}/{logged.shop}/{logged.item_id}/{logged.sku_id}/{logged.n}"
    return StockFigure(
        Channel(logged.channel), logged.shop, logged.item_id, logged.sku_id, logged.sku, logged.pieces, key, logged.n
    )


def _task_key(row: ListingRow | PublishedRow) -> str:
    return f"stock_not_told/{row.channel}/{row.shop}/{row.item_id}/{row.sku_id}"
