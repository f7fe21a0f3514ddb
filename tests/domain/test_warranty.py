from __future__ import annotations

from calendar import monthrange
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.clock import BEIJING
from domain.warranty import add_months

moments = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.sampled_from([UTC, BEIJING]))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ((2026, 3, 1), 12, (2027, 3, 1)),
        ((2026, 1, 31), 1, (2026, 2, 28)),
        ((2024, 1, 31), 1, (2024, 2, 29)),
        ((2024, 2, 29), 12, (2025, 2, 28)),
        ((2024, 2, 29), 48, (2028, 2, 29)),
        ((2026, 10, 31), 1, (2026, 11, 30)),
        ((2026, 12, 15), 1, (2027, 1, 15)),
        ((2026, 11, 30), 3, (2027, 2, 28)),
        ((2026, 3, 31), 0, (2026, 3, 31)),
        ((2026, 3, 1), 1200, (2126, 3, 1)),
    ],
)
def test_months_end_where_a_person_expects(start: tuple[int, int, int], months: int, end: tuple[int, int, int]) -> None:
    assert add_months(datetime(*start, 9, 30, tzinfo=BEIJING), months) == datetime(*end, 9, 30, tzinfo=BEIJING)


def test_the_day_is_the_beijing_one() -> None:
    # 31 January 17:00 UTC is 1 February in Beijing already.
    assert add_months(datetime(2026, 1, 31, 17, 0, tzinfo=UTC), 1) == datetime(2026, 3, 1, 1, 0, tzinfo=BEIJING)


@given(moments, st.integers(0, 240))
def test_the_end_is_in_the_right_month_at_the_same_hour(start: datetime, months: int) -> None:
    local, end = start.astimezone(BEIJING), add_months(start, months)
    assert (end.year * 12 + end.month) - (local.year * 12 + local.month) == months
    assert end.timetz() == local.timetz()
    assert end.day == min(local.day, monthrange(end.year, end.month)[1])
