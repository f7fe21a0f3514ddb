"""Xiaohongshu's e-waybills (小红书电子面单): the only way to ship to a receiver that Xiaohongshu keeps encrypted."""

from __future__ import annotations

from connectors.errors import Rejected
from connectors.ewaybills import cipher_receiver, void_by_any
from connectors.xiaohongshu import requests
from connectors.xiaohongshu.api import XiaohongshuApi
from connectors.xiaohongshu.responses import PARTNER, created_number
from connectors.xiaohongshu.settings import CourierTerms
from domain.order import Channel
from domain.shipping import Carrier, Provider, VoidOutcome, Waybill, WaybillRequest


class XiaohongshuWaybills:
    """Port `Courier`. A parcel is known at the platform by its order number and the request's key (package id).

    The platform has no call that finds a waybill by our key (only by its number); that the same order and package get
    the same number again is our reading of its structures, which are Cainiao's (low confidence).
    """

    provider = Provider.XIAOHONGSHU

    def __init__(self, api: XiaohongshuApi) -> None:
        self._api = api

    async def create(self, request: WaybillRequest) -> Waybill:
        """express.createEbillOrders; the same order and key again get the same number.

        A receiver that is not Xiaohongshu's, and a courier without e-waybills in the settings, are Rejected without a
        call.
        """
        method = requests.CREATE_WAYBILLS
        receiver = cipher_receiver(request, Channel.XIAOHONGSHU, method)
        terms = self._required_terms(request.carrier, method)
        number = await self._api.call(
            request.shop,
            method,
            requests.create_waybill(self._api.settings, request, receiver, terms),
            lambda data: created_number(method, data, request.key),
            writes=True,
        )
        return Waybill(key=request.key, provider=Provider.XIAOHONGSHU, carrier=request.carrier, number=number)

    async def find(self, request: WaybillRequest) -> Waybill | None:
        """The parcel's waybill, by asking for it again under the same order, objectId and package id.

        Safe for these reasons. The structures are Cainiao's, whose service gives the same seller, trade and package the
        number that they have. If the first question was lost, the waybill is made now, and whoever asks adopts or voids
        it: none is left behind. And should the platform make a second one after all (our reading has low confidence),
        the first one's answer never came, so that its label was printed nowhere: one parcel leaves, under one number,
        and the other number lapses unused.

        Of a courier without e-waybills, or an order of another channel, there surely is none, and nobody is asked.
        """
        if request.channel is not Channel.XIAOHONGSHU or self._terms(request.carrier) is None:
            return None
        return await self.create(request)

    async def void(self, waybill: Waybill) -> VoidOutcome:
        """express.cancelEbillOrder."""
        method = requests.CANCEL_WAYBILL
        business = requests.cancel_waybill(self._required_terms(waybill.carrier, method).code, waybill.number)

        async def ask(shop: str) -> VoidOutcome:
            await self._api.call(shop, method, business, lambda data: None, writes=True)
            return VoidOutcome.VOIDED

        return await void_by_any(self._api.settings.shops, ask)

    def _terms(self, carrier: Carrier) -> CourierTerms | None:
        terms = self._api.settings.couriers.get(carrier)
        return terms if terms is not None and terms.template_id is not None else None

    def _required_terms(self, carrier: Carrier, method: str) -> CourierTerms:
        terms = self._terms(carrier)
        if terms is None:
            raise Rejected(PARTNER, method, f"no e-waybills of {carrier} in the settings")
        return terms
