"""Pinduoduo's e-waybills (拼多多电子面单): the only way to ship to a receiver that Pinduoduo keeps encrypted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.errors import Rejected
from connectors.ewaybills import cipher_receiver, void_by_any
from connectors.pdd import requests
from connectors.pdd.api import PddApi
from connectors.pdd.responses import PARTNER, created_number
from connectors.pdd.settings import CourierTerms
from domain.order import Channel
from domain.shipping import Carrier, Provider, VoidOutcome, Waybill, WaybillRequest


class PddWaybills:
    """Port `Courier`. A parcel is known at the platform by its order number and the request's key (package id).

    The platform has no call that finds a waybill by our key (only by its number), but, like Cainiao whose structures
    it took over, it gives the earlier number again to the same order and package (our reading, medium confidence).
    """

    provider = Provider.PDD

    def __init__(self, api: PddApi) -> None:
        self._api = api

    async def create(self, request: WaybillRequest) -> Waybill:
        """pdd.waybill.get; the same order and key again get the same number.

        A receiver that is not Pinduoduo's ciphertext, and a courier without e-waybills in the settings, are Rejected
        without a call.
        """
        method = requests.CREATE_WAYBILL
        receiver = cipher_receiver(request, Channel.PDD, method)
        terms = self._required_terms(request.carrier, method)
        number = await self._api.call(
            request.shop,
            method,
            requests.create_waybill(request, receiver, terms, self._api.settings.sender),
            lambda data: created_number(data, request.key),
            writes=True,
        )
        return Waybill(key=request.key, provider=Provider.PDD, carrier=request.carrier, number=number)

    async def find(self, request: WaybillRequest) -> Waybill | None:
        """The parcel's waybill, by asking for it again: if the first question was lost it is made now, and whoever
        asks adopts or voids it, so that none is left behind.

        Of a courier without e-waybills, or an order of another channel, there surely is none, and nobody is asked.
        """
        if request.channel is not Channel.PDD or self._terms(request.carrier) is None:
            return None
        return await self.create(request)

    async def void(self, waybill: Waybill) -> VoidOutcome:
        """pdd.waybill.cancel."""
        method = requests.CANCEL_WAYBILL
        business = requests.cancel_waybill(self._required_terms(waybill.carrier, method).wp_code, waybill.number)

        async def ask(shop: str) -> VoidOutcome:
            return await self._api.call(shop, method, business, _outcome, writes=True)

        return await void_by_any(self._api.settings.shops, ask)

    def _terms(self, carrier: Carrier) -> CourierTerms | None:
        terms = self._api.settings.couriers.get(carrier)
        return terms if terms is not None and terms.wp_code and terms.template_url else None

    def _required_terms(self, carrier: Carrier, method: str) -> CourierTerms:
        terms = self._terms(carrier)
        if terms is None:
            raise Rejected(PARTNER, method, f"no e-waybills of {carrier} in the settings")
        return terms


def _outcome(data: Mapping[str, Any]) -> VoidOutcome:
    """`cancel_result`; a "no" without a word is TOO_LATE: the number is not void, and only a person can find out."""
    result = data.get("cancel_result")
    if not isinstance(result, bool):
        raise ValueError("no cancel_result")
    return VoidOutcome.VOIDED if result else VoidOutcome.TOO_LATE
