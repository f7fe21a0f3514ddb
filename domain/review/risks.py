"""Whether a buyer, or what is bought, looks as those do who cost the merchant money."""

from __future__ import annotations

from domain.holds import HoldReason
from domain.review.dossier import Dossier, Flag

HOLD_AT = 100
"""A score from which on a person looks at the order before it goes on; the rows below it are notes."""


def risk_check(dossier: Dossier) -> list[Flag]:
    """A flag for each row of the risk table that applies; together they hold the order when they are heavy enough.

    Counts move with every order, so a finding is its row: what a person has released is not asked about again because
    a count has grown.
    """
    hold = HoldReason.RISK if sum(risk.score for risk in dossier.risks) >= HOLD_AT else None
    return [Flag(f"risk.{risk.row}", hold if risk.score else None, risk.sentence) for risk in dossier.risks]
