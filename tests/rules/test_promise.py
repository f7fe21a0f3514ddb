"""Promises, to the minute at +08:00, with China's real calendar."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.clock import BEIJING
from domain.making import Busy, Centre, Slot, Step, done_at, schedule
from domain.promise import NeverReady, Promise, Road, promise
from domain.warehouses import Warehouse, WorkWeek
from rules.documents import BadRule
from rules.engine import check
from rules.making import _step, centre, steps_of
from rules.workdays import official

DAILY = Warehouse("D", cut_off=time(16, 0))
OFFICE = Warehouse("O", cut_off=time(17, 30), week=WorkWeek("12345", rests=True))
NEXT_DAY = Road("delta", 1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING)


def made(
    ready: str,
    warehouse: Warehouse = DAILY,
    road: Road = NEXT_DAY,
    booked: Callable[[date], int] = lambda day: 0,
) -> Promise:
    return promise(at(ready), warehouse, road, official, booked)


@pytest.mark.parametrize(
    ("ready", "warehouse", "ship_by", "deliver_by"),
    [
        ("2026-03-02 15:59", DAILY, "2026-03-02 23:59", "2026-03-03 23:59"),
        ("2026-03-02 16:00", DAILY, "2026-03-02 23:59", "2026-03-03 23:59"),
        ("2026-03-02 16:00:59", DAILY, "2026-03-02 23:59", "2026-03-03 23:59"),
        ("2026-03-02 16:01", DAILY, "2026-03-03 23:59", "2026-03-04 23:59"),
        ("2026-03-02 00:00", DAILY, "2026-03-02 23:59", "2026-03-03 23:59"),
        ("2026-03-02 23:59", DAILY, "2026-03-03 23:59", "2026-03-04 23:59"),
        # Friday evening: Monday.
        ("2026-03-06 17:30", OFFICE, "2026-03-06 23:59", "2026-03-07 23:59"),
        ("2026-03-06 17:31", OFFICE, "2026-03-09 23:59", "2026-03-10 23:59"),
        # Saturday the 14th makes up for the Spring Festival, from the 15th to the 23rd.
        ("2026-02-13 18:00", OFFICE, "2026-02-14 23:59", "2026-02-15 23:59"),
        ("2026-02-14 18:00", OFFICE, "2026-02-24 23:59", "2026-02-25 23:59"),
        ("2026-02-14 18:00", DAILY, "2026-02-15 23:59", "2026-02-16 23:59"),
        # National Day: back on Thursday the 8th; Saturday the 10th is worked.
        ("2026-10-01 08:00", OFFICE, "2026-10-08 23:59", "2026-10-09 23:59"),
        ("2026-10-09 18:00", OFFICE, "2026-10-10 23:59", "2026-10-11 23:59"),
        # Over the year's end.
        ("2026-12-31 18:00", OFFICE, "2027-01-04 23:59", "2027-01-05 23:59"),
    ],
)
def test_ship_by_and_deliver_by(ready: str, warehouse: Warehouse, ship_by: str, deliver_by: str) -> None:
    found = made(ready, warehouse)
    assert (found.ship_by, found.deliver_by) == (at(ship_by), at(deliver_by))
    assert found.ship_by.utcoffset() == timedelta(hours=8)


def test_a_moment_counts_in_beijing_whatever_its_zone() -> None:
    late = datetime(2026, 3, 2, 8, 1, tzinfo=UTC)
    assert promise(late, DAILY, NEXT_DAY, official) == made("2026-03-02 16:01")
    early = datetime(2026, 3, 1, 16, 0, tzinfo=UTC)
    assert promise(early, DAILY, NEXT_DAY, official) == made("2026-03-02 00:00")
    with pytest.raises(ValueError, match="naive"):
        promise(datetime(2026, 3, 2, 8, 1), DAILY, NEXT_DAY, official)  # noqa: DTZ001


def test_a_full_day_sends_on_to_the_next_that_is_worked() -> None:
    counts = {date(2026, 3, 6): 10, date(2026, 3, 9): 9}
    ten = replace(OFFICE, daily_capacity=10)
    found = made("2026-03-06 09:00", ten, booked=lambda day: counts.get(day, 0))
    assert found.ship_by == at("2026-03-09 23:59")
    assert [reason.text() for reason in found.why] == ["仓库休息 2 天", "仓库已排满 1 天", "江浙沪皖，在途 1 天"]
    assert made("2026-03-06 09:00", OFFICE, booked=lambda day: 99).ship_by == at("2026-03-06 23:59")
    with pytest.raises(NeverReady):
        made("2026-03-06 09:00", ten, booked=lambda day: 10)


def test_without_courier_days_only_the_shipment_is_promised() -> None:
    found = made("2026-03-02 16:01", road=Road("special", 0))
    assert (found.ship_by, found.deliver_by) == (at("2026-03-03 23:59"), None)
    assert [reason.text() for reason in found.why] == [
        "过了截单时间 16:00，从 2026-03-03 起算",
        "港澳台，快递不承诺时效",
    ]


@settings(deadline=None)
@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 6, 1)), st.integers(1, 6), st.sampled_from([DAILY, OFFICE]))  # noqa: DTZ001
def test_what_holds_of_every_promise(moment: datetime, days: int, warehouse: Warehouse) -> None:
    ready = moment.replace(tzinfo=BEIJING)
    found = promise(ready, warehouse, Road("far", days), official)
    assert found.ship_by >= ready.replace(second=0, microsecond=0)
    assert warehouse.week.works(found.ship_by.date(), official)
    assert found.deliver_by == found.ship_by + timedelta(days=days)
    later = promise(ready + timedelta(minutes=1), warehouse, Road("far", days), official)
    assert later.ship_by >= found.ship_by


# ------------------------------------------------------------------------------------------ made to order

CUT = Centre("CUT", "裁剪", time(8), time(17), WorkWeek("12345", rests=True))
SEW = Centre("SEW", "缝制", time(8), time(20), WorkWeek("123456", rests=True))
CENTRES = {"CUT": CUT, "SEW": SEW}
SOFA = (Step("CUT", 60, 40), Step("SEW", 30, 90))


def planned(steps: Sequence[Step], pieces: int, start: str, **busy: Busy) -> list[tuple[str, str, str]]:
    slots = schedule(steps, pieces, at(start), CENTRES, busy, official)
    return [(slot.centre, f"{slot.begins:%m-%d %H:%M}", f"{slot.ends:%m-%d %H:%M}") for slot in slots]


def _busy(*pairs: tuple[str, str]) -> Busy:
    return [(at(begins), at(ends)) for begins, ends in pairs]


def test_steps_follow_each_other_to_the_minute() -> None:
    assert planned(SOFA, 2, "2026-03-02 09:07") == [
        ("CUT", "03-02 09:07", "03-02 11:27"),
        ("SEW", "03-02 11:27", "03-02 14:57"),
    ]
    assert planned(SOFA, 2, "2026-03-02 09:07:01")[0][1] == "03-02 09:08"


def test_a_step_that_is_not_done_by_the_evening_goes_on_when_it_opens_again() -> None:
    assert planned(SOFA, 2, "2026-03-06 16:00") == [
        ("CUT", "03-06 16:00", "03-06 17:00"),
        ("CUT", "03-09 08:00", "03-09 09:20"),
        ("SEW", "03-09 09:20", "03-09 12:50"),
    ]
    assert planned(SOFA[:1], 1, "2026-02-14 16:30") == [
        ("CUT", "02-14 16:30", "02-14 17:00"),
        ("CUT", "02-24 08:00", "02-24 09:10"),
    ]


def test_what_is_booked_is_not_booked_twice() -> None:
    cutting = _busy(("2026-03-02 08:00", "2026-03-02 10:00"), ("2026-03-02 11:00", "2026-03-02 16:00"))
    assert planned(SOFA, 2, "2026-03-02 08:00", CUT=cutting) == [
        ("CUT", "03-02 10:00", "03-02 11:00"),
        ("CUT", "03-02 16:00", "03-02 17:00"),
        ("CUT", "03-03 08:00", "03-03 08:20"),
        ("SEW", "03-03 08:20", "03-03 11:50"),
    ]
    overlapping = _busy(("2026-03-02 08:00", "2026-03-02 12:00"), ("2026-03-02 07:00", "2026-03-02 09:00"))
    assert planned(SOFA[:1], 1, "2026-03-02 08:00", CUT=overlapping)[0][1] == "03-02 12:00"


def test_a_centre_may_come_twice_in_one_order() -> None:
    back = (Step("CUT", 0, 60), Step("SEW", 0, 30), Step("CUT", 0, 60))
    assert planned(back, 1, "2026-03-02 08:00") == [
        ("CUT", "03-02 08:00", "03-02 09:00"),
        ("SEW", "03-02 09:00", "03-02 09:30"),
        ("CUT", "03-02 09:30", "03-02 10:30"),
    ]


def test_nothing_to_do_and_nonsense() -> None:
    assert schedule((Step("CUT", 0, 0),), 3, at("2026-03-02 08:00"), CENTRES, {}, official) == ()
    assert done_at((), at("2026-03-02 08:00")) == at("2026-03-02 08:00")
    with pytest.raises(ValueError, match="made"):
        planned(SOFA, 0, "2026-03-02 08:00")
    with pytest.raises(ValueError, match="minutes"):
        Step("CUT", -1, 0)
    with pytest.raises(ValueError, match="closes"):
        Centre("X", "", time(17), time(8), WorkWeek())
    always = _busy(("2026-01-01 00:00", "2029-01-01 00:00"))
    with pytest.raises(NeverReady):
        planned(SOFA, 1, "2026-03-02 08:00", CUT=always)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["CUT", "SEW"]), st.integers(0, 90), st.integers(0, 120)), min_size=1, max_size=4
    ),
    st.integers(1, 5),
    st.lists(st.tuples(st.integers(0, 7 * 24 * 60), st.integers(1, 600)), max_size=6),
    st.integers(0, 7 * 24 * 60),
)
def test_what_holds_of_every_schedule(
    steps: list[tuple[str, int, int]], pieces: int, taken: list[tuple[int, int]], start: int
) -> None:
    monday = at("2026-03-02 00:00")
    spans = [(monday + timedelta(minutes=a), monday + timedelta(minutes=a + b)) for a, b in taken]
    plan = [Step(*step) for step in steps]
    begin = monday + timedelta(minutes=start)
    slots = schedule(plan, pieces, begin, CENTRES, {"CUT": spans, "SEW": spans}, official)
    for before, after in pairwise(slots):
        assert before.ends <= after.begins
    for slot in slots:
        opens = CENTRES[slot.centre]
        assert begin <= slot.begins < slot.ends
        assert opens.week.works(slot.begins.date(), official)
        assert opens.opens <= slot.begins.time() < slot.ends.time() <= opens.closes
        assert all(slot.ends <= a or b <= slot.begins for a, b in spans)
    for n, step in enumerate(plan):
        assert _worked(slots, n) == timedelta(minutes=step.minutes(pieces))
    _nothing_is_earlier(plan, slots, begin, spans)


def _worked(slots: Sequence[Slot], step: int) -> timedelta:
    return sum((slot.ends - slot.begins for slot in slots if slot.step == step), timedelta())


def _nothing_is_earlier(plan: Sequence[Step], slots: Sequence[Slot], begin: datetime, spans: Busy) -> None:
    """Minute by minute: while a step is not done, every minute that is open and free is used."""
    moment = begin
    for n, step in enumerate(plan):
        mine = [slot for slot in slots if slot.step == n]
        until = max((slot.ends for slot in mine), default=moment)
        opens = CENTRES[step.centre]
        while moment < until:
            free = opens.opens <= moment.time() < opens.closes and opens.week.works(moment.date(), official)
            free = free and not any(a <= moment < b for a, b in spans)
            assert free == any(slot.begins <= moment < slot.ends for slot in mine), moment
            moment += timedelta(minutes=1)


def test_the_tables_of_made_to_order_goods_are_sound() -> None:
    for sku in ("MTO-ENGRAVE-RING", "MTO-SOFA-3", "MTO-X"):
        steps = steps_of(sku)
        assert steps
        assert all(centre(step.centre).title for step in steps)
    assert steps_of("MUG") == ()
    assert steps_of("MTO-SOFA-3")[1] == Step("SEW", 30, 90)
    assert check("production_steps") == 3
    with pytest.raises(BadRule, match="CENTRE:setup"):
        _step("SEW:30", "x")
    with pytest.raises(BadRule, match="no NOWHERE"):
        centre("NOWHERE")
