"""The platform's HTTP door: checks the call (protocol file, sections 1 to 4), finds the method, answers."""

from __future__ import annotations

import hmac
import json
import re
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from fastapi import APIRouter, Request, Response

from domain.clock import parse_beijing
from sandbox.douyin.aftersales import AfterSales
from sandbox.douyin.cipher import Cipher, DataType
from sandbox.douyin.ebills import Ebills
from sandbox.douyin.envelope import Refusal, business, failure, invalid, success
from sandbox.douyin.orders import ShopOrder, detail, find
from sandbox.douyin.params import (
    AfterSaleDetail,
    AfterSaleList,
    BatchDecrypt,
    CancelOrder,
    CipherInfo,
    ListEbill,
    LogisticsAdd,
    LogisticsEdit,
    MultiPack,
    NewCreateOrder,
    OrderDetail,
    P,
    SearchList,
    SinglePack,
    SyncStock,
    TokenCreate,
    TokenRefresh,
    parse,
)
from sandbox.douyin.shipping import Shipping
from sandbox.douyin.signing import call_sign, sorted_json
from sandbox.douyin.tokens import Tokens
from sandbox.listings import Listings, tell
from sandbox.refunds import Refund
from sandbox.world import World

_SECONDS = re.compile(r"^[0-9]{1,12}$")
_CLOCK_TOLERANCE_S = 600
_LIST_DAYS_S = 90 * 86_400
_LIST_DEPTH = 10_000
_SYSTEM_ERROR = Refusal(20000, "isp.service-error:unavailable", "服务暂时不可用")
_THROTTLED = Refusal(80000, "dop.app-qps-limit", "应用调用频率超限")


