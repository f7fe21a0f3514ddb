"""Refunds on Taobao: each about one order of a trade; what they do to trades and shipping; the end of a session."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import time_machine

from domain.clock import format_beijing, from_epoch_seconds
from tests.sandbox.seller import FULL, Seller, selling
from tests.sandbox.town import draft

LIST, GET, SEND = "taobao.refunds.receive.get", "taobao.refund.get", "taobao.logistics.offline.send"
PENDING = "isv.logistics-offline-service-error:B02"
FIELDS = (
    "refund_id,tid,oid,status,refund_phase,good_status,has_good_return,refund_fee,payment,total_fee,reason,desc,created,"
    "modified,num,title,outer_id,company_name,sid,dispute_type,refund_version,attribute"
)
SINGLE = [{"sku": "MUG-01", "title": "马克杯", "quantity": 2, "unit_price_fen": 4950}]


@pytest.fixture
async def seller() -> AsyncIterator[Seller]:
    async with selling(pickup_s=60) as seller:
        yield seller


async def apply(seller: Seller, tid: str, **wish: object) -> str:
    return str((await seller.control(f"/taobao/{tid}/refund", wish, 200))["refund_id"])


async def settle(seller: Seller, refund_id: str, verdict: str, status: int = 204) -> None:
    await seller.control(f"/taobao/refunds/{refund_id}/{verdict}", None, status)


async def listed(seller: Seller, **params: str) -> list[dict[str, Any]]:
    found = await seller.call(LIST, **{"fields": FIELDS} | params)
    return list(found.get("refunds", {"refund": []})["refund"])


async def orders(seller: Seller, tid: str) -> list[dict[str, Any]]:
    return list((await seller.trade(tid))["orders"]["order"])


def parcel(tid: str, number: str = "SF100000001", **more: str) -> dict[str, str]:
    return {"tid": tid, "out_sid": number, "company_code": "SF"} | more


async def told(seller: Seller) -> list[tuple[str, int, int]]:
    return [(entry["status"], entry["amount_fen"], entry["line"]) for entry in (await seller.book())["refunds"]]


async def test_whoever_wants_a_trade_back_applies_for_each_of_its_orders(seller: Seller) -> None:
    [tid] = await seller.order()
    head = await apply(seller, tid)
    refunds = sorted(await listed(seller), key=lambda refund: int(refund["refund_id"]))
    rows = await orders(seller, tid)
    assert [refund["oid"] for refund in refunds] == [row["oid"] for row in rows]
    assert [refund["refund_id"] for refund in refunds] == [row["refund_id"] for row in rows]
    assert str(refunds[0]["refund_id"]) == head
    assert {(refund["tid"], refund["status"], refund["refund_phase"]) for refund in refunds} == {
        (int(tid), "WAIT_SELLER_AGREE", "onsale")
    }
    # the first carries the postage: together they are what was paid
    assert [refund["refund_fee"] for refund in refunds] == ["104.24", "33.08", "0.00"]
    assert [row["refund_status"] for row in rows] == ["WAIT_SELLER_AGREE"] * 3
    assert [refund["num"] for refund in refunds] == [2, 1, 1]
    assert (await seller.trade(tid))["status"] == "WAIT_SELLER_SEND_GOODS"
    await settle(seller, head, "approve")
    trade = await seller.trade(tid)
    assert (trade["status"], bool(trade["end_time"])) == ("TRADE_CLOSED", True)
    assert {row["refund_status"] for row in trade["orders"]["order"]} == {"SUCCESS"}
    assert await told(seller) == [("refunded", 10424, 1), ("refunded", 3308, 2), ("refunded", 0, 3)]
    assert (await seller.book())["orders"][0]["status"] == "cancelled"
    await seller.control(f"/taobao/{tid}/refund", {}, 409)


async def test_a_trade_of_one_order_is_refunded_with_its_postage(seller: Seller) -> None:
    one, same = await seller.order(draft(channel="taobao", lines=SINGLE), draft(channel="taobao", lines=SINGLE))
    for tid, wish in ((one, {}), (same, {"line": 1})):
        refund_id = await apply(seller, tid, **wish)
        refund = (await seller.call(GET, refund_id=refund_id, fields=FIELDS))["refund"]
        assert (refund["tid"], refund["oid"]) == (int(tid), int(tid))
        assert [refund[name] for name in ("refund_fee", "total_fee", "payment")] == ["103.99", "103.99", "0.00"]
        await settle(seller, refund_id, "approve")
        assert (await seller.trade(tid))["status"] == "TRADE_CLOSED"


async def test_one_order_of_a_trade_is_given_back_and_the_rest_ships(seller: Seller) -> None:
    [tid] = await seller.order()
    refund_id = await apply(seller, tid, line=1)
    assert await seller.refused(SEND, **parcel(tid)) == PENDING
    mug = (await orders(seller, tid))[0]
    split = parcel(tid, "SF100000002", is_split="1")
    assert await seller.refused(SEND, **split, sub_tid=str(mug["oid"])) == PENDING
    await settle(seller, refund_id, "approve")
    mug, towel, _ = await orders(seller, tid)
    assert [(row["status"], row["refund_status"]) for row in (mug, towel)] == [
        ("TRADE_CLOSED", "SUCCESS"),
        ("WAIT_SELLER_SEND_GOODS", "NO_REFUND"),
    ]
    assert await seller.refused(SEND, **split, sub_tid=f"{mug['oid']},{towel['oid']}") == PENDING.replace("B02", "P38")
    await seller.call(SEND, **parcel(tid))
    trade = await seller.trade(tid)
    assert trade["status"] == "WAIT_BUYER_CONFIRM_GOODS"
    assert [row.get("invoice_no") for row in trade["orders"]["order"]] == [None, "SF100000001", "SF100000001"]
    assert await told(seller) == [("refunded", 9824, 1)]


async def test_orders_without_an_undecided_refund_may_leave_alone(seller: Seller) -> None:
    [tid] = await seller.order()
    refund_id = await apply(seller, tid, line=1)
    _, towel, gift = await orders(seller, tid)
    await seller.call(SEND, **parcel(tid, is_split="1", sub_tid=f"{towel['oid']},{gift['oid']}"))
    assert (await seller.trade(tid))["status"] == "SELLER_CONSIGNED_PART"
    await settle(seller, refund_id, "approve")
    assert (await seller.trade(tid))["status"] == "WAIT_BUYER_CONFIRM_GOODS"


@pytest.mark.parametrize(
    ("verdict", "status", "words"),
    [("refuse", "SELLER_REFUSE_BUYER", "refused"), ("withdraw", "CLOSED", "withdrawn")],
)
async def test_what_is_not_granted_ships(seller: Seller, verdict: str, status: str, words: str) -> None:
    [tid] = await seller.order()
    head = await apply(seller, tid)
    assert await seller.refused(SEND, **parcel(tid)) == PENDING
    await settle(seller, head, verdict)
    assert {refund["status"] for refund in await listed(seller)} == {status}
    assert {row["refund_status"] for row in await orders(seller, tid)} == {status}
    assert {entry[0] for entry in await told(seller)} == {words}
    await seller.call(SEND, **parcel(tid))
    for again in ("approve", verdict):
        await settle(seller, head, again, 409)


async def test_one_refund_of_an_application_can_be_decided_alone(seller: Seller) -> None:
    [tid] = await seller.order()
    head = await apply(seller, tid)
    towel = str((await orders(seller, tid))[1]["refund_id"])
    await settle(seller, towel, "refuse")
    await settle(seller, head, "approve")
    assert [entry[0] for entry in await told(seller)] == ["refunded", "refused", "refunded"]
    trade = await seller.trade(tid)
    assert trade["status"] == "WAIT_SELLER_SEND_GOODS"
    assert [row["status"] for row in trade["orders"]["order"]] == [
        "TRADE_CLOSED",
        "WAIT_SELLER_SEND_GOODS",
        "TRADE_CLOSED",
    ]


async def test_a_part_of_the_money_leaves_the_goods_sold(seller: Seller) -> None:
    [tid] = await seller.order()
    refund_id = await apply(seller, tid, line=1, amount_fen=501)
    assert await seller.refused(SEND, **parcel(tid)) == PENDING
    await settle(seller, refund_id, "approve")
    mug = (await orders(seller, tid))[0]
    assert (mug["status"], mug["refund_status"]) == ("WAIT_SELLER_SEND_GOODS", "SUCCESS")
    refund = (await seller.call(GET, refund_id=refund_id, fields="refund_fee,total_fee,payment"))["refund"]
    assert refund == {"refund_fee": "5.01", "total_fee": "98.24", "payment": "93.23"}
    await seller.call(SEND, **parcel(tid))


async def test_a_part_of_a_trade_is_spread_over_its_orders(seller: Seller) -> None:
    [tid] = await seller.order()
    await apply(seller, tid, amount_fen=1001)
    shares = await told(seller)
    assert [line for _, _, line in shares] == [1, 2]
    assert sum(amount for _, amount, _ in shares) == 1001
    await seller.control(f"/taobao/{tid}/refund", {"amount_fen": 1}, 409)


async def test_what_has_left_is_closed_too_but_not_cancelled(seller: Seller) -> None:
    [tid] = await seller.order()
    await seller.call(SEND, **parcel(tid))
    head = await apply(seller, tid)
    assert (await seller.trade(tid))["status"] == "WAIT_BUYER_CONFIRM_GOODS"
    await settle(seller, head, "approve")
    assert (await seller.trade(tid))["status"] == "TRADE_CLOSED"
    book = await seller.book()
    assert (book["orders"][0]["status"], len(book["shipments"])) == ("refunded", 1)


async def test_a_trade_of_which_only_gifts_are_left_is_closed(seller: Seller) -> None:
    [tid] = await seller.order()
    for line, status in ((1, "WAIT_SELLER_SEND_GOODS"), (2, "TRADE_CLOSED")):
        await settle(seller, await apply(seller, tid, line=line), "approve")
        assert (await seller.trade(tid))["status"] == status


async def test_a_cancellation_is_refunds_that_succeeded(seller: Seller) -> None:
    [tid] = await seller.order()
    await apply(seller, tid, line=2)
    await seller.control(f"/taobao/{tid}/cancel")
    statuses = sorted(refund["status"] for refund in await listed(seller))
    assert statuses == ["CLOSED", "SUCCESS", "SUCCESS", "SUCCESS"]
    assert {row["refund_status"] for row in await orders(seller, tid)} == {"SUCCESS"}


async def test_an_order_that_cost_nothing_can_be_cancelled(seller: Seller) -> None:
    [tid] = await seller.order(draft(channel="taobao", discount_fen=13233, freight_fen=0))
    await seller.control(f"/taobao/{tid}/cancel")
    assert (await seller.trade(tid))["status"] == "TRADE_CLOSED"


async def test_refunds_are_listed_last_modified_first() -> None:
    begin = 1_780_000_000
    with time_machine.travel(begin, tick=False) as traveller:
        async with selling() as seller:
            ids = []
            for _ in range(3):
                [tid] = await seller.order(draft(channel="taobao", lines=SINGLE))
                ids.append(await apply(seller, tid))
                traveller.shift(60)
            await settle(seller, ids[0], "refuse")

            async def found(**params: str) -> list[str]:
                return [str(refund["refund_id"]) for refund in await listed(seller, **params)]

            def at(seconds: int) -> str:
                return format_beijing(from_epoch_seconds(begin + seconds))

            assert await found() == [ids[0], ids[2], ids[1]]
            assert await found(start_modified=at(60), end_modified=at(120)) == [ids[2], ids[1]]
            assert await found(start_modified=at(121)) == [ids[0]]
            assert await found(status="WAIT_SELLER_AGREE") == [ids[2], ids[1]]
            assert await found(page_no="2", page_size="2") == [ids[1]]
            refund = (await seller.call(GET, refund_id=ids[0], fields="created,modified,refund_version"))["refund"]
            assert refund == {"created": at(0), "modified": at(180), "refund_version": (begin + 180) * 1000}
            first = await seller.call(LIST, fields="refund_id", page_size="2", use_has_next="true")
            assert (first["has_next"], "total_results" in first) == (True, False)
            assert await seller.call(LIST, fields="refund_id", status="SUCCESS") == {"total_results": 0}


async def test_a_refund_moves_its_trade(seller: Seller) -> None:
    with time_machine.travel(time.time() - 600, tick=False) as traveller:
        [tid] = await seller.order()
        refund_id = ""
        for step in ("apply", "refuse"):
            before = (await seller.trade(tid))["modified"]
            traveller.shift(5)
            if step == "apply":
                refund_id = await apply(seller, tid)
            else:
                await settle(seller, refund_id, step)
            assert (await seller.trade(tid))["modified"] > before
    assert (await seller.book())["orders"][0]["version"] == 3


async def test_bad_parameters_are_named(seller: Seller) -> None:
    cases = {
        "isv.missing-parameter:fields": (LIST, {}),
        "isv.invalid-parameter:page_size": (LIST, {"fields": "tid", "page_size": "101"}),
        "isv.invalid-parameter:start_modified": (LIST, {"fields": "tid", "start_modified": "yesterday"}),
        "isv.missing-parameter:refund_id": (GET, {"fields": "tid"}),
        "isv.invalid-parameter:refund_id": (GET, {"fields": "tid", "refund_id": "R1"}),
        "isv.refund-not-exist": (GET, {"fields": "tid", "refund_id": "1"}),
    }
    for sub_code, (method, params) in cases.items():
        assert await seller.refused(method, **params) == sub_code


async def test_the_controls_say_what_is_wrong(seller: Seller) -> None:
    [tid] = await seller.order()
    path = f"/taobao/{tid}/refund"
    await seller.control("/taobao/4711/refund", {}, 404)
    await seller.control(path, {"line": 4}, 409)
    await seller.control(path, {"amount_fen": 13733}, 409)
    await seller.control(path, {"line": 1, "amount_fen": 9825}, 409)
    await apply(seller, tid, line=1)
    for wish in ({"line": 1}, {}):
        await seller.control(path, wish, 409)
    await settle(seller, "1", "approve", 404)


async def test_a_touched_trade_is_found_again_and_is_what_it_was(seller: Seller) -> None:
    with time_machine.travel(time.time() - 600, tick=False) as traveller:
        [tid] = await seller.order()
        before = await seller.trade(tid)
        traveller.shift(60)
        await seller.control(f"/taobao/{tid}/touch")
        after = await seller.trade(tid)
        assert after.pop("modified") > before.pop("modified")
        assert after == before
    book = await seller.book()
    assert (book["duplicates_sent"], book["orders"][0]["version"]) == (1, 1)
    await seller.control("/taobao/4711/touch", None, 404)


async def test_a_session_ends_until_the_seller_authorises_again() -> None:
    async with selling(session_seconds=3600) as seller:
        [tid] = await seller.order()
        start = time.time()
        with time_machine.travel(start + 3590, tick=True):
            await seller.call(FULL, tid=tid, fields="tid")
        with time_machine.travel(start + 3610, tick=True):
            error = (await seller.raw(FULL, tid=tid, fields="tid"))["error_response"]
            assert (error["code"], error["sub_code"]) == (27, "session-expired")
            await seller.control("/taobao/reauthorise", {"session": "tb-second"})
            await seller.call(FULL, tid=tid, fields="tid", session="tb-second")
            assert await seller.refused(FULL, tid=tid, fields="tid") == "session-expired"
        with time_machine.travel(start + 7220, tick=True):
            assert await seller.refused(FULL, tid=tid, fields="tid", session="tb-second") == "session-expired"
        await seller.control("/taobao/reauthorise", {"session": ""}, 422)


async def test_without_a_limit_a_session_lasts(seller: Seller) -> None:
    [tid] = await seller.order()
    with time_machine.travel(time.time() + 365 * 86_400, tick=True):
        await seller.call(FULL, tid=tid, fields="tid")
