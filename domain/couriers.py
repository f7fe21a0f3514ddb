"""The courier plan: in which order couriers are asked for a parcel's waybill, and why."""

from __future__ import annotations

import re
from dataclasses import dataclass

from domain.shipping import Carrier, Provider

DEFAULT_PHONE_TAIL_CARRIERS = frozenset({Carrier.SF, Carrier.ZTO})
"""Carriers whose tracking needs the last four digits of a party's phone."""


@dataclass(frozen=True)
class PlanStep:
    """One courier to ask. `manual` is always the last: a person."""

    provider: Provider
    carrier: Carrier


@dataclass(frozen=True)
class CourierPlan:
    """The way from courier to courier. `why` is for the operator; `rule` names the version and row that decided."""

    steps: tuple[PlanStep, ...]
    why: str
    rule: str


_NUMBERS: dict[Carrier, re.Pattern[str]] = {
    Carrier.SF: re.compile(r"SF\d{13}|\d{12}", re.ASCII),
    Carrier.ZTO: re.compile(r"(ZTO)?7\d{13,14}|(ZTO)?[34568]\d{11,13}|ZT\d{13}", re.ASCII),
    Carrier.YTO: re.compile(r"YT\d{13}|[A-Z]\d{9}|\d{10,13}", re.ASCII),
    Carrier.STO: re.compile(r"(STO)?77\d{13}|\d{12,13}|ST\d{13}", re.ASCII),
    Carrier.YUNDA: re.compile(r"(YD)?[1-9]\d{12,14}", re.ASCII),
    Carrier.EMS: re.compile(r"[A-Z]{2}\d{9}[A-Z]{2}|1\d{12}", re.ASCII),
    Carrier.JD: re.compile(r"JD[A-Z0-9]{10,18}", re.ASCII),
    Carrier.DEPPON: re.compile(r"DPK\d{10,14}|\d{8,10}", re.ASCII),
    Carrier.JTSD: re.compile(r"JT\d{13}", re.ASCII),
    Carrier.OTHER: re.compile(r"[A-Z0-9]{8,24}", re.ASCII),
}


def normalise_number(number: str) -> str:
    """A waybill number as a person types it (blanks, lower case, full-width digits) in its plain form."""
    plain = number.translate({ord("０") + i: str(i) for i in range(10)})
    return re.sub(r"[\s\-]+", "", plain).upper()


def plausible_number(carrier: Carrier, number: str) -> bool:
    """Whether a normalised number can be one of this carrier's. The patterns are the carriers' published shapes."""
    return _NUMBERS[carrier].fullmatch(number) is not None
