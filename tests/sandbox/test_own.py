from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import time_machine
from fastapi import Response
from fastapi.responses import JSONResponse

from sandbox.digest import receiver_digest
from sandbox.faults import Fault, FaultKind, FaultPlan
from sandbox.own.signing import signature
from tests.sandbox.stage import until
from tests.sandbox.town import Heard, Town, draft, town

PATH = "/own/orderhub/shipments"
SHIPMENT = {
    "order_no": "SO1",
    "parcel_no": "own:main:SO1#1",
    "carrier": "SF",
    "number": "SF1000000000001",
    "line_nos": ["1", "2", "3"],
    "whole_order": True,
}


@pytest.fixture
async def place() -> AsyncIterator[Town]:
    async with town() as place:
        yield place


def headers(body: bytes, *, path: str = PATH, secret: str = "own-secret", **other: str) -> dict[str, str]:
    """The four headers, computed here from the document alone."""
    stamp, nonce = str(int(time.time())), "0123456789abcdef"
    text = "\n".join(("POST", path, stamp, nonce, hashlib.sha256(body).hexdigest()))
    digest = hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    names = {"Key": "shop-main", "Timestamp": stamp, "Nonce": nonce, "Signature": digest} | other
    return {f"X-OrderHub-{name}": value for name, value in names.items()}


async def ship(place: Town, **changes: object) -> httpx.Response:
    body = json.dumps({**SHIPMENT, **changes}).encode()
    return await place.http.post(PATH, content=body, headers=headers(body))


def signed_right(heard: Heard) -> bool:
    sent = {name: heard.headers[f"x-orderhub-{name}"] for name in ("key", "timestamp", "nonce", "signature")}
    digest = hashlib.sha256(heard.body).hexdigest()
    text = f"POST\n{heard.path}\n{sent['timestamp']}\n{sent['nonce']}\n{digest}"
    expected = hmac.new(b"own-secret", text.encode(), hashlib.sha256).hexdigest()
    return sent["key"] == "shop-main" and 16 <= len(sent["nonce"]) <= 64 and sent["signature"] == expected


def test_the_signature_is_the_documented_one() -> None:
    digest = hashlib.sha256(b"{}").hexdigest()
    text = f"POST\n/api/v1/orders\n1772331860\n0123456789abcdef\n{digest}"
    expected = hmac.new(b"s", text.encode(), hashlib.sha256).hexdigest()
    assert signature("s", "POST", "/api/v1/orders", "1772331860", "0123456789abcdef", b"{}") == expected


async def test_an_order_is_pushed_as_documented(place: Town) -> None:
    [placed] = await place.control("/orders", [draft(order_no="SO1", paid_at="2026-03-01T02:20:30Z")])
    assert placed == {"channel": "own", "shop": "main", "order_no": "SO1"}
    await until(lambda: bool(place.hub.heard))
    [heard] = place.hub.at("/api/v1/orders")
    assert signed_right(heard)
    order = heard.json()
    assert (order["channel"], order["shop"]) == ("own", "main")
    assert (order["version"], order["status"]) == (1, "paid")
    assert (order["placed_at"], order["paid_at"]) == ("2026-03-01T10:20:00+08:00", "2026-03-01T10:20:30+08:00")
    assert order["amounts"] == {"goods_fen": 13233, "freight_fen": 600, "discount_fen": 101, "paid_fen": 13732}
    assert [line["amount_fen"] for line in order["lines"]] == [9824, 3308, 0]
    assert order["lines"][2]["gift_of"] == "1"
    [entry] = place.own.book()["orders"]
    assert entry == {
        "order_no": "SO1",
        "shop": "main",
        "version": 1,
        "status": "paid",
        "paid_fen": 13732,
        "encrypted": False,
        "requirements": ["COLD_CHAIN"],
        "receiver_digest": receiver_digest("测试", "13800000000", "浙江省", "杭州市", "余杭区", "示例路1号"),
        "sent": 1,
        "cancel_asked": False,
    }


async def test_line_amounts_may_be_left_to_the_hub_but_not_those_of_gifts(place: Town) -> None:
    await place.control("/orders", [draft(write_line_amounts=False)])
    await until(lambda: bool(place.hub.heard))
    lines = place.hub.heard[0].json()["lines"]
    assert [line.get("amount_fen", "left out") for line in lines] == ["left out", "left out", 0]


async def test_many_orders_go_in_batches_of_fifty(place: Town) -> None:
    placed = await place.control("/orders", [draft() for _ in range(120)])
    await until(lambda: len(place.hub.heard) == 3)
    batches = [[order["order_no"] for order in heard.json()["orders"]] for heard in place.hub.heard]
    assert sorted(map(len, batches)) == [20, 50, 50]
    assert {number for batch in batches for number in batch} == {entry["order_no"] for entry in placed}


