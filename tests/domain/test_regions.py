"""What an address tells of a level that it lacks: all of it, or nothing; and never something else than is true."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.address import region_problems
from domain.order import Channel, CipherReceiver, ClearReceiver, Region
from domain.regions import Completion, Place, Told, complete
from rules.gazetteer import gazetteer

LEVELS = ("province", "city", "district")


def told(province: str, city: str, district: str, detail: str = "示例路1号") -> Completion:
    region = Region(province=province, city=city, district=district)
    found = complete(ClearReceiver(name="测试", phone="13800000000", region=region, detail=detail), gazetteer())
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("given_levels", "detail", "whole"),
    [
        (("浙江省", "杭州市", ""), "余杭区文一西路1号", "浙江省杭州市余杭区"),
        (("浙江省", "杭州市", ""), "浙江 杭州 余杭区文一西路1号", "浙江省杭州市余杭区"),
        (("浙江", "杭州", ""), "余杭区文一西路1号", "浙江杭州余杭区"),
        (("", "", ""), "浙江省杭州市余杭区文一西路1号", "浙江省杭州市余杭区"),
        (("浙江省", "", "余杭区"), "文一西路1号", "浙江省杭州市余杭区"),
        (("", "杭州市", "余杭区"), "文一西路1号", "浙江省杭州市余杭区"),
        (("江苏省", "", "鼓楼区"), "徐州市中山路1号", "江苏省徐州市鼓楼区"),
        (("吉林省", "", ""), "吉林市船营区示例路1号", "吉林省吉林市船营区"),
        (("北京", "", ""), "朝阳区建国路1号", "北京朝阳区"),
        (("北京", "市辖区", ""), "朝阳区建国路1号", "北京市辖区朝阳区"),
        (("北京", "朝阳区", ""), "建国路1号", "北京朝阳区朝阳区"),
        (("", "", ""), "北京市朝阳区建国路1号", "北京市朝阳区"),
        (("", "", "仙桃市"), "示例路1号", "湖北省仙桃市"),
        (("广东省", "", ""), "东莞市长安镇1号", "广东省东莞市"),
    ],
)
def test_one_way_is_taken(given_levels: tuple[str, str, str], detail: str, whole: str) -> None:
    found = told(*given_levels, detail)
    assert (found.told, found.region.text()) == (Told.ONE, whole)
    # What the buyer wrote stands.
    assert all(getattr(found.region, level) == was for level, was in zip(LEVELS, given_levels, strict=True) if was)
    assert set(found.filled) <= {level for level, was in zip(LEVELS, given_levels, strict=True) if not was}


@pytest.mark.parametrize(
    ("given_levels", "detail", "places"),
    [
        (("江苏省", "", "鼓楼区"), "中山路1号", ("江苏省南京市鼓楼区", "江苏省徐州市鼓楼区")),
        (
            ("", "", ""),
            "鼓楼区中山路1号",
            ("江苏省南京市鼓楼区", "江苏省徐州市鼓楼区", "河南省开封市鼓楼区", "福建省福州市鼓楼区"),
        ),
    ],
)
def test_of_several_ways_a_person_chooses(
    given_levels: tuple[str, str, str], detail: str, places: tuple[str, ...]
) -> None:
    found = told(*given_levels, detail)
    assert (found.told, found.proposals) == (Told.SEVERAL, places)
    assert found.region == Region(**dict(zip(LEVELS, given_levels, strict=True)))


@pytest.mark.parametrize(
    ("given_levels", "detail"),
    [
        (("江苏省", "南京市", ""), "新街口示例大厦"),
        # A landmark further on is no district of the address.
        (("浙江省", "杭州市", ""), "示例路1号西湖区政府对面"),
        (("", "", ""), "地址待定"),
        # Unknown is not missing: nobody knows better than the buyer.
        (("江浙", "杭州市", "余杭区"), "示例路1号"),
        # These levels contradict each other.
        (("浙江省", "南京市", ""), "余杭区示例路1号"),
    ],
)
def test_what_nothing_tells_stays(given_levels: tuple[str, str, str], detail: str) -> None:
    found = told(*given_levels, detail)
    assert (found.told, found.proposals) == (Told.NONE, ())


def test_nothing_is_read_into_ciphertext() -> None:
    hidden = CipherReceiver(
        platform=Channel.DOUYIN,
        name_cipher="~n~",
        phone_cipher="~p~",
        detail_cipher="余杭区文一西路1号",
        detail_mask="余杭区文一西路*号",
        region=Region(province="浙江省", city="杭州市"),
    )
    found = complete(hidden, gazetteer())
    assert found is not None
    assert found.told is Told.NONE
    # What is clear of it tells all the same.
    found = complete(hidden.model_copy(update={"region": Region(city="杭州市", district="余杭区")}), gazetteer())
    assert found is not None
    assert found.region.province == "浙江省"


WHOLE = [place for place in gazetteer() if place.district]


@given(st.sampled_from(WHOLE), st.sets(st.sampled_from(LEVELS), min_size=1))
def test_no_level_is_ever_filled_wrongly(place: Place, lost: set[str]) -> None:
    there = {level: "" if level in lost else getattr(place, level) for level in LEVELS}
    if not region_problems(Region(**there)):
        return
    # The buyer wrote the lost levels into the street: then there is one way at most.
    found = told(
        there["province"],
        there["city"],
        there["district"],
        "".join(getattr(place, level) for level in LEVELS if level in lost) + "示例路1号",
    )
    if found.told is Told.ONE:
        assert all(getattr(found.region, level) in {getattr(place, level), ""} for level in LEVELS)
    if lost == set(LEVELS):
        assert found.told is Told.ONE
    # Or nowhere at all.
    found = told(there["province"], there["city"], there["district"], "示例路1号")
    if found.told is Told.ONE:
        assert all(getattr(found.region, level) in {getattr(place, level), ""} for level in LEVELS)
