"""The platform's one HTTP door: checks the call (protocol file, sections 1 to 4), finds the method, answers."""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from fastapi import APIRouter, Request, Response

from sandbox.listings import Listings, tell
from sandbox.pdd.aftersales import AfterSales
from sandbox.pdd.envelope import Refusal, business, failure, invalid, missing, success
from sandbox.pdd.orders import ShopOrder, find, order_info
from sandbox.pdd.params import (
    ExtraLogistics,
    IncrementList,
    NoParams,
    OnlineSend,
    OrderSn,
    P,
    QuantityUpdate,
    RefundCheck,
    RefundInformation,
    RefundList,
    TokenCreate,
    TokenRefresh,
    WaybillCancel,
    WaybillGet,
    parse,
)
from sandbox.pdd.shipping import Shipping
from sandbox.pdd.signing import call_sign, literal
from sandbox.pdd.tokens import Tokens
from sandbox.pdd.waybills import Waybills
from sandbox.pdd.windows import check_window, page_of
from sandbox.world import World, form_fields

_CLOCK_TOLERANCE_S = 600
_LIST_DAYS_S = 90 * 86_400
_ALL = 5
_ADD = 2
_LUCKY, _NO_DEPOSIT = 2, 0
_SYSTEM_ERROR = Refusal(50000, "", "系统内部错误，请稍后重试")
_THROTTLED = Refusal(52102, "", "调用过于频繁，请稍后重试")


@dataclass(frozen=True)
class _Method:
    """One method: under which key it answers (not always derivable from its name), and whether it needs a token."""

    key: str
    handle: Callable[[Mapping[str, str]], dict[str, Any]]
    of_shop: bool = True


