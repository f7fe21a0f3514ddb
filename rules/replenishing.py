"""How an article is ordered again, by the table `tables/replenishment.json`."""

from __future__ import annotations

from domain.replenishment import LONGEST, Policy
from rules.documents import BadRule
from rules.engine import decide


def policy(sku: str, abc: str) -> Policy:
    """Lead time, days to cover and safety factor. Raises BadRule for numbers that make no sense, LookupError."""
    decision = decide("replenishment", {"sku": sku, "abc": abc})
    lead, cover, factor = (decision.result[name] for name in ("lead_days", "cover_days", "factor_percent"))
    whole = all(isinstance(value, int) and not isinstance(value, bool) for value in (lead, cover, factor))
    if not whole or not 0 <= lead + cover <= LONGEST or min(lead, cover, factor) < 0:
        raise BadRule(f"{decision.rule}: {lead}, {cover} days at {factor} % are no terms")
    return Policy(lead, cover, factor, decision.rule)
