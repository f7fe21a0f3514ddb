from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from sandbox.app import create_app
from tests.sandbox.stage import make_settings, until
from tests.sandbox.town import Town, draft, town


@pytest.fixture
async def place() -> AsyncIterator[Town]:
    async with town() as place:
        yield place


def placed_at(place: Town) -> list[str]:
    return [order["order_no"] for shop in (place.own, place.douyin) for order in shop.book()["orders"]]


async def test_orders_are_placed_where_they_belong_and_in_their_order(place: Town) -> None:
    placed = await place.control(
        "/orders", [draft(channel="douyin"), draft(), draft(channel="douyin", order_no="4711")]
    )
    assert [entry["channel"] for entry in placed] == ["douyin", "own", "douyin"]
    assert [entry["shop"] for entry in placed] == ["123456", "main", "123456"]
    assert placed[2]["order_no"] == "4711"
    assert sorted(placed_at(place)) == sorted(entry["order_no"] for entry in placed)
    assert 0 < int(placed[0]["order_no"]) < 2**63


async def test_a_number_is_good_for_one_order(place: Town) -> None:
    await place.control("/orders", [draft(order_no="SO1")])
    await place.control("/orders", [draft(order_no="SO2"), draft(order_no="SO1")], 409)
    await place.control("/orders", [draft(order_no="SO3"), draft(order_no="SO3")], 409)
    assert placed_at(place) == ["SO1"]
    await place.control("/orders", [draft(channel="douyin", order_no="17"), draft(order_no="17")])


async def test_a_draft_that_makes_no_sense_is_refused(place: Town) -> None:
    await place.control("/orders", [draft(), draft(colour="red")], 422)
    assert placed_at(place) == []


async def test_a_crowd_orders_at_once(place: Town) -> None:
    placed = await place.control("/buyers", {"orders": 40, "seed": 3})
    assert sorted(placed_at(place)) == sorted(entry["order_no"] for entry in placed)
    assert {entry["channel"] for entry in placed} == {"own", "douyin"}
    only = await place.control("/buyers", {"orders": 5, "seed": 3, "channels": ["own"]})
    assert {entry["channel"] for entry in only} == {"own"}


async def test_a_crowd_can_come_one_after_the_other(place: Town) -> None:
    placed = await place.control("/buyers", {"orders": 20, "seed": 3, "per_second": 100})
    assert len(placed) == 20
    assert len(placed_at(place)) < 20
    await until(lambda: len(placed_at(place)) == 20)
    assert set(placed_at(place)) == {entry["order_no"] for entry in placed}


async def test_all_that_is_wanted_of_a_partner_is_said_in_words(place: Town) -> None:
    await place.control("/own/SO9/change", {"buyer_note": "x"}, 404)
    await place.control("/own/SO9/change", {"bayer_note": "x"}, 422)
    await place.control("/qimen/misscan", {"code_or_order_no": "", "drop_sku": "A"}, 422)
    [entry] = await place.control("/orders", [draft(channel="douyin")])
    path = f"/douyin/{entry['order_no']}/cancel"
    await place.control(path, None, 204)
    response = await place.http.post(f"/control{path}")
    assert (response.status_code, response.json()) == (409, {"detail": "too late: the order is cancelled"})


async def test_partners_may_be_played_alone() -> None:
    app = create_app(make_settings().model_copy(update={"only": ["own", "sf"]}))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sandbox.test") as http,
    ):
        assert set((await http.get("/books")).json()) == {"own", "sf"}
        answer = await http.post("/control/orders", json=[draft(channel="douyin")])
        assert (answer.status_code, answer.json()) == (409, {"detail": "there is no shop on douyin"})
