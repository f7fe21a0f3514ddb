"""The platform's HTTP door: checks the call (protocol file, sections 1 to 3), finds the method, answers."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from fastapi import APIRouter, Request, Response

from domain.clock import format_beijing, parse_beijing, utc_now
from sandbox.listings import Listings, tell
from sandbox.settings import TaobaoSettings
from sandbox.taobao.envelope import Refusal, business, failure, invalid, success
from sandbox.taobao.params import (
    FullInfo,
    ItemQuantity,
    OfflineSend,
    P,
    RefundDetail,
    RefundsReceived,
    SkuQuantities,
    SoldIncrement,
    WaybillCancel,
    WaybillGet,
    WaybillQuery,
    parse,
)
from sandbox.taobao.refunding import RefundDesk
from sandbox.taobao.session import Session
from sandbox.taobao.shipping import Shipping
from sandbox.taobao.signing import METHODS, call_sign
from sandbox.taobao.trades import Trade, find
from sandbox.taobao.waybills import Waybills
from sandbox.taobao.writing import DETAIL_ONLY, trade_fields
from sandbox.world import World, form_fields

_CLOCK_TOLERANCE_S = 600
_LIST_S = 90 * 86_400
_SYSTEM_ERROR = Refusal(
    10, "Service Currently Unavailable", "isp.top-remote-service-unavailable", "服务暂时不可用，请稍后重试"
)
_THROTTLED = Refusal(
    7, "App Call Limited", "accesscontrol.limited-by-api-access-count", "This ban will last for 1 more seconds"
)

_Form = Mapping[str, str]


class TaobaoApi:
    """All methods that the sandbox plays, under one path."""

    def __init__(
        self,
        world: World,
        settings: TaobaoSettings,
        trades: Mapping[str, Trade],
        *,
        session: Session,
        refunds: RefundDesk,
        waybills: Waybills,
    ) -> None:
        self._world = world
        self._settings = settings
        self._trades = trades
        self._session = session
        self.listings = Listings(item_base=520_000_000_000, sku_base=4_900_000_000_000)
        shipping = Shipping(trades, world.hand_over)
        self._methods: dict[str, Callable[[_Form], dict[str, Any]]] = {
            "taobao.trades.sold.increment.get": _method(SoldIncrement, self._sold_increment),
            "taobao.trade.fullinfo.get": _method(FullInfo, self._full_info),
            "taobao.refunds.receive.get": _method(RefundsReceived, refunds.received),
            "taobao.refund.get": _method(RefundDetail, refunds.detail),
            "taobao.logistics.offline.send": _method(OfflineSend, shipping.offline_send),
            "taobao.skus.quantity.update": _method(SkuQuantities, self._set_skus),
            "taobao.item.quantity.update": _method(ItemQuantity, self._set_item),
            "cainiao.waybill.ii.get": _method(WaybillGet, waybills.get),
            "cainiao.waybill.ii.query.by.tradecode": _method(WaybillQuery, waybills.query),
            "cainiao.waybill.ii.cancel": _method(WaybillCancel, waybills.cancel),
        }

    def router(self) -> APIRouter:
        """`POST /router/rest`; the form's `method` says what is wanted."""
        router = APIRouter()

        @router.post("/router/rest")
        async def call(request: Request) -> Response:
            """Answer one call."""
            try:
                form = form_fields(await request.body())
            except UnicodeDecodeError:
                return failure(Refusal(47, "Invalid encoding"))
            return await self._world.answer(
                "taobao",
                form.get("method", "").removeprefix("taobao."),
                lambda: self._answer(form),
                system_error=partial(failure, _SYSTEM_ERROR),
                throttled=partial(failure, _THROTTLED),
            )

        return router

    def _answer(self, form: _Form) -> Response:
        try:
            self._check_call(form)
            return success(form["method"], self._methods[form["method"]](form))
        except Refusal as refusal:
            return failure(refusal)

    def _check_call(self, form: _Form) -> None:
        """Raise Refusal unless the call is well-formed, in time, signed and has the shop's session."""
        for name, code, words in (
            ("method", 21, "Missing Method"),
            ("app_key", 28, "Missing App Key"),
            ("timestamp", 30, "Missing Timestamp"),
            ("v", 32, "Missing Version"),
            ("sign", 24, "Missing Signature"),
            ("session", 26, "Missing Session"),
        ):
            if not form.get(name):
                raise Refusal(code, words)
        if form["method"] not in self._methods:
            raise Refusal(22, "Invalid Method")
        if form.get("format") != "json":
            raise Refusal(23, "Invalid Format")
        if form["app_key"] != self._settings.app_key:
            raise Refusal(29, "Invalid App Key")
        if form["v"] != "2.0":
            raise Refusal(33, "Invalid Version")
        self._check_timestamp(form["timestamp"])
        self._check_sign(form)
        if not self._session.good(form["session"]):
            raise Refusal(27, "Invalid Session", "session-expired", "session 不存在或已过期")

    def _check_timestamp(self, timestamp: str) -> None:
        try:
            moment = parse_beijing(timestamp).timestamp()
        except ValueError:
            raise Refusal(31, "Invalid Timestamp") from None
        if abs(time.time() - moment) > _CLOCK_TOLERANCE_S:
            raise Refusal(31, "Invalid Timestamp")

    def _check_sign(self, form: _Form) -> None:
        sign_method = form.get("sign_method", "")
        if sign_method in METHODS:
            expected = call_sign(form, self._settings.app_secret.get_secret_value(), sign_method)
            if hmac.compare_digest(expected.encode(), form["sign"].encode()):
                return
        raise Refusal(25, "Invalid Signature", "isv.invalid-signature", "签名错误")

    def _sold_increment(self, params: SoldIncrement) -> dict[str, Any]:
        """taobao.trades.sold.increment.get: trades of the last three months, last modified first."""
        oldest = max(params.start_modified, time.time() - _LIST_S)
        found = [
            trade
            for trade in self._trades.values()
            if oldest <= trade.modified <= params.end_modified
            and params.status in {"", trade.status.value}
            and (not params.type or "guarantee_trade" in params.type.split(","))
        ]
        found.sort(key=lambda trade: (trade.modified, int(trade.tid)), reverse=True)
        start = (params.page_no - 1) * params.page_size
        page = found[start : start + params.page_size]
        for trade in page:
            trade.sent += 1
        shop = self._settings.shop
        trades = [trade_fields(trade, shop, params.fields, hidden=DETAIL_ONLY) for trade in page]
        listed = {"trades": {"trade": trades}} if trades else {}
        if params.use_has_next == "true":
            return {"has_next": start + len(page) < len(found), **listed}
        return {"total_results": len(found), **listed}

    def _set_skus(self, params: SkuQuantities) -> dict[str, Any]:
        """taobao.skus.quantity.update: all of them, or none."""
        wanted = [pair.split(":") for pair in params.skuid_quantities.split(";")]
        found = [(self.listings.find(sku_id, params.num_iid), int(pieces)) for sku_id, pieces in wanted]
        after = [(one, pieces + ((one.pieces or 0) if params.type == "2" else 0)) for one, pieces in found if one]
        if len(after) < len(found):
            raise business("item-is-delete:invalid-skuId", "商品或 SKU 不存在")
        if any(pieces < 0 for _, pieces in after):
            raise invalid("quantity", "库存不能小于 0")
        for listing, pieces in after:
            tell(listing, pieces)
        return {"item": {"num_iid": int(params.num_iid), "modified": format_beijing(utc_now())}}

    def _set_item(self, params: ItemQuantity) -> dict[str, Any]:
        raise business("error-item-has-sku", "该商品有 SKU，请使用 taobao.skus.quantity.update")

    def _full_info(self, params: FullInfo) -> dict[str, Any]:
        trade = find(self._trades, params.tid)
        hidden = frozenset() if params.include_oaid else frozenset({"oaid"})
        return {"trade": trade_fields(trade, self._settings.shop, params.fields, hidden)}


def _method(model: type[P], handle: Callable[[P], dict[str, Any]]) -> Callable[[_Form], dict[str, Any]]:
    return lambda form: handle(parse(model, form))
