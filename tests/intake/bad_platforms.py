"""Two platforms at their worst, for tests of the way from a pull to the store: orders and refunds change while pages
are read, appear, vanish and appear again, half of a page is no order, and every third call ends in trouble.

They say only what the connectors ask for; the sandbox plays the platforms in earnest.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import httpx
import respx

from connectors.ports import PullSource
from connectors.taobao import TaobaoChannel, TopApi
from connectors.transport import Limits
from connectors.xiaohongshu import XiaohongshuApi, XiaohongshuChannel
from domain.clock import format_beijing, parse_beijing, utc_now
from domain.order import Channel
from tests.connectors.memory_tokens import MemoryTokens, token
from tests.connectors.taobao import conftest as top
from tests.connectors.xiaohongshu import conftest as xhs

LIMITS = Limits(timeout_s=1, per_second=100_000, breaker_failures=10**9)
GARBAGE: tuple[Any, ...] = (7, None, {}, "half a row", {"tid": "x", "orderId": "a:b"})

Trouble = Callable[[], httpx.Response]


@dataclass
class Item:
    """An order or a refund: when it changed, how often, and for how many asks it is not there."""

    number: str
    order: str
    changed: datetime
    words: str = "0"
    hides: int = 0


@dataclass
class Crowd:
    """What both platforms have: orders and refunds of a quarter of an hour, and dice."""

    dice: random.Random
    orders: dict[str, Item] = field(default_factory=dict)
    refunds: dict[str, Item] = field(default_factory=dict)
    quiet: bool = False

    def fill(self, number: Callable[[int], str], orders: int, refunds: int) -> None:
        now = utc_now().replace(microsecond=0)
        for n in range(orders):
            at = now - timedelta(seconds=60 + self.dice.randrange(840))
            self.orders[number(n)] = Item(number(n), number(n), at, hides=2 * (self.dice.random() < 0.1))
        for n, order in enumerate(self.dice.sample(sorted(self.orders), refunds)):
            at = self.orders[order].changed + timedelta(seconds=30)
            self.refunds[f"90{n:04}"] = Item(f"90{n:04}", order, at)

    def listed(self, items: dict[str, Item], start: datetime, end: datetime) -> list[Item]:
        """What changed in a window, newest first; then some of it changes again."""
        found = [each for each in items.values() if start <= each.changed <= end]
        found.sort(key=lambda each: (each.changed, each.number), reverse=True)
        if not self.quiet:
            for changed in self.dice.sample(found, min(3, len(found))):
                changed.changed, changed.words = utc_now().replace(microsecond=0), str(int(changed.words) + 1)
        return found

    def shuffled_with_garbage(self, rows: list[Any]) -> list[Any]:
        """Half of a page cannot be read."""
        if self.quiet:
            return rows
        mixed: list[Any] = []
        for row in rows:
            mixed += [row, self.dice.choice(GARBAGE)] if self.dice.random() < 0.5 else [row]
        return mixed

    def gone(self, item: Item | None) -> bool:
        """Whether the platform says just now that there is no such order."""
        if item is None or not item.hides:
            return item is None
        item.hides -= 1
        return True

    def trouble(self, troubles: tuple[Trouble, ...]) -> httpx.Response | None:
        """What goes wrong with this call, if anything."""
        return None if self.quiet or self.dice.random() > 0.3 else self.dice.choice(troubles)()


def _lost() -> httpx.Response:
    raise httpx.ReadTimeout("no answer")


COMMON: tuple[Trouble, ...] = (
    _lost,
    lambda: httpx.Response(200, html="<html><h1>系统维护</h1></html>"),
    lambda: httpx.Response(502, html="<html>bad gateway</html>"),
    lambda: httpx.Response(503),
    lambda: httpx.Response(429, headers={"retry-after": "1"}),
    lambda: httpx.Response(200, content=b'{"cut off'),
    lambda: httpx.Response(200, json=[]),
)


class Top(Crowd):
    """Taobao's open platform."""

    TROUBLES = (
        *COMMON,
        lambda: top.error(7, "accesscontrol.limited-by-api-access-count", "This ban will last for 1 more seconds"),
        lambda: top.error(15, "isp.top-remote-service-unavailable"),
        lambda: top.error(27, "session-expired"),
        lambda: top.error(31, "isv.invalid-timestamp"),
    )

    def __init__(self, seed: int) -> None:
        super().__init__(random.Random(seed))
        self.shop = top.SHOP
        self._api = TopApi(top.settings(limits=LIMITS))
        self.channel = TaobaoChannel(self._api)
        self.feeds: dict[str, PullSource] = {each.feed: each for each in (self.channel, self.channel.refunds)}
        self.fill(lambda n: f"21250000000000{n:05}", 55, 9)

    @contextmanager
    def served(self) -> Iterator[None]:
        """The platform answers while this is open."""
        with respx.mock:
            respx.post(top.ROUTER).mock(side_effect=self._answer)
            yield

    async def close(self) -> None:
        """End its line."""
        await self._api.close()

    def _answer(self, request: httpx.Request) -> httpx.Response:
        form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        trouble = self.trouble(self.TROUBLES)
        if trouble is not None:
            return trouble
        match form["method"]:
            case "taobao.trade.fullinfo.get":
                item = self.orders.get(form["tid"])
                if item is None or self.gone(item):
                    return top.error(15, "isv.trade-not-exist")
                return top.ok(form["method"], trade=self._trade(item))
            case method:
                return self._page(method, form)

    def _page(self, method: str, form: dict[str, str]) -> httpx.Response:
        start, end = parse_beijing(form["start_modified"]), parse_beijing(form["end_modified"])
        size, number = int(form["page_size"]), int(form["page_no"])
        if method == "taobao.refunds.receive.get":
            found = self.listed(self.refunds, start, end)
            rows: list[Any] = [self._refund(each) for each in found[size * (number - 1) : size * number]]
            return top.ok(method, total_results=len(found), refunds={"refund": self.shuffled_with_garbage(rows)})
        found = self.listed(self.orders, start, end)
        part = found[size * (number - 1) : size * number]
        rows = [{"tid": int(each.number), "modified": format_beijing(each.changed)} for each in part]
        more = str(len(found) > size * number).lower()
        return top.ok(method, has_next=more, trades={"trade": self.shuffled_with_garbage(rows)})

    def _trade(self, item: Item) -> dict[str, Any]:
        sub = top.sub_order(item.number, payment="100.000", divide_order_fee="90.000")
        return top.trade(
            tid=int(item.number),
            tid_str=item.number,
            modified=format_beijing(item.changed),
            buyer_message=item.words,
            payment="100.000",
            orders={"order": [sub]},
        )

    def _refund(self, item: Item) -> dict[str, Any]:
        changed = format_beijing(item.changed)
        values = {"refund_id": item.number, "tid": int(item.order), "oid": int(item.order), "modified": changed}
        return top.refund(**values, refund_fee=f"{1 + int(item.words)}.000")


