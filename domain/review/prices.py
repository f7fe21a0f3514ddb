"""Whether the buyer paid what the promotions say."""

from __future__ import annotations

from domain.holds import HoldReason
from domain.review.dossier import Dossier, Flag


def price_check(dossier: Dossier) -> list[Flag]:
    """A flag when what the channel says was paid is not what the promotions at the order's placing come to."""
    found = dossier.price
    if found is None or not found.differs:
        return []
    about = f"{found.expected_fen}/{found.came_fen}"
    return [Flag("price.differs", HoldReason.PRICE_CONFLICT, found.words(), about)]
