"""Success rates, latencies, and when a person is told of a partner."""

from __future__ import annotations

import math
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.partner_health import (
    BOUNDS_MS,
    BUCKET,
    LONG,
    SHORT,
    Breaker,
    Cell,
    Health,
    LineSeen,
    Outcome,
    Rule,
    Verdict,
    breaker_of,
    bucket_of,
    health,
    judge,
    latency_class,
    together,
    worst,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
RULE = Rule()

seconds = st.floats(min_value=0, max_value=59.9)
calls = st.lists(st.tuples(st.sampled_from(Outcome), seconds), max_size=60)


def _cells(made: list[tuple[Outcome, float]]) -> Counter[Cell]:
    return Counter((outcome, latency_class(took)) for outcome, took in made)


def _seen(ok: int = 0, failed: int = 0, **more: int) -> Health:
    counts = {Outcome.OK: ok, Outcome.UNKNOWN: failed, **{Outcome(name): count for name, count in more.items()}}
    return health({(outcome, 100): count for outcome, count in counts.items() if count})


@given(seconds)
def test_a_call_belongs_to_the_first_class_that_is_long_enough(took: float) -> None:
    bound = latency_class(took)
    assert took * 1000 <= bound
    assert all(took * 1000 > shorter for shorter in BOUNDS_MS if shorter < bound)


def test_what_is_longer_than_all_classes_counts_in_the_last() -> None:
    assert latency_class(3600) == BOUNDS_MS[-1]
    assert latency_class(0) == BOUNDS_MS[0]


@given(st.floats(min_value=0, max_value=4e9))
def test_a_bucket_begins_at_a_step_and_holds_its_moment(timestamp: float) -> None:
    moment = datetime.fromtimestamp(timestamp, UTC)
    start = bucket_of(moment)
    assert timedelta(0) <= moment - start < BUCKET
    assert start.timestamp() % BUCKET.total_seconds() == 0
    assert bucket_of(start) == start


@given(calls)
def test_every_call_is_counted_once(made: list[tuple[Outcome, float]]) -> None:
    seen = health(_cells(made))
    tried = [outcome for outcome, _ in made if outcome not in {Outcome.BREAKER_OPEN, Outcome.CANCELLED}]
    worked = [outcome for outcome in tried if outcome in {Outcome.OK, Outcome.REJECTED}]
    assert seen.tried == len(tried)
    assert seen.failed == len(tried) - len(worked)
    if tried:
        assert seen.success_percent == Decimal(100 * len(worked)) / len(tried)
    else:
        assert seen.success_percent is None


@given(calls, calls)
def test_counts_of_two_processes_add_up(one: list[tuple[Outcome, float]], other: list[tuple[Outcome, float]]) -> None:
    apart = together([health(_cells(one)), health(_cells(other))])
    assert apart == health(_cells(one + other))


@given(calls, st.sampled_from([0.5, 0.95, 0.99, 1.0]))
def test_a_quantile_lies_in_the_class_of_the_true_one(made: list[tuple[Outcome, float]], part: float) -> None:
    tried = sorted(took for outcome, took in made if outcome not in {Outcome.BREAKER_OPEN, Outcome.CANCELLED})
    estimate = health(_cells(made)).quantile_ms(part)
    if not tried:
        assert estimate is None
        return
    bound = latency_class(tried[math.ceil(part * len(tried)) - 1])
    below = max((shorter for shorter in BOUNDS_MS if shorter < bound), default=0)
    assert estimate is not None
    assert below < estimate <= bound


@given(calls.filter(lambda made: any(outcome is Outcome.OK for outcome, _ in made)))
def test_quantiles_grow(made: list[tuple[Outcome, float]]) -> None:
    seen = health(_cells(made))
    p50, p95, p99 = (seen.quantile_ms(part) or -1 for part in (0.5, 0.95, 0.99))
    assert 0 < p50 <= p95 <= p99


def test_a_class_of_an_older_build_still_counts() -> None:
    assert health({(Outcome.OK, 40): 10}).quantile_ms(1.0) == 40


def test_a_call_that_was_not_tried_has_no_latency() -> None:
    assert health({(Outcome.BREAKER_OPEN, 10): 100, (Outcome.OK, 1000): 1}).quantile_ms(0.5) == pytest.approx(875)


@pytest.mark.parametrize(
    ("seen", "ill"),
    [
        (_seen(ok=199, failed=1), False),  # 99.5 % exactly is enough
        (_seen(ok=198, failed=1), True),
        (_seen(ok=19, failed=1), True),
        (_seen(ok=18, failed=1), False),  # too few to say
        (_seen(failed=19), False),
        (_seen(rejected=500), False),  # a business no is an answer
        (_seen(ok=100, throttled=1), True),
        (_seen(ok=100, misconfigured=1), True),
        (_seen(ok=19, breaker_open=500, cancelled=500), False),
        (_seen(), False),
    ],
)
def test_under_the_threshold_among_enough_calls_is_ill(seen: Health, ill: bool) -> None:
    assert RULE.ill(seen) is ill


def test_the_worst_operation_is_where_most_calls_failed() -> None:
    seen = {"create": _seen(ok=500, failed=9), "void": _seen(failed=2), "find": _seen(ok=5)}
    assert worst(seen) == "create"
    assert worst({**seen, "routes": _seen(ok=50, failed=9)}) == "routes"
    assert worst({"find": _seen(ok=5), "void": _seen()}) is None


def _line(state: Breaker = Breaker.CLOSED, since: timedelta = LONG) -> LineSeen:
    return LineSeen(state, NOW - since)


@pytest.mark.parametrize(
    ("short", "lines", "verdict"),
    [
        (_seen(ok=100), [_line()], Verdict.WELL),
        (_seen(ok=100, failed=5), [_line()], Verdict.ILL),
        (_seen(ok=100), [_line(), _line(Breaker.OPENED)], Verdict.ILL),
        (_seen(ok=100), [_line(Breaker.HALF_OPENED)], Verdict.ILL),
        # its breaker closed just now: the five minutes are not over
        (_seen(ok=9000, failed=5), [_line(since=SHORT / 2)], Verdict.UNSURE),
        (_seen(ok=9000, failed=5), [_line(since=SHORT)], Verdict.WELL),
        # one good call is evidence; one bad call among few is none, for either
        (_seen(ok=1), [], Verdict.WELL),
        (_seen(ok=3, failed=1), [], Verdict.UNSURE),
        (_seen(), [_line()], Verdict.UNSURE),
        (_seen(cancelled=30), [_line()], Verdict.UNSURE),
        (_seen(breaker_open=3), [_line(Breaker.OPENED)], Verdict.ILL),
    ],
)
def test_the_verdict(short: Health, lines: list[LineSeen], verdict: Verdict) -> None:
    assert judge(RULE, short, lines, NOW, quiet=False) is verdict


def test_a_partner_that_nobody_called_for_an_hour_is_nobodys_concern() -> None:
    assert judge(RULE, _seen(), [_line()], NOW, quiet=True) is Verdict.WELL
    assert judge(RULE, _seen(), [_line(Breaker.OPENED)], NOW, quiet=True) is Verdict.ILL


@given(calls, st.lists(st.sampled_from(Breaker), max_size=3))
def test_nobody_ill_is_called_well(made: list[tuple[Outcome, float]], breakers: list[Breaker]) -> None:
    short = health(_cells(made))
    verdict = judge(RULE, short, [_line(state) for state in breakers], NOW, quiet=False)
    if verdict is Verdict.WELL:
        assert set(breakers) <= {Breaker.CLOSED}
        assert short.success_percent is not None
        assert short.success_percent >= RULE.threshold_percent
    if verdict is Verdict.ILL:
        assert set(breakers) - {Breaker.CLOSED} or short.failed


def test_the_worst_breaker_is_the_partners() -> None:
    assert breaker_of([Breaker.CLOSED, Breaker.OPENED, Breaker.HALF_OPENED]) is Breaker.OPENED
    assert breaker_of([Breaker.HALF_OPENED, Breaker.CLOSED]) is Breaker.HALF_OPENED
    assert breaker_of([Breaker.CLOSED]) is Breaker.CLOSED
    assert breaker_of([]) is None
