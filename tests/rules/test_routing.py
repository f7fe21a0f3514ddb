from __future__ import annotations

from typing import Any

import pytest

from domain.order import Amounts, Channel, ClearReceiver, Notes, Order, Region, Requirement
from domain.routing import Availability, Otherwise, Part, Verdict, Wanted
from domain.shipping import Carrier
from domain.warehouses import Warehouse
from rules.routing import route_order, sites, split_rule, strategies
from tests.store.samples import order

WAREHOUSES = (
    Warehouse("HZ", province="浙江省", city="杭州市", daily_capacity=100),
    Warehouse("GZ", province="广东省", city="广州市"),
    Warehouse("CD", province="四川省", city="成都市"),
)
TWO = (Wanted("1", "A", 1), Wanted("2", "B", 1))


def _to(province: str, city: str, fen: int = 20_000, **changes: Any) -> Order:
    receiver = ClearReceiver(
        name="张三", phone="13800000000", region=Region(province=province, city=city, district="区"), detail="某路 1 号"
    )
    return order(receiver=receiver, amounts=Amounts(goods_fen=fen, paid_fen=fen), **changes)


def _free(**codes: str) -> Availability:
    return Availability({(sku, code): skus.count(sku) for code, skus in codes.items() for sku in skus})


def test_the_nearest_warehouse_with_everything_wins() -> None:
    everywhere = _free(HZ="AB", GZ="AB", CD="AB")
    for province, city, winner, strategy in [
        ("江苏省", "南京市", "HZ", "near"),
        ("广东省", "深圳市", "GZ", "near"),
        ("重庆市", "重庆市", "CD", "near"),
        ("天津市", "天津市", "HZ", "anywhere"),
    ]:
        found = route_order(_to(province, city), TWO, everywhere, WAREHOUSES, {}, Carrier.SF)
        assert (found.consignments[0].warehouse, found.strategy) == (winner, strategy), province
        assert {score.warehouse for score in found.scores} == {"HZ", "GZ", "CD"}
        assert all(score.rule.startswith("routing_strategies@") for score in found.scores)
    assert found.reason.text() == "由仓库 HZ 整单发出（策略：全国）"


def test_a_full_warehouse_gives_way() -> None:
    everywhere = _free(HZ="AB", GZ="AB")
    found = route_order(_to("江苏省", "南京市"), TWO, everywhere, WAREHOUSES, {"HZ": 100}, Carrier.SF)
    assert (found.consignments[0].warehouse, found.strategy) == ("GZ", "anywhere")
    only = route_order(_to("江苏省", "南京市"), TWO, _free(HZ="AB"), WAREHOUSES, {"HZ": 100}, Carrier.SF)
    assert (only.consignments[0].warehouse, only.strategy) == ("HZ", "full_too")


def test_a_split_only_above_the_threshold() -> None:
    stock = _free(HZ="A", GZ="B")
    large = route_order(_to("江苏省", "南京市", 9900), TWO, stock, WAREHOUSES, {}, Carrier.SF)
    assert (large.strategy, [one.warehouse for one in large.consignments]) == ("split", ["HZ", "GZ"])
    small = route_order(_to("江苏省", "南京市", 9899), TWO, stock, WAREHOUSES, {}, Carrier.SF)
    assert (small.verdict, small.reason.key, small.ask) == (Verdict.SHORT, "routing.small", False)
    remote = route_order(_to("西藏自治区", "拉萨市", 9900), TWO, stock, WAREHOUSES, {}, Carrier.SF)
    assert remote.reason.key == "routing.small"


def test_cold_chain_is_never_split_nor_sent_from_afar_while_a_near_one_has_it() -> None:
    cold = _to("江苏省", "南京市", notes=Notes(requirements=(Requirement.COLD_CHAIN,)))
    assert [one.name for one in strategies(cold)] == ["cold", "anywhere", "full_too"]
    rule = split_rule(cold)
    assert (rule.most, rule.part, rule.short) == (1, Part.NEVER, Otherwise.ASK)
    found = route_order(cold, TWO, _free(HZ="A", GZ="B"), WAREHOUSES, {}, Carrier.SF)
    assert (found.consignments, found.ask) == ((), False)
    short = route_order(cold, TWO, _free(HZ="A"), WAREHOUSES, {}, Carrier.SF)
    assert (short.consignments, short.ask) == ((), True)


def test_a_business_order_may_go_in_five_parts() -> None:
    rule = split_rule(_to("江苏省", "南京市", 100, channel=Channel.B2B))
    assert (rule.most, rule.small_fen, rule.small_pieces) == (5, 0, 0)
    assert rule.name.endswith("/b2b")


def test_a_line_stays_whole_for_channels_that_ship_it_once() -> None:
    tearing = {channel: split_rule(_to("江苏省", "南京市", channel=channel)).tear for channel in Channel}
    whole = {Channel.TAOBAO, Channel.DOUYIN, Channel.XIAOHONGSHU}
    assert {channel for channel, tear in tearing.items() if not tear} == whole
    for channel in Channel:
        far = split_rule(_to("西藏自治区", "拉萨市", channel=channel))
        assert far.tear == (channel not in whole)
    two = [Wanted("1", "A", 2)]
    here, there = (
        route_order(
            _to("江苏省", "南京市", 99_00, channel=channel), two, _free(HZ="A", GZ="A"), WAREHOUSES, {}, Carrier.SF
        )
        for channel in (Channel.OWN, Channel.TAOBAO)
    )
    assert (here.verdict, len(here.consignments)) == (Verdict.FILLED, 2)
    assert (there.verdict, there.consignments, there.reason.key) == (Verdict.SHORT, (), "routing.whole_lines")


def test_a_merchant_with_one_warehouse_and_no_address_routes_as_before() -> None:
    only = [Warehouse("WH01")]
    found = route_order(_to("江苏省", "南京市", 1), TWO, _free(WH01="AB"), only, {}, Carrier.SF)
    assert [one.warehouse for one in found.consignments] == ["WH01"]
    assert found.verdict is Verdict.FILLED
    short = route_order(_to("江苏省", "南京市"), TWO, _free(WH01="A"), only, {}, Carrier.SF)
    assert (short.consignments, short.verdict, short.ask) == ((), Verdict.SHORT, False)
    assert short.reason.text() == "缺货：B × 1"


def test_a_site_is_the_warehouse_as_the_order_sees_it() -> None:
    [site] = sites(_to("江苏省", "南京市"), WAREHOUSES[:1], {"HZ": 7}, Carrier.ZTO)
    assert (site.distance, site.base_fen, site.per_kg_fen, site.load, site.capacity) == (2, 500, 120, 7, 100)


@pytest.mark.parametrize("province", ["浙江省", "新疆维吾尔自治区", "香港特别行政区", "火星"])
def test_strategies_reach_everywhere(province: str) -> None:
    asked = _to(province, "")
    assert strategies(asked)[-1].name == "full_too"
    assert strategies(asked)[0].rule.partition("@")[0] == "routing_strategies"
