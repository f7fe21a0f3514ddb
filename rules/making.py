"""Which goods are made to order, by which steps, at which work centres: by tables."""

from __future__ import annotations

import re
from datetime import time

from domain.making import Centre, Step
from domain.texts import language
from domain.warehouses import WorkWeek
from rules.documents import BadRule
from rules.engine import decide

_STEP = re.compile(r"(\w+):(\d+)\+(\d+)", re.ASCII)


def steps_of(sku: str) -> tuple[Step, ...]:
    """How a SKU is made; () for goods that are not made to order. Raises BadRule for a step that cannot be read."""
    try:
        found = decide("production_steps", {"sku": sku})
    except LookupError:
        return ()
    return tuple(_step(written, found.rule) for written in str(found.result["steps"]).split())


def centre(code: str) -> Centre:
    """A work centre. Raises BadRule when the tables have none of that name, or one that never opens."""
    try:
        found = decide("work_centres", {"centre": code})
    except LookupError:
        raise BadRule(f"work_centres has no {code}") from None
    try:
        return Centre(
            code,
            str(found.result["title_zh" if language() == "zh" else "title_en"]),
            time.fromisoformat(found.result["opens"]),
            time.fromisoformat(found.result["closes"]),
            WorkWeek(str(found.result["weekdays"]), bool(found.result["rests"])),
        )
    except ValueError as error:
        raise BadRule(f"{found.rule}: {error}") from error


def _step(written: str, rule: str) -> Step:
    """`SEW:30+90` is 30 minutes to set up and 90 for each piece, at the work centre SEW."""
    read = _STEP.fullmatch(written)
    if read is None:
        raise BadRule(f"{rule}: {written!r} is not CENTRE:setup+piece")
    return Step(read[1], int(read[2]), int(read[3]))
