"""Where a place lies, how far apart two are, what a parcel between them costs and how long it takes: by tables."""

from __future__ import annotations

from dataclasses import dataclass

from domain.address import province_name
from domain.deciding import deciding
from domain.order import Region
from domain.shipping import Carrier
from domain.warehouses import Warehouse
from rules.engine import decide


@dataclass(frozen=True)
class Place:
    """A place's region 大区 and service zone 时效区; `province` without its suffix."""

    province: str
    city: str
    region: str
    service: str


@dataclass(frozen=True)
class Way:
    """From a warehouse to a receiver. `distance` is 0 to 5; `days` are calendar days on the road, 0: not promised.

    `rules` names the table rows that said so.
    """

    zone: str
    distance: int
    base_fen: int
    per_kg_fen: int
    days: int
    rules: tuple[str, ...]


def place(province: str, city: str) -> Place:
    """Look a place up. A province that nobody knows lies in the region "unknown"."""
    short = province_name(province)
    found = decide("region_zones", {"province": short, "city": city.strip()}).result
    return Place(short, city_name(short, city), found["region"], found["service"])


@deciding()
def way(origin: Warehouse, receiver: Region, carrier: Carrier) -> Way:
    """From a warehouse to a receiver by one carrier. A warehouse without an address is far from everybody."""
    return _between(place(origin.province, origin.city), place(receiver.province, receiver.city), carrier)


def _between(here: Place, there: Place, carrier: Carrier) -> Way:
    same_province = bool(here.province) and here.province == there.province
    between = decide(
        "distance_zones",
        {
            "same_city": same_province and bool(here.city) and here.city == there.city,
            "same_province": same_province,
            "same_region": here.region == there.region,
            "from_region": here.region,
            "from_service": here.service,
            "to_region": there.region,
            "to_service": there.service,
        },
    )
    zone = str(between.result["zone"])
    facts = {"carrier": str(carrier), "zone": zone}
    freight, days = decide("freight", facts), decide("courier_days", facts)
    return Way(
        zone,
        int(between.result["distance"]),
        int(freight.result["base_fen"]),
        int(freight.result["per_kg_fen"]),
        int(days.result["days"]),
        (between.rule, freight.rule, days.rule),
    )


def city_name(province: str, city: str) -> str:
    """A city without its suffix, in a province by its short name.

    Platforms name a municipality's city as itself, 市辖区 or one of its districts.
    """
    if province in ("北京", "天津", "上海", "重庆"):
        return province
    return city.strip().removesuffix("市")
