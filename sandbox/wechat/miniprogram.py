"""The mini-program's server API (protocol file, section 3): the token, and the shipping information of payments."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, TypeVar

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from sandbox.settings import WechatSettings
from sandbox.wechat.params import GetOrder, GetOrderList, OrderKey, Params, StableToken, UploadShippingInfo, parse
from sandbox.wechat.purchases import Purchase, Purchases
from sandbox.wechat.shipping import ShippingDesk
from sandbox.wechat.tokens import Refused, Tokens
from sandbox.world import World

_BY_NUMBER, _BY_TRANSACTION = 1, 2
_WAITING, _SHIPPED, _REFUNDED = 1, 2, 5
_DESC_LENGTH = 120

Content = dict[str, Any]
M = TypeVar("M", bound=Params)


class MiniProgramApi:
    """The methods that the sandbox plays. Every answer is HTTP 200 with an errcode; 0, or none, is well."""

    def __init__(self, world: World, settings: WechatSettings, purchases: Purchases) -> None:
        self._world = world
        self._settings = settings
        self._purchases = purchases
        self._tokens = Tokens(settings)
        self._desk = ShippingDesk(self._find, settings.visible_after_s, world.hand_over)

    def router(self) -> APIRouter:
        """`POST /cgi-bin/stable_token` and `POST /wxa/sec/order/...`."""
        router = APIRouter()

        @router.post("/cgi-bin/stable_token")
        async def stable_token(request: Request) -> Response:
            """Give out the access token."""
            return await self._call("stable_token", request, StableToken, self._token, of_program=False)

        @router.post("/wxa/sec/order/upload_shipping_info")
        async def upload_shipping_info(request: Request) -> Response:
            """Take parcels."""
            return await self._call("upload_shipping_info", request, UploadShippingInfo, self._upload)

        @router.post("/wxa/sec/order/get_order")
        async def get_order(request: Request) -> Response:
            """Give one order."""
            return await self._call("get_order", request, GetOrder, self._get)

        @router.post("/wxa/sec/order/get_order_list")
        async def get_order_list(request: Request) -> Response:
            """Give a page of orders."""
            return await self._call("get_order_list", request, GetOrderList, self._list)

        return router

    async def _call(
        self,
        operation: str,
        request: Request,
        model: type[M],
        handle: Callable[[M], Content],
        *,
        of_program: bool = True,
    ) -> Response:
        body = await request.body()

        def answer() -> Response:
            try:
                if of_program:
                    self._tokens.check(request.query_params.get("access_token", ""))
                return JSONResponse(handle(parse(model, body)))
            except Refused as refused:
                return _failure(refused.errcode, refused.errmsg)

        return await self._world.answer(
            "wechat",
            operation,
            answer,
            system_error=lambda: _failure(-1, "system error"),
            throttled=lambda: _failure(45011, "api minute-quota reach limit, must slower, retry next minute"),
        )

    def _token(self, wanted: StableToken) -> Content:
        return self._tokens.stable(wanted.grant_type, wanted.appid, wanted.secret, wanted.force_refresh)

    def _upload(self, wanted: UploadShippingInfo) -> Content:
        self._desk.upload(wanted)
        return {"errcode": 0, "errmsg": "ok"}

    def _get(self, wanted: GetOrder) -> Content:
        key = OrderKey(
            order_number_type=_BY_TRANSACTION if wanted.transaction_id else _BY_NUMBER,
            transaction_id=wanted.transaction_id,
            mchid=wanted.merchant_id,
            out_trade_no=wanted.merchant_trade_no,
        )
        purchase = self._desk.known(key)
        purchase.sent += 1
        return {"errcode": 0, "errmsg": "ok", "order": self._order(purchase)}

    def _list(self, wanted: GetOrderList) -> Content:
        """Payments by the moment of payment, oldest first; a page goes on behind the last one of the page before."""
        times = wanted.pay_time_range
        found = [
            purchase
            for purchase in self._purchases.all()
            if purchase.paid_at is not None
            and times.begin_time <= int(purchase.paid.timestamp()) <= times.end_time
            and wanted.order_state in {None, _state(purchase)}
            and wanted.openid in {"", purchase.openid}
        ]
        found.sort(key=_place)
        page = [purchase for purchase in found if _place(purchase) > wanted.last_index][: wanted.page_size]
        for purchase in page:
            purchase.sent += 1
        return {
            "errcode": 0,
            "errmsg": "ok",
            "last_index": _place(page[-1]) if page else "",
            "has_more": bool(page) and page[-1] is not found[-1],
            "order_list": [self._order(purchase) for purchase in page],
        }

    def _find(self, key: OrderKey) -> Purchase | None:
        if key.order_number_type == _BY_TRANSACTION:
            return self._purchases.by_transaction(key.transaction_id)
        return self._purchases.by_number(key.out_trade_no) if key.mchid == self._settings.mchid else None

    def _order(self, purchase: Purchase) -> Content:
        """One order as the server gives it. Money in fen, times in Unix seconds."""
        content: Content = {
            "transaction_id": purchase.transaction_id,
            "merchant_id": self._settings.mchid,
            "sub_merchant_id": "",
            "merchant_trade_no": purchase.out_trade_no,
            "description": _description(purchase),
            "paid_amount": purchase.draft.paid_fen,
            "openid": purchase.openid,
            "trade_create_time": int(purchase.placed.timestamp()),
            "pay_time": int(purchase.paid.timestamp()),
            "in_complaint": False,
            "order_state": _state(purchase),
        }
        shipping = purchase.shipping
        if shipping is not None:
            content["shipping"] = {
                "delivery_mode": shipping.delivery_mode,
                "logistics_type": shipping.logistics_type,
                "finish_shipping": shipping.finished,
                "finish_shipping_count": shipping.finished_times,
                "goods_desc": "",
                "shipping_list": [
                    {
                        "tracking_no": parcel.tracking_no,
                        "express_company": parcel.express_company,
                        "goods_desc": parcel.item_desc,
                        "upload_time": parcel.uploaded,
                        **({"contact": parcel.contact} if parcel.contact else {}),
                    }
                    for parcel in shipping.parcels
                ],
            }
        return content


def _state(purchase: Purchase) -> int:
    """order_state, those that occur here; an order of which only some parcels are told waits still."""
    if purchase.refunded_fen >= purchase.draft.paid_fen:
        return _REFUNDED
    return _SHIPPED if purchase.shipping is not None and purchase.shipping.finished else _WAITING


def _place(purchase: Purchase) -> str:
    """Where a payment stands in the list, as a text that sorts."""
    return f"{int(purchase.paid.timestamp()):012d}{purchase.transaction_id}"


def _description(purchase: Purchase) -> str:
    text = ";".join(f"{line.title}*{line.quantity}" for line in purchase.draft.lines)
    return text if len(text) <= _DESC_LENGTH else f"{text[:_DESC_LENGTH]}..."


def _failure(errcode: int, errmsg: str) -> Response:
    return JSONResponse({"errcode": errcode, "errmsg": f"{errmsg} rid: {secrets.token_hex(4)}-{secrets.token_hex(4)}"})
