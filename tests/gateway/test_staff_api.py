from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from activities.promises import Due, keep_promises
from domain.clock import utc_now
from domain.golden import Trigger
from domain.order import Channel, CipherReceiver, Region
from domain.routing import Availability, Wanted
from domain.shipping import Carrier, TrackCode, TrackNode, TrackReport, Trouble
from domain.texts import text
from domain.warehouses import Warehouse
from domain.words import About, Word
from gateway.app import create_app
from gateway.deps import Gateway, StillRunning, TemporalAway, UpdateRefused
from rules.routing import route_order
from store import planning
from store.database import Database
from store.holds import open_hold, open_task
from store.orders import take
from store.shipping import apply_track
from store.steps import Done, record
from store.tables import AddressChangeRow, DeliveryRow, ParcelRow, WaybillRow
from tests.gateway.house import Orders, client_of
from tests.store.samples import NOON, index_row, order, taken
from tests.store.test_shipping import parcel, waybill
from workflows.contracts import AddressWish, CancelOrder, Outcome, RecordWaybill, ReleaseHold

ORDER = "own:main:SO1"
PATH = f"/api/v1/staff/orders/{ORDER}"
ADDRESS = {
    "name": "测试",
    "phone": "13800000001",
    "province": "浙江省",
    "city": "杭州市",
    "district": "西湖区",
    "detail": "示例路9号",
}


@pytest.fixture
async def staff(gateway: Gateway) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(create_app(gateway), headers={"authorization": "Bearer token-of-wei"}) as http:
        yield http


async def wishes(db: Database) -> list[tuple[int, str, str, str]]:
    async with db.transaction() as tx:
        rows = [await tx.get(AddressChangeRow, (ORDER, n)) for n in (1, 2, 3)]
    return [(row.n, row.status, row.asked_by, row.why) for row in rows if row is not None]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer "},
        {"authorization": "Bearer wrong"},
        {"authorization": "Basic token-of-wei"},
        {"authorization": "token-of-wei"},
    ],
)
@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("POST", "/cancel"), ("POST", "/address")])
async def test_nobody_gets_in_without_a_token(
    client: httpx.AsyncClient, orders: Orders, headers: dict[str, str], method: str, path: str
) -> None:
    answer = await client.request(method, PATH + path, headers=headers, json={"reason": "x"})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert orders.asked == []


async def test_an_order_as_staff_see_it(staff: httpx.AsyncClient, database: Database) -> None:
    await taken(database)
    now = utc_now()
    async with database.transaction() as tx:
        row = await index_row(tx, ORDER)
        await open_hold(tx, row, 1, "WAYBILL_BY_PERSON", "顺丰不可用", now + timedelta(hours=2))
        for i in range(25):
            await record(tx, row, f"step/{i}", "orderhub", Done(f"did.{i}"))
        item = {"sku": "MUG", "quantity": 1, "line_no": "1"}
        tx.add(
            ParcelRow(parcel_id=f"{ORDER}#1", order_id=ORDER, n=1, package_code="BOX1", items=[item], status="numbered")
        )
        for key, status, number in (("K1", "refused", ""), ("K2", "live", "SF1000000000001")):
            tx.add(
                WaybillRow(
                    key=key,
                    parcel_id=f"{ORDER}#1",
                    order_id=ORDER,
                    provider="sf",
                    carrier="SF",
                    attempt=1,
                    number=number,
                    status=status,
                    asked_at=NOON,
                    updated_at=NOON,
                )
            )
    answer = await staff.get(PATH)
    assert answer.status_code == 200
    view = answer.json()
    assert (view["order_id"], view["state"], view["state_text"]) == (ORDER, None, "未支付")
    assert view["paid_at"] == "2026-03-01T12:00:00+08:00"
    assert [(hold["reason"], hold["text"], hold["detail"]) for hold in view["holds"]] == [
        ("WAYBILL_BY_PERSON", "人工补录运单", "顺丰不可用")
    ]
    [parcel] = view["parcels"]
    assert (parcel["parcel_id"], parcel["items"]) == (f"{ORDER}#1", [item])
    assert {(w["status"], w["number"]) for w in parcel["waybills"]} == {("refused", ""), ("live", "SF1000000000001")}
    assert [event["what"] for event in view["events"]] == [f"did.{i}" for i in range(5, 25)]
    assert view["receiver"] == {"name": "测*", "phone": "138****0000", "region": "浙江省杭州市"}
    for secret in ("测试", "13800000000", "示例路", "余杭"):
        assert secret not in answer.text


