from __future__ import annotations

from datetime import date

import pytest

from domain.address import PROVINCES
from domain.order import Region
from domain.shipping import Carrier
from domain.warehouses import Warehouse, WorkWeek
from rules.workdays import official
from rules.zones import place, way

HANGZHOU = Warehouse("HZ", province="浙江省", city="杭州市")


@pytest.mark.parametrize("province", sorted(PROVINCES))
def test_every_province_has_a_region_and_a_service_zone(province: str) -> None:
    found = place(province, "")
    assert found.region != "unknown"
    assert found.service in {"delta", "national", "remote", "special"}
    assert place(f"{province}省", "") == found


@pytest.mark.parametrize(
    ("province", "city", "region", "service"),
    [
        ("上海市", "市辖区", "east", "delta"),
        ("四川省", "成都市", "southwest", "national"),
        ("四川省", "甘孜藏族自治州", "southwest", "remote"),
        ("云南省", "迪庆藏族自治州", "southwest", "remote"),
        ("黑龙江省", "大兴安岭地区", "northeast", "remote"),
        ("内蒙古自治区", "呼和浩特市", "north", "remote"),
        ("香港特别行政区", "", "special", "special"),
        ("火星", "", "unknown", "national"),
        ("", "", "unknown", "national"),
    ],
)
def test_places(province: str, city: str, region: str, service: str) -> None:
    found = place(province, city)
    assert (found.region, found.service) == (region, service)


@pytest.mark.parametrize(
    ("province", "city", "zone", "distance", "days"),
    [
        ("浙江省", "杭州市", "city", 0, 1),
        ("浙江省", "宁波市", "province", 1, 1),
        ("江苏省", "南京市", "delta", 2, 1),
        ("山东省", "济南市", "region", 2, 2),
        ("广东省", "广州市", "neighbour", 3, 2),
        ("四川省", "成都市", "far", 4, 3),
        ("新疆维吾尔自治区", "乌鲁木齐市", "remote", 5, 5),
        ("台湾省", "台北市", "special", 5, 0),
        ("火星", "", "far", 4, 3),
    ],
)
def test_ways_from_hangzhou(province: str, city: str, zone: str, distance: int, days: int) -> None:
    found = way(HANGZHOU, Region(province=province, city=city), Carrier.SF)
    assert (found.zone, found.distance, found.days) == (zone, distance, days)
    assert [rule.partition("@")[0] for rule in found.rules] == ["distance_zones", "freight", "courier_days"]


def test_a_municipality_is_one_city() -> None:
    shanghai = Warehouse("SH", province="上海", city="上海市")
    assert way(shanghai, Region(province="上海市", city="浦东新区"), Carrier.ZTO).zone == "city"


def test_a_warehouse_without_an_address_is_far_from_everybody() -> None:
    found = way(Warehouse("WH01"), Region(province="浙江省", city="杭州市"), Carrier.SF)
    assert (found.zone, found.distance) == ("far", 4)
    assert way(Warehouse("WH01"), Region(province="", city=""), Carrier.SF).zone == "far"


def test_carriers_differ_and_an_unknown_one_counts_as_a_plain_one() -> None:
    there = Region(province="四川省", city="成都市")
    by_sf, by_zto, other = (way(HANGZHOU, there, one) for one in (Carrier.SF, Carrier.ZTO, Carrier.OTHER))
    assert (by_sf.base_fen, by_sf.per_kg_fen, by_sf.days) == (2000, 1000, 3)
    assert (by_zto.base_fen, by_zto.per_kg_fen, by_zto.days) == (900, 500, 4)
    assert other == by_zto


_SPRING = [date(2026, 2, day) for day in range(13, 25)]


def test_the_spring_festival_of_2026_as_it_was_published() -> None:
    """The State Council: off from 15 to 23 February, worked on Saturday the 14th and Saturday the 28th."""
    assert [official(day) for day in _SPRING] == [None, False, *[True] * 9, None]
    assert official(date(2026, 2, 28)) is False
    assert official(date(2026, 3, 1)) is None


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2026, 1, 1), date(2026, 1, 3)),
        (date(2026, 4, 4), date(2026, 4, 6)),
        (date(2026, 5, 1), date(2026, 5, 5)),
        (date(2026, 6, 19), date(2026, 6, 21)),
        (date(2026, 9, 25), date(2026, 9, 27)),
        (date(2026, 10, 1), date(2026, 10, 7)),
    ],
)
def test_the_other_holidays_of_2026(first: date, last: date) -> None:
    days = [date.fromordinal(day) for day in range(first.toordinal(), last.toordinal() + 1)]
    assert all(official(day) for day in days)
    assert not official(date.fromordinal(first.toordinal() - 1))
    assert not official(date.fromordinal(last.toordinal() + 1))


def test_who_rests_on_holidays_works_on_the_days_made_up_for_them() -> None:
    office, always = WorkWeek("12345", rests=True), WorkWeek()
    assert [office.works(date(2026, 2, day), official) for day in (13, 14, 16, 23, 24, 28)] == [
        *(True, True, False, False, True, True),
    ]
    assert all(always.works(day, official) for day in _SPRING)
    assert not WorkWeek("12345").works(date(2026, 2, 14), official)
    with pytest.raises(ValueError, match="weekdays"):
        WorkWeek("18")
    with pytest.raises(ValueError, match="weekdays"):
        WorkWeek("")
