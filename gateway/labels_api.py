"""The staff API of combined labels: what waits to be printed, and the sheets as PDF."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Query, Response

from domain.clock import utc_now
from domain.paper import Size
from domain.texts import text
from gateway.deps import Hub, UpdateRefused
from gateway.staff_api import Body, By, Line
from printing.desk import Ask, read_since

router = APIRouter(prefix="/api/v1/staff/labels", tags=["staff"])

SheetId = Annotated[str, Path(pattern=r"^[0-9A-Z-]{1,40}$")]


class Print(Body):
    """What is to be printed; `since` in Beijing time unless it names a zone, a day ago unless given."""

    size: Size = Size.SMALL
    warehouse: Line = ""
    since: Line = ""
    early: bool = False
    again: bool = False


@router.get("")
async def overview(
    hub: Hub, by: By, warehouse: Line = "", since: Annotated[str, Query(max_length=40)] = ""
) -> dict[str, Any]:
    """Groups that wait, parcels that must not ship, sheets, and what was taken off them."""
    return await hub.labels.overview(_since(since), warehouse)


@router.post("")
async def print_labels(wish: Print, hub: Hub, by: By) -> Response:
    """Print what is due. The PDF, and its sheets in the header; 204 when nothing is due."""
    ask = Ask(_since(wish.since), wish.size, wish.warehouse, wish.early, wish.again)
    printed = await hub.labels.print_labels(ask, by)
    if printed.pdf is None:
        return Response(status_code=204)
    return _pdf(printed.pdf, printed.sheets)


@router.get("/{sheet_id}")
async def reprint(sheet_id: SheetId, hub: Hub, by: By) -> Response:
    """A sheet again, as it was printed."""
    try:
        return _pdf(await hub.labels.reprint(sheet_id), [sheet_id])
    except LookupError:
        raise HTTPException(404, text("labels.no_such_sheet")) from None


@router.post("/{sheet_id}/withdraw")
async def withdraw(sheet_id: SheetId, hub: Hub, by: By) -> dict[str, Any]:
    """Take all parcels off a sheet, so that they are printed anew."""
    try:
        parcels = await hub.labels.withdraw(sheet_id, by)
    except LookupError:
        raise HTTPException(404, text("labels.no_such_sheet")) from None
    return {"result": "done", "parcels": parcels, "text": text("labels.withdrawn", sheet=sheet_id, count=parcels)}


def _since(words: str) -> datetime:
    try:
        return read_since(words, utc_now())
    except ValueError:
        raise UpdateRefused(text("labels.bad_since")) from None


def _pdf(content: bytes, sheets: list[str]) -> Response:
    headers = {"X-Label-Sheets": ",".join(sheets), "Cache-Control": "no-store"}
    return Response(content, media_type="application/pdf", headers=headers)
