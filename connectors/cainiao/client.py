"""Waybills of several couriers through Cainiao's LINK gateway, by the port Courier."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import httpx

from connectors.cainiao import requests, responses
from connectors.cainiao.settings import CainiaoSettings
from connectors.transport import Line, compact_json
from domain.shipping import Provider, VoidOutcome, Waybill, WaybillRequest

T = TypeVar("T")

_HEADERS = {"content-type": "application/x-www-form-urlencoded;charset=utf-8"}


class CainiaoCourier:
    """Cainiao's electronic waybills (菜鸟电子面单). Create it inside the event loop that uses it.

    The way to find a waybill again is the least sure part of the protocol (LINK's names are known with medium
    confidence only). It is read like this: TMS_WAYBILL_QUERY_BY_TRADE_CODE is the LINK twin of TOP's
    cainiao.waybill.ii.query.by.tradecode with its names in camelCase. It takes
    `{"paramList":[{"cpCode","objectId","bizSubCode"}]}`, where objectId and bizSubCode (the trade code) are both our
    key, and answers `{"success","modules":[{"success","objectId","errorCode","errorMessage",
    "waybillCloudPrintResponse":{"waybillCode"}}]}`, each success a truth value or its name as text. No module for our
    object means that there is no waybill; so does an error that says "not found" or "cancelled" in known words.
    """

    provider = Provider.CAINIAO

    def __init__(self, settings: CainiaoSettings) -> None:
        self._settings = settings
        self._line = Line("cainiao", settings.base_url, settings.limits)

    async def close(self) -> None:
        """End all connections."""
        await self._line.close()

    async def create(self, request: WaybillRequest) -> Waybill:
        """Order a waybill under `request.key`; asked again, Cainiao gives the same number.

        Raises Rejected, without asking Cainiao, for an encrypted receiver and for a courier without an agreement.
        """
        message = requests.get_waybill(self._settings, request)
        return await self._call(
            "create", requests.GET, message, lambda answer: responses.created(answer, request), writes=True
        )

    async def find(self, request: WaybillRequest) -> Waybill | None:
        """The live waybill under `request.key`; how Cainiao is understood here stands at the class."""
        message = requests.query_by_trade_code(request)
        return await self._call(
            "find", requests.QUERY_BY_TRADE_CODE, message, lambda answer: responses.found(answer, request), writes=False
        )

    async def void(self, waybill: Waybill) -> VoidOutcome:
        """Discard a waybill; possible until the courier has picked the parcel up."""
        message = requests.discard(waybill.carrier, waybill.number)
        return await self._call("void", requests.DISCARD, message, responses.voided, writes=True)

    async def _call(
        self,
        operation: str,
        message_type: str,
        message: requests.Message,
        read: Callable[[responses.Answer], T],
        *,
        writes: bool,
    ) -> T:
        def parse(response: httpx.Response) -> T:
            return read(responses.read_answer(response.content))

        data = requests.form(self._settings, message_type, compact_json(message))
        url = self._settings.base_url
        return await self._line.exchange(operation, "POST", url, parse, writes=writes, headers=_HEADERS, data=data)
