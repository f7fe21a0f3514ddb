"""`orderhub authorise`."""

from __future__ import annotations

import getpass
import sys

from connectors.errors import PartnerError
from runtime.client import key_ring
from runtime.partners import build_partners
from runtime.shops import ShopKeeper
from settings import Settings
from store import shops
from store.database import Database
from store.holds import close_task


async def main(settings: Settings, channel: str, shop: str, code: str) -> int:
    """Turn the code of a shop owner's consent into tokens, and keep them sealed."""
    db = Database(settings.database_url.get_secret_value())
    outside = build_partners(settings, db)
    try:
        await ShopKeeper(settings, db, key_ring(settings.encryption), outside).look()
        authorise = outside.authorise.get(channel)
        if authorise is None:
            known = ", ".join(sorted(outside.authorise)) or "none is configured"
            print(f"{channel} takes no consent codes, or is not configured; there are: {known}", file=sys.stderr)  # noqa: T201
            return 2
        authorised = await authorise(shop, code)
        async with db.transaction() as tx:
            if await shops.authorised_again(tx, channel, authorised):
                await close_task(tx, f"shop_unauthorised/{channel}/{authorised}", getpass.getuser())
        print(f"shop {authorised} of {channel} is authorised", file=sys.stderr)  # noqa: T201
    except PartnerError as error:
        print(error.operator_text, file=sys.stderr)  # noqa: T201
        return 1
    finally:
        await outside.close()
        await db.close()
    return 0
