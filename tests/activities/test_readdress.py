from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import select

from activities.contracts import APPLY_ADDRESS, AddressRef, AddressVerdict
from activities.promises import Due, keep_promises
from domain.clock import BEIJING, utc_now
from domain.order import ClearReceiver, Region
from domain.warehouses import Warehouse
from store import articles, promises, warehouses
from store.orders import body
from store.tables import AddressChangeRow, TaskRow
from tests.activities.conftest import Bench
from tests.store.samples import taken

HOME = Warehouse("HZ", province="浙江省", city="杭州市")


def receiver(province: str, city: str, district: str) -> ClearReceiver:
    region = Region(province=province, city=city, district=district)
    return ClearReceiver(name="测试", phone="13800000000", region=region, detail="示例路9号")


FAR = receiver("新疆维吾尔自治区", "乌鲁木齐市", "天山区")
NEXT_DOOR = receiver("浙江省", "杭州市", "西湖区")


async def _promised(bench: Bench, *dues: Due) -> str:
    order_id = await taken(bench.db)
    async with bench.db.transaction() as tx:
        await warehouses.put(tx, HOME, "WH01")
        order = await body(tx, order_id)
        homes = await warehouses.all_warehouses(tx, "WH01")
        await keep_promises(tx, order, dues or [Due(1, "HZ")], homes, utc_now())
    return order_id


async def _apply(bench: Bench, order_id: str, wanted: ClearReceiver) -> Any:
    async with bench.db.transaction() as tx:
        wish = AddressChangeRow(
            order_id=order_id, n=1, receiver=wanted.model_dump(), status="wished", asked_by="wei", at=utc_now()
        )
        tx.add(wish)
    return await bench.run(APPLY_ADDRESS, AddressRef(order_id, 1, "wei"))


async def _more_freight(bench: Bench) -> list[str]:
    async with bench.db.reading() as tx:
        tasks = (await tx.execute(select(TaskRow).where(TaskRow.kind == "freight_differs"))).scalars().all()
    return [task.text for task in tasks]


async def test_a_far_address_is_told_with_its_freight_and_its_day(bench: Bench) -> None:
    order_id = await _promised(bench)
    async with bench.db.reading() as tx:
        [before] = await promises.newest(tx, order_id)
    verdict = await _apply(bench, order_id, FAR)
    assert verdict == await bench.run(APPLY_ADDRESS, AddressRef(order_id, 1, "wei"))
    async with bench.db.reading() as tx:
        [after] = await promises.newest(tx, order_id)
        paid = (await body(tx, order_id)).amounts.paid_fen
    assert before.deliver_by is not None
    assert after.deliver_by is not None
    assert after.deliver_by > before.deliver_by
    day = after.deliver_by.astimezone(BEIJING).date()
    assert verdict.ok
    assert verdict.said == f"运费估算由 12.00 元变为 42.00 元；预计 {day} 前送达"
    assert await _more_freight(bench) == ["改址后运费估算多 30.00 元，请与买家确认由谁承担"]
    assert paid == 4950


async def test_heavy_goods_cost_more_to_send_far(bench: Bench) -> None:
    order_id = await _promised(bench)
    async with bench.db.transaction() as tx:
        await articles.put(tx, [articles.Article("MUG", weight_g=2500)])
    verdict = await _apply(bench, order_id, FAR)
    assert verdict.said.startswith("运费估算由 15.00 元变为 69.00 元"), "10 + 2.5 × 2, and 24 + 2.5 × 18"


async def test_an_address_in_the_same_city_changes_nothing_else(bench: Bench) -> None:
    order_id = await _promised(bench)
    assert await _apply(bench, order_id, NEXT_DOOR) == AddressVerdict(True, 2)
    assert await _more_freight(bench) == []


async def test_an_order_without_a_promise_is_told_its_freight(bench: Bench) -> None:
    order_id = await taken(bench.db)
    async with bench.db.transaction() as tx:
        await warehouses.put(tx, HOME, "HZ")
    verdict = await _apply(bench, order_id, receiver("上海市", "上海市", "浦东新区"))
    assert "送达" not in verdict.said


@pytest.mark.parametrize("waits_days", [9])
async def test_what_waits_for_a_purchase_goes_on_waiting_for_it(bench: Bench, waits_days: int) -> None:
    day = (utc_now().astimezone(BEIJING) + timedelta(days=waits_days)).date()
    ready = datetime(day.year, day.month, day.day, tzinfo=BEIJING)
    order_id = await _promised(bench, Due(1, "HZ", ready, "PO1"))
    await _apply(bench, order_id, FAR)
    async with bench.db.reading() as tx:
        [after] = await promises.newest(tx, order_id)
    assert after.ship_by is not None
    assert after.ship_by.astimezone(BEIJING).date() == day
    assert after.why[0].key == "promise.purchase"
