"""The completeness rules of regions §4, one by one."""

from __future__ import annotations

from typing import Any

import pytest

from domain.address import DISTRICTLESS_CITIES, PROVINCES, address_problems, province_name, valid_phone
from domain.order import Channel, CipherReceiver, ClearReceiver, Region
from domain.texts import CATALOGUE

HANGZHOU = Region(province="浙江省", city="杭州市", district="余杭区")

AUTONOMOUS = {
    "内蒙古": "内蒙古自治区",
    "广西": "广西壮族自治区",
    "西藏": "西藏自治区",
    "宁夏": "宁夏回族自治区",
    "新疆": "新疆维吾尔自治区",
}
SPECIAL = {"香港": "香港特别行政区", "澳门": "澳门特别行政区"}
MUNICIPAL = {"北京": "北京市", "天津": "天津市", "上海": "上海市", "重庆": "重庆市"}
OFFICIAL = AUTONOMOUS | SPECIAL | MUNICIPAL


def _problems(**changes: Any) -> list[str]:
    values = {"name": "测试", "phone": "13800000000", "region": HANGZHOU, "detail": "示例路1号"}
    return [problem.code for problem in address_problems(ClearReceiver(**{**values, **changes}))]


def _at(province: str = "", city: str = "", district: str = "") -> list[str]:
    return _problems(region=Region(province=province, city=city, district=district))


def test_a_complete_address_has_no_problem() -> None:
    assert _problems() == []


def test_there_are_34_provinces() -> None:
    assert len(PROVINCES) == 34


@pytest.mark.parametrize("short", sorted(PROVINCES))
def test_every_way_to_write_a_province(short: str) -> None:
    official = OFFICIAL.get(short, f"{short}省")
    for written in (short, official, f" {official} "):
        assert province_name(written) == short
        assert _at(written, "某市", "某区") == []


@pytest.mark.parametrize("written", ["", "江南省", "杭州市", "中国", "省", "北 京"])
def test_what_is_no_province(written: str) -> None:
    assert _at(written, "杭州市", "余杭区") == ["province_missing"]


@pytest.mark.parametrize("province", ["浙江省", "广西壮族自治区", "新疆"])
def test_the_city_may_not_be_missing(province: str) -> None:
    assert _at(province, "", "余杭区") == ["city_missing"]
    assert _at(province) == ["city_missing", "district_missing"]


@pytest.mark.parametrize("province", ["北京", "天津市", "上海", "重庆市"])
@pytest.mark.parametrize("city", ["", "市辖区", "北京市"])
def test_a_municipality_needs_no_city_but_a_district(province: str, city: str) -> None:
    assert _at(province, city, "某区") == []
    assert _at(province, city) == ["district_missing"]


def test_the_district_may_not_be_missing() -> None:
    assert _at("浙江省", "杭州市") == ["district_missing"]


@pytest.mark.parametrize(
    ("province", "city"), [("广东省", "东莞市"), ("广东", "中山市"), ("甘肃省", "嘉峪关市"), ("海南省", "儋州市")]
)
def test_a_city_without_districts_needs_none(province: str, city: str) -> None:
    assert _at(province, city) == []


@pytest.mark.parametrize(
    ("province", "county"),
    [
        ("湖北省", "仙桃市"),
        ("湖北省", "神农架林区"),
        ("河南省", "济源市"),
        ("海南省", "文昌市"),
        ("海南省", "定安县"),
        ("海南省", "陵水黎族自治县"),
        ("海南省", "琼中黎族苗族自治县"),
        ("新疆维吾尔自治区", "石河子市"),
        ("新疆", "白杨市"),
    ],
)
def test_a_county_directly_under_its_province_is_named_as_platforms_like(province: str, county: str) -> None:
    assert _at(province, county) == []
    assert _at(province, "", county) == []
    assert _at(province, "省直辖县级行政区划", county) == []


def test_all_counties_directly_under_a_province_are_known() -> None:
    hainan = {name for name in DISTRICTLESS_CITIES if name.endswith(("黎族自治县", "黎族苗族自治县"))}
    assert len(hainan) == 6
    assert len(DISTRICTLESS_CITIES) == 5 + 3 + 1 + 1 + 5 + 4 + 6 + 12


@pytest.mark.parametrize("detail", ["", "   ", "路1", "1号院", "12345678", " 1234 "])
def test_a_street_address_of_under_four_characters_or_digits_alone(detail: str) -> None:
    assert _problems(detail=detail) == ["detail_too_short"]


@pytest.mark.parametrize("word", ["待定", "待确认", "稍后", "自提", "不发货", "勿发", "测试地址"])
def test_words_that_say_do_not_ship_yet(word: str) -> None:
    assert _problems(detail=f"示例路1号（{word}）") == ["detail_says_wait"]


def test_a_masked_street_address() -> None:
    assert _problems(detail="示例路***号") == ["detail_masked"]


@pytest.mark.parametrize("name", ["", " ", "　"])
def test_a_receiver_needs_a_name(name: str) -> None:
    assert _problems(name=name) == ["name_missing"]


@pytest.mark.parametrize(
    "phone",
    [
        "13800000000",
        " 19912345678 ",
        "13800000000-12",
        "13800000000-123456",
        "13800000000,1234",
        "13800000000转1234",
        "95013000000-1234",
        "02112345678",
        "0571-88880000",
        "0571-88880000-801",
        "88880000",
        "4008001234",
        "400-800-1234",
    ],
)
def test_numbers_that_can_be_called(phone: str) -> None:
    assert valid_phone(phone)
    assert _problems(phone=phone) == []


@pytest.mark.parametrize(
    "phone",
    [
        "",
        "12800000000",
        "1380000000",
        "138000000000",
        "138****0000",
        "1380000000O",
        "13800000000-1",
        "13800000000-1234567",
        "１３８００００００００",
        "138 0000 0000",
        "无",
    ],
)
def test_numbers_that_cannot(phone: str) -> None:
    assert not valid_phone(phone)
    assert _problems(phone=phone) == ["phone_invalid"]


def _cipher(**changes: Any) -> CipherReceiver:
    values: dict[str, Any] = {
        "platform": Channel.TAOBAO,
        "name_cipher": "~n~",
        "phone_cipher": "$p$",
        "detail_cipher": "#d#",
        "name_mask": "测*",
        "phone_mask": "138****0000",
        "detail_mask": "示例路***",
        "region": HANGZHOU,
    }
    return CipherReceiver(**{**values, **changes})


def test_of_an_encrypted_receiver_only_the_region_is_checked() -> None:
    assert address_problems(_cipher()) == []
    (problem,) = address_problems(_cipher(region=Region(province="浙江省", city="杭州市")))
    assert problem.code == "district_missing"


@pytest.mark.parametrize("field", ["name_cipher", "phone_cipher", "detail_cipher"])
def test_an_encrypted_receiver_needs_all_its_ciphertexts(field: str) -> None:
    (problem,) = address_problems(_cipher(**{field: ""}))
    assert problem.code == "ciphertext_missing"


def test_all_problems_come_at_once_and_have_their_sentences() -> None:
    codes = _problems(name="", phone="1", detail="*", region=Region())
    assert codes == [
        *("province_missing", "city_missing", "district_missing"),
        *("detail_too_short", "detail_masked", "phone_invalid", "name_missing"),
    ]
    assert all(f"address.{code}" in CATALOGUE for code in codes)
