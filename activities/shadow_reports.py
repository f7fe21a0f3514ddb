"""The daily comparison of what an old system did with what we would have done."""

from __future__ import annotations

from temporalio import activity

from activities.contracts import COMPARE_SHADOWS, ShadowAsk, ShadowCompared
from domain.clock import utc_now
from domain.shadow import DIFFERENCES, PlanKind
from store import shadow_reports
from store.database import Database


class ShadowSteps:
    """Reads, and keeps the reports of days that may still change."""

    def __init__(self, db: Database) -> None:
        self._db = db

    @activity.defn(name=COMPARE_SHADOWS.name)
    async def compare_shadows(self, ask: ShadowAsk) -> ShadowCompared:
        """Compare anew. What is in shadow nowhere costs two look-ups a day."""
        made = await shadow_reports.make(self._db, ask.days, utc_now(), activity.heartbeat)
        counts = [row.counts for row in made]
        differ = sum(row.get(kind, 0) for row in counts for kind in (*DIFFERENCES, PlanKind.MOVED))
        return ShadowCompared(len(made), sum(row["orders"] for row in counts), differ)
