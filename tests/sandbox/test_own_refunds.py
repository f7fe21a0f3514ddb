"""Refunds of shops of the REST protocol, in the shapes of docs/rest-api.md."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import pytest
import time_machine
from fastapi import Response

from sandbox.faults import Fault, FaultKind, FaultPlan
from tests.sandbox.stage import until
from tests.sandbox.test_own import pull, ship, signed_right
from tests.sandbox.town import Town, draft, town

PATH = "/api/v1/refunds"


@pytest.fixture
async def place() -> AsyncIterator[Town]:
    async with town() as place:
        await place.control("/orders", [draft(order_no="SO1")])
        await until(lambda: bool(place.hub.heard))
        yield place


async def ask(place: Town, order_no: str = "SO1", channel: str = "own", **wish: Any) -> str:
    return str((await place.control(f"/{channel}/{order_no}/refund", wish))["refund_id"])


async def settle(place: Town, refund_id: str, verdict: str, status: int = 204) -> None:
    await place.control(f"/own/refunds/{refund_id}/{verdict}", None, status)


async def heard(place: Town, count: int) -> list[dict[str, Any]]:
    """So many refunds as they were pushed, by version."""
    await until(lambda: len(place.hub.at(PATH)) >= count)
    return sorted((one.json() for one in place.hub.at(PATH)), key=lambda refund: refund["version"])


def order(place: Town) -> tuple[int, str, str]:
    """The order's version, its status in the document, and that in the book."""
    latest = place.own._orders["SO1"].latest
    return latest["version"], latest["status"], place.own.book()["orders"][0]["status"]


async def test_a_refund_is_pushed_as_documented(place: Town) -> None:
    refund_id = await ask(place, line=2)
    [refund] = await heard(place, 1)
    assert signed_right(place.hub.at(PATH)[0])
    assert datetime.fromisoformat(refund.pop("asked_at")).utcoffset() is not None
    assert refund == {
        "channel": "own",
        "shop": "main",
        "order_no": "SO1",
        "refund_id": refund_id,
        "version": 1,
        "status": "requested",
        "kind": "money",
        "amount_fen": 3308,
        "lines": [{"line_no": "2"}],
    }
    assert place.own.book()["refunds"] == [
        {
            "refund_id": refund_id,
            "order_no": "SO1",
            "shop": "main",
            "status": "requested",
            "amount_fen": 3308,
            "line": 2,
        }
    ]


@pytest.mark.parametrize(
    ("verdict", "status"), [("approve", "refunded"), ("refuse", "refused"), ("withdraw", "closed")]
)
async def test_what_becomes_of_a_refund_is_its_next_version(place: Town, verdict: str, status: str) -> None:
    refund_id = await ask(place, line=1)
    await settle(place, refund_id, verdict)
    first, second = await heard(place, 2)
    assert {**first, "version": 2, "status": status} == second
    await settle(place, refund_id, verdict, 409)
    await settle(place, "RF0", verdict, 404)
    assert order(place) == (1, "paid", "paid")


async def test_an_order_that_is_refunded_whole_before_it_leaves_is_cancelled(place: Town) -> None:
    await settle(place, await ask(place), "approve")
    _, refunded = await heard(place, 2)
    assert (refunded["lines"], refunded["amount_fen"]) == ([], 13732)
    assert order(place) == (2, "cancelled", "cancelled")
    await until(lambda: len(place.hub.at("/api/v1/orders")) == 2)
    assert place.hub.at("/api/v1/orders")[1].json()["status"] == "cancelled"
    await place.control("/own/SO1/refund", {}, 409)


async def test_the_last_line_cancels_the_order_and_its_gift_with_it(place: Town) -> None:
    for line, after in ((1, "paid"), (2, "cancelled")):
        await settle(place, await ask(place, line=line), "approve")
        assert order(place)[1] == after


async def test_a_part_of_the_money_leaves_the_order(place: Town) -> None:
    await settle(place, await ask(place, amount_fen=5000), "approve")
    assert order(place) == (1, "paid", "paid")


