"""How many pieces of a listing its channel may sell, and when it is told: by the table `tables/publish_stock.json`.

A row's `formula` is an expression of the rule engine over the named quantities of `domain.listing.Quantities` and the
row's own `share` (percent); its `times` are clock times of Beijing at which a change is told, "" for at once.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import zen

from domain.clock import utc_now
from domain.listing import Classed, Quantities, last_slot
from rules.documents import BadRule
from rules.engine import decide

MOST = 10**9
"""No figure is larger; beyond 2^53 the engine would lose digits."""


@dataclass(frozen=True)
class Publication:
    """What the table says of a listing. `inputs` is what it reckoned with, for the log."""

    pieces: int
    times: str
    rule: str
    inputs: dict[str, Any]


def publication(channel: str, shop: str, sku: str, classed: Classed, quantities: Quantities) -> Publication:
    """The figure of a listing. Raises BadRule when the table's formula gives no number of pieces, LookupError when no
    row applies."""
    paused = classed.pauses and quantities.available < quantities.safety
    facts = {"channel": channel, "shop": shop, "sku": sku, "abc": classed.abc, "paused": paused}
    decision = decide("publish_stock", facts)
    formula, times = str(decision.result["formula"]), str(decision.result["times"])
    named = {**asdict(quantities), "share": decision.result["share"]}
    pieces = reckon(formula, named)
    _check_times(times, decision.rule)
    return Publication(
        pieces, times, decision.rule, {"formula": formula, **named, "abc": classed.abc, "paused": paused}
    )


def reckon(formula: str, named: dict[str, Any]) -> int:
    """A formula's value: pieces, whole and not negative. Raises BadRule."""
    try:
        value = _compiled(formula).evaluate(named)
    except RuntimeError as error:
        raise BadRule(f"formula {formula!r}: {str(error).partition(chr(10))[0]}") from None
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value) or not 0 <= value <= MOST:
        raise BadRule(f"formula {formula!r} gives {value!r}, which is no number of pieces")
    return int(value)


@lru_cache(maxsize=256)
def _compiled(formula: str) -> Any:
    try:
        return zen.compile_expression(formula)
    except Exception as error:
        raise BadRule(f"formula {formula!r}: {str(error).partition(chr(10))[0]}") from None


@lru_cache(maxsize=256)
def _check_times(times: str, rule: str) -> None:
    try:
        last_slot(times, utc_now())
    except ValueError:
        raise BadRule(f"{rule}: {times!r} are not clock times") from None
