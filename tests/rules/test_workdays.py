"""Official days as a rule: laid over what the package says, by years and by days; what is wrong with a row."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from commands import doctor
from domain.clock import BEIJING
from domain.deciding import new_decision
from domain.texts import use_language
from rules import engine
from rules.documents import grids
from rules.dry_run import dry_run
from rules.lint import lint
from rules.sla import runs_out, versions
from rules.subjects import Case, of_orders
from rules.workdays import NAME, MissingYear, by_package, known, missing, official, packaged
from tests.rules.days import LATER, missing_of, rows, whole
from tests.rules.documents import changed
from tests.rules.published import decided_by, published
from tests.store.samples import order

HOUR = timedelta(hours=1)


def guesses(year: int) -> list[date]:
    """Weekends that touch a holiday by law, and days that usually stand in for one."""
    days = (date(year, 1, 1) + timedelta(days=n) for n in range(365))
    found = [day for day in days if by_package(day) and day not in missing_of(year).lacks]
    assert found
    return found


@pytest.fixture(autouse=True)
def _chinese_again() -> Iterator[None]:
    yield
    use_language("zh")


def test_the_rows_that_came_say_what_the_package_says() -> None:
    days = [date(2025, 12, 1) + timedelta(days=n) for n in range(400)]
    assert [official(day) for day in days] == [by_package(day) for day in days]
    [grid] = grids(engine.default(NAME))
    assert {row["_id"][:4] for row in grid.rows} == {"2026"}
    named = {day for day in days if engine.collect(NAME, {"day": day.year * 10000 + day.month * 100 + day.day})}
    assert named == {day for day in days if day.year == 2026 and by_package(day) is not None}, "a whole year to copy"


def test_single_days_are_laid_over_those_of_the_package() -> None:
    bridge, sunday = date(2026, 3, 6), date(2026, 3, 8)
    assert (official(bridge), official(sunday)) == (None, None)
    with decided_by(NAME, rows(("bridge", "20260306", "off"), ("for_it", "20260308", "work"))):
        assert (official(bridge), official(sunday)) == (True, False)
        assert official(date(2026, 2, 14)) is False
        assert official(date(2026, 10, 1)) is True
    with decided_by(NAME, rows(("bridge", "20260306", "off"), beside=False)):
        assert official(date(2026, 2, 14)) is False, "the package still has what no row says"
    assert official(bridge) is None


def test_a_year_is_known_when_all_its_holidays_and_a_worked_day_are_entered() -> None:
    assert (packaged(LATER), known(LATER)) == (False, False)
    assert (missing_of(LATER).begun, missing_of(LATER).lacks[0]) == (False, date(LATER, 1, 1))
    entered = whole(LATER)
    assert len(entered) > 10
    with decided_by(NAME, rows(*entered)):
        assert known(LATER)
        assert missing(date(LATER, 6, 1)) is None
        assert missing(date(LATER - 1, 12, 1)) == MissingYear(LATER - 1, now=True, lacks=missing_of(LATER - 1).lacks)
    with decided_by(NAME, rows(*entered[:-1])):
        assert missing_of(LATER) == MissingYear(LATER, now=True, begun=True), "nothing is worked"
    with decided_by(NAME, rows(*entered[1:])):
        assert missing_of(LATER) == MissingYear(LATER, now=True, begun=True, lacks=(date(LATER, 1, 1),))
        said = doctor.calendar(date(LATER, 6, 1))
        assert not said.well
        assert said.found.endswith("official_days names some of its days, but not the holidays 2099-01-01")
        assert "orderhub rules export official_days" in said.remedy


def test_of_a_year_that_is_covered_no_guess_of_the_package_counts() -> None:
    guessed = guesses(LATER)
    entered = whole(LATER)
    with decided_by(NAME, rows(*entered)):
        assert [day for day in guessed if official(day) is not None] == []
    with decided_by(NAME, rows(*entered[1:])):
        assert all(official(day) for day in guessed), "half an arrangement leaves them as they were"


def test_office_hours_pass_over_days_that_were_entered_and_the_decision_says_which() -> None:
    friday = datetime(2026, 3, 6, 17, tzinfo=BEIJING)
    assert runs_out("OFFICE", friday, 2 * HOUR) == datetime(2026, 3, 9, 10, tzinfo=BEIJING)
    before = versions()
    document = rows(("break", "[20260309..20260310]", "off"))
    with decided_by(NAME, document):
        with new_decision() as one:
            assert runs_out("OFFICE", friday, 2 * HOUR) == datetime(2026, 3, 11, 10, tzinfo=BEIJING)
        assert f"{NAME}@{engine.Table(NAME, document).version}/break" in one.rules()
        assert versions() != before, "the sweep judges open deadlines anew by it"


def test_a_decision_keeps_the_days_that_it_began_with() -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    table = engine.Table(NAME, rows(("bridge", "20260306", "off")))
    with time_machine.travel(now, tick=False) as clock:
        engine.use(published(table, now + HOUR))
        try:
            with new_decision():
                assert official(date(2026, 3, 6)) is None
                clock.shift(2 * HOUR)
                assert official(date(2026, 3, 6)) is None
            assert official(date(2026, 3, 6)) is True
        finally:
            engine.use(engine.Book())


WRONG = [
    ("[20270212..20270206]", "off", "impossible", "永远不会命中"),
    ("[20270201..20270301]", "off", "meaning", "一行共 29 天"),
    ("[20270101..21270101]", "off", "meaning", "太长"),
    ("[20270228..20270231]", "off", "meaning", "没有 20270231 这一天"),
    ("[20270101..20270104)", "off", "meaning", "日期要写成 20270101"),
    (">= 20270101", "off", "meaning", "日期要写成 20270101"),
    ("", "off", "overlap", ""),
    ('"2027-01-01"', "off", "fact_kind", "写的却是文字"),
    ("2027-01-01", "off", "meaning", "日期要写成 20270101"),
    ("20270104, 20270220", "work", "meaning", "2027-01-04 本来就是工作日"),
    ("20270101", "holiday", "word", "off"),
    ("[20261006..20261008]", "off", "overlap", "与行「2026_national_day」会同时命中"),
    ("20261003, 20261011", "work", "overlap", "与行「2026_national_day」会同时命中"),
]


@pytest.mark.parametrize(("days", "kind", "what", "words"), WRONG)
def test_a_slip_of_the_pen_is_named(days: str, kind: str, what: str, words: str) -> None:
    found = lint(NAME, rows(("new", days, kind))).problems
    assert {(one.what, one.row) for one in found} == {(what, "new")}
    assert words in found[0].sentence()


@pytest.mark.parametrize(
    ("days", "kind"),
    [
        ("20270101", "off"),
        ("[20270205..20270213]", "off"),
        ("[20271230..20280103]", "off"),
        ("20270220, 20270228", "work"),
        ("[ 20270102 .. 20270103 ]", "work"),
        ("20261005", "off"),
    ],
)
def test_what_may_be_written(days: str, kind: str) -> None:
    document = rows(("new", days, kind), beside=False)
    assert [one.sentence() for one in lint(NAME, document).problems] == []


def test_a_weekday_that_the_package_takes_for_a_holiday_may_be_worked() -> None:
    """It may guess wrong."""
    monday = next(day for day in guesses(LATER) if day.isoweekday() == 1)
    assert lint(NAME, rows(("new", f"{monday:%Y%m%d}", "work"))).sound


def test_a_draft_is_tried_on_the_days_until_deadlines() -> None:
    case = Case(order("SO1"), (), day=date(2026, 3, 2))
    draft = engine.Table(NAME, rows(("break", "[20260302..20260303]", "off")))
    run = dry_run(draft, of_orders(NAME, [case]), engine.Book())
    assert (run.changed, run.rows["break"], run.failures) == (1, 1, [])
    assert run.differences[0].facts == {"day": 20260302}
    assert run.differences[0].changed["kind"] == (None, "off")


def test_the_example_of_a_row_is_run() -> None:
    broken = changed(NAME, "2026_national_day", day="[20261001..20261006]")
    assert {one.what for one in lint(NAME, broken).problems} == {"example"}
