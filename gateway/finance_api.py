"""The staff API of finance's export."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from domain.finance import BadPeriod, Sheet, period
from domain.order import Channel
from domain.texts import text
from gateway.deps import Hub
from gateway.finance_books import export, files_of
from gateway.staff_api import ByFinance
from rules.fields import definitions

router = APIRouter(prefix="/api/v1/staff/finance", tags=["staff"])

_MEDIA = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}
_one_at_a_time = asyncio.Lock()


class Form(StrEnum):
    """How an export is wanted."""

    XLSX = "xlsx"
    CSV = "csv"


@router.get("/export")
async def exported(
    hub: Hub,
    by: ByFinance,
    since: Annotated[str, Query(alias="from")],
    until: Annotated[str, Query(alias="to")],
    channel: Channel | None = None,
    shop: Annotated[str, Query(max_length=128)] = "",
    form: Annotated[Form, Query(alias="format")] = Form.XLSX,
    sheet: Sheet = Sheet.LINES,
) -> FileResponse:
    """A period's books, from the day `from` up to the day `to`, which is not in it: as XLSX, or one `sheet` as CSV.

    422 when that is no period, 429 while another export is being made.
    """
    try:
        of = period(since, until, channel or "", shop)
    except BadPeriod as bad:
        raise HTTPException(422, str(bad)) from None
    if _one_at_a_time.locked():
        raise HTTPException(429, text("finance.busy"), {"Retry-After": "30"})
    folder = Path(tempfile.mkdtemp(prefix="orderhub-finance-"))
    out = folder / f"finance_{since}_{until}.{form}"
    try:
        async with _one_at_a_time:
            await export(hub.db, of, definitions(), out)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    file = files_of(out)[sheet]
    gone = BackgroundTask(shutil.rmtree, folder, ignore_errors=True)
    return FileResponse(file, media_type=_MEDIA[form], filename=file.name, background=gone)
