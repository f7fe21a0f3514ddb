"""Looking after articles with a safety stock: below it an alert, a suggestion to order, or a sale that pauses."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.contracts import WATCH_SAFETY, SafetyAsk, SafetySeen
from activities.review import ordered
from domain.clock import BEIJING, utc_now
from domain.replenishment import LONGEST, Standing, Suggestion, suggest
from domain.texts import text
from rules.documents import BadRule
from rules.replenishing import policy
from store import orders, replenishments, suggestions
from store.database import Database
from store.holds import close_task, keep_task
from store.replenishments import Watched
from store.suggestions import BELOW_SAFETY, SHORTAGE

_log = logging.getLogger("orderhub.replenishing")

WINDOW_DAYS = 56
"""Eight weeks: enough of each weekday for a median, little enough to follow the season."""

MOST_WAITING = 1000
"""So many orders that wait for stock are looked at, the longest waiting first."""


class ReplenishSteps:
    """Whoever watches the safety stock."""

    def __init__(self, db: Database, warehouse: str) -> None:
        self._db = db
        self._warehouse = warehouse

    @activity.defn(name=WATCH_SAFETY.name)
    async def watch_safety(self, ask: SafetyAsk) -> SafetySeen:
        """Judge every article that has a safety stock, and every one that orders wait for; open what is needed, close
        what is needed no more."""
        today = utc_now().astimezone(BEIJING).date()
        async with self._db.reading() as tx:
            skus = await replenishments.safe_guarded(tx)
            waiting = await self._waiting(tx)
            asked_for = await suggestions.open_for(tx, SHORTAGE)
        short = suggested = 0
        for start in range(0, len(skus), ask.batch):
            async with self._db.transaction() as tx:
                articles = await replenishments.watched(tx, skus[start : start + ask.batch])
                wanting = [article.sku for article in articles if article.short]
                sold = await replenishments.sales(tx, wanting, today, WINDOW_DAYS)
                for article in articles:
                    short += article.short
                    suggested += await self._judge(tx, article, sold.get(article.sku, ()), today)
            activity.heartbeat(start)
        async with self._db.transaction() as tx:
            suggested += await self._shortages(tx, waiting, asked_for, today)
        return SafetySeen(len(skus), short, suggested)

    async def _waiting(self, tx: AsyncSession) -> Counter[str]:
        """What the orders want that cannot lock their stock."""
        wanted: Counter[str] = Counter()
        for order_id in await replenishments.waiting_orders(tx, MOST_WAITING):
            wanted.update(ordered(await orders.body(tx, order_id)))
        return wanted

    async def _shortages(self, tx: AsyncSession, waiting: Counter[str], asked_for: set[str], today: date) -> int:
        """Suggest what waiting orders want and nobody has or brings. How many articles that are."""
        found = 0
        articles = await replenishments.watched(tx, set(waiting) | asked_for)
        sold = await replenishments.sales(tx, [article.sku for article in articles], today, WINDOW_DAYS)
        for article in articles:
            wanted, standing = waiting[article.sku], article.standing
            missing = wanted - max(0, standing.free) - sum(standing.coming.values())
            if missing < 1:
                await suggestions.drop(tx, article.sku, self._warehouse, SHORTAGE)
                continue
            # What waits is gone already: the forecast comes on top of it.
            left = Standing(0, standing.safety, {})
            try:
                forecast = suggest(sold[article.sku], today, left, policy(article.sku, article.abc))
            except (BadRule, LookupError):
                _log.exception("no terms of replenishment", extra={"sku": article.sku})
                continue
            facts = {**facts_of(article, forecast), "waiting": wanted}
            quantity = missing + forecast.quantity
            row = await suggestions.keep(tx, article.sku, self._warehouse, quantity, SHORTAGE, facts)
            why = text("replenish.why_short", waiting=wanted, free=standing.free, out=_out(forecast.out_days))
            words = text("task.replenish", sku=article.sku, warehouse=self._warehouse, count=row.quantity, why=why)
            await keep_task(tx, suggestions.task_key(self._warehouse, article.sku), "replenish", words)
            found += 1
        return found

    async def _judge(self, tx: AsyncSession, article: Watched, sold: Sequence[int], today: date) -> bool:
        """Whether a suggestion is open for the article then."""
        key = f"below_safety/{article.sku}"
        if not article.short:
            await close_task(tx, key, "orderhub")
            await suggestions.drop(tx, article.sku, self._warehouse, BELOW_SAFETY)
            return False
        free, safety = article.standing.free, article.standing.safety
        pauses = text("task.below_safety_paused") if article.below_safety == "pause" else ""
        sentence = text("task.below_safety", sku=article.sku, free=free, safety=safety, pauses=pauses)
        await keep_task(tx, key, BELOW_SAFETY, sentence, alert=True)
        if article.below_safety == "alert":
            return False
        try:
            found = suggest(sold, today, article.standing, policy(article.sku, article.abc))
        except (BadRule, LookupError):
            _log.exception("no terms of replenishment", extra={"sku": article.sku})
            return False
        if not found.quantity:  # enough is on its way
            await suggestions.drop(tx, article.sku, self._warehouse, BELOW_SAFETY)
            return False
        facts = facts_of(article, found)
        row = await suggestions.keep(tx, article.sku, self._warehouse, found.quantity, BELOW_SAFETY, facts)
        why = text("replenish.why", free=free, safety=safety, lasts=_days(found.lasts), out=_out(found.out_days))
        words = text("task.replenish", sku=article.sku, warehouse=self._warehouse, count=row.quantity, why=why)
        await keep_task(tx, suggestions.task_key(self._warehouse, article.sku), "replenish", words)
        return True


def _out(days: int) -> str:
    """How long there will be none although it is ordered now."""
    return text("replenish.out", days=days) if days else text("replenish.not_out")


def facts_of(article: Watched, found: Suggestion) -> Mapping[str, Any]:
    """What a suggestion was reckoned from, as it is kept: whole numbers, and fractions as text."""
    turnover = found.turnover_days(article.on_hand)
    return {
        "free": article.standing.free,
        "on_hand": article.on_hand,
        "safety": article.standing.safety,
        "coming": sum(article.standing.coming.values()),
        "sold": found.sold,
        "window_days": found.window,
        "sold_per_day": decimals(found.sold, found.window or 1),
        "turnover_days": None if turnover is None else decimals(turnover.numerator, turnover.denominator),
        "forecast": decimals(found.forecast.numerator, found.forecast.denominator),
        "lasts_days": found.lasts,
        "out_days": found.out_days,
        "lead_days": found.policy.lead_days,
        "cover_days": found.policy.cover_days,
        "factor_percent": found.policy.factor_percent,
        "rule": found.policy.rule,
    }


def decimals(numerator: int, denominator: int) -> str:
    """A fraction that is not negative, with two decimals, rounded half up."""
    hundredths = (200 * numerator + denominator) // (2 * denominator)
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def _days(lasts: int) -> str:
    return f"> {LONGEST}" if lasts >= LONGEST else str(lasts)
