"""Pulling through everything that goes wrong between two pages: nothing lost, nothing doubled, the rest goes on."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from urllib.parse import parse_qsl

import httpx
import pytest
import respx
import time_machine
from sqlmodel import select
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.contracts import PullAsk
from activities.pulling import LAG, PullSteps
from connectors.douyin import DouyinApi, DouyinChannel
from connectors.pdd import PddApi, PddChannel
from connectors.ports import PullSource
from connectors.transport import Limits
from domain.clock import format_beijing
from domain.order import Channel
from store.database import Database
from store.tables import InboxRow
from tests.connectors.douyin import conftest as douyin
from tests.connectors.memory_tokens import MemoryTokens, token
from tests.connectors.pdd import conftest as pdd

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTES = 25
"""How far back the changes lie: within one window of either platform."""
COUNT = 230
LIMITS = Limits(timeout_s=1, per_second=1000, breaker_failures=1000)

Answer = Callable[[], httpx.Response]


class Platform(Protocol):
    """A shop with changed rows. Each request is answered as the next of `mishaps` says, then well."""

    mishaps: list[str]
    names: set[str]

    def source(self) -> PullSource: ...


class _Rows:
    """Rows by the second of their change, and the one good token."""

    def __init__(self) -> None:
        self.mishaps: list[str] = []
        self.good_token = "access-1"
        self.changed = {
            f"{n:015}": NOW - LAG - timedelta(minutes=MINUTES) + timedelta(seconds=6 * n) for n in range(COUNT)
        }

    def mishap(self, request: httpx.Request, access: str, known: dict[str, Answer]) -> httpx.Response | None:
        """What goes wrong with this request; None when nothing does."""
        if access != self.good_token:
            return known["token"]()
        if not self.mishaps:
            return None
        name = self.mishaps.pop(0)
        if name == "well":
            return None
        if name == "silence":
            raise httpx.ReadTimeout("silence", request=request)
        if name == "token":
            self.good_token = "access-2"
        return known[name]()

    def move(self) -> None:
        """Some of the oldest rows change again, right now: they leave the window for a later one."""
        for name in sorted(self.changed, key=lambda each: self.changed[each])[:7]:
            self.changed[name] = NOW + timedelta(seconds=1)


class Douyin(_Rows):
    """order.searchList, or afterSale.List."""

    def __init__(self, router: respx.Router, *, refunds: bool) -> None:
        super().__init__()
        self.refunds = refunds
        self.names = {
            f"refund:{douyin.SHOP}:{int(name) + 1}" if refunds else f"{douyin.SHOP}:{name}" for name in self.changed
        }
        method = "/afterSale/List" if refunds else "/order/searchList"
        router.post(douyin.BASE + method).mock(side_effect=self.answer)
        router.post(douyin.BASE + "/token/refresh").mock(return_value=douyin.new_token("access-2"))

    def source(self) -> PullSource:
        tokens = MemoryTokens(Channel.DOUYIN)
        tokens.tokens[douyin.SHOP] = token("access-1")
        channel = DouyinChannel(DouyinApi(douyin.settings(limits=LIMITS), tokens))
        return channel.refunds if self.refunds else channel

    def answer(self, request: httpx.Request) -> httpx.Response:
        odd = self.mishap(
            request,
            request.url.params["access_token"],
            {
                "token": lambda: douyin.error(40003, "isv.access-token-expired"),
                "throttle": lambda: douyin.error(80000, "dop.app-flow-limit"),
                "html": lambda: httpx.Response(200, html="<h1>502 Bad Gateway</h1>"),
                "half": lambda: douyin.error(10001, "isv.business-part-failed"),
                "nothing": lambda: douyin.ok({}),
                "broken": lambda: httpx.Response(502),
            },
        )
        if odd is not None:
            return odd
        asked = json.loads(request.content)
        start, end = (
            (asked["update_start_time"], asked["update_end_time"])
            if self.refunds
            else (asked["update_time_start"], asked["update_time_end"])
        )
        inside = sorted(
            (int(at.timestamp()), name) for name, at in self.changed.items() if start <= at.timestamp() <= end
        )
        first = asked["page"] * asked["size"]
        rows = [self.row(name, at) for at, name in inside[first : first + asked["size"]]]
        return douyin.ok({"items" if self.refunds else "shop_order_list": rows, "total": len(inside)})

    def row(self, name: str, at: int) -> dict[str, Any]:
        if self.refunds:
            return douyin.after_sale(aftersale_id=int(name) + 1, update_time=at)
        return {"order_id": name, "update_time": at}


class Pinduoduo(_Rows):
    """pdd.order.number.list.increment.get, or pdd.refund.list.increment.get."""

    def __init__(self, router: respx.Router, *, refunds: bool) -> None:
        super().__init__()
        self.refunds = refunds
        self.names = {
            f"refund:{pdd.SHOP}:{int(name) + 1}" if refunds else f"{pdd.SHOP}:260301-{name}" for name in self.changed
        }
        router.post(f"{pdd.BASE}/api/router").mock(side_effect=self.answer)

    def source(self) -> PullSource:
        tokens = MemoryTokens(Channel.PDD)
        tokens.tokens[pdd.SHOP] = token("access-1")
        channel = PddChannel(PddApi(pdd.settings(limits=LIMITS), tokens))
        return channel.refunds if self.refunds else channel

    def answer(self, request: httpx.Request) -> httpx.Response:
        asked = dict(parse_qsl(request.content.decode()))
        if asked["type"] == "pdd.pop.auth.token.refresh":
            fresh = {"access_token": "access-2", "refresh_token": "r", "expires_in": 86400}
            return pdd.ok(fresh | {"refresh_token_expires_in": 864000})
        odd = self.mishap(
            request,
            asked["access_token"],
            {
                "token": lambda: pdd.error(10019),
                "throttle": lambda: pdd.error(52101),
                "html": lambda: httpx.Response(200, html="<h1>502 Bad Gateway</h1>"),
                "half": lambda: self.page(asked, half=True),
                "nothing": lambda: pdd.ok({}),
                "broken": lambda: httpx.Response(502),
            },
        )
        return self.page(asked) if odd is None else odd

    def page(self, asked: dict[str, str], *, half: bool = False) -> httpx.Response:
        start, end = int(asked["start_updated_at"]), int(asked["end_updated_at"])
        inside = sorted((at, name) for name, at in self.changed.items() if start <= at.timestamp() < end)
        first = 100 * (int(asked["page"]) - 1)
        rows = [self.row(name, at) for at, name in inside[first : first + 100]]
        if self.refunds:
            return pdd.ok({} if half else {"refund_list": rows})
        return pdd.ok({"order_sn_list": rows[: len(rows) // 2] if half else rows, "total_count": len(inside)})

    def row(self, name: str, at: datetime) -> dict[str, Any]:
        if self.refunds:
            return pdd.refund_row(id=int(name) + 1, updated_time=format_beijing(at))
        return pdd.order_info(order_sn=f"260301-{name}", updated_at=format_beijing(at))


@pytest.fixture(autouse=True)
def at_noon() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture(params=["douyin", "douyin/refunds", "pdd", "pdd/refunds"])
async def platform(request: pytest.FixtureRequest) -> AsyncIterator[Platform]:
    name, _, refunds = str(request.param).partition("/")
    with respx.mock(assert_all_called=False) as router:
        made: Platform = (Douyin if name == "douyin" else Pinduoduo)(router, refunds=bool(refunds))
        yield made


async def _pull(db: Database, source: PullSource) -> int:
    """Pull as Temporal would, again and again until it is done. Returns how many tries it took."""
    ask = PullAsk(source.feed, source.shops[0], first_s=MINUTES * 60 + 60)
    steps = PullSteps(db, {source.feed: source})
    for tries in range(1, 30):
        with suppress(ApplicationError):
            pulled = await ActivityEnvironment().run(steps.pull_changes, ask)
            if not pulled.behind_s:
                return tries
    raise AssertionError("it never comes through")


async def _kept(db: Database) -> list[str]:
    async with db.reading() as tx:
        return sorted((await tx.execute(select(InboxRow.document_id))).scalars())


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("mishap", ["token", "throttle", "html", "half", "nothing", "broken", "silence"])
@pytest.mark.parametrize("page", [0, 1, 2])
async def test_whatever_goes_wrong_on_a_page_all_of_it_comes_once(
    database: Database, platform: Platform, mishap: str, page: int
) -> None:
    source = platform.source()
    platform.mishaps += ["well"] * page + [mishap]
    tries = await _pull(database, source)
    assert tries == (1 if mishap == "token" else 2)  # a new token is no reason to begin again
    assert await _kept(database) == sorted(platform.names)


async def test_everything_at_once_and_rows_that_move_meanwhile(database: Database, platform: Platform) -> None:
    source = platform.source()
    platform.mishaps += ["html", "throttle", "token", "half", "silence", "nothing", "broken", "throttle"]
    assert isinstance(platform, _Rows)
    still = dict(platform.changed)
    platform.move()
    await _pull(database, source)
    moved = {name for name, at in platform.changed.items() if at != still[name]}
    with time_machine.travel(NOW + timedelta(minutes=10), tick=False):
        await _pull(database, source)
    kept = await _kept(database)
    assert sorted(set(kept)) == sorted(platform.names)
    assert len(kept) == COUNT
    assert len(moved) == 7
