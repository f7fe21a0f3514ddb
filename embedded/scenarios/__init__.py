"""What a demo plays: each scenario is a module of its own, and is drawn from the seed.

A scenario says what is in stock when the doors open, who is at work, and what buyers, clerks and warehouses do; the
demo (`embedded/demo.py`) runs all processes around it, crashes them, waits until every order is at its end, and audits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from embedded.scenarios.address import Address
from embedded.scenarios.everyday import Everyday
from embedded.scenarios.gifts import Gifts
from embedded.scenarios.merge import MergeOrders
from embedded.scenarios.review import Review
from embedded.scenarios.scenario import Scenario
from embedded.scenarios.shortage import Shortage

SCENARIOS: Final[dict[str, Callable[[int, int], Scenario]]] = {
    "everyday": Everyday,
    "address": Address,
    "gifts": Gifts,
    "review": Review,
    "shortage": Shortage,
    "merge": MergeOrders,
}
"""Each makes a scenario of so many orders from a seed."""

__all__ = ["SCENARIOS", "Scenario"]
