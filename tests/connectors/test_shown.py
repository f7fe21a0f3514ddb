"""The parcels that channels show of an order, whoever told them: numbers, couriers, moments."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from connectors.douyin import orders as douyin
from connectors.jd import orders as jd
from connectors.pdd import orders as pdd
from connectors.pdd.settings import CourierTerms as PddTerms
from connectors.shown import by_name, news_of
from connectors.taobao import orders as taobao
from connectors.taobao.trades import Trade
from connectors.taobao.wire import read
from connectors.xiaohongshu import orders as xiaohongshu
from connectors.xiaohongshu.settings import CourierTerms as XiaohongshuTerms
from domain.clock import BEIJING
from domain.news import OrderNews, ShippedNews
from domain.order import Channel
from domain.shadow import ShownParcel
from domain.shipping import Carrier
from tests.store.samples import order

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=BEIJING)
SECONDS = int(NOON.timestamp())


def test_douyin_names_every_parcel_with_its_moment() -> None:
    entries: list[Any] = [
        {"tracking_no": "SF1", "company": "shunfeng", "ship_time": SECONDS},
        {"tracking_no": "X2", "company": "acme", "ship_time": "soon"},
        "nonsense",
    ]
    found = douyin.parcels({"logistics_info": entries})
    assert found == [ShownParcel("SF1", Carrier.SF, "shunfeng", NOON), ShownParcel("X2", None, "acme")]
    assert douyin.parcels({}) == []


def test_pinduoduo_names_couriers_by_number_and_further_parcels_without_a_moment() -> None:
    couriers = {Carrier.ZTO: PddTerms(logistics_id=115)}
    detail = {
        "tracking_number": "Z1",
        "logistics_id": 115,
        "shipping_time": "2026-03-01 12:00:00",
        "extra_delivery_list": [{"tracking_number": "Y2", "logistics_id": "85"}],
    }
    found = pdd.parcels(detail, couriers)
    assert found == [ShownParcel("Z1", Carrier.ZTO, "115", NOON), ShownParcel("Y2", None, "85")]


def test_xiaohongshu_names_parts_before_the_whole() -> None:
    couriers = {Carrier.ZTO: XiaohongshuTerms.model_construct(code="zto")}
    part = {"expressTrackingNo": "Z1", "expressCompanyCode": "zto"}
    detail = {"deliveryTime": SECONDS * 1000, "simpleDeliveryOrderList": [part], **part}
    assert xiaohongshu.parcels(detail, couriers) == [ShownParcel("Z1", Carrier.ZTO, "zto", NOON)] * 2


def test_jd_joins_numbers_and_carriers() -> None:
    found = jd.parcels({"waybill": "V1|Z2", "logisticsId": "467|1499"}, {Carrier.SF: "467"})
    assert found == [ShownParcel("V1", Carrier.SF, "467"), ShownParcel("Z2", None, "1499")]
    assert jd.parcels({"waybill": "V1"}, {}) == [ShownParcel("V1")]


def test_taobao_names_couriers_as_people_do() -> None:
    line = {"oid": "1", "num": 1, "invoice_no": "SF1", "logistics_company": "顺丰速运"}
    trade = read(
        Trade,
        {"created": "2026-03-01 11:00:00", "modified": "2026-03-01 12:00:00", "payment": "1.00", "orders": [line]}
        | {"consign_time": "2026-03-01 12:00:00"},
    )
    assert taobao.parcels(trade) == [ShownParcel("SF1", Carrier.SF, "顺丰速运", NOON)]


@pytest.mark.parametrize(("word", "carrier"), [("中通快递", Carrier.ZTO), ("EMS标准快递", Carrier.EMS), ("丹鸟", None)])
def test_a_carrier_is_known_by_its_name(word: str, carrier: Carrier | None) -> None:
    assert by_name(word) == carrier


def test_an_order_without_a_number_is_only_an_order_and_a_number_counts_once() -> None:
    bought = order()
    assert news_of(bought, [ShownParcel(""), ShownParcel("9" * 65)]) == [OrderNews(bought)]
    one, again = ShownParcel("SF1", Carrier.SF, at=NOON), ShownParcel("SF1")
    assert news_of(bought, [one, again]) == [OrderNews(bought), ShippedNews(Channel.OWN, "main", "SO1", (one,))]
