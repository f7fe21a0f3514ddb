"""Declarations of orders that go abroad."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from activities.contracts.base import OwnStep, PartnerStep


@dataclass(frozen=True)
class DeclarationRef:
    """The nth supply of an order's declaration, and who gave it. The values are in the store."""

    order_id: str
    n: int
    by: str = ""


@dataclass(frozen=True)
class DeclarationVerdict:
    """What became of it: the order's revision since, whether nothing is missing any more, a sentence for whoever gave
    it."""

    revision: int
    complete: bool
    said: str


@dataclass(frozen=True)
class DeclarationAlert:
    """An order whose declaration is incomplete, at the revision that showed it."""

    order_id: str
    revision: int


SUPPLY_DECLARATION = OwnStep("supply_declaration", DeclarationRef, DeclarationVerdict)

SEND_DECLARATION_ALERT = PartnerStep(
    "send_declaration_alert", DeclarationAlert, type(None), within=timedelta(minutes=30)
)
