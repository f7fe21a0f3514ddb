"""Whether an address is complete enough to ship to. Source: the platforms' own rules, as gathered in regions §4."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from domain.order import CipherReceiver, ClearReceiver, Receiver, Region

DISTRICTLESS_CITIES = frozenset(
    [
        *("东莞市", "中山市", "儋州市", "嘉峪关市", "三沙市"),
        *("仙桃市", "潜江市", "天门市", "神农架林区", "济源市", "五指山市", "琼海市", "文昌市", "万宁市", "东方市"),
        *("定安县", "屯昌县", "澄迈县", "临高县", "白沙黎族自治县", "昌江黎族自治县", "乐东黎族自治县"),
        *(
            "陵水黎族自治县",
            "保亭黎族苗族自治县",
            "琼中黎族苗族自治县",
            "石河子市",
            "阿拉尔市",
            "图木舒克市",
            "五家渠市",
            "北屯市",
        ),
        *("铁门关市", "双河市", "可克达拉市", "昆玉市", "胡杨河市", "新星市", "白杨市"),
    ]
)
"""Prefecture cities without districts, and counties directly under a province, which platforms name as the city."""

MUNICIPALITIES = frozenset({"北京", "天津", "上海", "重庆"})

STOP_WORDS = ("待定", "待确认", "稍后", "自提", "测试地址", "不发货", "勿发")
"""Words in an address that say "do not ship yet"."""

_MOBILE = re.compile(r"1[3-9]\d{9}", re.ASCII)
_VIRTUAL = re.compile(r"\d{11}[-,转]\d{2,6}", re.ASCII)
_LANDLINE = re.compile(r"(0\d{2,3}-?)?\d{7,8}(-\d{1,6})?|[48]00-?\d{3}-?\d{4}", re.ASCII)
_SUFFIX = re.compile(r"(壮族自治区|回族自治区|维吾尔自治区|特别行政区|自治区|省|市)$")

PROVINCES = frozenset(
    [
        *(
            "北京",
            "天津",
            "河北",
            "山西",
            "内蒙古",
            "辽宁",
            "吉林",
            "黑龙江",
            "上海",
            "江苏",
            "浙江",
            "安徽",
            "福建",
            "江西",
        ),
        *(
            "山东",
            "河南",
            "湖北",
            "湖南",
            "广东",
            "广西",
            "海南",
            "重庆",
            "四川",
            "贵州",
            "云南",
            "西藏",
            "陕西",
            "甘肃",
        ),
        *("青海", "宁夏", "新疆", "台湾", "香港", "澳门"),
    ]
)


AddressCode = Literal[
    "province_missing",
    "city_missing",
    "district_missing",
    "detail_too_short",
    "detail_says_wait",
    "detail_masked",
    "phone_invalid",
    "name_missing",
    "ciphertext_missing",
]
"""All that can be wrong with an address."""


@dataclass(frozen=True)
class AddressProblem:
    """One thing that is wrong with an address; `code` is a key of the text catalogue under `address.`."""

    code: AddressCode


def province_name(text: str) -> str:
    """A province without its suffix: 广西壮族自治区 → 广西. Unknown texts come back as they are."""
    return _SUFFIX.sub("", text.strip())


def valid_phone(phone: str) -> bool:
    """A mainland mobile, a platform's virtual number with extension, or a landline."""
    return any(pattern.fullmatch(phone.strip()) for pattern in (_MOBILE, _VIRTUAL, _LANDLINE))


def address_problems(receiver: Receiver) -> list[AddressProblem]:
    """Everything that keeps a parcel from being sent there; [] when it can go.

    Of an encrypted receiver only the region is checked: the rest is the platform's business. Of one abroad only that
    there is a name, a phone and an address: what its country demands is for its declaration.
    """
    if isinstance(receiver, ClearReceiver) and receiver.region.country != "CN":
        found = [code for code in _detail_problems(receiver) if code != "phone_invalid"]
        return [AddressProblem(code) for code in found] + (
            [] if receiver.phone.strip() else [AddressProblem("phone_invalid")]
        )
    problems = [AddressProblem(code) for code in region_problems(receiver.region)]
    if isinstance(receiver, CipherReceiver):
        if not (receiver.name_cipher and receiver.phone_cipher and receiver.detail_cipher):
            problems.append(AddressProblem("ciphertext_missing"))
        return problems
    return problems + [AddressProblem(code) for code in _detail_problems(receiver)]


def region_problems(region: Region) -> list[AddressCode]:
    """The levels that a region lacks, as codes: province_missing, city_missing, district_missing."""
    province = province_name(region.province)
    problems: list[AddressCode] = []
    if province not in PROVINCES:
        problems.append("province_missing")
    # Counties directly under a province have no city level: some platforms leave the city empty, the district names it.
    if not region.city and province not in MUNICIPALITIES and region.district not in DISTRICTLESS_CITIES:
        problems.append("city_missing")
    if not region.district and region.city not in DISTRICTLESS_CITIES:
        problems.append("district_missing")
    return problems


def _detail_problems(receiver: ClearReceiver) -> list[AddressCode]:
    detail = receiver.detail.strip()
    problems: list[AddressCode] = []
    if len(detail) < 4 or detail.isdigit():
        problems.append("detail_too_short")
    if any(word in detail for word in STOP_WORDS):
        problems.append("detail_says_wait")
    if "*" in detail:
        problems.append("detail_masked")
    if not valid_phone(receiver.phone):
        problems.append("phone_invalid")
    if not receiver.name.strip():
        problems.append("name_missing")
    return problems
