"""Cainiao's e-waybills through TOP: the only way to ship to a receiver that Taobao keeps behind an oaid."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.errors import Misconfigured, Rejected
from connectors.taobao import printed, requests
from connectors.taobao.api import TopApi
from connectors.taobao.settings import TaobaoSettings
from domain.shipping import Provider, VoidOutcome, Waybill, WaybillRequest


class TaobaoWaybills:
    """Port `Courier`.

    A parcel is known by its trade (`trade_order_list`) and by the request's key (`object_id`, `package_info.id`).
    """

    provider = Provider.TAOBAO

    def __init__(self, api: TopApi, settings: TaobaoSettings) -> None:
        self._api = api
        self._settings = settings

    async def create(self, request: WaybillRequest) -> Waybill:
        """cainiao.waybill.ii.get; the same trade and package again get the same number.

        A receiver that is not Taobao's ciphertext is Rejected without a call, and so is a courier without agreement.
        """
        return await self._create(request, requests.get_waybill(self._settings, request))

    async def find(self, request: WaybillRequest) -> Waybill | None:
        """cainiao.waybill.ii.query.by.tradecode; a request that `create` would have turned away surely has none, and
        nobody is asked.

        The trade order must be the true tid, so that a trade's parcels share it, and TOP says nowhere whether a query
        looks at `object_id` or only echoes it. A sibling's number must never be taken for this parcel's: it would be
        voided. So an object that there cannot be is asked for as well. Where the answer still fits any parcel of the
        trade, the waybill is asked for again: the same trade and package get the number that they have. Only if this
        parcel has none beside siblings that have one, it is made now, and whoever asks adopts or voids it.
        """
        try:
            business = requests.get_waybill(self._settings, request)
        except Rejected:
            return None
        try:
            found = await self._api.call(
                request.shop,
                requests.QUERY_WAYBILL,
                requests.query_waybill(request.channel_order_no, [request.key, printed.probe_of(request.key)]),
                lambda body: printed.finding(body, request),
                writes=False,
            )
        except Rejected as refusal:
            if not printed.absent(refusal.detail):
                raise
            return None
        if not found.sure:
            return await self._create(request, business)
        return None if found.number is None else _waybill(request, found.number)

    async def _create(self, request: WaybillRequest, business: Mapping[str, str]) -> Waybill:
        try:
            number = await self._api.call(
                request.shop,
                requests.GET_WAYBILL,
                business,
                lambda body: printed.created_number(body, request.key),
                writes=True,
            )
        except Rejected as refusal:
            raise printed.create_refusal(refusal) from None
        return _waybill(request, number)

    async def void(self, waybill: Waybill) -> VoidOutcome:
        """cainiao.waybill.ii.cancel; possible until the courier has picked the parcel up.

        A Waybill does not say whose it is, so the shops are asked in turn until one could void it. TOO_LATE needs one
        shop that says so; a refusal that says nothing of the waybill is raised when no other shop could do better.
        """
        business = requests.cancel_waybill(waybill.carrier, waybill.number)
        outcomes: set[VoidOutcome] = set()
        unclear: Misconfigured | Rejected | None = None
        for shop in self._settings.shops:
            try:
                outcome = await self._api.call(
                    shop, requests.CANCEL_WAYBILL, business, printed.outcome_of_answer, writes=True
                )
            except Misconfigured as error:
                unclear = unclear or error
                continue
            except Rejected as refusal:
                known = printed.outcome_of_refusal(refusal)
                if known is None:
                    unclear = unclear or refusal
                    continue
                outcome = known
            if outcome is VoidOutcome.VOIDED:
                return outcome
            outcomes.add(outcome)
        if VoidOutcome.TOO_LATE in outcomes:
            return VoidOutcome.TOO_LATE
        if unclear is not None:
            raise unclear
        return VoidOutcome.NOT_FOUND


def _waybill(request: WaybillRequest, number: str) -> Waybill:
    return Waybill(request.key, Provider.TAOBAO, request.carrier, number)
