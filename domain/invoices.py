"""The invoice that an order gets: its kinds, and what is known of whom it is for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from domain.order import Customer

# 15 digits of old, 18 of a 统一社会信用代码 (without I, O, Z, S, V), 17 and 20 of individual businesses.
_NUMBER = re.compile(r"[0-9A-HJ-NP-RTUWXY]{15}|[0-9A-HJ-NP-RTUWXY]{17,18}|[0-9A-HJ-NP-RTUWXY]{20}")


class InvoiceType(StrEnum):
    """What is written for the buyer."""

    DIGITAL_ORDINARY = "DIGITAL_ORDINARY"
    """数电票（普通发票）."""
    DIGITAL_SPECIAL = "DIGITAL_SPECIAL"
    """数电票（增值税专用发票）: the buyer may deduct its tax."""
    PLATFORM = "PLATFORM"
    """The platform writes it, we do not."""
    NONE = "NONE"
    UNDECIDED = "UNDECIDED"
    """A person must decide."""


class BuyerKind(StrEnum):
    """Whom an invoice is for. Without a tax number nobody passes for a company."""

    PERSON = "PERSON"
    COMPANY = "COMPANY"


class TaxNumber(StrEnum):
    """What there is of a tax number."""

    NONE = "NONE"
    GOOD = "GOOD"
    BAD = "BAD"
    """No number that there can be."""


@dataclass(frozen=True)
class InvoiceChoice:
    """The invoice of an order, and the row that chose it."""

    type: InvoiceType
    rule: str


def buyer_of(customer: Customer) -> BuyerKind:
    """Whom an invoice is for."""
    return BuyerKind.COMPANY if customer.tax_no.strip() else BuyerKind.PERSON


def tax_number(written: str) -> TaxNumber:
    """Whether a tax number can be one. Its check digit is not looked at: tax offices gave out numbers without."""
    bare = written.strip().upper()
    if not bare:
        return TaxNumber.NONE
    return TaxNumber.GOOD if _NUMBER.fullmatch(bare) else TaxNumber.BAD
