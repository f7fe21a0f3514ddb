"""The staff API of pauses: what stands still for which slice, pausing one, and letting it go on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from fastapi import APIRouter, HTTPException
from pydantic import Field

from domain.clock import utc_now
from domain.pauses import Slice, slice_words
from domain.texts import text
from gateway.deps import Hub
from gateway.staff_api import Body, By, ByOperations, Words
from store import pauses

router = APIRouter(prefix="/api/v1/staff/pauses", tags=["staff"])


class Pause(Body):
    """A slice, why it is paused, and for how many minutes; left out: until somebody ends it."""

    kind: Slice
    name: Words
    why: Words
    minutes: int | None = Field(None, ge=1, le=525_600)


@router.get("")
async def listed(hub: Hub, by: By, every: bool = False) -> dict[str, Any]:
    """What is paused; with `every` the last that were."""
    async with hub.db.reading() as tx:
        return {"pauses": [pauses.as_json(row) for row in await pauses.listed(tx, every=every)]}


@router.post("")
async def add(wish: Pause, hub: Hub, by: ByOperations) -> dict[str, Any]:
    """Pause a slice; 409 when it is paused already."""
    now = utc_now()
    until = now + timedelta(minutes=wish.minutes) if wish.minutes else None
    async with hub.db.transaction() as tx:
        row = await pauses.begin(tx, wish.kind, wish.name, wish.why, by, now=now, until=until)
        if row is None:
            raise HTTPException(409, text("pause.already", what=slice_words(wish.kind, wish.name)))
        return {"result": "done", "pause": pauses.as_json(row)}


@router.post("/{number}/end")
async def end(number: int, hub: Hub, by: ByOperations) -> dict[str, Any]:
    """Let a slice go on; 404 when that pause is not open."""
    async with hub.db.transaction() as tx:
        if not await pauses.end(tx, number, by, utc_now()):
            raise HTTPException(404, text("pause.not_open", number=number))
    return {"result": "done", "text": text("pause.ended", number=number)}
