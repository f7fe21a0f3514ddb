"""The tracker behind Kuaidiniao's HTTP door."""

from __future__ import annotations

from connectors.kdniao.requests import signed_form, waybill_data
from connectors.kdniao.responses import read_subscription, read_tracking
from connectors.kdniao.settings import KdniaoSettings
from connectors.transport import Line
from domain.clock import utc_now
from domain.shipping import Carrier, TrackReport

_FORM = {"Content-Type": "application/x-www-form-urlencoded;charset=utf-8"}


class KdniaoTracker:
    """Port `Tracker`. `phone_tail` is the last four digits of the receiver's phone; SF and ZTO tell nothing without."""

    def __init__(self, settings: KdniaoSettings) -> None:
        self._settings = settings
        self._line = Line("kdniao", settings.base_url, settings.limits)

    async def close(self) -> None:
        """End all connections."""
        await self._line.close()

    async def subscribe(self, carrier: Carrier, number: str, phone_tail: str) -> None:
        """Instruction 8008 (or 1008). The vendor does not check the number, and where it pushes to is set in its
        console; so a wrong number is silent for ever, and only a query shows it.
        """
        data = waybill_data(self._settings, "subscribe", carrier, number, phone_tail)
        await self._line.exchange(
            "subscribe",
            "POST",
            self._settings.subscribe_path,
            lambda response: read_subscription(response.content, utc_now()),
            writes=True,
            headers=_FORM,
            data=signed_form(self._settings, self._settings.subscribe_instruction, data),
        )

    async def query(self, carrier: Carrier, number: str, phone_tail: str) -> TrackReport:
        """Instruction 8001 (or 1002)."""
        data = waybill_data(self._settings, "query", carrier, number, phone_tail)
        return await self._line.exchange(
            "query",
            "POST",
            self._settings.query_path,
            lambda response: read_tracking(response.content, carrier, number, utc_now()),
            writes=False,
            headers=_FORM,
            data=signed_form(self._settings, self._settings.query_instruction, data),
        )
