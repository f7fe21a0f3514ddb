"""The WeChat mini-program as a sales channel: payments in, shipping information out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from connectors.errors import Misconfigured, Rejected, Unavailable
from connectors.ports import Document, Push, Reply
from connectors.wechat.api import MiniProgramApi
from connectors.wechat.inbound import Inbound
from connectors.wechat.lookup import OrderLookup
from connectors.wechat.payments import REFUND, SOURCE, Payment, paid, read_payment, read_refund
from connectors.wechat.responses import NOT_THERE_YET, PARTNER, UPLOADED_ALREADY, Uploaded, read_uploaded
from connectors.wechat.settings import WechatSettings
from connectors.wechat.shipping import GET_ORDER, UPLOAD, express_company, order_query, shipping_info
from domain.clock import utc_now
from domain.news import CancelNews, News, OrderNews
from domain.order import Channel, Order
from domain.shipping import Shipment

T = TypeVar("T")


class WechatChannel:
    """Port `SalesChannel`. `lookup` finds the orders that payments are for; without it, payments wait."""

    source = SOURCE
    channel = Channel.WECHAT

    def __init__(self, settings: WechatSettings, lookup: OrderLookup | None = None) -> None:
        self._settings = settings
        self._lookup = lookup
        self._inbound = Inbound(settings)
        self._api = MiniProgramApi(settings)

    async def close(self) -> None:
        """End all connections."""
        await self._api.close()

    def unpack(self, push: Push) -> Sequence[Document]:
        """A payment or a refund of WeChat Pay; the mini-program's own messages are verified and give no document."""
        return self._inbound.documents(push)

    def accepted(self, push: Push) -> Reply:
        """WeChat Pay goes by the status; the mini-program wants the word."""
        if self._inbound.is_message(push):
            return Reply(200, "text/plain", b"success")
        return Reply(200, "application/json", '{"code":"SUCCESS","message":"成功"}'.encode())

    def refused(self, push: Push, reason: str) -> Reply:
        """WeChat Pay sends it again for a day; its probes with a wrong signature expect just this."""
        return Reply(401, "application/json", '{"code":"FAIL","message":"失败"}'.encode())

    def payment(self, document: Document) -> Payment:
        """The payment in a document of kind "order_hint". Raises DocumentUnreadable."""
        return read_payment(document, self._settings)

    async def interpret(self, document: Document) -> Sequence[News]:
        """A payment: the order that it pays, marked paid. A refund of the whole amount: the order is off.

        A part refunded is an after-sale, and changes nothing here. Raises Unavailable while the order is not known
        (WeChat is often quicker than the shop), DocumentUnreadable when another amount was paid.
        """
        if document.kind == REFUND:
            refund = read_refund(document, self._settings)
            if not refund.whole:
                return []
            order = await self._order(refund.out_trade_no)
            return [CancelNews(order.channel, order.shop, order.channel_order_no, "refunded")]
        payment = self.payment(document)
        return [OrderNews(paid(await self._order(payment.out_trade_no), payment))]

    async def write_back(self, shipment: Shipment) -> None:
        """upload_shipping_info, after a look at what WeChat has.

        The look keeps a repeated call from using up the one correction that WeChat allows. An order that has another
        number there, or goes in several parcels (WeChat then wants to know which upload is the last), is for a person;
        once the number was typed in by hand, all is well.
        """
        express_company(shipment.carrier)
        uploaded = await self._uploaded(shipment)
        if shipment.number in uploaded.numbers:
            return
        if uploaded.numbers:
            raise Rejected(PARTNER, UPLOAD, "shipped with another number already")
        if not shipment.whole_order:
            raise Rejected(PARTNER, UPLOAD, "an order in several parcels is uploaded by hand")
        order = await self._order(shipment.channel_order_no)
        business = shipping_info(self._settings, shipment, order, uploaded.openid, utc_now())
        try:
            await self._call(UPLOAD, business, lambda answer: None, writes=True)
        except Rejected as refusal:
            if refusal.code not in UPLOADED_ALREADY:
                raise
            numbers = (await self._uploaded(shipment)).numbers
            if numbers and shipment.number not in numbers:
                raise

    async def _uploaded(self, shipment: Shipment) -> Uploaded:
        if shipment.shop != self._settings.appid:
            raise Misconfigured(PARTNER, UPLOAD, f"shop {shipment.shop} is not in the settings")
        query = order_query(self._settings, shipment.channel_order_no)
        return await self._call(GET_ORDER, query, read_uploaded, writes=False)

    async def _call(
        self, operation: str, business: Mapping[str, Any], parse: Callable[[Mapping[str, Any]], T], *, writes: bool
    ) -> T:
        try:
            return await self._api.call(operation, business, parse, writes=writes)
        except Rejected as refusal:
            if refusal.code != NOT_THERE_YET:
                raise
            # Said here and not by the line: a few young orders must not open its breaker.
            raise Unavailable(PARTNER, operation, "WeChat does not have the payment yet", refusal.code) from None

    async def _order(self, out_trade_no: str) -> Order:
        order = await self._lookup(out_trade_no) if self._lookup is not None else None
        if order is None:
            raise Unavailable(PARTNER, "lookup", "the order of this payment is not known yet")
        return order
