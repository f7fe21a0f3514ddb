"""The shops' authorisations: renewed ahead of time by one worker, and announced to a person before they end."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Protocol, runtime_checkable

from temporalio import activity

from activities import shop_state
from activities.contracts import RENEW_AUTHORISATIONS, Batch, Renewed
from connectors.errors import Misconfigured, PartnerError
from connectors.ports import Authorised, SalesChannel
from domain.clock import format_beijing, utc_now
from domain.order import Channel
from domain.texts import text
from store.database import Database
from store.holds import close_task, open_task

REMIND_BEFORE = timedelta(days=7)
"""How long before its end a person is asked to have an authorisation renewed, where we cannot do it."""


@runtime_checkable
class _Needs(Authorised, Protocol):
    """A channel that needs authorisations."""


class AuthorisationSteps:
    """Every few minutes, all shops."""

    def __init__(self, db: Database, channels: Mapping[Channel, SalesChannel]) -> None:
        self._db = db
        self._channels = channels

    @activity.defn(name=RENEW_AUTHORISATIONS.name)
    async def renew_authorisations(self, batch: Batch) -> Renewed:
        """Renew what is due. A shop that is refused rests, and keeps no other from being looked at."""
        looked, refused, ending = 0, 0, 0
        for channel in list(self._channels.values()):
            if not isinstance(channel, _Needs):
                continue
            for shop in list(channel.shops):
                if await shop_state.rests(self._db, channel.channel, shop):
                    continue
                looked += 1
                refused += not await self._renew(channel, shop)
                ending += await self._remind(channel, shop)
                activity.heartbeat(looked)
        return Renewed(looked, refused, ending)

    async def _renew(self, channel: Authorised, shop: str) -> bool:
        try:
            await channel.refresh(shop)
        except Misconfigured as error:
            await shop_state.refused(self._db, channel.channel, shop, error.operator_text)
            return False
        except PartnerError:
            return True  # the platform is away: the present token still serves, and the next turn comes
        async with self._db.transaction() as tx:
            await shop_state.accepted(tx, channel.channel, shop)
        return True

    async def _remind(self, channel: Authorised, shop: str) -> bool:
        until = await channel.authorised_until(shop)
        key = f"reauthorise/{channel.channel}/{shop}"
        async with self._db.transaction() as tx:
            if until is None or until - utc_now() > REMIND_BEFORE:
                await close_task(tx, key, "orderhub")
                return False
            name = text(f"channel.{channel.channel}")
            sentence = text("task.reauthorise", channel=name, shop=shop, until=format_beijing(until))
            await open_task(tx, key, "reauthorise", sentence, alert=True, again=True)
        return True