@pytest.mark.parametrize(
    "reply",
    [
        Response(status_code=503),
        Response(status_code=401),
        JSONResponse({"results": []}),
        JSONResponse({"nonsense": 1}),
        Response("<html></html>"),
    ],
    ids=["outage", "unsigned", "order missing", "other shape", "no json"],
)
async def test_an_order_is_sent_until_it_is_taken(place: Town, reply: Response) -> None:
    place.hub.replies = [reply, reply]
    await place.control("/orders", [draft(order_no="SO1")])
    await until(lambda: len(place.hub.heard) == 3)
    assert len({heard.headers["x-orderhub-nonce"] for heard in place.hub.heard}) == 3
    assert place.own.book()["orders"][0]["sent"] == 3


async def test_a_refused_order_is_noted_and_not_sent_again(place: Town) -> None:
    place.hub.results = {
        "SO1": {"result": "invalid", "error": {"field": "lines.0.sku", "message": "unknown"}},
        "SO2": {"result": "duplicate", "error": None},
    }
    await place.control("/orders", [draft(order_no="SO1"), draft(order_no="SO2")])
    await until(lambda: bool(place.own.book()["rejected"]))
    await place.control("/own/SO2/change", {"buyer_note": "快点"})
    await until(lambda: len(place.hub.heard) == 2)
    assert place.own.book()["rejected"] == [{"order_no": "SO1", "result": "invalid", "field": "lines.0.sku"}]
    assert [order["sent"] for order in place.own.book()["orders"]] == [1, 2]


async def test_a_change_is_a_new_version_and_old_ones_can_be_sent_again(place: Town) -> None:
    await place.control("/orders", [draft(order_no="SO1")])
    moved = draft()["receiver"] | {"detail": "示例路2号"}
    assert await place.control("/own/SO1/change", {"receiver": moved}) == {"version": 2}
    await place.control("/own/SO1/resend", {"version": 1}, 204)
    await place.control("/own/SO1/resend", {"version": 2}, 204)
    await place.control("/own/SO1/resend", {"version": 3}, 404)
    await until(lambda: len(place.hub.heard) == 4)
    sent = [heard.json() for heard in place.hub.heard]
    assert sorted((order["version"], order["receiver"]["detail"]) for order in sent) == [
        (1, "示例路1号"),
        (1, "示例路1号"),
        (2, "示例路2号"),
        (2, "示例路2号"),
    ]
    book = place.own.book()
    assert (book["duplicates_sent"], book["stale_sent"], book["orders"][0]["version"]) == (1, 1, 2)


async def test_a_cancel_is_asked_for(place: Town) -> None:
    await place.control("/orders", [draft(order_no="SO1")])
    place.hub.replies = [Response(status_code=500)]
    await place.control("/own/SO1/cancel", {"reason": "买错了"}, 204)
    await place.control("/own/SO9/cancel", None, 404)
    await until(lambda: bool(place.hub.at("/api/v1/orders/SO1/cancel")))
    heard = place.hub.at("/api/v1/orders/SO1/cancel")[0]
    assert signed_right(heard)
    assert heard.json() == {"shop": "main", "reason": "买错了"}
    assert place.own.book()["orders"][0]["cancel_asked"] is True


async def test_a_shipment_is_taken_once(place: Town) -> None:
    await place.control("/orders", [draft(order_no="SO1")])
    for _ in range(3):
        response = await ship(place)
        assert (response.status_code, response.json()) == (200, {"code": 0})
    assert place.handed_over == [("SF", "SF1000000000001")]
    book = place.own.book()
    assert book["shipments"] == [
        {
            "order_no": "SO1",
            "parcel_no": "own:main:SO1#1",
            "carrier": "SF",
            "number": "SF1000000000001",
            "times": 3,
        }
    ]
    assert book["orders"][0]["status"] == "shipped"


async def test_an_order_is_shipped_when_all_its_parcels_are(place: Town) -> None:
    await place.control("/orders", [draft(order_no="SO1")])
    await ship(place, line_nos=["1", "3"], whole_order=False)
    assert place.own.book()["orders"][0]["status"] == "paid"
    await ship(place, parcel_no="own:main:SO1#2", number="SF1000000000002", line_nos=["2"], whole_order=False)
    assert place.own.book()["orders"][0]["status"] == "shipped"
    assert len(place.handed_over) == 2


