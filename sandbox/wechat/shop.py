"""The mini-program's own backend: it holds the orders, and sends each to orderhub (docs/rest-api.md).

WeChat Pay tells payments and refunds to orderhub alone: the notify_url is orderhub's. The shop sees them when it looks,
so its record has them, as has whatever it sends later; but it sends nothing because of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, Literal

import httpx
from pydantic import BaseModel

from sandbox.own.document import document
from sandbox.own.signing import signed_headers
from sandbox.settings import WechatSettings
from sandbox.wechat.purchases import Purchase
from sandbox.world import PushRequest, World

_PATH = "/api/v1/orders"
_BATCH = 50


class _Fault(BaseModel):
    field: str = ""


class _Result(BaseModel):
    order_no: str
    result: Literal["accepted", "duplicate", "conflict", "invalid"]
    error: _Fault | None = None


class _Results(BaseModel):
    """orderhub's answer to a batch."""

    results: list[_Result]


def shop_document(purchase: Purchase, appid: str) -> dict[str, Any]:
    """An order as the shop's backend has it now. Its customer is the buyer's openid."""
    content = document(purchase.draft, appid, purchase.out_trade_no)
    content |= {
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

    def __init__(self, world: World, settings: WechatSettings, find: Callable[[str], Purchase]) -> None:
        self._world = world
        self._settings = settings
        self._find = find
        self.rejected: dict[tuple[str, int], dict[str, str]] = {}

    def send(self, purchases: Sequence[Purchase]) -> None:
        """Send orders as they are now, up to 50 at a time, until orderhub said of each what became of it."""
        for start in range(0, len(purchases), _BATCH):
            batch = purchases[start : start + _BATCH]
            self._send([shop_document(purchase, self._settings.appid) for purchase in batch])

    def _send(self, documents: Sequence[dict[str, Any]]) -> None:
        content = documents[0] if len(documents) == 1 else {"orders": documents}
        body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
        versions = {str(entry["order_no"]): int(entry["version"]) for entry in documents}

        def build() -> PushRequest:
            for order_no in versions:
                self._find(order_no).sent += 1
            secret = self._settings.rest_secret.get_secret_value()
            return PushRequest(_PATH, body, signed_headers(self._settings.rest_key_id, secret, "POST", _PATH, body))

        self._world.push("wechat", "orders", build, lambda response: self._all_answered(response, versions))

    def _all_answered(self, response: httpx.Response, versions: dict[str, int]) -> bool:
        """Whether the hub said of every order what became of it; a refused one is noted and not sent again."""
        if response.status_code != 200:
            return False
        results = {result.order_no: result for result in _Results.model_validate_json(response.content).results}
        for order_no, result in results.items():
            if order_no in versions and result.result in {"conflict", "invalid"}:
                fault = result.error.field if result.error else ""
                rejection = {"order_no": order_no, "result": result.result, "field": fault}
                self.rejected[order_no, versions[order_no]] = rejection
        return results.keys() >= versions.keys()
