from __future__ import annotations

import pytest

from connectors.errors import OutcomeUnknown, Rejected, Throttled


@pytest.mark.parametrize("phone", ["13800000000", "021-60000000", "057160000000"])
def test_a_phone_that_a_partner_quotes_is_masked(phone: str) -> None:
    for error in (
        Rejected("pdd", "ship", f"收件人{phone}有误", "7"),
        OutcomeUnknown("pdd", "ship", f"call {phone}"),
        Throttled("pdd", "ship", f"{phone}", retry_after=2.0),
    ):
        assert phone not in f"{error}{error!r}{error.detail}{error.operator_text}"
        assert "***" in error.detail


@pytest.mark.parametrize("number", ["SF1380000000012", "260301-138000000001234", "75513800000000001", "1380000"])
def test_other_numbers_are_left(number: str) -> None:
    assert Rejected("pdd", "ship", f"单号{number}有误").detail == f"单号{number}有误"
