"""The platform's pushes (protocol file, section 6): signed JSON arrays of messages, whose signature covers no body.

Pushes are hints: nothing is pushed while the shop's access token is not good, what is not taken is tried once more,
and an after-sale that is decided tells of it only where it changes the order's status. The content of `data` is not
specified; it holds what shops' programs find in it in public.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from sandbox.settings import XiaohongshuSettings
from sandbox.world import PushRequest, World
from sandbox.xiaohongshu.orders import ShopOrder
from sandbox.xiaohongshu.signing import push_sign

_PER_PUSH = 20


class Tag(StrEnum):
    """msgTag, those that occur here."""

    STATUS_CHANGED = "msg_fulfillment_status_change"
    RECEIVER_CHANGED = "msg_fulfillment_receiver_change"
    REMARK_CHANGED = "msg_fulfillment_seller_remark_change"
    AFTER_SALE_CREATED = "msg_after_sale_create"


@dataclass(frozen=True)
class News:
    """What there is to tell of an order."""

    order: ShopOrder
    tag: Tag
    more: dict[str, Any]


class Messages:
    """Writes messages and pushes them, several in one request where there are several, while `live()`."""

    def __init__(self, world: World, settings: XiaohongshuSettings, live: Callable[[], bool]) -> None:
        self._world = world
        self._settings = settings
        self._live = live
        url = urlsplit(settings.push_url)
        self._path = url.path
        self._query = dict(parse_qsl(url.query))
        self._last: dict[str, News] = {}
        self.duplicates_sent = 0
        self.unsent = 0

    def tell(self, news: Sequence[News]) -> None:
        """Push one message per piece of news."""
        for piece in news:
            self._last[piece.order.order_id] = piece
        if not self._live():
            self.unsent += len(news)
            return
        for start in range(0, len(news), _PER_PUSH):
            self._push(news[start : start + _PER_PUSH])

    def again(self, order: ShopOrder) -> None:
        """Push the last news of an order once more; it says what it said."""
        self.duplicates_sent += 1
        self.tell([self._last[order.order_id]])

    def test(self) -> None:
        """Try whether the hub can be reached, as the platform's console does when the URL is set."""
        body = b'{"test":true}'
        self._world.push(
            "xiaohongshu", "test", lambda: self._request(body), lambda response: response.status_code == 200, waits=[]
        )

    def _push(self, news: Sequence[News]) -> None:
        messages = [
            {"msgTag": piece.tag.value, "sellerId": self._settings.seller_id, "data": _json(_data(piece))}
            for piece in news
        ]
        body = _json(messages).encode()
        orders = {piece.order.order_id: piece.order for piece in news}

        def build() -> PushRequest:
            for order in orders.values():
                order.sent += 1
            return self._request(body)

        self._world.push("xiaohongshu", "messages", build, _taken, waits=[self._world.pace.push_retry_s])

    def _request(self, body: bytes) -> PushRequest:
        app_key, timestamp = self._settings.app_id, str(int(time.time()))
        secret = self._settings.app_secret.get_secret_value()
        headers = {
            "Content-Type": "application/json",
            "app-key": app_key,
            "timestamp": timestamp,
            "sign": push_sign(self._path, self._query, app_key, timestamp, secret),
        }
        return PushRequest(self._path, body, headers, self._query or None)


def _data(piece: News) -> dict[str, Any]:
    order = piece.order
    return {"orderId": order.order_id, "packageId": order.order_id, "updateTime": order.updated, **piece.more}


def _taken(response: httpx.Response) -> bool:
    answer = response.json()
    said = isinstance(answer, dict) and answer.get("success") is True and answer.get("error_code") == 0
    return response.status_code == 200 and said


def _json(content: object) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))
