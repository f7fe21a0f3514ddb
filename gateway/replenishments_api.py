"""The staff API of procurement: what should be ordered, and that it was."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter, HTTPException, Response
from pydantic import AwareDatetime, Field

from domain.texts import text
from gateway.deps import Hub
from gateway.replenishment_sheet import sheet
from gateway.staff_api import Body, By, ByOperations
from store import replenishments, suggestions
from store.replenishments import NotOpen

router = APIRouter(prefix="/api/v1/staff/replenishments", tags=["staff"])

_MEDIA = {"csv": "text/csv; charset=utf-8", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


class Acceptance(Body):
    """How much is ordered, and when it will be here; what is left out is as it was suggested."""

    quantity: int | None = Field(None, ge=1, le=10_000_000)
    expected_at: AwareDatetime | None = None


@router.get("")
async def listed(hub: Hub, by: By, every: bool = False) -> dict[str, Any]:
    """The open suggestions; with `every` the closed ones too."""
    async with hub.db.reading() as tx:
        rows = await suggestions.listed(tx, every=every)
    return {"replenishments": [row.model_dump(mode="json") for row in rows]}


@router.get("/export")
async def export(hub: Hub, by: By, form: Literal["csv", "xlsx"] = "xlsx", every: bool = False) -> Response:
    """The same as a file."""
    async with hub.db.reading() as tx:
        rows = await suggestions.listed(tx, every=every)
        titles = await replenishments.titles(tx, {row.sku for row in rows})
    name = f'attachment; filename="replenishments.{form}"'
    content = sheet(rows, titles, xlsx=form == "xlsx")
    return Response(content, media_type=_MEDIA[form], headers={"Content-Disposition": name})


@router.post("/{number}/accept")
async def accept(number: int, wish: Acceptance, hub: Hub, by: ByOperations) -> dict[str, Any]:
    """It was ordered: a purchase is on its way. Accepted again, it is the same purchase."""
    try:
        async with hub.db.transaction() as tx:
            bought = await replenishments.accept(tx, number, by, quantity=wish.quantity, expected_at=wish.expected_at)
    except NotOpen:
        raise HTTPException(404, text("replenish.not_open", number=number)) from None
    return {"result": "done", "purchase": bought.model_dump(mode="json")}
