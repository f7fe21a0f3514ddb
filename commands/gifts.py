"""`orderhub gifts`."""

from __future__ import annotations

import getpass
import json

from commands.house import house, refuse
from domain.texts import text
from settings import Settings
from store.gifts_after import GiftStays, send_after
from store.steps import UnknownOrder


async def send(settings: Settings, order_id: str, line_no: str, why: str, *, as_json: bool) -> int:
    """Send a forgotten gift after, once however often it is asked for."""
    try:
        async with house(settings) as db, db.transaction() as tx:
            sent = await send_after(tx, order_id, line_no, getpass.getuser(), why)
    except UnknownOrder:
        return refuse(text("staff.no_such_order"))
    except GiftStays as stays:
        return refuse(str(stays))
    words = text("gift.sent_after", order=sent.order_id)
    print(json.dumps({"order_id": sent.order_id, "fresh": sent.fresh}) if as_json else words)  # noqa: T201
    return 0
