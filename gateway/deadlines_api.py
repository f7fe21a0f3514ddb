"""The staff API of deadlines: how the orders stand in each stage, which are late, and how long stages take."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query

from domain.clock import utc_now
from gateway.deps import Hub
from gateway.staff_api import By
from store.deadline_report import report

router = APIRouter(prefix="/api/v1/staff/sla", tags=["staff"])


@router.get("")
async def sla(
    hub: Hub,
    by: By,
    days: Annotated[int, Query(ge=1, le=90)] = 7,
    limit: Annotated[int, Query(ge=0, le=1000)] = 50,
) -> dict[str, Any]:
    """The same as `orderhub sla --json`."""
    async with hub.db.reading() as tx:
        return await report(tx, utc_now(), timedelta(days=days), limit)
