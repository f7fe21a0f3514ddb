"""`orderhub authorise`."""

from __future__ import annotations

import getpass
import sys

from commands.house import NO_SUCH, house, refuse
from connectors.errors import PartnerError
from runtime.client import key_ring
from runtime.partners import open_partners
from runtime.shops import ShopKeeper
from settings import Settings
from store import shops
from store.holds import close_task


async def main(settings: Settings, channel: str, shop: str, code: str) -> int:
    """Turn the code of a shop owner's consent into tokens, and keep them sealed."""
    try:
        async with house(settings) as db, open_partners(settings, db) as outside:
            await ShopKeeper(settings, db, key_ring(settings.encryption), outside).look()
            authorise = outside.authorise.get(channel)
            if authorise is None:
                known = ", ".join(sorted(outside.authorise)) or "none is configured"
                words = f"{channel} takes no consent codes, or is not configured; there are: {known}"
                return refuse(words, NO_SUCH)
            authorised = await authorise(shop, code)
            async with db.transaction() as tx:
                if await shops.authorised_again(tx, channel, authorised):
                    await close_task(tx, f"shop_unauthorised/{channel}/{authorised}", getpass.getuser())
    except PartnerError as error:
        return refuse(error.operator_text)
    print(f"shop {authorised} of {channel} is authorised", file=sys.stderr)  # noqa: T201
    return 0
