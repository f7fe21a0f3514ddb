from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.golden import SEQUENCE, TRIGGERS, Exit, GoldenState, IllegalMove, Trigger, advance, may_cancel, reached

POSITIONS = [None, *SEQUENCE]


def _position(state: GoldenState | None) -> int:
    return POSITIONS.index(state)


def test_there_are_seven_states_in_the_design_order() -> None:
    assert SEQUENCE == (
        GoldenState.PAID,
        GoldenState.RISK_PASSED,
        GoldenState.STOCK_LOCKED,
        GoldenState.PACKED,
        GoldenState.WAYBILL_RETURNED,
        GoldenState.SIGNED,
        GoldenState.WARRANTY_ACTIVATED,
    )


def test_each_state_has_exactly_one_trigger() -> None:
    assert set(TRIGGERS) == set(Trigger)
    assert sorted(TRIGGERS.values()) == sorted(GoldenState)
    assert TRIGGERS[Trigger.PAYMENT_CONFIRMED] is GoldenState.PAID
    assert TRIGGERS[Trigger.WAREHOUSE_SCAN_MATCHED] is GoldenState.PACKED
    assert TRIGGERS[Trigger.WARRANTY_WRITTEN] is GoldenState.WARRANTY_ACTIVATED


@given(st.lists(st.sampled_from(Trigger)))
def test_no_sequence_of_triggers_goes_back_or_skips(triggers: list[Trigger]) -> None:
    state: GoldenState | None = None
    for trigger in triggers:
        before = state
        target = TRIGGERS[trigger]
        if _position(target) > _position(before) + 1:
            with pytest.raises(IllegalMove):
                advance(before, trigger)
            continue
        state = advance(before, trigger)
        assert _position(state) - _position(before) in (0, 1)
        assert reached(state, target)
        assert advance(state, trigger) is state  # the same trigger again changes nothing


@pytest.mark.parametrize("state", POSITIONS)
@pytest.mark.parametrize("trigger", Trigger)
def test_every_state_and_trigger(state: GoldenState | None, trigger: Trigger) -> None:
    step = _position(TRIGGERS[trigger]) - _position(state)
    if step > 1:
        with pytest.raises(IllegalMove, match=f"{trigger} would skip"):
            advance(state, trigger)
    else:
        assert advance(state, trigger) is (TRIGGERS[trigger] if step == 1 else state)


def test_the_happy_path_reaches_every_state_in_turn() -> None:
    state: GoldenState | None = None
    for trigger, wanted in zip(Trigger, SEQUENCE, strict=True):
        assert not reached(state, wanted)
        state = advance(state, trigger)
        assert state is wanted


def test_cancelling_ends_with_packing() -> None:
    allowed = [state for state in POSITIONS if may_cancel(state)]
    assert allowed == [None, GoldenState.PAID, GoldenState.RISK_PASSED, GoldenState.STOCK_LOCKED]


def test_exits_are_no_golden_states() -> None:
    assert not set(Exit) & set(GoldenState)
