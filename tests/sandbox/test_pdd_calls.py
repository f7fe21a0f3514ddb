"""Pinduoduo's door: signature, time, token, parameters; reading orders."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import httpx
import pytest
import time_machine

from sandbox.app import create_app
from sandbox.digest import looks_encrypted, receiver_digest
from sandbox.faults import Fault, FaultKind, FaultPlan
from sandbox.pdd.signing import call_sign
from tests.sandbox.merchant import Merchant, merchant
from tests.sandbox.stage import make_settings
from tests.sandbox.town import draft
from tests.vectors import vector

DETAIL, LIST, REFRESH = (
    "pdd.order.information.get",
    "pdd.order.number.list.increment.get",
    "pdd.pop.auth.token.refresh",
)
ALL = {"order_status": 5, "refund_status": 5, "is_lucky_flag": 0}
MOVED = draft()["receiver"] | {"detail": "示例路2号"}


@pytest.fixture
async def shop() -> AsyncIterator[Merchant]:
    async with merchant() as shop:
        yield shop


def test_the_sign_is_the_published_one() -> None:
    entry = vector("pdd", "sign md5")
    given = entry["inputs"]
    assert call_sign(given["params"], given["secret"]) == entry["expected"]


async def test_pinduoduo_is_there_only_when_it_is_configured() -> None:
    app = create_app(make_settings())
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://sandbox.test") as http,
    ):
        assert (await http.post("/pdd/api/router", json={})).status_code == 404
        assert "pdd" not in (await http.get("/books")).json()
        answer = await http.post("/control/orders", json=[draft(channel="pdd")])
        assert (answer.status_code, answer.json()) == (409, {"detail": "there is no shop on pdd"})


@pytest.mark.parametrize(
    ("changes", "code", "sub_code"),
    [
        ({"sign": "0" * 32}, 20004, "sign"),
        ({"sign": ""}, 10001, "sign"),
        ({"type": None}, 10001, "type"),
        ({"client_id": None}, 10001, "client_id"),
        ({"client_id": "other"}, 10016, "client-unknown"),
        ({"type": "pdd.time.get"}, 30000, "type-unknown"),
        ({"timestamp": None}, 10001, "timestamp"),
        ({"timestamp": 1}, 10000, "timestamp"),
        ({"timestamp": "tomorrow"}, 10000, "timestamp"),
        ({"timestamp": int(time.time() * 1000)}, 10000, "timestamp"),
        ({"data_type": "XML"}, 10000, "data_type"),
        ({"version": "V2"}, 10000, "version"),
        ({"access_token": None}, 10001, "access_token"),
        ({"access_token": "made-up"}, 10035, "access-token-unknown"),
        ({"feature": ""}, 10001, "feature"),
    ],
)
async def test_a_call_that_is_not_in_order_is_refused(
    shop: Merchant, changes: dict[str, object], code: int, sub_code: str
) -> None:
    assert await shop.refused(DETAIL, order_sn="260101-000000000000001", **changes) == (code, sub_code)


@pytest.mark.parametrize("seconds", [-590, 590])
async def test_the_clocks_may_differ_by_ten_minutes(shop: Merchant, seconds: int) -> None:
    [number] = await shop.order()
    await shop.call(DETAIL, order_sn=number, timestamp=int(time.time()) + seconds)


async def test_a_form_and_a_json_body_are_the_same_call(shop: Merchant) -> None:
    [number] = await shop.order()
    answers = [await shop.raw(DETAIL, form=form, order_sn=number, use=True, data_type="JSON") for form in (True, False)]
    one, two = [answer["order_info_get_response"]["order_info"] for answer in answers]
    assert one == two
    for body in (b"[]", b"{", b"\xff"):
        answer = await shop.http.post("/pdd/api/router", content=body, headers={"content-type": "application/json"})
        assert answer.json()["error_response"]["error_code"] == 10000


async def test_a_sign_holds_for_the_values_that_were_sent(shop: Merchant) -> None:
    [number, other] = await shop.order(draft(channel="pdd"), draft(channel="pdd"))
    params = {"type": DETAIL, "client_id": "pdd-client", "timestamp": str(int(time.time())), "access_token": shop.token}
    sign = call_sign(params | {"order_sn": number}, "pdd-secret")
    for order_sn, key in ((number, "order_info_get_response"), (other, "error_response")):
        body = params | {"order_sn": order_sn, "sign": sign}
        assert list((await shop.http.post("/pdd/api/router", json=body)).json()) == [key]


async def test_a_token_lives_its_time_and_is_refreshed(shop: Merchant) -> None:
    [number] = await shop.order()
    start, day = time.time(), 24 * 3600
    with time_machine.travel(start + day - 60, tick=True):
        renewed = [
            await shop.call(REFRESH, refresh_token="pdd-refresh", access_token=None)
            for _ in range(2)  # the first answer may be lost
        ]
        assert {entry["refresh_token"] for entry in renewed} == {"pdd-refresh"}
        assert len({entry["access_token"] for entry in renewed} | {shop.token}) == 3
        first = renewed[0]
        assert (first["owner_id"], first["expires_in"]) == (100001, day)
        assert abs(first["expires_at"] - time.time() - day) < 5
        assert abs(first["refresh_token_expires_at"] - start - 30 * day) < 5
        await shop.detail(number)
    with time_machine.travel(start + day + 60, tick=True):
        assert await shop.refused(DETAIL, order_sn=number) == (10019, "access-token-expired")
        shop.token = first["access_token"]
        await shop.detail(number)
        assert await shop.refused(REFRESH, refresh_token="made-up") == (10036, "refresh-token-invalid")
    with time_machine.travel(start + 30 * day + 60, tick=True):
        assert await shop.refused(REFRESH, refresh_token="pdd-refresh") == (10036, "refresh-token-invalid")


async def test_an_order_reads_as_documented(shop: Merchant) -> None:
    [number] = await shop.order(draft(channel="pdd", paid_at="2026-03-01T10:20:30+08:00", buyer_note="快点"))
    order = await shop.detail(number)
    assert (order["order_sn"], order["order_status"], order["refund_status"]) == (number, 1, 1)
    assert (order["confirm_status"], order["group_status"], order["risk_control_status"]) == (1, 1, 0)
    assert (order["created_time"], order["pay_time"]) == ("2026-03-01 10:20:00", "2026-03-01 10:20:30")
    money = ("goods_amount", "postage", "discount_amount", "seller_discount", "platform_discount", "pay_amount")
    assert [Decimal(str(order[name])) for name in money] == [
        Decimal(text) for text in ("132.33", "6.00", "1.01", "1.01", "0", "137.32")
    ]
    assert (order["buyer_memo"], order["remark"]) == ("快点", "老客户 冷链配送")
    assert [(item["outer_id"], item["goods_count"], item["goods_price"]) for item in order["item_list"]] == [
        ("MUG-01", 2, 49.5),
        ("TOWEL-01", 1, 33.33),
    ]
    assert [(gift["outer_id"], gift["goods_price"]) for gift in order["gift_list"]] == [("GIFT-TOTE", 0)]
    assert (order["province"], order["city"], order["town"]) == ("浙江省", "杭州市", "余杭区")


async def test_receivers_are_given_out_encrypted(shop: Merchant) -> None:
    first, second = await shop.order(draft(channel="pdd"), draft(channel="pdd", receiver=MOVED))
    text = str(await shop.raw(DETAIL, order_sn=first))
    assert not any(secret in text for secret in ("13800000000", "示例路1号", "测试'"))
    order, other = await shop.detail(first), await shop.detail(second)
    ciphers = [order[f"receiver_{part}"] for part in ("name", "phone", "address")] + [order["address"]]
    assert all(cipher.startswith("~AgAAA") and looks_encrypted(cipher) for cipher in ciphers)
    assert len(set(ciphers)) == 4
    assert order["receiver_phone"] == other["receiver_phone"]
    assert order["receiver_address"] != other["receiver_address"]
    assert (order["receiver_phone_mask"], order["receiver_name_mask"]) == ("138****0000", "测**")
    book = shop.pdd.book()["orders"][0]
    assert book["receiver_digest"] == receiver_digest(ciphers[0], ciphers[1], "浙江省", "杭州市", "余杭区", ciphers[2])


async def test_the_list_pages_through_a_window(shop: Merchant) -> None:
    start = int(time.time()) - 4000
    numbers: list[str] = []
    for n in range(5):
        with time_machine.travel(start + 60 * n, tick=False):
            numbers += await shop.order()

    async def listed(since: int, until: int, **more: Any) -> tuple[Any, list[str]]:
        window = {"start_updated_at": start + since, "end_updated_at": start + until}
        found = await shop.call(LIST, **(window | ALL | more))
        return found.get("total_count", found.get("has_next")), [order["order_sn"] for order in found["order_sn_list"]]

    assert await listed(0, 1800) == (5, numbers)
    assert await listed(60, 180) == (3, numbers[1:4])
    assert await listed(0, 1800, page=2, page_size=2) == (5, numbers[2:4])
    assert await listed(0, 1800, page=3, page_size=2, use_has_next=True) == (False, numbers[4:])
    assert await listed(0, 1800, page=1, page_size=4, use_has_next=True) == (True, numbers[:4])
    assert await listed(0, 1800, is_lucky_flag=1) == (5, numbers)
    assert await listed(0, 1800, is_lucky_flag=2) == (0, [])
    assert await listed(0, 1800, trade_type=1) == (0, [])
    with time_machine.travel(start + 600, tick=False):
        await shop.control(f"/pdd/{numbers[0]}/cancel", None, 204)
    assert await listed(0, 1800) == (5, [*numbers[1:], numbers[0]])
    assert await listed(0, 1800, refund_status=4) == (1, numbers[:1])
    assert await listed(0, 1800, refund_status=1) == (4, numbers[1:])
    assert await listed(0, 1800, order_status=2) == (0, [])
    assert await listed(0, 1800, order_status=1) == (5, [*numbers[1:], numbers[0]])


async def test_the_list_gives_whole_orders_of_ninety_days(shop: Merchant) -> None:
    _, young = await shop.order(
        draft(channel="pdd", paid_minutes_ago=91 * 1440), draft(channel="pdd", paid_minutes_ago=89 * 1440)
    )
    now = int(time.time())
    found = await shop.call(LIST, start_updated_at=now - 900, end_updated_at=now + 900, **ALL)
    assert found["order_sn_list"] == [await shop.detail(young)]


@pytest.mark.parametrize(
    ("method", "content", "code", "sub_code"),
    [
        (DETAIL, {}, 10001, "order_sn"),
        (DETAIL, {"order_sn": "260101-1"}, 50001, "order-not-found"),
        (LIST, {"start_updated_at": 0, "end_updated_at": 1800} | ALL | {"refund_status": None}, 10001, "refund_status"),
        (LIST, {"start_updated_at": 0, "end_updated_at": 1801} | ALL, 10000, "end_updated_at"),
        (LIST, {"start_updated_at": 9, "end_updated_at": 9} | ALL, 10000, "end_updated_at"),
        (LIST, {"start_updated_at": "now", "end_updated_at": 9} | ALL, 10000, "start_updated_at"),
        (LIST, {"start_updated_at": 0, "end_updated_at": 9, "page_size": 101} | ALL, 10000, "page_size"),
        (LIST, {"start_updated_at": 0, "end_updated_at": 9, "page": 0} | ALL, 10000, "page"),
        (LIST, {"start_updated_at": 0, "end_updated_at": 9} | ALL | {"order_status": 4}, 10000, "order_status"),
    ],
)
async def test_wrong_parameters_are_named(
    shop: Merchant, method: str, content: dict[str, Any], code: int, sub_code: str
) -> None:
    assert await shop.refused(method, **content) == (code, sub_code)


async def test_what_buyers_and_staff_do_is_found_by_polling(shop: Merchant) -> None:
    with time_machine.travel(time.time() - 3600, tick=False):
        [number] = await shop.order()
        before = await shop.detail(number)
    await shop.control(f"/pdd/{number}/address", {"receiver": MOVED}, 204)
    await shop.control(f"/pdd/{number}/remark", {"seller_words": "加急"}, 204)
    now = int(time.time())
    [after] = (await shop.call(LIST, start_updated_at=now - 900, end_updated_at=now + 5, **ALL))["order_sn_list"]
    assert after["receiver_address"] != before["receiver_address"]
    assert after["receiver_name"] == before["receiver_name"]
    assert (after["remark"], after["updated_at"] > before["updated_at"]) == ("加急", True)
    await shop.control(f"/pdd/{number}/cancel", {"reason": "不想要了"}, 204)
    order = await shop.detail(number)
    assert (order["order_status"], order["refund_status"], order["after_sales_status"]) == (1, 4, 10)
    assert order["confirm_status"] == 2
    await shop.control(f"/pdd/{number}/cancel", None, 409)
    await shop.control(f"/pdd/{number}/address", {"receiver": MOVED}, 409)
    await shop.control("/pdd/260101-1/remark", {"seller_words": "加急"}, 404)
    [entry] = shop.pdd.book()["orders"]
    assert (entry["order_no"], entry["shop"], entry["status"], entry["version"]) == (number, "pdd-main", "cancelled", 5)
    assert (entry["paid_fen"], entry["requirements"], entry["sent"]) == (13732, ["COLD_CHAIN"], 3)


async def test_drafts_follow_the_platforms_rules(shop: Merchant) -> None:
    mine = draft(channel="pdd", order_no="260101-000000000000001")
    assert await shop.order(mine) == ["260101-000000000000001"]
    await shop.control("/orders", [mine], 409)
    await shop.control("/orders", [draft(channel="pdd", order_no="SO1")], 422)
    await shop.control("/orders", [draft(channel="pdd", customer={"id": "B1", "terms": "NET30"})], 422)
    placed = await shop.control("/buyers", {"orders": 5, "seed": 3, "channels": ["pdd"]})
    assert {(entry["channel"], entry["shop"]) for entry in placed} == {("pdd", "pdd-main")}
    assert len(shop.pdd.book()["orders"]) == 6


@pytest.mark.parametrize(("kind", "code"), [(FaultKind.ERROR, 50000), (FaultKind.THROTTLE, 52102)])
async def test_faults_speak_pinduoduo(shop: Merchant, kind: FaultKind, code: int) -> None:
    plan = FaultPlan(faults=[Fault(partner="pdd", kind=kind, operation="order.information.get")])
    shop.world.faults.set_plan(plan)
    assert (await shop.refused(DETAIL, order_sn="1"))[0] == code
    assert shop.world.calls == {"pdd.order.information.get": 1}
