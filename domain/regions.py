"""Completing a receiver's region: a level that is missing, and that the rest of the address tells.

Nothing that the buyer wrote is changed: only empty levels are filled, and only when there is one way to fill them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from domain.address import MUNICIPALITIES, province_name, region_problems
from domain.order import ClearReceiver, Receiver, Region


@dataclass(frozen=True)
class Place:
    """One entry of the gazetteer. `district` is "" for cities that have none."""

    province: str
    city: str
    district: str

    def text(self) -> str:
        """The place as one line."""
        return Region(province=self.province, city=self.city, district=self.district).text()


Gazetteer = tuple[Place, ...]

MOST_PROPOSED = 5
"""A person is offered so many places at most; more are no proposal."""

_CITY = re.compile(r"(市|地区|盟)$")


class Told(StrEnum):
    """Whether the rest of an address tells what is missing."""

    ONE = "one"
    SEVERAL = "several"
    """Several places fit: a person must choose."""
    NONE = "none"
    """Nothing fits, or far too much."""


@dataclass(frozen=True)
class Completion:
    """What was found for an incomplete region. `region` is complete when `told` is ONE, and as it was otherwise."""

    told: Told
    region: Region
    lacking: tuple[str, ...]
    """The levels that are wanted and not there."""
    filled: tuple[str, ...] = ()
    """The levels that were empty and are filled now: province, city, district."""
    proposals: tuple[str, ...] = ()
    """When several places fit, which."""


def complete(receiver: Receiver, places: Gazetteer) -> Completion | None:
    """Tell the levels that a receiver's region lacks. None when it lacks none.

    What tells is the levels that are there, and the beginning of a street address in clear text (a district named
    further on may be a landmark). Of an encrypted receiver only the levels count.
    """
    region = receiver.region
    lacking = tuple(code.removesuffix("_missing") for code in region_problems(region))
    if not lacking:
        return None
    if any(getattr(region, level) for level in lacking):
        return Completion(
            Told.NONE, region, lacking
        )  # it is not empty but unknown: nothing of the buyer's is overruled
    possible = [place for place in places if _agrees(place, region)]
    street = re.sub(r"\s", "", receiver.detail) if isinstance(receiver, ClearReceiver) else ""
    named = [place for place in possible if _named(place, lacking, street)]
    if not named and not (region.province or region.city or region.district):
        return Completion(Told.NONE, region, lacking)
    ways = {_filled(region, place, lacking) for place in (named or possible)}
    sound = sorted((way for way in ways if not region_problems(way)), key=Region.text)
    if len(sound) == 1:
        filled = tuple(level for level in ("province", "city", "district") if _differs(region, sound[0], level))
        return Completion(Told.ONE, sound[0], lacking, filled)
    if 1 < len(sound) <= MOST_PROPOSED:
        return Completion(Told.SEVERAL, region, lacking, proposals=tuple(way.text() for way in sound))
    return Completion(Told.NONE, region, lacking)


def _agrees(place: Place, region: Region) -> bool:
    """Whether the levels that are given may mean this place."""
    if region.province and province_name(region.province) != province_name(place.province):
        return False
    cities = {"", place.city, short_city(place.city)}
    if province_name(place.province) in MUNICIPALITIES:
        # Platforms write a municipality's city in many ways; one writes the district there.
        cities |= {"市辖区", "县", place.district}
    if region.city not in cities:
        return False
    if not region.district:
        return True
    # A county directly under its province has no city above it: some platforms write it as the district.
    return region.district == (place.district or place.city)


def _named(place: Place, lacking: tuple[str, ...], street: str) -> bool:
    """Whether a street address begins with the names that are lacking, the lowest of them at least."""
    lowest = "district" if "district" in lacking and place.district else "city" if "city" in lacking else "province"
    for province in _ways_to_write(place.province, province_name(place.province), street):
        below = street.removeprefix(province)
        for city in _ways_to_write(place.city, short_city(place.city), below):
            said = {"province": province, "city": city, "district": ""}
            if place.district and below.removeprefix(city).startswith(place.district):
                said["district"] = place.district
            if said[lowest]:
                return True
    return False


def _ways_to_write(full: str, short: str, street: str) -> list[str]:
    """A name as a street address may begin with it, or without it."""
    return [name for name in (full, short) if street.startswith(name)] + [""]


def _filled(region: Region, place: Place, lacking: tuple[str, ...]) -> Region:
    updates = {level: getattr(place, level) for level in lacking}
    if "city" in updates and not place.district and region.district == place.city:
        del updates["city"]
    return region.model_copy(update=updates)


def _differs(before: Region, after: Region, level: str) -> bool:
    return bool(getattr(before, level) != getattr(after, level))


def short_city(city: str) -> str:
    """A city without its suffix: 苏州市 → 苏州."""
    short = _CITY.sub("", city)
    return short if len(short) > 1 else city
