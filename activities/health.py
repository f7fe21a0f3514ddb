"""Watching over partners' interfaces: an alert for each that is not well, closed again by itself."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.contracts import WATCH_PARTNERS, PartnersSeen, PartnerWatch
from domain.clock import utc_now
from domain.partner_health import LONG, SHORT, Health, Rule, Verdict, judge, percent, together, worst
from domain.texts import partner_name, text
from store import partner_calls
from store.database import Database
from store.partner_alerts import close_alert, open_alert, open_alerts

_log = logging.getLogger("orderhub.partners")


class HealthSteps:
    """The judge of all partners."""

    def __init__(self, db: Database, rule: Rule) -> None:
        self._db = db
        self._rule = rule

    @activity.defn(name=WATCH_PARTNERS.name)
    async def watch_partners(self, _: PartnerWatch) -> PartnersSeen:
        """Judge every partner that was called, has a line, or has an alert. Sums up old counts, drops the oldest."""
        now = utc_now()
        async with self._db.reading() as tx:
            calls = await partner_calls.healths(tx, now - SHORT)
            verdicts = await self._verdicts(tx, calls, now)
        ill = sorted(name for name, verdict in verdicts.items() if verdict is Verdict.ILL)
        well = sorted(name for name, verdict in verdicts.items() if verdict is Verdict.WELL)
        async with self._db.transaction() as tx:
            opened = [name for name in ill if await open_alert(tx, name, self._sentence(name, calls.get(name, {})))]
            closed = [name for name in well if await close_alert(tx, name, "orderhub")]
        async with self._db.transaction() as tx:
            await partner_calls.purge(tx, now)
            await partner_calls.sum_up(tx, now)
        if opened:
            _log.warning("partners are not well", extra={"partners": opened})
        if closed:
            _log.info("partners are well again", extra={"partners": closed})
        return PartnersSeen(ill, opened, closed)

    async def _verdicts(
        self, tx: AsyncSession, calls: Mapping[str, Mapping[str, Health]], now: datetime
    ) -> dict[str, Verdict]:
        lines = await partner_calls.lines(tx, now)
        alerts = await open_alerts(tx)
        called = await partner_calls.tried(tx, now - LONG) if alerts else set()
        return {
            name: judge(
                self._rule,
                together(calls.get(name, {}).values()),
                lines.get(name, []),
                now,
                quiet=name not in called,
            )
            for name in {*calls, *lines, *alerts}
        }

    def _sentence(self, name: str, operations: Mapping[str, Health]) -> str:
        seen = together(operations.values())
        facts = {
            "partner": partner_name(name),
            "calls": seen.tried,
            "failed": seen.failed,
            "operation": worst(operations) or "-",
        }
        if self._rule.ill(seen):
            return text("task.partner_unhealthy", rate=percent(seen.success_percent), **facts)
        return text("task.partner_breaker", **facts)