class PddApi:
    """All methods that the sandbox plays, behind `POST /api/router`."""

    def __init__(
        self,
        world: World,
        orders: Mapping[str, ShopOrder],
        tokens: Tokens,
        waybills: Waybills,
        after_sales: AfterSales,
    ) -> None:
        settings = world.settings.pdd
        assert settings is not None
        self._world = world
        self._settings = settings
        self._orders = orders
        self._tokens = tokens
        self.listings = Listings(item_base=600_000_000, sku_base=900_000_000)
        shipping = Shipping(orders, world.hand_over)
        self._methods = {
            "pdd.pop.auth.token.create": _Method(
                "pop_auth_token_create_response",
                _checked(TokenCreate, lambda p: tokens.by_code(p.code)),
                of_shop=False,
            ),
            "pdd.pop.auth.token.refresh": _Method(
                "pop_auth_token_refresh_response",
                _checked(TokenRefresh, lambda p: tokens.refresh(p.refresh_token)),
                of_shop=False,
            ),
            "pdd.order.number.list.increment.get": _Method(
                "order_sn_increment_get_response", _checked(IncrementList, self._increment)
            ),
            "pdd.order.information.get": _Method("order_info_get_response", _checked(OrderSn, self._information)),
            "pdd.refund.list.increment.get": _Method(
                "refund_increment_get_response", _checked(RefundList, after_sales.listed)
            ),
            "pdd.refund.information.get": _Method(
                "refund_information_get_response", _checked(RefundInformation, after_sales.one)
            ),
            "pdd.refund.status.check": _Method("refund_status_check_response", _checked(RefundCheck, shipping.refunds)),
            "pdd.logistics.companies.get": _Method(
                "logistics_companies_get_response", _checked(NoParams, shipping.companies), of_shop=False
            ),
            "pdd.logistics.online.send": _Method("logistics_online_send_response", _checked(OnlineSend, shipping.send)),
            "pdd.order.upload.extra.logistics": _Method(
                "upload_extra_logistics_response", _checked(ExtraLogistics, shipping.add)
            ),
            "pdd.goods.quantity.update": _Method(
                "goods_quantity_update_response", _checked(QuantityUpdate, self._set_quantity)
            ),
            "pdd.waybill.get": _Method("pdd_waybill_get_response", _checked(WaybillGet, waybills.get)),
            "pdd.waybill.cancel": _Method("pdd_waybill_cancel_response", _checked(WaybillCancel, waybills.cancel)),
        }

    def router(self) -> APIRouter:
        """The one path; the method stands in the parameter `type`."""
        router = APIRouter()

        @router.post("/api/router")
        async def call(request: Request) -> Response:
            """Answer one call."""
            fields = _fields(await request.body(), request.headers.get("content-type", ""))
            method = (fields or {}).get("type", "")
            return await self._world.answer(
                "pdd",
                method.removeprefix("pdd.") if method in self._methods else "unknown",
                lambda: self._answer(fields),
                system_error=partial(failure, _SYSTEM_ERROR),
                throttled=partial(failure, _THROTTLED),
            )

        return router

    def _answer(self, fields: Mapping[str, str] | None) -> Response:
        try:
            if fields is None:
                raise invalid("body", "请求体必须为 JSON 对象或表单")
            method = self._checked_call(fields)
            return success(method.key, method.handle(fields))
        except Refusal as refusal:
            return failure(refusal)

    def _checked_call(self, fields: Mapping[str, str]) -> _Method:
        """The method of a call that is well-formed, in time, signed and has a good token. Raises Refusal."""
        for name in ("type", "client_id", "timestamp", "sign"):
            if name not in fields:
                raise missing(name)
        empty = next((name for name, value in fields.items() if not value), None)
        if empty is not None:
            raise missing(empty)
        if fields["client_id"] != self._settings.client_id:
            raise Refusal(10016, "client-unknown", "client_id 不存在")
        if fields["type"] not in self._methods:
            raise Refusal(30000, "type-unknown", "接口不存在或未授权")
        if fields.get("data_type", "JSON") != "JSON":
            raise invalid("data_type", "仅支持 JSON")
        if fields.get("version", "V1") != "V1":
            raise invalid("version", "version 必须为 V1")
        timestamp = fields["timestamp"]
        # ten digits: seconds; a client that sends milliseconds is far outside the tolerance
        if not timestamp.isdecimal() or abs(time.time() - int(timestamp[:20])) > _CLOCK_TOLERANCE_S:
            raise invalid("timestamp", "timestamp 与服务器时间相差超过 10 分钟")
        expected = call_sign(fields, self._settings.client_secret.get_secret_value())
        if not hmac.compare_digest(expected.encode(), fields["sign"].encode()):
            raise Refusal(20004, "sign", "签名错误")
        method = self._methods[fields["type"]]
        if method.of_shop:
            self._tokens.check(fields.get("access_token", ""))
        return method

    def _set_quantity(self, params: QuantityUpdate) -> dict[str, Any]:
        listing = self.listings.find(str(params.sku_id), str(params.goods_id))
        if listing is None:
            raise business("goods-not-exist", "商品或规格不存在")
        tell(listing, params.quantity + (listing.pieces or 0) * (params.update_type == _ADD))
        return {"is_success": True}

    def _information(self, params: OrderSn) -> dict[str, Any]:
        order = find(self._orders, params.order_sn)
        order.sent += 1
        return {"order_info": order_info(order)}

    def _increment(self, params: IncrementList) -> dict[str, Any]:
        """pdd.order.number.list.increment.get: orders of 90 days changed within a window, ends included, oldest first.

        An order that changes again leaves the window and moves those after it forward: hence "page backwards".
        """
        start, end = params.start_updated_at, params.end_updated_at
        check_window(start, end)
        oldest = time.time() - _LIST_DAYS_S
        found = [
            order
            for order in self._orders.values()
            if order.placed >= oldest
            and start <= order.updated <= end
            and params.order_status in {_ALL, order.status}
            and params.refund_status in {_ALL, order.refund}
            and params.is_lucky_flag != _LUCKY
            and params.trade_type == _NO_DEPOSIT
        ]
        found.sort(key=lambda order: (order.updated, order.order_sn))
        page = page_of(found, params.page, params.page_size)
        for order in page:
            order.sent += 1
        more: dict[str, Any] = {"total_count": len(found)}
        if params.use_has_next == "true":
            more = {"has_next": params.page * params.page_size < len(found)}
        return {**more, "order_sn_list": [order_info(order) for order in page]}


def _checked(model: type[P], handle: Callable[[P], dict[str, Any]]) -> Callable[[Mapping[str, str]], dict[str, Any]]:
    return lambda fields: handle(parse(model, fields))


def _fields(body: bytes, content_type: str) -> dict[str, str] | None:
    """The call's parameters as the texts that are signed, or None for a body that has none."""
    try:
        if not content_type.startswith("application/json"):
            return form_fields(body)
        content = json.loads(body)
    except ValueError:
        return None
    return {name: literal(value) for name, value in content.items()} if isinstance(content, dict) else None
