"""Documents that are wrong until their platform mends them."""

from __future__ import annotations

from tests.sandbox.seller import selling
from tests.sandbox.shopkeeper import shopkeeper
from tests.sandbox.stage import until
from tests.sandbox.town import draft, town


async def test_douyin_writes_numbers_and_prices_that_cannot_be_until_it_mends_them() -> None:
    async with town() as place:
        keeper = await shopkeeper(place)
        [number] = await keeper.order(draft(channel="douyin", flawed=True))
        wrong = await keeper.detail(number)
        await place.control(f"/douyin/{number}/mend", None, 204)
        right = await keeper.detail(number)
        await place.control("/douyin/1/mend", None, 404)
    ids = [[sub["order_id"] for sub in order["sku_order_list"]] for order in (wrong, right)]
    assert [len(set(one)) for one in ids] == [1, 3]
    assert [sub["origin_amount"] for sub in wrong["sku_order_list"]] == [-4950, -3333, 0]
    assert [sub["origin_amount"] for sub in right["sku_order_list"]] == [4950, 3333, 0]
    assert right["update_time"] > wrong["update_time"]


async def test_taobao_hides_the_oaid_until_it_may_be_read() -> None:
    async with selling() as seller:
        [tid] = await seller.order(draft(channel="taobao", flawed=True))
        assert "oaid" not in await seller.trade(tid)
        await seller.control(f"/taobao/{tid}/mend")
        assert (await seller.trade(tid))["oaid"]


async def test_a_shop_sends_fields_of_the_merchants_own_and_nothing_of_them_when_there_are_none() -> None:
    line = {"sku": "MUG-01", "title": "马克杯", "quantity": 1, "unit_price_fen": 4950, "ext": {"serial_no": "SN-1"}}
    plain = {key: value for key, value in line.items() if key != "ext"}
    who = {"id": "C1", "ext": {"cost_centre": "CC-9"}}
    async with town() as place:
        full = draft(order_no="SO1", lines=[line], customer=who, ext={"colour": "red"}, discount_fen=0)
        await place.control("/orders", [full, draft(order_no="SO2", lines=[plain], discount_fen=0)])
        await until(lambda: bool(place.hub.heard))
        [heard] = place.hub.at("/api/v1/orders")
        first, second = heard.json()["orders"]
    assert (first["ext"], first["customer"]["ext"]) == ({"colour": "red"}, {"cost_centre": "CC-9"})
    assert first["lines"][0]["ext"] == {"serial_no": "SN-1"}
    assert "ext" not in {*second, *second["customer"], *second["lines"][0]}
