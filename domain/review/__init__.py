"""The review: small checks that all run, so that an operator sees every reason at once. One check per file."""

from __future__ import annotations

from collections.abc import Callable

from domain.articles import ArticleFacts
from domain.review.addresses import address_check
from domain.review.channels import channel_check
from domain.review.compliance import compliance_check
from domain.review.declarations import declaration_check
from domain.review.dossier import BuyerFacts, Dossier, Duty, Flag, Leaves, Risk, Twin, badge, cleared_by
from domain.review.duplicates import duplicate_check, says_the_same
from domain.review.fields import fields_check
from domain.review.formats import format_check
from domain.review.prices import price_check
from domain.review.risks import HOLD_AT, risk_check
from domain.review.stock import stock_check

__all__ = [
    "CHECKS",
    "HOLD_AT",
    "ArticleFacts",
    "BuyerFacts",
    "Check",
    "Dossier",
    "Duty",
    "Flag",
    "Leaves",
    "Risk",
    "Twin",
    "badge",
    "cleared_by",
    "format_check",
    "review",
    "says_the_same",
]

Check = Callable[[Dossier], list[Flag]]

CHECKS: tuple[Check, ...] = (
    format_check,
    address_check,
    channel_check,
    stock_check,
    compliance_check,
    fields_check,
    declaration_check,
    risk_check,
    duplicate_check,
    price_check,
)


def review(dossier: Dossier) -> list[Flag]:
    """All flags of all checks, in a stable order."""
    return [flag for check in CHECKS for flag in check(dossier)]
