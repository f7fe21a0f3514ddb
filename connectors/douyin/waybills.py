"""Douyin's e-waybills (抖音电子面单): the only way to ship to a receiver that Douyin keeps encrypted."""

from __future__ import annotations

from connectors.douyin import requests
from connectors.douyin.api import DouyinApi
from connectors.douyin.carriers import company_code
from connectors.douyin.responses import PARTNER, created_number, live_number
from connectors.douyin.voiding import outcome_of_answer, outcome_of_refusal
from connectors.errors import Rejected
from connectors.ewaybills import void_by_any
from domain.order import Channel, CipherReceiver
from domain.shipping import Carrier, Provider, VoidOutcome, Waybill, WaybillRequest


class DouyinWaybills:
    """Port `Courier`. A parcel is known at the platform by its order number and the request's key (`pack_id`)."""

    provider = Provider.DOUYIN

    def __init__(self, api: DouyinApi) -> None:
        self._api = api

    async def create(self, request: WaybillRequest) -> Waybill:
        """logistics.newCreateOrder; the same order and pack again get the same number.

        A receiver that is not Douyin's ciphertext is Rejected without a call.
        """
        method = requests.CREATE_WAYBILL
        receiver = request.receiver
        if request.channel is not Channel.DOUYIN or not isinstance(receiver, CipherReceiver):
            raise Rejected(PARTNER, method, "only an encrypted receiver of a Douyin order can be shipped to")
        if receiver.platform is not Channel.DOUYIN:
            raise Rejected(PARTNER, method, f"the receiver is encrypted by {receiver.platform}")
        if not (receiver.name_cipher and receiver.phone_cipher and receiver.detail_cipher):
            raise Rejected(PARTNER, method, "the receiver's ciphertext is incomplete")
        company = company_code(request.carrier, method)
        number = await self._api.call(
            request.shop,
            method,
            requests.create_waybill(request, receiver, company, self._api.settings.sender),
            lambda data: created_number(method, data, request.channel_order_no, request.key),
            writes=True,
            lists_failures=True,
        )
        return _waybill(request, number)

    async def find(self, request: WaybillRequest) -> Waybill | None:
        """The parcel's live e-waybill. The operation asked (`requests.LIST_WAYBILLS`) is our reading of the platform's
        contract, with low confidence; it stands in that one constant.

        A request that `create` would have turned away surely has none, and nobody is asked.
        """
        if request.channel is not Channel.DOUYIN or request.carrier is Carrier.OTHER:
            return None
        try:
            number = await self._api.call(
                request.shop,
                requests.LIST_WAYBILLS,
                requests.list_waybills(request),
                lambda data: live_number(data, request.channel_order_no, request.key),
                writes=False,
            )
        except Rejected as refusal:
            if outcome_of_refusal(refusal) is not VoidOutcome.NOT_FOUND:
                raise
            return None
        return None if number is None else _waybill(request, number)

    async def void(self, waybill: Waybill) -> VoidOutcome:
        """logistics.cancelOrder."""
        company = company_code(waybill.carrier, requests.CANCEL_WAYBILL)
        business = requests.cancel_waybill(company, waybill.number)

        async def ask(shop: str) -> VoidOutcome:
            return await self._api.call(shop, requests.CANCEL_WAYBILL, business, outcome_of_answer, writes=True)

        return await void_by_any(self._api.settings.shops, ask, outcome_of_refusal)


def _waybill(request: WaybillRequest, number: str) -> Waybill:
    return Waybill(key=request.key, provider=Provider.DOUYIN, carrier=request.carrier, number=number)
