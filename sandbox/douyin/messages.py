"""The platform's pushes (protocol file, section 6): signed JSON arrays of messages, each about one order."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import httpx

from sandbox.douyin.orders import ShopOrder
from sandbox.douyin.signing import event_sign
from sandbox.settings import DouyinSettings
from sandbox.world import PushRequest, World

_PATH = "/hooks/douyin"
_PER_PUSH = 20


class Tag(StrEnum):
    """What a message is about."""

    PAYMENT_CONFIRMED = "101"
    PAID_AND_WAITING = "110"
    RECEIVER_CHANGED = "105"
    CANCELLED = "106"
    REMARK_CHANGED = "107"
    REFUND_APPLIED = "200"
    REFUND_REFUSED = "204"
    RETURN_REFUSED = "205"
    REFUNDED = "206"
    REFUND_CLOSED = "207"


_OF_AFTER_SALES = frozenset(
    {Tag.REFUND_APPLIED, Tag.REFUND_REFUSED, Tag.RETURN_REFUSED, Tag.REFUNDED, Tag.REFUND_CLOSED}
)
"""Messages with a form of their own."""


@dataclass(frozen=True)
class Message:
    """One message as it stands in the array. Sent again, it keeps its `msg_id`."""

    tag: Tag
    msg_id: str
    data: str | dict[str, Any]


class Messages:
    """Writes messages and pushes them, several in one request where there are several."""

    def __init__(self, world: World, settings: DouyinSettings) -> None:
        self._world = world
        self._settings = settings
        self._sent: dict[str, list[Message]] = {}
        self._count = 0
        self.duplicates_sent = 0
        self.stale_sent = 0

    def tell(self, news: Sequence[tuple[ShopOrder, Tag, dict[str, Any]]]) -> None:
        """Push one new message per order, tag and further data."""
        written = [(order, self._write(order, tag, more)) for order, tag, more in news]
        for start in range(0, len(written), _PER_PUSH):
            self._push(written[start : start + _PER_PUSH])

    def again(self, order: ShopOrder, tag: Tag | None) -> None:
        """Push an order's last message once more, or the last one of a tag. Raises KeyError when there is none."""
        sent = self._sent[order.order_id]
        chosen = sent[-1] if tag is None else next((m for m in reversed(sent) if m.tag is tag), None)
        if chosen is None:
            raise KeyError(tag)
        if chosen is sent[-1]:
            self.duplicates_sent += 1
        else:
            self.stale_sent += 1
        self._push([(order, chosen)])

    def _write(self, order: ShopOrder, tag: Tag, more: dict[str, Any]) -> Message:
        self._count += 1
        content: dict[str, Any] = {"p_id": int(order.order_id), "shop_id": int(self._settings.shop_id)}
        if tag not in _OF_AFTER_SALES:
            content |= {
                "s_ids": [int(sub.order_id) for sub in order.sub_orders],
                "order_status": int(order.status),
                "order_type": 0,
                "biz": 2,
            }
        content |= more
        # the documents show data as text, and some pushes carry it as an object: remarks do so here
        data = content if tag is Tag.REMARK_CHANGED else _json(content)
        message = Message(tag, f"{order.order_id}_{tag}_{order.updated}_{self._count}", data)
        self._sent.setdefault(order.order_id, []).append(message)
        return message

    def _push(self, written: Sequence[tuple[ShopOrder, Message]]) -> None:
        entries = [{"tag": m.tag.value, "msg_id": m.msg_id, "data": m.data} for _, m in written]
        body = _json(entries).encode()
        app_key, secret = self._settings.app_key, self._settings.app_secret.get_secret_value()
        orders = {order.order_id: order for order, _ in written}
        headers = {
            "Content-Type": "application/json",
            "app-id": app_key,
            "event-sign": event_sign(app_key, secret, body),
        }

        def build() -> PushRequest:
            for order in orders.values():
                order.sent += 1
            return PushRequest(_PATH, body, headers)

        self._world.push("douyin", "messages", build, _taken)


def _taken(response: httpx.Response) -> bool:
    answer = response.json()
    return response.status_code == 200 and isinstance(answer, dict) and answer.get("code") == 0


def _json(content: object) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))
