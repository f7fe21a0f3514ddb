"""The staff API of what runs beside an old system: which slices only watch, the daily comparison, and its orders."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query

from domain.clock import BEIJING, utc_now
from domain.shadow import Kind, Slice, in_force, slice_of
from domain.texts import text
from gateway.deps import Hub
from gateway.staff_api import Body, By, ByOperations, Words
from store import shadow_reports, shadows
from store.shadow_reports import order_facts, report_facts

router = APIRouter(prefix="/api/v1/staff/shadows", tags=["staff"])

Days = Annotated[int, Query(ge=1, le=366)]


class Wish(Body):
    """Which slice (`douyin`, `douyin/88`, `warehouse/HZ`), and why."""

    slice: Words
    why: Words


@router.get("")
async def listed(hub: Hub, by: By) -> dict[str, Any]:
    """Every slice that was ever switched, as it is now, and the whole history."""
    async with hub.db.reading() as tx:
        history = await shadows.history(tx)
        slices = [
            {**shadows.switch_facts(one), **shadows.standing_facts(await shadows.standing(tx, one.slice))}
            for one in in_force(history)
        ]
    return {"slices": slices, "history": [shadows.switch_facts(one) for one in history]}


@router.post("/on")
async def on(wish: Wish, hub: Hub, by: ByOperations) -> dict[str, Any]:
    """Let a slice only watch from now on. Asked again, it changes nothing."""
    return await _switch(hub, wish, by, on=True)


@router.post("/off")
async def off(wish: Wish, hub: Hub, by: ByOperations) -> dict[str, Any]:
    """Switch a slice over: what is placed from now on is ours. Asked again, it changes nothing."""
    return await _switch(hub, wish, by, on=False)


@router.get("/report")
async def report(hub: Hub, by: By, days: Days = 14, of: str = "") -> dict[str, Any]:
    """The comparison as it was kept last, by day and slice."""
    since = utc_now().astimezone(BEIJING).date() - timedelta(days=days - 1)
    only = _slice(of) if of else None
    async with hub.db.reading() as tx:
        return {"reports": [report_facts(row) for row in await shadow_reports.kept(tx, since, only)]}


@router.get("/orders")
async def orders(
    hub: Hub,
    by: By,
    kind: Kind,
    days: Days = 14,
    of: str = "",
    after: str = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> dict[str, Any]:
    """The orders of one kind of outcome, a page of them; `after` of the answer asks for the next one."""
    now = utc_now()
    since = now.astimezone(BEIJING).date() - timedelta(days=days - 1)
    only = _slice(of) if of else None
    try:
        found, more = await shadow_reports.of_kind(hub.db, kind, since, now, of=only, after=after, limit=limit)
    except ValueError:
        raise HTTPException(422, text("staff.invalid")) from None
    return {"orders": [order_facts(one) for one in found], "after": more}


async def _switch(hub: Hub, wish: Wish, by: str, *, on: bool) -> dict[str, Any]:
    wanted = _slice(wish.slice)
    async with hub.db.transaction() as tx:
        moved = await shadows.switch(tx, wanted, on, by, wish.why, hub.warehouse)
        standing = await shadows.standing(tx, wanted)
    if moved is None:
        raise HTTPException(404, text("shadow.no_warehouse", code=wanted.name))
    said = "\n".join(shadows.switched(wanted, on, moved, standing))
    return {"result": "done", "changed": moved, "text": said, **shadows.standing_facts(standing)}


def _slice(typed: str) -> Slice:
    try:
        return slice_of(typed)
    except ValueError:
        raise HTTPException(422, text("shadow.no_slice", typed=typed)) from None
