"""What is written down of an article for authorities: registrations, filings, certificates, customs data."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

LICENCES: dict[str, str] = {
    "formula_registration": r"国食注字YP\d{8}",
    "formula_filing": r"\S{4,60}",
    "device_registration": r"\S械注[准进许]\d{11}",
    "device_filing": r"\S{1,4}械备\d{8,12}号?",
    "fsmp_registration": r"国食注字TY\d{8}",
    "health_food_number": r"(国食健[注字][GJ]|食健备[GJ])\d{8,12}",
}
"""Numbers that the law wants for some goods, by kind, and how they are written."""

CUSTOMS: dict[str, str] = {
    "hs_code": r"\d{6}(\d{2}){0,2}",
    "goods_desc_en": r"(?=.{3,250}$)(?!(gift|sample|goods)s?$)[A-Za-z].*",
    "origin_country": r"[A-Z]{2}",
    "unit": r"\S{1,20}",
    "net_weight_g": r"[1-9]\d{0,8}",
    "gross_weight_g": r"[1-9]\d{0,8}",
    "composition": r"\S.{0,499}",
    "composition_report_no": r"\S{1,60}",
    "market_access_cert_no": r"\S{1,60}",
    "fda_facility_no": r"\d{11}",
    "eu_establishment_no": r"\S{1,60}",
    "export_filing_no": r"\S{1,60}",
}
"""Fields of a customs declaration that belong to a line, by kind, and how they are written."""

KINDS = {**LICENCES, **CUSTOMS}


@dataclass(frozen=True)
class Tag:
    """One number or fact. `area` is where it counts (US, EU; "": everywhere); days are Beijing's, both included."""

    kind: str
    value: str
    area: str = ""
    issuer: str = ""
    valid_from: date | None = None
    valid_to: date | None = None

    def valid_on(self, day: date) -> bool:
        """Whether it counts on a day."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)

    @property
    def well_formed(self) -> bool:
        """Whether its value is written as its kind demands."""
        return well_formed(self.kind, self.value)


def well_formed(kind: str, value: str) -> bool:
    """Whether a value is written as its kind demands; one of an unknown kind is not."""
    return kind in KINDS and re.fullmatch(KINDS[kind], value, re.ASCII | re.IGNORECASE) is not None