async def test_staff_see_where_each_instruction_is(staff: httpx.AsyncClient, database: Database) -> None:
    async with database.transaction() as tx:
        await take(tx, order())
        for n, (warehouse, status) in enumerate((("WH01", "packed"), ("WH02", "stopping")), start=1):
            row = DeliveryRow(code=f"D{n}", order_id=ORDER, n=n, revision=1, status=status, at=NOON)
            row.consignment, row.warehouse = n, warehouse
            tx.add(row)
    shown = (await staff.get(PATH)).json()["deliveries"]
    assert [(one["consignment"], one["warehouse"], one["status_text"]) for one in shown] == [
        (1, "WH01", "已打包"),
        (2, "WH02", "正在取消，直到仓库确认为止"),
    ]


async def test_staff_see_what_became_of_the_gifts(staff: httpx.AsyncClient, database: Database) -> None:
    mug = order().lines[0]
    card = mug.model_copy(update={"line_no": "2", "sku": "CARD", "gift_of": "1", "unit_price_fen": 0, "amount_fen": 0})
    async with database.transaction() as tx:
        await take(tx, order(lines=(mug, card)))
    [gift] = (await staff.get(PATH)).json()["gifts"]
    assert (gift["line_no"], gift["gift_of"], gift["sku"], gift["quantity"]) == ("2", "1", "CARD", 1)
    assert (gift["status"], gift["status_text"], gift["sent_after"]) == ("pending", "待发放", "")


async def test_staff_see_how_an_order_was_routed_and_why(staff: httpx.AsyncClient, database: Database) -> None:
    await taken(database)
    before = (await staff.get(PATH)).json()
    assert (before["routing"], before["consignments"]) == (None, [])
    stock = Availability({("MUG", "HZ"): 5, ("MUG", "WH"): 1})
    places = [Warehouse("HZ", province="浙江省", city="杭州市"), Warehouse("WH", province="湖北省", city="武汉市")]
    found = route_order(order(), [Wanted("1", "MUG", 1)], stock, places, {}, Carrier.SF)
    async with database.transaction() as tx:
        await planning.keep_plan(tx, ORDER, 1, found)
    view = (await staff.get(PATH)).json()
    assert view["routing"]["reason"] == "由仓库 HZ 整单发出（策略：就近）"
    assert (view["routing"]["strategy"], view["routing"]["freight_fen"]) == ("near", 1200)
    assert [(score["warehouse"], score["distance"], score["out"]) for score in view["routing"]["scores"]] == [
        ("HZ", 0, ""),
        ("WH", 3, "far"),
    ]
    [consignment] = view["consignments"]
    assert consignment["lines"] == [{"line_no": "1", "sku": "MUG", "quantity": 1}]
    assert (consignment["n"], consignment["warehouse"], consignment["status"]) == (1, "HZ", "ready")
    assert consignment["waits_until"] is None


async def test_staff_see_what_is_promised_until_the_order_is_called_off(
    staff: httpx.AsyncClient, database: Database
) -> None:
    await taken(database)
    assert (await staff.get(PATH)).json()["promises"] == []
    home = [Warehouse("HZ", province="浙江省", city="杭州市")]
    for hour in (12, 17):
        async with database.transaction() as tx:
            await keep_promises(tx, order(), [Due(1, "HZ"), Due(2, "HZ")], home, NOON.replace(hour=hour))
    async with database.transaction() as tx:
        await keep_promises(tx, order(), [Due(1, "HZ")], home, NOON.replace(hour=18))
    [promised] = (await staff.get(PATH)).json()["promises"]
    assert promised == {
        "consignment": 1,
        "warehouse": "HZ",
        "ship_by": "2026-03-02T23:59:00+08:00",
        "deliver_by": "2026-03-03T23:59:00+08:00",
        "why": ["现货", "过了截单时间 16:00，从 2026-03-02 起算", "同城，在途 1 天"],
        "revision": 2,
        "promised_at": "2026-03-01T17:00:00+08:00",
        "before": [
            {
                "warehouse": "HZ",
                "ship_by": "2026-03-01T23:59:00+08:00",
                "deliver_by": "2026-03-02T23:59:00+08:00",
                "why": ["现货", "同城，在途 1 天"],
                "revision": 1,
                "promised_at": "2026-03-01T12:00:00+08:00",
            }
        ],
    }
    async with database.transaction() as tx:
        (await index_row(tx, ORDER)).exit = "CANCELLED"
    assert (await staff.get(PATH)).json()["promises"] == []


