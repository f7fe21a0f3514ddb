"""At which rate an article is taxed, by the table `tables/tax_rates.json`."""

from __future__ import annotations

from domain.deciding import deciding
from domain.tax import Rate
from rules.documents import BadRule
from rules.engine import decide


@deciding()
def tax_rate(channel: str, category: str) -> Rate:
    """The rate of an article's class ("" when nobody has classed it). Raises BadRule, LookupError."""
    decision = decide("tax_rates", {"channel": channel, "category": category})
    permille = decision.result["rate_permille"]
    if not isinstance(permille, int) or isinstance(permille, bool) or not 0 <= permille <= 1000:
        raise BadRule(f"{decision.rule}: {permille} is no rate")
    return Rate(permille, decision.rule)
