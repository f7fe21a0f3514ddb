"""JD's e-waybills (京东无界电子面单): the only way to ship to a receiver that JD keeps encrypted."""

from __future__ import annotations

from connectors.errors import Rejected
from connectors.ewaybills import Sender, cipher_receiver, void_by_any
from connectors.jd import ewaybills
from connectors.jd.api import JosApi
from connectors.jd.responses import PARTNER
from connectors.jd.settings import CourierTerms
from domain.order import Channel
from domain.shipping import Carrier, Provider, VoidOutcome, Waybill, WaybillRequest


class JdWaybills:
    """Port `Courier`. A parcel is known at JD by its order number and the request's key (`vendorOrderCode`).

    JD has no call that finds a waybill by our key. That the same order, key and courier get the same number again is
    our reading (low confidence, no public text says so).
    """

    provider = Provider.JD

    def __init__(self, api: JosApi) -> None:
        self._api = api

    async def create(self, request: WaybillRequest) -> Waybill:
        """…alpha.waybill.receive; the same order and key again get the same number.

        A receiver that is not JD's ciphertext, and a courier without e-waybills in the settings, are Rejected without a
        call.
        """
        method = ewaybills.RECEIVE
        receiver = cipher_receiver(request, Channel.JD, method)
        sender, terms = self._required_terms(request.carrier, method)
        account = self._api.settings.shops.get(request.shop)
        number = await self._api.call(
            request.shop,
            method,
            ewaybills.receive(request, receiver, terms, sender, (account and account.name) or request.shop),
            lambda body: ewaybills.created_number(method, body),
            writes=True,
        )
        return Waybill(key=request.key, provider=Provider.JD, carrier=request.carrier, number=number)

    async def find(self, request: WaybillRequest) -> Waybill | None:
        """The parcel's waybill, by asking for it again under the same order and key.

        If the first question was lost, the waybill is made now, and whoever asks adopts or voids it. Should JD make a
        second one after all, the first one's answer never came, so that its label was printed nowhere: one parcel
        leaves, under one number. A refusal means that there is none, since one that was made would be given; but of an
        order that is locked JD says nothing before it is free again: Unavailable.

        Of a courier without e-waybills, or an order of another channel, there surely is none, and nobody is asked.
        """
        if request.channel is not Channel.JD or self._terms(request.carrier) is None:
            return None
        try:
            return await self.create(request)
        except Rejected as refusal:
            if (wait := ewaybills.locked(refusal)) is not None:
                raise wait from refusal
            return None

    async def void(self, waybill: Waybill) -> VoidOutcome:
        """…alpha.waybill.api.unbind; possible until the courier has picked the parcel up."""
        method = ewaybills.UNBIND
        _, terms = self._required_terms(waybill.carrier, method)
        business = ewaybills.unbind(ewaybills.code_of(waybill.carrier, terms), waybill.number)

        async def ask(shop: str) -> VoidOutcome:
            await self._api.call(
                shop, method, business, lambda body: ewaybills.check_unbound(method, body), writes=True
            )
            return VoidOutcome.VOIDED

        return await void_by_any(self._api.settings.shops, ask)

    def _terms(self, carrier: Carrier) -> tuple[Sender, CourierTerms] | None:
        sender, terms = self._api.settings.sender, self._api.settings.couriers.get(carrier)
        return None if sender is None or terms is None or not ewaybills.code_of(carrier, terms) else (sender, terms)

    def _required_terms(self, carrier: Carrier, method: str) -> tuple[Sender, CourierTerms]:
        terms = self._terms(carrier)
        if terms is None:
            raise Rejected(PARTNER, method, f"no e-waybills of {carrier} in the settings")
        return terms
