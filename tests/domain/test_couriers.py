from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.couriers import DEFAULT_PHONE_TAIL_CARRIERS, normalise_number, plausible_number
from domain.shipping import Carrier

NUMBERS = {
    Carrier.SF: ["SF1000000000001", "SF6026030100001", "123456789012"],
    Carrier.ZTO: ["75000000000001", "786000000000001", "ZTO75000000000001", "ZT1234567890123"],
    Carrier.YTO: ["YT2000000000001", "YT6000000000001", "D123456789"],
    Carrier.STO: ["773000000000001", "776000000000001", "STO773000000000001", "220012345678"],
    Carrier.YUNDA: ["433000000000001", "436000000000001", "YD4330000000000"],
    Carrier.EMS: ["1200000000001", "1600000000001", "EA123456789CN"],
    Carrier.JD: ["JDV600000000001", "JD0123456789012"],
    Carrier.DEPPON: ["DPK200000000001", "DPK60000000001", "12345678"],
    Carrier.JTSD: ["JT2000000000001", "JT6000000000001"],
    Carrier.OTHER: ["9800000000001", "55000000000001", "ABC12345"],
}
"""Shapes that couriers and platforms give out."""


def test_every_carrier_has_numbers_here() -> None:
    assert set(NUMBERS) == set(Carrier)


@pytest.mark.parametrize(("carrier", "number"), [(carrier, n) for carrier, many in NUMBERS.items() for n in many])
def test_a_carriers_own_numbers_pass(carrier: Carrier, number: str) -> None:
    assert plausible_number(carrier, number)


@pytest.mark.parametrize(
    ("carrier", "number"),
    [
        (Carrier.SF, "JT2000000000001"),
        (Carrier.SF, "SF100000000000"),
        (Carrier.SF, "SF10000000000012"),
        (Carrier.SF, "sf1000000000001"),
        (Carrier.SF, "SF1000000000001\n"),
        (Carrier.SF, "SF" + "٣" * 13),
        (Carrier.SF, "75000000000001"),
        (Carrier.ZTO, "SF1000000000001"),
        (Carrier.ZTO, "773"),
        (Carrier.YTO, "JT2000000000001"),
        (Carrier.STO, "YT2000000000001"),
        (Carrier.YUNDA, "033000000000001"),
        (Carrier.EMS, "EA123456789"),
        (Carrier.JD, "SF1000000000001"),
        (Carrier.DEPPON, "DPK1"),
        (Carrier.JTSD, "SF1000000000001"),
        (Carrier.JTSD, "JT200000000000"),
        (Carrier.OTHER, "1234567"),
        (Carrier.OTHER, "A" * 25),
        (Carrier.OTHER, "ABC-12345"),
    ],
)
def test_numbers_of_others_do_not_pass(carrier: Carrier, number: str) -> None:
    assert not plausible_number(carrier, number)


@pytest.mark.parametrize("carrier", Carrier)
@pytest.mark.parametrize(
    "number", ["", " ", "0", "13800000000 ", "顺丰1000000000001", "<script>", "SF1000000000001;--"]
)
def test_nothing_else_passes_for_anyone(carrier: Carrier, number: str) -> None:
    assert not plausible_number(carrier, number)


@given(st.sampled_from(Carrier), st.text())
def test_any_text_is_judged_and_what_passes_is_plain(carrier: Carrier, text: str) -> None:
    plain = normalise_number(text)
    assert normalise_number(plain) == plain
    if plausible_number(carrier, plain):
        assert re.fullmatch(r"[A-Z0-9]{8,24}", plain)


@pytest.mark.parametrize(
    "typed",
    [
        "SF1000000000001",
        " sf 1000 0000 00001\n",
        "SF-1000-0000-00001",
        "sf１０００００００００００１",
        "SF　1000000000001",
    ],
)
def test_what_a_person_types_becomes_plain(typed: str) -> None:
    assert normalise_number(typed) == "SF1000000000001"


def test_only_sf_and_zto_ask_for_a_phone_tail() -> None:
    assert frozenset({Carrier.SF, Carrier.ZTO}) == DEFAULT_PHONE_TAIL_CARRIERS