class Xhs(Crowd):
    """Xiaohongshu's gateway."""

    TROUBLES = (
        *COMMON,
        lambda: xhs.error(-5, "接口被限流"),
        lambda: xhs.error(-1, "系统异常"),
        lambda: xhs.error(401, "token 失效"),
        lambda: xhs.inner_error(-1, "系统异常"),
        lambda: httpx.Response(200, json={"success": "false", "error_code": "-1"}),
    )

    def __init__(self, seed: int) -> None:
        super().__init__(random.Random(seed))
        self.shop = xhs.SHOP
        tokens = MemoryTokens(Channel.XIAOHONGSHU)
        tokens.tokens[self.shop] = token("access-0")
        self._api = XiaohongshuApi(xhs.settings(limits=LIMITS), tokens)
        self.channel = XiaohongshuChannel(self._api)
        self.feeds: dict[str, PullSource] = {each.feed: each for each in (self.channel, self.channel.refunds)}
        self._tokens = 0
        self.fill(lambda n: f"P7000{n:05}", 105, 9)

    @contextmanager
    def served(self) -> Iterator[None]:
        """The platform answers while this is open."""
        with respx.mock:
            respx.post().mock(side_effect=self._answer)
            yield

    async def close(self) -> None:
        """End its line."""
        await self._api.close()

    def _answer(self, request: httpx.Request) -> httpx.Response:
        asked = json.loads(request.content)
        if asked["method"] == "oauth.refreshToken":
            return self._token()
        trouble = self.trouble(self.TROUBLES)
        if trouble is not None:
            return trouble
        match asked["method"]:
            case "order.getOrderDetail":
                item = self.orders.get(asked["orderId"])
                if item is None or self.gone(item):
                    return xhs.error(-2000101, "订单不存在")
                changes = {"updateTime": _ms(item.changed), "customerRemark": item.words}
                return xhs.detail_answer(orderId=item.number, **changes)
            case "afterSale.getAfterSaleInfo":
                return self._after_sale(self.refunds[asked["returnsId"]])
            case "order.getOrderList":
                found, part = self._part(self.orders, asked, 1)
                rows = [{"orderId": each.number, "updateTime": _ms(each.changed)} for each in part]
                pages = {"total": found, "maxPageNo": max(1, -(-found // 100))}
                return xhs.ok(pages | {"orderList": self.shuffled_with_garbage(rows)})
            case _:
                found, part = self._part(self.refunds, asked, 1000)
                rows = [{"returnsId": each.number, "updatedAt": _ms(each.changed)} for each in part]
                return xhs.inner({"totalCount": found, "afterSaleBasicInfos": self.shuffled_with_garbage(rows)})

    def _part(self, items: dict[str, Item], asked: dict[str, Any], unit: int) -> tuple[int, list[Item]]:
        start, end = (datetime.fromtimestamp(asked[name] / unit, UTC) for name in ("startTime", "endTime"))
        found = self.listed(items, start, end)
        size, number = asked["pageSize"], asked["pageNo"]
        return len(found), found[size * (number - 1) : size * number]

    def _token(self) -> httpx.Response:
        self._tokens += 1
        soon = _ms(utc_now() + timedelta(days=7))
        pair = {"accessToken": f"access-{self._tokens}", "refreshToken": f"refresh-{self._tokens}"}
        return xhs.ok(pair | {"accessTokenExpiresAt": soon, "refreshTokenExpiresAt": soon})

    def _after_sale(self, item: Item) -> httpx.Response:
        changes = {"orderId": item.order, "updatedAt": _ms(item.changed)}
        amount = 1 + int(item.words)
        return xhs.after_sale_answer(returnsId=item.number, expectedRefundAmountYuan=f"{amount}.000", **changes)


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
