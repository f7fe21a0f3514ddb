"""The page behind the QR codes of a combined label: all parcels of its sheet, on the warehouse's phone.

The code in the address is the whole right to it, random, and good for some days. The page shows no more of a receiver
than the label does, and changes nothing.
"""

from __future__ import annotations

import re

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from console.pages import PageRoute, page
from console.sheet_view import sheet_view
from domain.clock import utc_now
from store import label_sheets
from store.database import Database

_CODE = re.compile(r"[a-z2-7]{24}")


class LabelPages:
    """GET `/l/{code}`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def router(self) -> APIRouter:
        """The page as a router, for the gateway's application."""
        router = APIRouter(prefix="/l", tags=["labels"], route_class=PageRoute)
        router.get("/{code}", response_class=HTMLResponse)(self.show)
        return router

    async def show(self, code: str) -> HTMLResponse:
        """The sheet that the code stands on."""
        if not _CODE.fullmatch(code):
            return page("label_notice.html", 404, kind="unknown")
        async with self._db.reading() as tx:
            found = await label_sheets.by_code(tx, code)
            if found is None:
                return page("label_notice.html", 404, kind="unknown")
            sheet, order_id = found
            if sheet.row.expires_at <= utc_now():
                return page("label_notice.html", 410, kind="expired")
            moved = [entry.item.parcel_id for entry in sheet.entries if entry.off_why]
            view = sheet_view(sheet, order_id, await label_sheets.sheets_of(tx, moved))
        return page("label.html", view=view)