@pytest.mark.parametrize(
    ("changes", "status", "answer"),
    [
        ({"order_no": "SO9"}, 404, {"code": "ORDER_NOT_FOUND"}),
        ({"number": "SF2"}, 409, {"code": "PARCEL_HAS_OTHER_NUMBER", "number": "SF1000000000001"}),
        ({"carrier": "ZTO"}, 409, {"code": "PARCEL_HAS_OTHER_NUMBER", "number": "SF1000000000001"}),
        ({"carrier": "DHL"}, 422, {"code": "INVALID", "message": "unknown carrier"}),
        ({"line_nos": ["7"]}, 422, {"code": "INVALID", "message": "the order has no such line"}),
        ({"number": ""}, 422, {"code": "INVALID", "message": "not as documented: number"}),
        ({"whole_order": "yes"}, 422, {"code": "INVALID", "message": "not as documented: whole_order"}),
    ],
)
async def test_a_wrong_shipment_is_refused(
    place: Town, changes: dict[str, object], status: int, answer: dict[str, Any]
) -> None:
    await place.control("/orders", [draft(order_no="SO1")])
    await ship(place)
    response = await ship(place, **changes)
    assert (response.status_code, response.json()) == (status, answer)
    assert [entry["times"] for entry in place.own.book()["shipments"]] == [1]


@pytest.mark.parametrize(
    "other",
    [
        {"Key": "someone"},
        {"Timestamp": "1"},
        {"Timestamp": "soon"},
        {"Timestamp": "9" * 400},
        {"Nonce": "short"},
        {"Signature": "0" * 64},
    ],
)
async def test_an_unsigned_shipment_is_refused(place: Town, other: dict[str, str]) -> None:
    await place.control("/orders", [draft(order_no="SO1")])
    body = json.dumps(SHIPMENT).encode()
    response = await place.http.post(PATH, content=body, headers=headers(body, **other))
    assert response.status_code == 401
    assert place.own.book()["shipments"] == []


async def test_the_signed_path_is_the_one_that_was_asked_for(place: Town) -> None:
    body = json.dumps(SHIPMENT).encode()
    response = await place.http.post(PATH, content=body, headers=headers(body, path="/orderhub/shipments"))
    assert response.status_code == 401


@pytest.mark.parametrize(
    ("kind", "status", "told"),
    [
        (FaultKind.ERROR, 500, 0),
        (FaultKind.THROTTLE, 429, 0),
        (FaultKind.OUTAGE, 503, 0),
        (FaultKind.DONE_BUT_TIMEOUT, 504, 1),
    ],
)
async def test_faults_strike_shipments(place: Town, kind: FaultKind, status: int, told: int) -> None:
    await place.control("/orders", [draft(order_no="SO1")])
    plan = FaultPlan(faults=[Fault(partner="own", kind=kind, operation="shipments", seconds=0)])
    place.world.faults.set_plan(plan)
    assert (await ship(place)).status_code == status
    assert len(place.own.book()["shipments"]) == told


async def test_the_book_holds_no_personal_data(place: Town) -> None:
    await place.control("/orders", [draft()])
    text = json.dumps(place.own.book(), ensure_ascii=False)
    assert not any(secret in text for secret in ("13800000000", "示例路", "测试"))


# ------------------------------------------------------------------------------------------------ tills, B2B, pulls


async def pull(place: Town, channel: str, start: str, end: str, page: int = 1, **other: str) -> httpx.Response:
    path = f"/{channel}/orderhub/orders"
    stamp, nonce = str(int(time.time())), "0123456789abcdef"
    text = "\n".join(("GET", path, stamp, nonce, hashlib.sha256(b"").hexdigest()))
    digest = hmac.new(f"{channel}-secret".encode(), text.encode(), hashlib.sha256).hexdigest()
    key = {"own": "shop-main", "pos": "shop-till", "b2b": "shop-trade"}[channel]
    signed = {"Key": key, "Timestamp": stamp, "Nonce": nonce, "Signature": digest} | other
    params = {"modified_from": start, "modified_to": end, "page": str(page)}
    return await place.http.get(
        path, params=params, headers={f"X-OrderHub-{name}": value for name, value in signed.items()}
    )


async def test_three_shops_have_a_key_and_a_book_each(place: Town) -> None:
    drafts = [draft(channel=channel, order_no="SO1") for channel in ("own", "pos", "b2b")]
    placed = await place.control("/orders", drafts)
    assert [(entry["channel"], entry["shop"]) for entry in placed] == [
        ("own", "main"),
        ("pos", "till"),
        ("b2b", "trade"),
    ]
    await until(lambda: len(place.hub.heard) == 3)
    heard = {heard.json()["channel"]: heard for heard in place.hub.at("/api/v1/orders")}
    assert heard["pos"].headers["authorization"] == "Bearer api-key-of-the-till-0001"
    assert "x-orderhub-key" not in heard["pos"].headers
    assert heard["b2b"].headers["x-orderhub-key"] == "shop-trade"
    assert [name for name, one in heard.items() if "idempotency-key" in one.headers] == ["b2b"]
    for shop in (place.own, place.pos, place.b2b):
        assert [entry["shop"] for entry in shop.book()["orders"]] == [shop.shop]


