"""The mini-program's own backend: it holds the orders, sends each to orderhub, and can be asked (docs/rest-api.md).

WeChat Pay tells payments and refunds to orderhub alone: the notify_url is orderhub's. The shop sees them when it looks,
so its record has them, as has whatever it sends later; but it sends nothing because of them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from sandbox.own.answers import Rejections, all_answered
from sandbox.own.document import document
from sandbox.own.orders import modified_between
from sandbox.own.signing import objection, signed_headers
from sandbox.settings import WechatSettings
from sandbox.wechat.purchases import Purchase, Purchases
from sandbox.world import PushRequest, World

_PATH = "/api/v1/orders"
_BATCH = 50
_PAGE = 50


class _Ask(BaseModel):
    """Which page of which changes orderhub asks for."""

    modified_from: AwareDatetime
    modified_to: AwareDatetime
    page: int = Field(ge=1)


def shop_document(purchase: Purchase, appid: str) -> dict[str, Any]:
    """An order as the shop's backend has it now. Its customer is the buyer's openid."""
    content = document(purchase.draft, appid, purchase.out_trade_no)
    content |= {
        "channel": "wechat",
        "version": purchase.version,
        "status": purchase.status,
        "receiver": purchase.receiver.model_dump(),
        "customer": content["customer"] | {"id": purchase.openid},
        "seller_note": purchase.seller_note,
    }
    if purchase.paid_at is None:
        del content["paid_at"]
    return content


class ShopBackend:
    """Sends orders and notes what orderhub did not want of them: `rejected`, by order and version."""

    def __init__(self, world: World, settings: WechatSettings, purchases: Purchases) -> None:
        self._world = world
        self._settings = settings
        self._purchases = purchases
        self.rejected: Rejections = {}

    def send(self, purchases: Sequence[Purchase]) -> None:
        """Send orders as they are now, up to 50 at a time, until orderhub said of each what became of it."""
        for start in range(0, len(purchases), _BATCH):
            batch = purchases[start : start + _BATCH]
            self._send([shop_document(purchase, self._settings.appid) for purchase in batch])

    def router(self) -> APIRouter:
        """`GET /shop/orderhub/orders`."""
        router = APIRouter()

        @router.get("/shop/orderhub/orders")
        async def orders(request: Request) -> Response:
            """List what was changed."""
            return await self._world.answer(
                "wechat",
                "pull",
                lambda: self._list(request),
                system_error=lambda: _reply(500, code="INTERNAL", message="internal error"),
                throttled=lambda: Response(status_code=429, headers={"Retry-After": "1"}),
            )

        return router

    def _send(self, documents: Sequence[dict[str, Any]]) -> None:
        content = documents[0] if len(documents) == 1 else {"orders": documents}
        body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
        versions = {str(entry["order_no"]): int(entry["version"]) for entry in documents}

        def build() -> PushRequest:
            for order_no in versions:
                self._purchases.placed(order_no).sent += 1
            secret = self._settings.rest_secret.get_secret_value()
            return PushRequest(_PATH, body, signed_headers(self._settings.rest_key_id, secret, "POST", _PATH, body))

        self._world.push("wechat", "orders", build, lambda response: all_answered(response, versions, self.rejected))

    def _list(self, request: Request) -> Response:
        settings = self._settings
        secret, path = settings.rest_secret.get_secret_value(), request.url.path
        refused = objection(request.headers, settings.rest_key_id, secret, request.method, path, b"")
        if refused:
            return _reply(401, code="UNAUTHORIZED", message=refused)
        try:
            ask = _Ask.model_validate(dict(request.query_params))
        except ValidationError as error:
            place = error.errors(include_input=False, include_context=False)[0]["loc"]
            return _reply(422, code="INVALID", message=f"not as documented: {'.'.join(map(str, place))}")
        found = modified_between(self._purchases.all(), ask.modified_from, ask.modified_to)
        page = found[(ask.page - 1) * _PAGE : ask.page * _PAGE]
        for purchase in page:
            purchase.sent += 1
        orders = [shop_document(purchase, settings.appid) for purchase in page]
        return _reply(200, orders=orders, has_more=len(found) > ask.page * _PAGE)


def _reply(status: int, **content: object) -> Response:
    return JSONResponse(content, status_code=status)
