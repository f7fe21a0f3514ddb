"""When a stage is due: hours, days, shifted holidays, clocks that stand; and percentiles of what is counted."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.clock import BEIJING
from domain.deadlines import (
    Call,
    Due,
    Hours,
    Level,
    Limit,
    NeverOver,
    Stop,
    bucket_of,
    due,
    over,
    percentile,
    seconds_of,
    urgent,
)
from domain.order import Notes, Requirement
from domain.warehouses import WorkWeek
from rules.workdays import official
from tests.store.samples import order

ALWAYS = Hours()
OFFICE = Hours(9 * 60, 18 * 60, WorkWeek("12345", rests=True))
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def at(written: str) -> datetime:
    """A moment in Beijing."""
    return datetime.fromisoformat(written).replace(tzinfo=BEIJING)


@pytest.mark.parametrize(
    ("began", "hours", "until"),
    [
        ("2026-03-04 10:00", 2, "2026-03-04 12:00"),
        ("2026-03-04 17:00", 2, "2026-03-05 10:00"),
        ("2026-03-04 03:00", 2, "2026-03-04 11:00"),
        ("2026-03-06 17:30", 2, "2026-03-09 10:30"),  # over a weekend
        ("2026-02-13 17:00", 2, "2026-02-14 10:00"),  # a Saturday that is worked
        ("2026-02-14 17:00", 2, "2026-02-24 10:00"),  # over the Spring Festival
        ("2026-02-27 17:00", 9, "2026-02-28 17:00"),  # another worked Saturday
        ("2026-09-30 17:00", 2, "2026-10-08 10:00"),  # over the National Day
        ("2026-10-09 17:00", 2, "2026-10-10 10:00"),
    ],
)
def test_office_hours_know_weekends_holidays_and_shifted_days(began: str, hours: int, until: str) -> None:
    assert over(at(began), hours * HOUR, OFFICE, official) == at(until)


def test_around_the_clock_no_day_is_different() -> None:
    assert over(at("2026-02-14 17:00"), 48 * HOUR, ALWAYS, official) == at("2026-02-16 17:00")


def test_a_clock_that_stood_takes_up_what_was_left() -> None:
    stops = [
        Stop(at("2026-03-04 11:00"), at("2026-03-04 12:30")),
        Stop(at("2026-03-04 12:00"), at("2026-03-04 13:00")),  # both at once count once
        Stop(at("2026-03-01 11:00"), at("2026-03-04 10:30")),  # began before
        Stop(at("2026-03-04 20:00"), at("2026-03-04 21:00")),  # nobody works then
    ]
    assert over(at("2026-03-04 10:00"), 2 * HOUR, OFFICE, official, stops) == at("2026-03-04 14:30")


def test_a_clock_that_stands_is_not_over() -> None:
    stands = [Stop(at("2026-03-04 11:00"), None, "REFUND_PENDING")]
    assert over(at("2026-03-04 10:00"), 2 * HOUR, ALWAYS, official, stands) is None
    assert over(at("2026-03-04 10:00"), HOUR, ALWAYS, official, stands) == at("2026-03-04 11:00")
    assert over(at("2026-03-05 10:00"), HOUR, OFFICE, official, stands) is None


def test_hours_that_never_come_are_refused() -> None:
    with pytest.raises(NeverOver):
        over(at("2026-03-04 10:00"), 400 * 24 * HOUR, OFFICE, official)
    with pytest.raises(ValueError, match="hours from"):
        Hours(600, 600)
    with pytest.raises(ValueError, match="naive"):
        over(datetime(2026, 3, 4), HOUR, ALWAYS, official)  # noqa: DTZ001


@given(
    start=st.integers(0, 480_000),
    minutes=st.integers(1, 5000),
    hours=st.sampled_from([ALWAYS, OFFICE]),
    stood=st.lists(st.tuples(st.integers(0, 20_000), st.integers(1, 5000)), max_size=4),
)
def test_as_much_time_passes_as_was_given(start: int, minutes: int, hours: Hours, stood: list[tuple[int, int]]) -> None:
    """Counted minute by minute, as slowly as can be."""
    began = at("2026-01-01 00:00") + start * MINUTE
    stops = [Stop(began + after * MINUTE, began + (after + lasts) * MINUTE) for after, lasts in stood]
    ends = over(began, minutes * MINUTE, hours, official, stops)
    assert ends is not None
    off: dict[date, bool] = {}

    def runs(moment: datetime) -> bool:
        day = moment.date()
        if day not in off:
            off[day] = not hours.week.works(day, official)
        if off[day] or not hours.opens <= moment.hour * 60 + moment.minute < hours.closes:
            return False
        return not any(stop.begins <= moment and (stop.ends is None or moment < stop.ends) for stop in stops)

    passed, moment = 0, began
    while moment < ends:
        passed += runs(moment)
        moment += MINUTE
    assert passed == minutes
    assert runs(ends - MINUTE)


LIMIT = Limit(
    2 * HOUR, ALWAYS, "ALWAYS", 30 * MINUTE, (Level("role.director", 4 * HOUR), Level("role.service", timedelta()))
)
TEN = at("2026-03-04 10:00")


def test_whom_it_is_told_and_when() -> None:
    found = due(TEN, LIMIT, [], official)
    assert found == Due(
        at("2026-03-04 12:00"),
        (
            Call(0, "role.director", at("2026-03-04 11:30")),
            Call(1, "role.service", at("2026-03-04 12:00")),
            Call(2, "role.director", at("2026-03-04 16:00")),
        ),
    )
    assert found.to_do(-1, TEN) == ()
    assert found.next(-1, TEN) == at("2026-03-04 11:30")
    assert [call.level for call in found.to_do(-1, at("2026-03-04 12:00"))] == [0, 1]
    assert found.to_do(1, at("2026-03-04 12:00")) == ()
    assert found.next(1, at("2026-03-04 12:00")) == at("2026-03-04 16:00")
    assert found.next(2, at("2026-03-04 16:00")) is None


def test_nobody_is_called_while_the_clock_stands() -> None:
    stands = Stop(at("2026-03-04 12:30"), None, "CHANNEL_LOCKED")
    found = due(TEN, LIMIT, [stands], official)
    assert (found.due, found.stopped) == (at("2026-03-04 12:00"), stands)
    assert [call.level for call in found.calls] == [0, 1]
    assert due(TEN, Limit(timedelta(), ALWAYS, "ALWAYS"), [stands], official) == Due(None)


def test_the_seller_or_the_goods_are_in_a_hurry() -> None:
    assert not urgent(order(notes=Notes(buyer="加急！")))
    assert urgent(order(notes=Notes(seller="此单加急")))
    assert urgent(order(notes=Notes(requirements=(Requirement.COLD_CHAIN,))))


@given(st.lists(st.integers(0, 10_000_000), min_size=1, max_size=200), st.integers(1, 100))
def test_percentiles_of_buckets_are_those_of_the_lengths_within_a_sixteenth(lengths: list[int], percent: int) -> None:
    counts: dict[int, int] = {}
    for seconds in lengths:
        bucket = bucket_of(timedelta(seconds=seconds))
        counts[bucket] = counts.get(bucket, 0) + 1
    exact = sorted(lengths)[-(-len(lengths) * percent // 100) - 1]
    assert abs(percentile(counts, percent) - exact) * 16 <= exact


def test_buckets_rise_and_what_is_negative_is_nothing() -> None:
    assert [seconds_of(bucket_of(timedelta(seconds=n))) for n in range(33)] == [*range(32), 33]
    assert bucket_of(-HOUR) == 0
    with pytest.raises(ValueError, match="nothing"):
        percentile({}, 50)
