"""The WeChat mini-programs as a sales channel: payments and refunds in, shipping information out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from connectors.errors import Misconfigured, Rejected, Unavailable
from connectors.facts import Facts, Way
from connectors.ports import Document, Push, Reply
from connectors.wechat.api import MiniProgramApi
from connectors.wechat.documents import REFUND, SOURCE
from connectors.wechat.inbound import Inbound
from connectors.wechat.lookup import ShopOrders
from connectors.wechat.merchant import Merchant
from connectors.wechat.pay_api import PayApi
from connectors.wechat.payment_feed import WechatPayments
from connectors.wechat.payments import RefundNotice, read_payment, read_refund
from connectors.wechat.responses import NOT_THERE_YET, PARTNER, UPLOADED_ALREADY, Uploaded, read_uploaded
from connectors.wechat.settings import WechatSettings
from connectors.wechat.shipping import GET_ORDER, UPLOAD, express_company, order_query, shipping_info
from domain.clock import utc_now
from domain.news import News, PaymentNews, RefundNews
from domain.order import Channel, Order
from domain.refund import Refund, RefundKind
from domain.shipping import Shipment

T = TypeVar("T")


class WechatChannel:
    """Port `SalesChannel`. Its orders come by REST, from the mini-programs' backends; `orders` finds them.

    `payments` is its feed: the orders that were paid, but whose notification was lost.
    """

    source = SOURCE
    channel = Channel.WECHAT
    facts = Facts((Way.PUSH, Way.PULL), ())

    def __init__(self, settings: WechatSettings, orders: ShopOrders) -> None:
        self._settings = settings
        self._orders = orders
        merchants = {appid: Merchant(appid, shop) for appid, shop in settings.shops.items()}
        self._inbound = Inbound(settings, tuple(merchants.values()))
        self._apis = {appid: MiniProgramApi(settings, appid, shop) for appid, shop in settings.shops.items()}
        self._pay = {appid: PayApi(settings, merchants[appid]) for appid, shop in settings.shops.items() if shop.asks}
        self.payments = WechatPayments(self._pay, orders, timedelta(seconds=settings.ask_unpaid_after_s))

    async def close(self) -> None:
        """End all connections."""
        for api in self._apis.values():
            await api.close()
        for pay in self._pay.values():
            await pay.close()

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

    async def interpret(self, document: Document) -> Sequence[News]:
        """A payment, or a refund of a whole order or a part of it.

        Raises DocumentUnreadable, and Unavailable while the order of a refund is not known. That a payment's order is
        there, and that it asks for this amount, is seen to where the order is kept.
        """
        if document.kind == REFUND:
            notice = read_refund(document, self._settings)
            return [RefundNews(_refund(notice, await self._shop_of(notice)))]
        payment = read_payment(document, self._settings)
        news = PaymentNews(Channel.WECHAT, payment.shop, payment.out_trade_no, payment.total_fen, payment.paid_at)
        return [news]

    async def write_back(self, shipment: Shipment) -> None:
        """upload_shipping_info, after a look at what WeChat has: an order with this number is content.

        The look keeps a repeated call from using up the one correction that WeChat allows. An order that has a number
        there which is not ours is for a person; once the number was typed in by hand, all is well. Parcels that are
        packed are uploaded together, with the last of them that gets a number. What is still to be packed is not waited
        for: while there is some, the upload says that not all has been sent, and the next one adds to it.
        """
        if shipment.shop not in self._settings.shops:
            raise Misconfigured(PARTNER, UPLOAD, f"shop {shipment.shop} is not in the settings")
        express_company(shipment.carrier)
        uploaded = await self._uploaded(shipment)
        if shipment.number in uploaded.numbers:
            return
        if uploaded.refunded:
            raise Rejected(PARTNER, UPLOAD, "the buyer has the money back: 已退款")
        if uploaded.numbers - {other.number for other in shipment.others}:
            raise Rejected(PARTNER, UPLOAD, "shipped with another number already")
        if shipment.numberless:
            return
        order = await self._order(shipment.shop, shipment.channel_order_no)
        shop = self._settings.shops[shipment.shop]
        business = shipping_info(shop, shipment, order, uploaded.openid, utc_now())
        try:
            await self._call(shipment.shop, UPLOAD, business, lambda answer: None, writes=True)
        except Rejected as refusal:
            if refusal.code not in UPLOADED_ALREADY:
                raise
            numbers = (await self._uploaded(shipment)).numbers
            if numbers and shipment.number not in numbers:
                raise

    async def _uploaded(self, shipment: Shipment) -> Uploaded:
        query = order_query(self._settings.shops[shipment.shop], shipment.channel_order_no)
        return await self._call(shipment.shop, GET_ORDER, query, read_uploaded, writes=False)

    async def _call(
        self,
        shop: str,
        operation: str,
        business: Mapping[str, Any],
        parse: Callable[[Mapping[str, Any]], T],
        *,
        writes: bool,
    ) -> T:
        try:
            return await self._apis[shop].call(operation, business, parse, writes=writes)
        except Rejected as refusal:
            if refusal.code != NOT_THERE_YET:
                raise
            # Said here and not by the line: a few young orders must not open its breaker.
            raise Unavailable(PARTNER, operation, "WeChat does not have the payment yet", refusal.code) from None

    async def _shop_of(self, notice: RefundNotice) -> str:
        """The mini-program whose order a refund is of: where several share a merchant, the one that has the order."""
        if len(notice.shops) == 1:
            return notice.shops[0]
        for shop in notice.shops:
            if await self._orders.find(shop, notice.out_trade_no) is not None:
                return shop
        raise Unavailable(PARTNER, "lookup", "the order of this refund is not known yet")

    async def _order(self, shop: str, out_trade_no: str) -> Order:
        order = await self._orders.find(shop, out_trade_no)
        if order is None:
            raise Unavailable(PARTNER, "lookup", "the order is not known")
        return order


def _refund(notice: RefundNotice, shop: str) -> Refund:
    """WeChat Pay knows of no goods: a refund is of the order as a whole, or of a part of its price."""
    return Refund(
        channel=Channel.WECHAT,
        shop=shop,
        channel_order_no=notice.out_trade_no,
        refund_id=notice.refund_id,
        version=notice.version,
        status=notice.status,
        kind=RefundKind.MONEY,
        amount_fen=notice.refund_fen,
        asked_at=notice.at,
    )
