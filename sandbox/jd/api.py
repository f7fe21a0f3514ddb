"""The platform's one HTTP door: checks the call (protocol file, sections 1 to 4), finds the method, answers."""

from __future__ import annotations

import hmac
import re
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from domain.clock import parse_beijing
from sandbox.jd.applications import Applications
from sandbox.jd.envelope import BUSY, THROTTLED, Code, Refusal, failure, invalid, missing, success
from sandbox.jd.params import (
    NoParams,
    OrderGet,
    OrderSearch,
    P,
    RefundPage,
    SetStock,
    Shipment,
    VendorCode,
    WaybillReceive,
    WaybillUnbind,
    business_params,
    parse,
)
from sandbox.jd.reading import Reading
from sandbox.jd.shipping import Shipping
from sandbox.jd.signing import call_sign
from sandbox.jd.tokens import Tokens
from sandbox.jd.waybills import Waybills
from sandbox.listings import Listings, tell
from sandbox.settings import JdSettings
from sandbox.world import World, form_fields

_CLOCK_TOLERANCE_S = 360
_LONG_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}[+-]\d{4}")
_PREFIX = "jingdong."
_RECEIVE = "jingdong.ldop.alpha.waybill.receive"

_Handle = Callable[[Mapping[str, str]], dict[str, Any]]


class JdApi:
    """All methods that the sandbox plays, behind `POST /routerjson`."""

    def __init__(
        self,
        world: World,
        settings: JdSettings,
        tokens: Tokens,
        reading: Reading,
        shipping: Shipping,
        applications: Applications,
        waybills: Waybills,
    ) -> None:
        self._world = world
        self._settings = settings
        self._tokens = tokens
        self.listings = Listings(item_base=10_000_000_000, sku_base=100_000_000_000)
        self._methods: dict[str, _Handle] = {
            "jingdong.pop.order.search": _checked(OrderSearch, partial(reading.search, encrypted=False)),
            "jingdong.pop.order.enSearch": _checked(OrderSearch, partial(reading.search, encrypted=True)),
            "jingdong.pop.order.get": _checked(OrderGet, partial(reading.get, encrypted=False)),
            "jingdong.pop.order.enGet": _checked(OrderGet, partial(reading.get, encrypted=True)),
            "jingdong.pop.order.shipment": _checked(Shipment, shipping.ship),
            "jingdong.ware.stock.sku.set": _checked(SetStock, self._set_stock),
            "jingdong.vender.shop.query": _checked(NoParams, self._shop),
            "jingdong.pop.afs.soa.refundapply.queryPageList": _checked(RefundPage, applications.page),
            _RECEIVE: _checked(WaybillReceive, waybills.receive),
            "jingdong.ldop.alpha.waybill.api.unbind": _checked(WaybillUnbind, waybills.unbind),
            "jingdong.ldop.alpha.vendor.bigshot.query": _checked(WaybillUnbind, waybills.big_shot),
            "jingdong.ldop.alpha.provider.sign.success": _checked(VendorCode, waybills.contracts),
        }

    def router(self) -> APIRouter:
        """The one path; the method stands in the parameter `method`, in the query or in the form."""
        router = APIRouter()

        @router.post("/routerjson")
        async def call(request: Request) -> Response:
            """Answer one call."""
            fields = _fields(request.query_params, await request.body())
            method = (fields or {}).get("method", "")
            return await self._world.answer(
                "jd",
                method.removeprefix(_PREFIX) if method in self._methods else "unknown",
                lambda: self._answer(fields),
                system_error=partial(failure, BUSY),
                throttled=partial(failure, THROTTLED),
            )

        return router

    def _answer(self, fields: Mapping[str, str] | None) -> Response:
        try:
            if fields is None:
                raise invalid("body")
            self._check(fields)
            method = fields["method"]
            content = self._methods[method](fields)
        except Refusal as refusal:
            return failure(refusal)
        # the one method that answers without an envelope
        return JSONResponse(content) if method == _RECEIVE else success(method, content)

    def _check(self, fields: Mapping[str, str]) -> None:
        """Raise Refusal unless the call is complete, of our app, in time, signed, and of a shop that agreed."""
        for name in ("method", "app_key", "timestamp", "v", "sign"):
            if not fields.get(name):
                raise missing(name)
        if fields["app_key"] != self._settings.app_key:
            raise Refusal(Code.APP, "app_key 不存在", "Invalid app_key")
        if fields["method"] not in self._methods:
            raise Refusal(Code.METHOD, "接口方法不存在", "Invalid method")
        if fields["v"] != "2.0":
            raise invalid("v")
        if abs(time.time() - _timestamp(fields["timestamp"])) > _CLOCK_TOLERANCE_S:
            raise Refusal(Code.TIMESTAMP, "时间戳与服务器时间相差超过 6 分钟", "Invalid timestamp")
        expected = call_sign(fields, self._settings.app_secret.get_secret_value())
        if not hmac.compare_digest(expected.encode(), fields["sign"].encode()):
            raise Refusal(Code.SIGN, "签名错误", "Invalid signature")
        self._tokens.check(fields.get("access_token", ""))

    def _set_stock(self, params: SetStock) -> dict[str, Any]:
        """jingdong.ware.stock.sku.set: each figure is taken or refused by itself."""
        results = []
        for stock in params.req.skuStocks:
            listing = self.listings.find(str(stock.skuId))
            row: dict[str, Any] = {"data": str(stock.skuId), "storeId": stock.storeId, "success": listing is not None}
            if listing is not None:
                tell(listing, stock.stockNum)
            results.append(row if listing is not None else {**row, "message": "SKU 不存在"})
        return {"returnType": {"success": True, "code": "200", "message": "", "obj": {"updateStockResult": results}}}

    def _shop(self, _: NoParams) -> dict[str, Any]:
        """jingdong.vender.shop.query."""
        settings = self._settings
        shop = {"shop_id": settings.shop_id, "vender_id": settings.vender_id, "shop_name": "测试店"}
        return {"shop_jos_result": shop}


def _checked(model: type[P], handle: Callable[[P], dict[str, Any]]) -> _Handle:
    return lambda fields: handle(parse(model, business_params(fields)))


def _timestamp(text: str) -> float:
    """A moment in either of the two forms, in Unix seconds. Raises Refusal."""
    try:
        if _LONG_TIME.fullmatch(text):
            return datetime.strptime(text, "%Y-%m-%d %H:%M:%S.%f%z").timestamp()
        return parse_beijing(text).timestamp()
    except ValueError:
        raise invalid("timestamp") from None


def _fields(query: Mapping[str, str], body: bytes) -> dict[str, str] | None:
    """The call's parameters, or None for a body that is no form."""
    try:
        return {**query, **form_fields(body)}
    except ValueError:
        return None
