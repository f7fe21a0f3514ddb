from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.clock import BEIJING, format_beijing, from_epoch_seconds, parse_beijing, utc_now

seconds = st.integers(0, 4_102_444_800)


@given(seconds)
def test_a_moment_comes_back_from_its_beijing_text(epoch: int) -> None:
    moment = from_epoch_seconds(epoch)
    assert moment.tzinfo is UTC
    assert parse_beijing(format_beijing(moment)) == moment


def test_beijing_is_eight_hours_ahead_all_year() -> None:
    assert parse_beijing("2026-02-01 10:00:00") == datetime(2026, 2, 1, 2, 0, tzinfo=UTC)
    assert parse_beijing("2026-07-01 10:00:00") == datetime(2026, 7, 1, 2, 0, tzinfo=UTC)
    assert format_beijing(datetime(2026, 7, 1, 12, 0, tzinfo=timezone(timedelta(hours=-5)))) == "2026-07-02 01:00:00"


def test_blanks_around_a_time_do_not_matter() -> None:
    assert parse_beijing(" 2026-02-01 10:00:00\n").tzinfo is BEIJING


@pytest.mark.parametrize("text", ["", "2026-02-30 10:00:00", "2026-02-01", "2026-02-01T10:00:00+08:00", "昨天"])
def test_what_is_no_time_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"does not match|day is out of range|unconverted"):
        parse_beijing(text)


def test_a_naive_moment_is_refused() -> None:
    with pytest.raises(ValueError, match="naive"):
        format_beijing(datetime(2026, 2, 1, 10, 0))  # noqa: DTZ001


def test_now_is_aware() -> None:
    assert utc_now().utcoffset() == timedelta(0)