async def test_one_idempotency_key_for_all_tries_of_a_push_and_another_for_the_next(place: Town) -> None:
    place.hub.replies = [Response(status_code=503), Response(status_code=503)]
    await place.control("/orders", [draft(channel="b2b", order_no="BO1")])
    await until(lambda: len(place.hub.heard) == 3)
    await place.control("/b2b/BO1/cancel", None, 204)
    await until(lambda: len(place.hub.heard) == 4)
    keys = [heard.headers["idempotency-key"] for heard in place.hub.heard]
    assert len(set(keys[:3])) == 1
    assert keys[3] != keys[0]


async def test_a_lost_push_is_found_by_asking(place: Town) -> None:
    place.world.faults.set_plan(FaultPlan(faults=[Fault(partner="pos", kind=FaultKind.LOSE_PUSH, operation="orders")]))
    await place.control("/orders", [draft(channel="pos", order_no="P1")])
    await place.control("/orders", [draft(order_no="SO1")])
    await until(lambda: bool(place.hub.heard))
    assert [heard.json()["order_no"] for heard in place.hub.heard] == ["SO1"]
    listed = (await pull(place, "pos", "2026-01-01T00:00:00Z", "2099-01-01T00:00:00Z")).json()
    assert [(order["order_no"], order["channel"], order["shop"]) for order in listed["orders"]] == [
        ("P1", "pos", "till")
    ]
    assert listed["has_more"] is False


async def test_the_list_of_a_past_window_stays_while_its_orders_change(place: Town) -> None:
    with time_machine.travel("2026-03-01T02:00:00Z", tick=False):
        await place.control("/orders", [draft(order_no=f"SO{n:02}") for n in range(60)])
    window = ("2026-03-01T01:00:00Z", "2026-03-01T03:00:00Z")
    with time_machine.travel("2026-03-01T04:00:00Z", tick=False):
        first = (await pull(place, "own", *window)).json()
        await place.control("/own/SO00/change", {"buyer_note": "快点"})
        await place.control("/own/SO01/touch", None, 204)
        second = (await pull(place, "own", *window, page=2)).json()
        later = (await pull(place, "own", "2026-03-01T03:00:00Z", "2026-03-01T05:00:00Z")).json()
    assert (len(first["orders"]), first["has_more"]) == (50, True)
    assert (len(second["orders"]), second["has_more"]) == (10, False)
    assert len({order["order_no"] for order in first["orders"] + second["orders"]}) == 60
    assert [(order["order_no"], order["version"]) for order in later["orders"]] == [("SO00", 2), ("SO01", 1)]
    assert place.own.book()["duplicates_sent"] == 1


@pytest.mark.parametrize(
    ("asked", "other", "status"),
    [
        (("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", 1), {"Signature": "0" * 64}, 401),
        (("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", 1), {"Key": "shop-till"}, 401),
        (("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", 0), {}, 422),
        (("2026-01-01 00:00:00", "2026-01-02T00:00:00Z", 1), {}, 422),
        (("yesterday", "2026-01-02T00:00:00Z", 1), {}, 422),
    ],
)
async def test_an_ask_that_is_not_as_documented(
    place: Town, asked: tuple[str, str, int], other: dict[str, str], status: int
) -> None:
    start, end, page = asked
    assert (await pull(place, "own", start, end, page, **other)).status_code == status


async def test_all_three_have_the_same_controls(place: Town) -> None:
    await place.control("/orders", [draft(channel="b2b", order_no="BO1")])
    await place.control("/b2b/BO1/remark", {"seller_words": "随货附发票"}, 204)
    await place.control("/b2b/BO1/address", {"receiver": draft()["receiver"] | {"detail": "示例路3号"}}, 204)
    await place.control("/pos/BO1/remark", {"seller_words": ""}, 404)
    latest = place.b2b._orders["BO1"].latest
    assert (latest["version"], latest["seller_note"], latest["receiver"]["detail"]) == (3, "随货附发票", "示例路3号")


async def test_an_order_is_placed_and_paid_later(place: Town) -> None:
    await place.control("/orders", [draft(order_no="SO1", unpaid=True)])
    await place.control("/own/SO1/pay", None, 204)
    await until(lambda: len(place.hub.at("/api/v1/orders")) == 2)
    first, second = sorted((heard.json() for heard in place.hub.at("/api/v1/orders")), key=lambda one: one["version"])
    assert (first["version"], first["status"], first["paid_at"]) == (1, "unpaid", None)
    assert (second["version"], second["status"]) == (2, "paid")
    assert second["paid_at"] > second["placed_at"]
    await place.control("/own/SO1/pay", None, 409)
