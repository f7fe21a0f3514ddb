"""`orderhub gifts`."""

from __future__ import annotations

import getpass
import json
import sys

from domain.texts import text, use_language
from settings import Settings
from store.database import Database
from store.gifts_after import GiftStays, send_after
from store.steps import UnknownOrder

_REFUSED = 1


async def send(settings: Settings, order_id: str, line_no: str, why: str, *, as_json: bool) -> int:
    """Send a forgotten gift after, once however often it is asked for."""
    use_language(settings.language)
    db = Database(settings.database_url.get_secret_value())
    try:
        async with db.transaction() as tx:
            sent = await send_after(tx, order_id, line_no, getpass.getuser(), why)
    except UnknownOrder:
        return _refused(text("staff.no_such_order"))
    except GiftStays as stays:
        return _refused(str(stays))
    finally:
        await db.close()
    words = text("gift.sent_after", order=sent.order_id)
    print(json.dumps({"order_id": sent.order_id, "fresh": sent.fresh}) if as_json else words)  # noqa: T201
    return 0


def _refused(words: str) -> int:
    print(words, file=sys.stderr)  # noqa: T201
    return _REFUSED
