"""WeChat Pay APIv3 as the merchant calls it (protocol file, section 2): payments and refunds to look up."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from fastapi import APIRouter, Request, Response

from sandbox.settings import WechatSettings
from sandbox.wechat.purchases import Purchase, Purchases, refund_answer, transaction
from sandbox.wechat.signing import MerchantKey, PlatformKey, signed_text
from sandbox.world import World

_SCHEME = "WECHATPAY2-SHA256-RSA2048"
_FIELD = re.compile(r'([a-z_]+)="([^"]*)"')
_FIELDS = {"mchid", "nonce_str", "signature", "timestamp", "serial_no"}
_SECONDS = re.compile(r"^[0-9]{1,12}$")
_TOLERANCE_S = 300


class _Refusal(Exception):
    """A call that WeChat Pay refuses. The text holds nothing of the call."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message


class PayApi:
    """The queries that the sandbox plays, behind `/v3`. Every answer is signed, refusals too."""

    def __init__(self, world: World, settings: WechatSettings, key: PlatformKey, purchases: Purchases) -> None:
        self._world = world
        self._settings = settings
        self._key = key
        self._merchant = MerchantKey(settings.merchant_public_key)
        self._purchases = purchases

    def router(self) -> APIRouter:
        """Payments by either number, and refunds by the merchant's."""
        router = APIRouter()

        @router.get("/v3/pay/transactions/out-trade-no/{number}")
        async def by_out_trade_no(number: str, request: Request) -> Response:
            """A payment by the merchant's number."""
            find = partial(self._payment, self._purchases.by_number, number)
            return await self._call("transactions.out_trade_no", request, find)

        @router.get("/v3/pay/transactions/id/{number}")
        async def by_id(number: str, request: Request) -> Response:
            """A payment by WeChat Pay's number."""
            find = partial(self._payment, self._purchases.by_transaction, number)
            return await self._call("transactions.id", request, find)

        @router.get("/v3/refund/domestic/refunds/{number}")
        async def refund(number: str, request: Request) -> Response:
            """A refund by the merchant's number."""
            return await self._call("refunds", request, partial(self._refund, number), of_merchant=False)

        return router

    async def _call(
        self, operation: str, request: Request, find: Callable[[], dict[str, Any]], *, of_merchant: bool = True
    ) -> Response:
        body = await request.body()

        def handle() -> Response:
            try:
                self._check(request, body)
                if of_merchant:
                    self._check_merchant(request.query_params.get("mchid"))
                return self._answer(200, find())
            except _Refusal as refusal:
                return self._answer(refusal.status, {"code": refusal.code, "message": refusal.message})

        return await self._world.answer(
            "wechat",
            operation,
            handle,
            system_error=lambda: self._answer(500, {"code": "SYSTEM_ERROR", "message": "系统异常，请稍后重试"}),
            throttled=lambda: self._answer(429, {"code": "RATELIMIT_EXCEEDED", "message": "频率超限"}),
        )

    def _check(self, request: Request, body: bytes) -> None:
        """Raise _Refusal unless the merchant signed this very call just now."""
        scheme, _, rest = request.headers.get("authorization", "").partition(" ")
        fields = dict(_FIELD.findall(rest))
        if scheme != _SCHEME or not fields.keys() >= _FIELDS or not all(fields.values()):
            raise _Refusal(401, "SIGN_ERROR", "Http头Authorization值格式错误，请参考《微信支付商户REST API签名规则》")
        if fields["mchid"] != self._settings.mchid or fields["serial_no"] != self._settings.merchant_serial:
            raise _Refusal(401, "SIGN_ERROR", "商户证书序列号有误")
        timestamp = fields["timestamp"]
        if not _SECONDS.match(timestamp) or abs(time.time() - int(timestamp)) > _TOLERANCE_S:
            raise _Refusal(401, "SIGN_ERROR", "Http头Authorization中的timestamp与发起请求的时间不得超过5分钟")
        texts = (
            signed_text(request.method, target, timestamp, fields["nonce_str"], body=body)
            for target in _targets(request)
        )
        if not any(self._merchant.holds(fields["signature"], text) for text in texts):
            raise _Refusal(401, "SIGN_ERROR", "签名错误")
        if request.headers.get("wechatpay-serial", self._key.key_id) != self._key.key_id:
            raise _Refusal(400, "PARAM_ERROR", "Wechatpay-Serial不存在")

    def _check_merchant(self, mchid: str | None) -> None:
        if not mchid:
            raise _Refusal(400, "PARAM_ERROR", "缺少参数mchid")
        if mchid != self._settings.mchid:
            raise _Refusal(403, "NO_AUTH", "商户号与签名不一致")

    def _payment(self, look_up: Callable[[str], Purchase | None], number: str) -> dict[str, Any]:
        purchase = look_up(number)
        if purchase is None:
            raise _Refusal(404, "ORDER_NOT_EXIST", "订单不存在")
        return transaction(purchase, self._settings.appid, self._settings.mchid)

    def _refund(self, number: str) -> dict[str, Any]:
        found = self._purchases.by_refund(number)
        if found is None:
            raise _Refusal(404, "RESOURCE_NOT_EXISTS", "退款单不存在")
        return refund_answer(*found)

    def _answer(self, status: int, content: dict[str, Any]) -> Response:
        body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
        return Response(body, status_code=status, headers=self._key.headers(body))


def _targets(request: Request) -> tuple[str, str]:
    """What stands in the request line, without and with the path that the sandbox puts before WeChat Pay's own."""
    path = request.scope.get("raw_path", request.url.path.encode()).decode("ascii")
    query = request.scope.get("query_string", b"").decode("ascii")
    whole = f"{path}?{query}" if query else path
    return whole[whole.index("/v3/") :], whole
