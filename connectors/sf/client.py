"""SF direct: waybills by the port Courier, and routes for confirming pushes."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any, TypeVar

import httpx

from connectors.errors import Misconfigured, OutcomeUnknown, Rejected, Throttled, Unavailable
from connectors.sf import requests, responses, routes
from connectors.sf.settings import SfSettings
from connectors.transport import Line, compact_json
from domain.clock import utc_now
from domain.shipping import (
    Interception,
    InterceptKind,
    Provider,
    TrackReport,
    VoidOutcome,
    Waybill,
    WaybillRequest,
)

T = TypeVar("T")

_HEADERS = {"content-type": "application/x-www-form-urlencoded;charset=UTF-8"}


class SfCourier:
    """SF's open platform (丰桥). Create it inside the event loop that uses it."""

    provider = Provider.SF

    def __init__(self, settings: SfSettings) -> None:
        self._settings = settings
        self._line = Line("sf", settings.base_url, settings.limits)

    async def close(self) -> None:
        """End all connections."""
        await self._line.close()

    async def create(self, request: WaybillRequest) -> Waybill:
        """Order a waybill under `request.key`; an order that is there already is adopted.

        Raises Rejected, without asking SF, for an encrypted receiver.
        """
        message = requests.create_order(self._settings, request)

        def read(data: dict[str, Any]) -> Waybill:
            return responses.waybill_of(data, "create", request.key)

        try:
            return await self._call("create", requests.CREATE_ORDER, message, read, writes=True)
        except Rejected as error:
            if error.code != responses.DUPLICATE:
                raise
        return await self._adopt(request)

    async def find(self, request: WaybillRequest) -> Waybill | None:
        """The live waybill under `request.key`. Raises OutcomeUnknown while a person at SF has still to confirm it."""
        try:
            return await self._search(request)
        except Rejected as error:
            if error.code in {responses.UNDELIVERABLE, *responses.UNKNOWN_ORDER, *responses.CANCELLED}:
                return None
            raise

    async def void(self, waybill: Waybill) -> VoidOutcome:
        """Cancel the order that gave this waybill; possible until SF has picked the parcel up."""
        message = requests.cancel_order(waybill.key)
        try:
            return await self._call("void", requests.UPDATE_ORDER, message, responses.voided, writes=True)
        except Rejected as error:
            return responses.void_refusal(error)

    @property
    def intercepts(self) -> frozenset[InterceptKind]:
        """Both."""
        return frozenset(InterceptKind)

    async def intercept(self, request: Interception) -> None:
        """Send a parcel that SF has collected on to another address, or back to us (截单转寄退回)."""
        message = requests.intercept(self._settings, request)
        if not await self.intercepted(request):
            await self._call("intercept", requests.INTERCEPT, message, lambda data: None, writes=True)

    async def intercepted(self, request: Interception) -> bool:
        """Whether the parcel's route shows it: SF has no call that tells of an instruction."""
        return routes.shows(await self.routes(request.waybill.number), request.kind, request.asked_at)

    async def routes(self, number: str) -> TrackReport:
        """All that SF knows of a waybill that this account ordered; three months back at most."""

        def read(data: dict[str, Any]) -> TrackReport:
            return routes.queried_report(data, number)

        return await self._call("routes", requests.SEARCH_ROUTES, requests.search_routes(number), read, writes=False)

    async def _search(self, request: WaybillRequest) -> Waybill:
        def read(data: dict[str, Any]) -> Waybill:
            return responses.waybill_of(data, "find", request.key)

        return await self._call("find", requests.SEARCH_ORDER, requests.search_order(request.key), read, writes=False)

    async def _adopt(self, request: WaybillRequest) -> Waybill:
        """The order that SF says it has. While it cannot be read, it must count as one that may be live."""
        try:
            return await self._search(request)
        except Rejected as error:
            if error.code in responses.UNKNOWN_ORDER:
                raise OutcomeUnknown("sf", "create", "重复下单, yet SF does not find the order", error.code) from error
            raise
        except (Throttled, Unavailable, Misconfigured) as error:
            detail = f"重复下单, and the order could not be read ({type(error).__name__})"
            raise OutcomeUnknown("sf", "create", detail, error.code) from error

    async def _call(
        self,
        operation: str,
        service: str,
        message: requests.Message,
        read: Callable[[dict[str, Any]], T],
        *,
        writes: bool,
    ) -> T:
        msg_data = compact_json(message)

        def parse(response: httpx.Response) -> T:
            try:
                return read(responses.read_answer(response.content, operation, writes=writes))
            except Rejected as error:
                why = responses.refused_interception(response.content) if service == requests.INTERCEPT else ""
                raise Rejected("sf", operation, why or error.detail, error.code) from None

        async def once() -> T:
            # SF answers A1007 to a requestID that it saw before: each attempt has its own.
            now_ms = int(utc_now().timestamp() * 1000)
            data = requests.form(self._settings, service, msg_data, str(uuid.uuid4()), now_ms)
            url = self._settings.base_url
            return await self._line.exchange(operation, "POST", url, parse, writes=writes, headers=_HEADERS, data=data)

        try:
            return await once()
        except Misconfigured as error:
            if error.code != responses.EXPIRED:
                raise
        # Most likely it waited for a slot too long after it was signed; twice in a row, it is the clock.
        return await once()