async def test_what_is_refunded_after_it_left_stays_shipped(place: Town) -> None:
    await ship(place)
    await settle(place, await ask(place), "approve")
    assert [refund["kind"] for refund in await heard(place, 2)] == ["return", "return"]
    assert order(place) == (1, "paid", "shipped")


async def test_an_order_that_left_while_its_refund_was_open_stays_shipped(place: Town) -> None:
    refund_id = await ask(place)
    await ship(place)
    await settle(place, refund_id, "approve")
    assert order(place) == (1, "paid", "shipped")


async def test_a_parcel_that_goes_out_all_the_same_does_not_hide_that_the_order_was_cancelled(place: Town) -> None:
    await settle(place, await ask(place), "approve")
    await ship(place)
    assert order(place)[2] == "cancelled"
    assert len(place.own.book()["shipments"]) == 1


@pytest.mark.parametrize("wish", [{"line": 4}, {"amount_fen": 13733}])
async def test_what_cannot_be_refunded(place: Town, wish: dict[str, int]) -> None:
    await place.control("/own/SO1/refund", wish, 409)
    await place.control("/own/SO9/refund", {}, 404)
    assert place.own.book()["refunds"] == []


async def test_a_refund_is_sent_until_it_is_answered_and_a_refused_one_is_noted(place: Town) -> None:
    place.hub.replies = [Response(status_code=503), Response('{"results": []}')]
    place.hub.results = {}
    refund_id = await ask(place, line=1)
    await heard(place, 3)
    place.hub.results = {refund_id: {"result": "invalid", "error": {"field": "lines", "message": "no"}}}
    await settle(place, refund_id, "refuse")
    await until(lambda: bool(place.own.book()["rejected"]))
    assert place.own.book()["rejected"] == [{"refund_id": refund_id, "result": "invalid", "field": "lines"}]


async def test_each_shop_proves_its_refunds_its_own_way(place: Town) -> None:
    await place.control("/orders", [draft(channel="b2b", order_no="BO1"), draft(channel="pos", order_no="P1")])
    await ask(place, "BO1", "b2b")
    await ask(place, "P1", "pos")
    await heard(place, 2)
    pushed = {one.json()["channel"]: one.headers for one in place.hub.at(PATH)}
    assert "idempotency-key" in pushed["b2b"]
    assert pushed["pos"]["authorization"] == "Bearer api-key-of-the-till-0001"


async def test_a_lost_refund_is_found_by_asking(place: Town) -> None:
    plan = FaultPlan(faults=[Fault(partner="own", kind=FaultKind.LOSE_PUSH, operation="refunds")])
    place.world.faults.set_plan(plan)
    with time_machine.travel("2026-03-01T02:00:00Z", tick=False):
        refund_id = await ask(place)
    with time_machine.travel("2026-03-01T04:00:00Z", tick=False):
        await settle(place, refund_id, "refuse")
        windows = [("2026-03-01T01:00:00Z", "2026-03-01T03:00:00Z"), ("2026-03-01T03:00:00Z", "2026-03-01T05:00:00Z")]
        first, second = [(await pull(place, "own", *window)).json() for window in windows]
        before = (await pull(place, "own", "2026-03-01T00:00:00Z", "2026-03-01T02:00:00Z")).json()
    assert first["refunds"] == second["refunds"]
    assert [(refund["refund_id"], refund["version"]) for refund in first["refunds"]] == [(refund_id, 2)]
    assert (before["refunds"], first["orders"]) == ([], [])
    assert place.hub.at(PATH) == []


async def test_there_are_more_pages_while_there_are_more_refunds(place: Town) -> None:
    numbers = [f"N{n:02}" for n in range(60)]
    await place.control("/orders", [draft(order_no=number) for number in numbers])
    with time_machine.travel("2026-03-01T02:00:00Z", tick=False):
        asked = [await ask(place, number) for number in numbers]
        window = ("2026-03-01T01:00:00Z", "2026-03-01T03:00:00Z")
        pages = [(await pull(place, "own", *window, page=page)).json() for page in (1, 2)]
    assert [page["has_more"] for page in pages] == [True, False]
    assert [refund["refund_id"] for page in pages for refund in page["refunds"]] == asked
