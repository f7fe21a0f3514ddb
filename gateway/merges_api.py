"""The staff API of merges 合单: which orders are packed together, and letting them go alone."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query

from domain.texts import text
from gateway.deps import Hub, UpdateRefused
from gateway.staff_api import Body, By, ByService, Words
from store import merges
from store.merges import Merge
from workflows.contracts import UndoMerge

router = APIRouter(prefix="/api/v1/staff/merges", tags=["staff"])


class Undo(Body):
    """Why its orders are to be packed alone."""

    why: Words


@router.get("")
async def listed(hub: Hub, by: By, limit: Annotated[int, Query(ge=1, le=500)] = 50) -> dict[str, Any]:
    """The last merges of several orders, the newest first."""
    async with hub.db.reading() as tx:
        return {"merges": [merges.facts(one) for one in await merges.newest(tx, limit)]}


@router.get("/{number}")
async def shown(number: int, hub: Hub, by: By) -> dict[str, Any]:
    """One merge; 404 when there is none."""
    return merges.facts(await _find(hub, number))


@router.post("/{number}/undo")
async def undo(number: int, wish: Undo, hub: Hub, by: ByService) -> dict[str, str]:
    """Let every order of a merge be packed alone. 409 in words once the warehouse has packed it."""
    merge = await _find(hub, number)
    outcome = await hub.orders.update(merge.row.leader, "undo_merge", UndoMerge(wish.why, by))
    if not outcome.done:
        raise UpdateRefused(outcome.text)
    return {"result": "done", "text": outcome.text}


async def _find(hub: Hub, number: int) -> Merge:
    async with hub.db.reading() as tx:
        merge = await merges.by_number(tx, number)
    if merge is None:
        raise HTTPException(404, text("merge.no_such", number=number))
    return merge
