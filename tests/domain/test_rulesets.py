"""Which version of a rule set is in force, to the second."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.clock import BEIJING
from domain.rulesets import RuleEvent, State, What, in_force, state_of

NOON = datetime(2026, 11, 11, 12, 0, tzinfo=BEIJING)
SECOND = timedelta(seconds=1)


def at(seconds: int) -> datetime:
    return NOON + seconds * SECOND


def published(seq: int, version: str, begins: int, ends: int | None = None, made: int = 0) -> RuleEvent:
    until = None if ends is None else at(ends)
    return RuleEvent(seq, "freight", version, What.PUBLISHED, "li", "", at(made), at(begins), until)


def withdrawn(seq: int, of: RuleEvent, when: int) -> RuleEvent:
    return RuleEvent(seq, "freight", of.version, What.WITHDRAWN, "li", "", at(when), of=of.seq)


def version(events: list[RuleEvent], seconds: int) -> str:
    found = in_force(events, at(seconds))
    return found.version if found else "default"


def test_a_publication_holds_from_its_first_second_until_another_begins() -> None:
    events = [published(1, "a", 10), published(2, "b", 20)]
    assert [version(events, second) for second in (9, 10, 19, 20, 9999)] == ["default", "a", "a", "b", "b"]


def test_a_window_goes_before_what_has_no_end_and_gives_way_at_its_last_second() -> None:
    events = [published(1, "a", 0), published(2, "sale", 10, 20), published(3, "b", 15)]
    assert [version(events, second) for second in (9, 10, 15, 19, 20)] == ["a", "sale", "sale", "sale", "b"]


def test_of_two_windows_the_one_that_began_last_decides() -> None:
    flash, week = published(1, "flash", 10, 12), published(2, "week", 5, 30)
    assert [version([flash, week], second) for second in (5, 9, 10, 11, 12, 29, 30)] == [
        "week", "week", "flash", "flash", "week", "week", "default",
    ]  # fmt: skip


def test_of_two_that_begin_together_the_one_published_last_decides() -> None:
    assert version([published(1, "a", 10), published(2, "b", 10)], 10) == "b"
    assert version([published(2, "b", 10), published(1, "a", 10)], 10) == "b"


def test_what_was_planned_for_later_is_not_lost_to_what_is_published_meanwhile() -> None:
    events = [published(1, "tomorrow", 100), published(2, "now", 10)]
    assert [version(events, second) for second in (10, 99, 100)] == ["now", "now", "tomorrow"]


def test_a_withdrawal_counts_from_its_moment_and_not_before() -> None:
    first, second = published(1, "a", 0), published(2, "b", 10)
    events = [first, second, withdrawn(3, second, 20)]
    assert [version(events, moment) for moment in (19, 20)] == ["b", "a"]
    assert version([*events, withdrawn(4, first, 30)], 30) == "default"


def test_a_version_may_be_published_again_after_it_was_taken_back() -> None:
    first = published(1, "a", 0)
    events = [first, withdrawn(2, first, 10), published(3, "a", 20, made=20)]
    assert [version(events, moment) for moment in (5, 15, 20)] == ["a", "default", "a"]


def test_the_states_of_a_version() -> None:
    drafted = RuleEvent(1, "freight", "a", What.DRAFTED, "li", "", at(0))
    tested = RuleEvent(2, "freight", "a", What.TESTED, "li", "", at(5))
    first = published(3, "a", 20, made=10)
    later = published(4, "b", 30, made=25)
    events = [drafted, tested, first, later, withdrawn(5, first, 40)]
    states = [state_of("a", events, at(second)) for second in (0, 5, 10, 20, 30, 40)]
    assert states == [
        State.DRAFT, State.TESTED, State.WAITING, State.IN_FORCE, State.SUPERSEDED, State.ROLLED_BACK,
    ]  # fmt: skip


publications = st.lists(
    st.tuples(st.integers(0, 40), st.none() | st.integers(1, 20), st.none() | st.integers(0, 60)), max_size=8
)


@given(publications, st.integers(0, 60), st.randoms())
def test_what_is_in_force_is_published_and_lasts_and_depends_on_no_order(
    made: list[tuple[int, int | None, int | None]], moment: int, dice: object
) -> None:
    events: list[RuleEvent] = []
    for begins, lasts, taken_back in made:
        one = published(len(events) + 1, f"v{len(events)}", begins, None if lasts is None else begins + lasts)
        events.append(one)
        if taken_back is not None:
            events.append(withdrawn(len(events) + 1, one, taken_back))
    found = in_force(events, at(moment))
    shuffled = list(events)
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    assert in_force(shuffled, at(moment)) == found
    gone = {event.of for event in events if event.what is What.WITHDRAWN and event.at <= at(moment)}
    holding = [
        event
        for event in events
        if event.begins and event.begins <= at(moment) and (not event.ends or at(moment) < event.ends)
        if event.seq not in gone
    ]
    assert (found is None) == (not holding)
    assert found is None or found in holding
    if found is not None and found.ends is None:
        assert all(event.ends is None for event in holding)
