"""The regions of China as data: read when first asked for (40 KB, some milliseconds), and kept."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from domain.regions import Gazetteer, Place


@cache
def gazetteer() -> Gazetteer:
    """All provinces, cities and districts."""
    tree = json.loads((Path(__file__).parent / "china.json").read_text(encoding="utf-8"))
    return tuple(
        Place(province, city, district)
        for province, cities in tree.items()
        for city, districts in cities.items()
        for district in districts.split(" ")
    )