async def test_staff_see_whom_to_call_and_what_is_proposed(staff: httpx.AsyncClient, database: Database) -> None:
    await taken(database)
    async with database.transaction() as tx:
        row = parcel(order_id=ORDER)
        bill = waybill("K1", row.parcel_id, number="SF1000000000001")
        bill.order_id = ORDER
        tx.add_all([row, bill])
        await open_task(tx, f"{ORDER}/other", "other", "别的", order_id=ORDER)
    node = TrackNode(NOON, TrackCode.PROBLEM, "", trouble=Trouble.ADDRESS)
    for phone, call in (("", "95338"), ("13900000001", "13900000001")):
        async with database.transaction() as tx:
            await apply_track(tx, TrackReport(Carrier.SF, bill.number, (node,), phone))
        view = (await staff.get(PATH)).json()
        assert view["parcels"][0]["courier_phone"] == phone
        assert view["parcels"][0]["waybills"][0]["last_node_at"] == "2026-03-01T12:00:00+08:00"
        by_kind = {task["kind"]: task for task in view["tasks"]}
        assert by_kind["other"]["proposal"] is None
        assert by_kind["parcel_trouble"]["text"] == "顺丰速运 SF1000000000001：地址不详"
        proposal = by_kind["parcel_trouble"]["proposal"]
        assert proposal == {
            "kind": "MEND_ADDRESS",
            "parcel_id": f"{ORDER}#1",
            "params": {},
            "text": f"向买家问清地址，再改址或告知派件员（电话 {call}）",
        }


async def test_staff_see_that_nobody_knows_what_a_tracker_says(staff: httpx.AsyncClient, database: Database) -> None:
    await taken(database)
    async with database.transaction() as tx:
        row = parcel(order_id=ORDER)
        bill = waybill("K1", row.parcel_id, number="SF1000000000001")
        bill.order_id = ORDER
        tx.add_all([row, bill])
    assert (await staff.get(PATH)).json()["parcels"][0]["waybills"][0]["unknown"] is None
    node = TrackNode(NOON, TrackCode.NONE, "", unknown=Word("kdniao", About.PARCEL, "499"))
    async with database.transaction() as tx:
        await apply_track(tx, TrackReport(Carrier.SF, bill.number, (node,)))
    assert (await staff.get(PATH)).json()["parcels"][0]["waybills"][0]["unknown"] == {
        "word": "kdniao/parcel/499",
        "since": "2026-03-01T12:00:00+08:00",
        "text": "快递鸟自 2026-03-01 12:00:00 起报告未知状态 499，包裹状态保持不变，说明含义后自动补上",
    }


async def test_a_forgotten_gift_is_sent_after(staff: httpx.AsyncClient, database: Database) -> None:
    mug = order().lines[0]
    card = mug.model_copy(update={"line_no": "2", "sku": "CARD", "gift_of": "1", "unit_price_fen": 0, "amount_fen": 0})
    async with database.transaction() as tx:
        await take(tx, order(lines=(mug, card)))
    path = f"{PATH}/gifts/2/send-after"
    early = await staff.post(path, json={"why": "买家来电"})
    assert (early.status_code, early.json()["text"]) == (409, "订单还没有发出，或没有送达：赠品随主商品一起发")
    async with database.transaction() as tx:
        (await index_row(tx, ORDER)).state = "SIGNED"
    for fresh in (True, False):
        answer = (await staff.post(path, json={"why": "买家来电"})).json()
        assert answer == {
            "result": "done",
            "text": f"赠品由订单 {ORDER}-G1 补发",
            "order_id": f"{ORDER}-G1",
            "fresh": fresh,
        }
    assert (await staff.post(path.replace("SO1", "NONE"), json={"why": "买家来电"})).status_code == 404
    assert (await staff.get(f"{PATH}-G1")).json()["gift_after"] == ORDER


async def test_an_order_that_is_not_there(staff: httpx.AsyncClient) -> None:
    assert (await staff.get(PATH)).status_code == 404
    assert (await staff.get("/api/v1/staff/orders/own:main:SO%00")).status_code == 422