class DouyinApi:
    """All methods that the sandbox plays. `decrypts` counts the ciphertexts that were opened."""

    def __init__(
        self,
        world: World,
        orders: Mapping[str, ShopOrder],
        cipher: Cipher,
        ebills: Ebills,
        after_sales: AfterSales,
        new_id: Callable[[], str],
        refuse: Callable[[Refund], None],
    ) -> None:
        self._world = world
        self._settings = world.settings.douyin
        self._orders = orders
        self._cipher = cipher
        self._tokens = Tokens(self._settings.shop_id, self._settings.token_seconds)
        self.decrypts = 0
        self.listings = Listings(item_base=3_500_000_000_000_000, sku_base=1_700_000_000_000_000)
        self._stock_told: dict[str, SyncStock] = {}
        shipping = Shipping(orders, world.hand_over, new_id, refuse)
        self._methods: dict[str, Callable[[bytes], dict[str, Any]]] = {
            "token.create": _method(TokenCreate, lambda p: self._tokens.create(p.grant_type, p.shop_id)),
            "token.refresh": _method(TokenRefresh, lambda p: self._tokens.refresh(p.grant_type, p.refresh_token)),
            "order.orderDetail": _method(OrderDetail, self._order_detail),
            "order.searchList": _method(SearchList, self._search),
            "order.logisticsAdd": _method(LogisticsAdd, shipping.add),
            "order.logisticsAddSinglePack": _method(SinglePack, shipping.add_single),
            "order.logisticsAddMultiPack": _method(MultiPack, shipping.add_multi),
            "order.logisticsEdit": _method(LogisticsEdit, shipping.edit),
            "afterSale.List": _method(AfterSaleList, after_sales.listed),
            "afterSale.Detail": _method(AfterSaleDetail, after_sales.detail),
            "sku.syncStock": _method(SyncStock, self._sync_stock),
            "order.batchDecrypt": _method(BatchDecrypt, self._decrypt),
            "logistics.newCreateOrder": _method(NewCreateOrder, ebills.create),
            "logistics.listEbill": _method(ListEbill, ebills.list_ebills),
            "logistics.cancelOrder": _method(CancelOrder, ebills.cancel),
        }

    def router(self) -> APIRouter:
        """`POST /{group}/{name}` for the method `group.name`."""
        router = APIRouter()

        @router.post("/{group}/{name}")
        async def call(group: str, name: str, request: Request) -> Response:
            """Answer one call."""
            method, body, query = f"{group}.{name}", await request.body(), dict(request.query_params)
            return await self._world.answer(
                "douyin",
                method,
                lambda: self._answer(method, query, body),
                system_error=partial(failure, _SYSTEM_ERROR),
                throttled=partial(failure, _THROTTLED),
            )

        return router

    def _answer(self, method: str, query: dict[str, str], body: bytes) -> Response:
        try:
            self._check_call(method, query, body)
            return success(self._methods[method](body))
        except Refusal as refusal:
            return failure(refusal)

    def _check_call(self, method: str, query: dict[str, str], body: bytes) -> None:
        """Raise Refusal unless the call is well-formed, in time, signed and has a good token."""
        for name in ("app_key", "method", "timestamp", "v", "sign"):
            if not query.get(name):
                code = "isv.signature-missing" if name == "sign" else "isv.parameter-missing"
                raise Refusal(40002, code, f"缺少参数 {name}")
        if query["method"] != method or method not in self._methods:
            raise Refusal(40003, "isv.method-invalid", "method 与请求路径不一致或不存在")
        if query["app_key"] != self._settings.app_key:
            raise Refusal(40003, "isv.app-key-invalid", "app_key 不存在")
        if query["v"] != "2":
            raise Refusal(40003, "isv.version-invalid", "v 必须为 2")
        if abs(time.time() - _moment(query["timestamp"])) > _CLOCK_TOLERANCE_S:
            raise Refusal(40003, "isv.timestamp-invalid", "timestamp 与服务器时间相差超过 10 分钟")
        self._check_sign(method, query, body)
        if not method.startswith("token."):
            self._tokens.check(query.get("access_token", ""))

    def _check_sign(self, method: str, query: dict[str, str], body: bytes) -> None:
        """The sign must hold for the body as sent and as the platform would write it, which may re-serialise it."""
        if query.get("sign_method") != "hmac-sha256":
            raise Refusal(40003, "isv.signature-invalid", "sign_method 必须为 hmac-sha256")
        try:
            sent = body.decode()
            own = sorted_json(json.loads(sent))
        except ValueError:
            raise invalid("param_json", "请求体不是 JSON") from None
        for param_json in (sent, own):
            expected = call_sign(
                self._settings.app_key,
                self._settings.app_secret.get_secret_value(),
                method,
                param_json,
                query["timestamp"],
                query["v"],
            )
            if not hmac.compare_digest(expected.encode(), query["sign"].encode()):
                raise Refusal(40003, "isv.signature-invalid", "签名错误")

    def _order_detail(self, params: OrderDetail) -> dict[str, Any]:
        return {"shop_order_detail": detail(find(self._orders, params.shop_order_id), self._settings.shop_id)}

    def _search(self, params: SearchList) -> dict[str, Any]:
        """order.searchList: orders created in the last 90 days, within one or two windows of time, ends included."""
        updates = _window(params.update_time_start, params.update_time_end, "update_time")
        creates = _window(params.create_time_start, params.create_time_end, "create_time")
        if updates is None and creates is None:
            raise Refusal(40002, "isv.parameter-missing", "缺少时间范围")
        if params.page * params.size > _LIST_DEPTH:
            raise invalid("page", "翻页过深，请缩小时间范围")
        statuses = {status for entry in params.combine_status for status in entry.order_status.split(",") if status}
        oldest = time.time() - _LIST_DAYS_S
        found = [
            order
            for order in self._orders.values()
            if order.placed >= oldest
            and (updates is None or order.updated in updates)
            and (creates is None or order.placed in creates)
            and (not statuses or str(int(order.status)) in statuses)
        ]
        by_update = params.order_by == "update_time"
        found.sort(
            key=lambda order: (order.updated if by_update else order.placed, int(order.order_id)),
            reverse=not params.order_asc,
        )
        start = params.page * params.size
        page = found[start : start + params.size]
        return {
            "page": params.page,
            "size": params.size,
            "total": len(found),
            "shop_order_list": [detail(order, self._settings.shop_id) for order in page],
        }

    def _sync_stock(self, params: SyncStock) -> dict[str, Any]:
        """sku.syncStock: a request that was seen before is answered again and does nothing."""
        listing = self.listings.find(str(params.sku_id), str(params.product_id))
        if listing is None:
            raise business("sku-not-exist", "商品规格不存在")
        before = self._stock_told.get(params.idempotent_id) if params.idempotent_id else None
        if before is not None and before != params:
            raise invalid("idempotent_id", "幂等 ID 已用于其他请求")
        if before is None:
            tell(listing, params.stock_num + (listing.pieces or 0) * params.incremental)
            self._stock_told[params.idempotent_id] = params
        return {}

    def _decrypt(self, params: BatchDecrypt) -> dict[str, Any]:
        return {"decrypt_infos": [self._opened(info) for info in params.cipher_infos]}

    def _opened(self, info: CipherInfo) -> dict[str, Any]:
        entry: dict[str, Any] = {"auth_id": info.auth_id, "cipher_text": info.cipher_text}
        revealed = self._cipher.reveal(info.cipher_text)
        order = self._orders.get(info.auth_id)
        if revealed is None or order is None or not order.sealed.holds(info.cipher_text):
            return {**entry, "decrypt_text": "", "err_no": 300008, "err_msg": "密文不属于该订单"}
        self.decrypts += 1
        kind, text = revealed
        # 5: the buyer's own number rather than a virtual one
        return {
            **entry,
            "decrypt_text": text,
            "err_no": 0,
            "err_msg": "",
            "data_type": 5 if kind is DataType.PHONE else int(kind),
            "is_virtual_tel": False,
        }


def _method(model: type[P], handle: Callable[[P], dict[str, Any]]) -> Callable[[bytes], dict[str, Any]]:
    return lambda body: handle(parse(model, body))


def _window(start: int | None, end: int | None, name: str) -> range | None:
    if start is None and end is None:
        return None
    if start is None or end is None:
        raise Refusal(40002, "isv.parameter-missing", f"缺少参数 {name}_{'start' if start is None else 'end'}")
    if start >= end:
        raise invalid(f"{name}_end", "结束时间必须晚于开始时间")
    return range(start, end + 1)


def _moment(timestamp: str) -> float:
    """A call's timestamp: Unix seconds, or text in Beijing time. Raises Refusal."""
    if _SECONDS.match(timestamp):
        return int(timestamp)
    try:
        return parse_beijing(timestamp).timestamp()
    except ValueError:
        raise Refusal(40003, "isv.timestamp-invalid", "timestamp 格式错误") from None
