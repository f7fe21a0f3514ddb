"""An export's address on one line → the region and the rest, as JD writes it: 浙江杭州市余杭区五常街道示例路1号. Pure.

Only what is plain by its own suffixes is taken apart; of anything else nothing is, and a person looks at the address.
"""

from __future__ import annotations

import re

from domain.address import DISTRICTLESS_CITIES, MUNICIPALITIES, PROVINCES, province_name
from domain.order import Region

_PROVINCE = re.compile("|".join(sorted(PROVINCES, key=len, reverse=True)))
_PROVINCE_SUFFIX = re.compile("壮族自治区|回族自治区|维吾尔自治区|特别行政区|自治区|省")
_CITY = re.compile(r"[^\s\d]{1,12}?(?:自治州|地区|盟|市)")
_DISTRICT = re.compile(r"[^\s\d][^\s\d路街道巷弄号镇村]{0,13}?(?:区|县|市|旗)")
"""Streets and villages in it would mean that the district was left out, and something further on looks like one."""


def split_address(address: str) -> tuple[Region, str]:
    """The region down to the district, and what follows; where that is not plain: no region, and all of the address."""
    unknown = Region(), address
    rest = address.strip()
    if not (province := _PROVINCE.match(rest)):
        return unknown
    name = province[0]
    if name in MUNICIPALITIES:
        city, rest = f"{name}市", _after_municipality(name, rest)
    else:
        rest = rest[len(name) :]
        rest = rest[_length(_PROVINCE_SUFFIX.match(rest)) :]
        direct = next((place for place in DISTRICTLESS_CITIES if rest.startswith(place)), None)
        found = direct or _text(_CITY.match(rest))
        if not found:
            return unknown
        city, rest = found, rest[len(found) :]
    if city in DISTRICTLESS_CITIES:
        return Region(province=province_name(name), city=city), rest.strip()
    district = _text(_DISTRICT.match(rest))
    if not district:
        return unknown
    return Region(province=province_name(name), city=city, district=district), rest[len(district) :].strip()


def _after_municipality(name: str, rest: str) -> str:
    """北京, 北京市, 北京北京市, 北京市市辖区: what follows, which is the district."""
    for part in (name, "市", name, "市", "市辖区", "辖区"):
        rest = rest.removeprefix(part)
    return rest


def _length(match: re.Match[str] | None) -> int:
    return match.end() if match else 0


def _text(match: re.Match[str] | None) -> str:
    return match[0] if match else ""