WISHES: list[tuple[str, dict[str, Any], str, Any]] = [
    ("/cancel", {"reason": " 不要了 "}, "cancel", CancelOrder("不要了", "wei")),
    ("/holds/STOCK_SHORT/release", {"why": "到货"}, "release_hold", ReleaseHold("STOCK_SHORT", "wei", "到货")),
    ("/address/3/confirm", {}, "confirm_address", AddressWish(3, "wei")),
    (
        "/parcels/2/waybill",
        {"carrier": "SF", "number": "SF1000000000001"},
        "record_waybill",
        RecordWaybill(f"{ORDER}#2", "SF", "SF1000000000001", "wei"),
    ),
]


@pytest.mark.parametrize(("path", "body", "name", "argument"), WISHES)
async def test_what_people_ask_goes_to_the_order(
    staff: httpx.AsyncClient, orders: Orders, path: str, body: dict[str, Any], name: str, argument: Any
) -> None:
    answer = await staff.post(PATH + path, json=body)
    assert (answer.status_code, answer.json()) == (200, {"result": "done", "text": "好的"})
    assert orders.asked == [(ORDER, name, argument)]


ENDS: list[tuple[Outcome | Exception, int, dict[str, str]]] = [
    (UpdateRefused("太晚"), 409, {"text": "太晚"}),
    (Outcome(False, "已打包"), 409, {"text": "已打包"}),
    (StillRunning(), 202, {"result": "accepted", "text": text("order.still_running")}),
    (TemporalAway(), 503, {"text": text("order.away")}),
]


@pytest.mark.parametrize(("end", "status", "body"), ENDS)
async def test_how_it_can_end(
    staff: httpx.AsyncClient, orders: Orders, end: Outcome | Exception, status: int, body: dict[str, str]
) -> None:
    orders.answer = end
    answer = await staff.post(PATH + "/cancel", json={"reason": "x"})
    assert (answer.status_code, answer.json()) == (status, body)


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/cancel", {}, "reason"),
        ("/cancel", {"reason": "  "}, "reason"),
        ("/cancel", {"reason": "a\x00b"}, "reason"),
        ("/cancel", {"reason": "x", "by": "lan"}, "by"),
        ("/address", ADDRESS | {"phone": ""}, "phone"),
        ("/parcels/x/waybill", {"carrier": "SF", "number": "1"}, "n"),
    ],
)
async def test_what_is_not_right_is_named_but_not_repeated(
    staff: httpx.AsyncClient, orders: Orders, path: str, body: dict[str, Any], field: str
) -> None:
    answer = await staff.post(PATH + path, json=body)
    assert answer.status_code == 422
    assert list(answer.json()["fields"]) == [field]
    assert "示例路" not in answer.text
    assert orders.asked == []


async def test_a_wished_address_stays_in_the_store(
    staff: httpx.AsyncClient, orders: Orders, database: Database
) -> None:
    await taken(database)
    answer = await staff.post(PATH + "/address", json=ADDRESS)
    assert (answer.status_code, answer.json()) == (200, {"result": "done", "text": "好的", "n": 1})
    assert orders.asked == [(ORDER, "change_address", AddressWish(1, "wei"))]
    assert await wishes(database) == [(1, "wished", "wei", "")]
    async with database.transaction() as tx:
        row = await tx.get_one(AddressChangeRow, (ORDER, 1))
    assert (row.receiver["kind"], row.receiver["detail"]) == ("clear", "示例路9号")


async def test_a_refused_wish_is_marked(staff: httpx.AsyncClient, orders: Orders, database: Database) -> None:
    await taken(database)
    orders.answer = UpdateRefused("已打包")
    answer = await staff.post(PATH + "/address", json=ADDRESS)
    assert (answer.status_code, answer.json()) == (409, {"text": "已打包"})
    orders.answer = TemporalAway()
    assert (await staff.post(PATH + "/address", json=ADDRESS)).status_code == 503
    # Whether it arrived is not known, so it is not called refused.
    assert await wishes(database) == [(1, "refused", "wei", "已打包"), (2, "wished", "wei", "")]


async def test_an_address_that_no_parcel_can_go_to(
    staff: httpx.AsyncClient, orders: Orders, database: Database
) -> None:
    await taken(database)
    answer = await staff.post(PATH + "/address", json=ADDRESS | {"district": "", "detail": "1号"})
    assert answer.status_code == 409
    assert answer.json()["text"] == "缺少区县；详细地址太短"
    assert (await wishes(database), orders.asked) == ([], [])


