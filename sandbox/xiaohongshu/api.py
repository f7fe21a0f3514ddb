"""The platform's one HTTP door: checks the call (protocol file, sections 1 to 4), finds the method, answers."""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle
from typing import Any

from fastapi import APIRouter, Request, Response

from sandbox.listings import Listings, tell
from sandbox.settings import XiaohongshuSettings
from sandbox.world import World
from sandbox.xiaohongshu.aftersales import AfterSales
from sandbox.xiaohongshu.ebill_params import CancelOrder, CreateOrders, QuerySubscribes
from sandbox.xiaohongshu.ebills import Ebills
from sandbox.xiaohongshu.envelope import (
    Refusal,
    failure,
    invalid,
    not_found,
    success,
    system_error,
    throttled,
    unauthorised,
)
from sandbox.xiaohongshu.params import (
    AccessToken,
    AfterSaleInfo,
    AfterSaleList,
    ModifyExpress,
    NoParams,
    OrderDeliver,
    OrderId,
    OrderList,
    P,
    ReceiverInfo,
    RefreshToken,
    SellerMark,
    SyncSkuStock,
    parse,
)
from sandbox.xiaohongshu.reading import Reading
from sandbox.xiaohongshu.shipping import Shipping
from sandbox.xiaohongshu.signing import call_sign
from sandbox.xiaohongshu.tokens import Tokens

_VERSION = "2.0"
_CLOCK_TOLERANCE_S = 600
"""The protocol file gives none; this is what the other platforms tolerate."""

_Fields = dict[str, Any]
_Answer = dict[str, Any] | str


@dataclass(frozen=True)
class _Method:
    """One method, and whether it is about a shop's own data and so needs a token."""

    handle: Callable[[_Fields], _Answer]
    of_shop: bool = True


class XiaohongshuApi:
    """All methods that the sandbox plays, behind one path."""

    def __init__(
        self,
        world: World,
        settings: XiaohongshuSettings,
        *,
        tokens: Tokens,
        reading: Reading,
        shipping: Shipping,
        after_sales: AfterSales,
        ebills: Ebills,
    ) -> None:
        self._world = world
        self._settings = settings
        self._tokens = tokens
        self._by_status = cycle((True, False))
        self.listings = Listings(item_base=660_000_000_000, sku_base=670_000_000_000)
        self._methods = {
            "oauth.getAccessToken": _Method(_checked(AccessToken, lambda p: tokens.create(p.code)), of_shop=False),
            "oauth.refreshToken": _Method(
                _checked(RefreshToken, lambda p: tokens.refresh(p.refresh_token)), of_shop=False
            ),
            "common.getExpressCompanyList": _Method(_checked(NoParams, shipping.companies), of_shop=False),
            "order.getOrderList": _Method(_checked(OrderList, reading.listed)),
            "order.getOrderDetail": _Method(_checked(OrderId, reading.detail)),
            "order.getOrderReceiverInfo": _Method(_checked(ReceiverInfo, reading.receivers)),
            "order.orderDeliver": _Method(_checked(OrderDeliver, shipping.deliver)),
            "order.modifyOrderExpressInfo": _Method(_checked(ModifyExpress, shipping.modify)),
            "order.modifySellerMarkInfo": _Method(_checked(SellerMark, shipping.mark)),
            "afterSale.listAfterSaleInfos": _Method(_checked(AfterSaleList, after_sales.listed)),
            "afterSale.getAfterSaleInfo": _Method(_checked(AfterSaleInfo, after_sales.info)),
            "inventory.syncSkuStock": _Method(_checked(SyncSkuStock, self._sync_stock)),
            "express.queryEbillSubscribes": _Method(_checked(QuerySubscribes, ebills.subscribes)),
            "express.createEbillOrders": _Method(_checked(CreateOrders, ebills.create)),
            "express.cancelEbillOrder": _Method(_checked(CancelOrder, ebills.cancel)),
        }

    def router(self) -> APIRouter:
        """The one path; the method stands in the body."""
        router = APIRouter()

        @router.post("/ark/open_api/v3/common_controller")
        async def call(request: Request) -> Response:
            """Answer one call."""
            fields = _fields(await request.body())
            method = (fields or {}).get("method")
            return await self._world.answer(
                "xiaohongshu",
                method if isinstance(method, str) and method in self._methods else "unknown",
                lambda: self._answer(fields),
                system_error=system_error,
                throttled=self._throttled,
            )

        return router

    def _sync_stock(self, params: SyncSkuStock) -> dict[str, Any]:
        listing = self.listings.find(params.sku_id)
        if listing is None:
            raise not_found("规格不存在")
        tell(listing, params.qty)
        stock = {"available": params.qty, "total": params.qty, "occupied": 0}
        return {"response": {"success": True, "code": 0, "msg": ""}, "skuId": params.sku_id, "skuStockInfo": stock}

    def _throttled(self) -> Response:
        return throttled(by_status=next(self._by_status))

    def _answer(self, fields: _Fields | None) -> Response:
        try:
            if fields is None:
                raise invalid("请求体必须为 JSON 对象")
            return success(self._checked_call(fields).handle(fields))
        except Refusal as refusal:
            return failure(refusal)

    def _checked_call(self, fields: _Fields) -> _Method:
        """The method of a call that is well-formed, in time, signed and has a good token. Raises Refusal."""
        app_id, timestamp, version, method, sign = (
            _text(fields, name) for name in ("appId", "timestamp", "version", "method", "sign")
        )
        if app_id != self._settings.app_id:
            raise unauthorised("应用不存在")
        if version != _VERSION:
            raise invalid("参数错误: version")
        if method not in self._methods:
            raise invalid("参数错误: method")
        # ten digits: seconds; a client that sends milliseconds is far outside the tolerance
        if not timestamp.isdecimal() or abs(time.time() - int(timestamp[:20])) > _CLOCK_TOLERANCE_S:
            raise invalid("参数错误: timestamp")
        expected = call_sign(method, app_id, timestamp, version, self._settings.app_secret.get_secret_value())
        if not hmac.compare_digest(expected.encode(), sign.encode()):
            raise unauthorised("签名错误")
        found = self._methods[method]
        if found.of_shop:
            self._tokens.check(_text(fields, "accessToken"))
        return found


def _checked(model: type[P], handle: Callable[[P], _Answer]) -> Callable[[_Fields], _Answer]:
    return lambda fields: handle(parse(model, fields))


def _text(fields: _Fields, name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value:
        raise invalid(f"参数错误: {name}")
    return value


def _fields(body: bytes) -> _Fields | None:
    """The call's fields, or None for a body that has none."""
    try:
        content = json.loads(body)
    except ValueError:
        return None
    return content if isinstance(content, dict) else None
