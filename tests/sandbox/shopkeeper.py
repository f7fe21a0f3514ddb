"""A shopkeeper on the sandbox's Douyin: orders come in, and signed calls go out."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from sandbox.douyin.signing import call_sign, sorted_json
from tests.sandbox.town import Town, draft


@dataclass
class Shopkeeper:
    """Calls the platform as the shop's own app."""

    place: Town
    token: dict[str, Any] = field(default_factory=dict)

    async def raw(self, method: str, content: object, /, **changes: str) -> dict[str, Any]:
        """The envelope of one call. `changes` go into the query, signed where they are part of the signature."""
        body = content if isinstance(content, str) else sorted_json(content)
        query = {
            "app_key": "dy-key",
            "method": method,
            "timestamp": str(int(time.time())),
            "v": "2",
            "sign_method": "hmac-sha256",
            "access_token": self.token.get("access_token", ""),
        } | changes
        sign = call_sign(query["app_key"], "dy-secret", method, body, query["timestamp"], query["v"])
        response = await self.place.http.post(
            f"/douyin/{method.replace('.', '/')}", params={"sign": sign} | query, content=body.encode()
        )
        assert response.status_code == 200
        answer: dict[str, Any] = response.json()
        return answer

    async def call(self, method: str, content: object) -> dict[str, Any]:
        """The data of one call that succeeds."""
        answer = await self.raw(method, content)
        assert answer["code"] == 10000, answer
        data: dict[str, Any] = answer["data"]
        return data

    async def order(self, *drafts: dict[str, Any]) -> list[str]:
        """Place orders; their numbers."""
        placed = await self.place.control("/orders", list(drafts) or [draft(channel="douyin")])
        return [entry["order_no"] for entry in placed]

    async def detail(self, number: str) -> dict[str, Any]:
        """One order as the platform gives it."""
        found: dict[str, Any] = (await self.call("order.orderDetail", {"shop_order_id": number}))["shop_order_detail"]
        return found


async def shopkeeper(place: Town) -> Shopkeeper:
    """A shopkeeper who has a token."""
    keeper = Shopkeeper(place)
    keeper.token = await keeper.call(
        "token.create", {"code": "", "grant_type": "authorization_self", "shop_id": "123456"}
    )
    return keeper