async def test_a_wished_address_that_lacks_a_level_is_completed(staff: httpx.AsyncClient, database: Database) -> None:
    await taken(database)
    wish = ADDRESS | {"district": "", "detail": "西湖区示例路9号"}
    answer = (await staff.post(PATH + "/address", json=wish)).json()
    assert answer["region"] == "浙江省杭州市西湖区"
    async with database.reading() as tx:
        row = await tx.get_one(AddressChangeRow, (ORDER, 1))
    assert (row.receiver["region"]["district"], row.receiver["detail"]) == ("西湖区", "西湖区示例路9号")


async def test_a_wished_address_that_may_be_in_several_places_is_asked_back(
    staff: httpx.AsyncClient, database: Database
) -> None:
    await taken(database)
    wish = ADDRESS | {"province": "江苏省", "city": "", "district": "鼓楼区"}
    answer = await staff.post(PATH + "/address", json=wish)
    assert answer.status_code == 409
    assert answer.json()["text"] == "缺少城市；可能是 江苏省南京市鼓楼区 / 江苏省徐州市鼓楼区"
    assert await wishes(database) == []


async def test_an_encrypted_receiver_is_never_replaced_by_clear_text(
    staff: httpx.AsyncClient, orders: Orders, database: Database
) -> None:
    receiver = CipherReceiver(
        platform=Channel.OWN,
        name_cipher="#a",
        phone_cipher="#b",
        detail_cipher="#c",
        name_mask="测*",
        region=Region(province="浙江省", city="杭州市", district="余杭区"),
    )
    async with database.transaction() as tx:
        await take(tx, order(receiver=receiver))
    answer = await staff.post(PATH + "/address", json=ADDRESS)
    assert (answer.status_code, answer.json()) == (409, {"text": text("staff.encrypted_receiver")})
    assert (await wishes(database), orders.asked) == ([], [])
    assert (await staff.get(PATH)).json()["receiver"] == {"name": "测*", "phone": "***", "region": "浙江省杭州市"}


async def test_an_address_for_an_order_that_is_not_there(staff: httpx.AsyncClient) -> None:
    answer = await staff.post(PATH + "/address", json=ADDRESS)
    assert (answer.status_code, answer.json()) == (409, {"text": text("order.unknown_or_closed")})


async def test_staff_see_by_when_each_stage_is_due(staff: httpx.AsyncClient, database: Database) -> None:
    await taken(database)
    async with database.transaction() as tx:
        await record(tx, await index_row(tx, ORDER), "pay", "x", Done("x", trigger=Trigger.PAYMENT_CONFIRMED))
    shown = (await staff.get(PATH)).json()["deadlines"]
    assert [(one["stage"], one["text"], one["status"], one["why"]) for one in shown] == [
        ("SHIP", "承诺发货", "open", ["时限将在一分钟内算出"]),
        ("REVIEW", "审核", "open", ["时限将在一分钟内算出"]),
    ]
    assert shown[0]["began_at"] == "2026-03-01T12:00:00+08:00"
    found = (await staff.get("/api/v1/staff/sla")).json()
    assert {one["stage"]: one["open"] for one in found["stages"] if one["open"]} == {"REVIEW": 1, "SHIP": 1}


async def test_staff_pause_a_slice_and_let_it_go_on(staff: httpx.AsyncClient) -> None:
    wish = {"kind": "warehouse", "name": "WH01", "why": "盘点"}
    begun = await staff.post("/api/v1/staff/pauses", json=wish)
    assert begun.status_code == 200
    pause = begun.json()["pause"]
    assert (pause["by"], pause["until"]) == ("wei", None)
    assert (await staff.post("/api/v1/staff/pauses", json=wish)).status_code == 409
    assert (await staff.post("/api/v1/staff/pauses", json={**wish, "kind": "moon"})).status_code == 422
    assert [one["n"] for one in (await staff.get("/api/v1/staff/pauses")).json()["pauses"]] == [pause["n"]]
    assert (await staff.post(f"/api/v1/staff/pauses/{pause['n']}/end")).status_code == 200
    assert (await staff.post(f"/api/v1/staff/pauses/{pause['n']}/end")).status_code == 404
    assert (await staff.get("/api/v1/staff/pauses")).json()["pauses"] == []
