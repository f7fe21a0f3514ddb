"""The table of holds against the code: no way in without a way out, and no way out on paper only."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.golden import GoldenState, may_cancel
from domain.holds import POLICIES, AtDeadline, HoldReason, Release, Step, operator_may_release
from domain.texts import CATALOGUE
from tests.domain.holds_in_code import Moves, moves_in_workflows

BEFORE_PACKED = {Step.REVIEW, Step.STOCK, Step.SLICE, Step.WAREHOUSE, Step.PACK}
"""Steps at which an order may still be cancelled."""

BY_ANY_HOLD = {Release.OPERATOR, Release.CANCEL}
"""Ways that end a hold of any reason in the code (`release_hold`, `close_all`); the table says which holds they may."""


@pytest.fixture(scope="module")
def code() -> Moves:
    return moves_in_workflows()


def test_every_reason_has_a_policy() -> None:
    assert set(POLICIES) == set(HoldReason)


@pytest.mark.parametrize("reason", HoldReason)
def test_every_hold_has_a_timer_a_way_out_and_somebody_to_ask(reason: HoldReason) -> None:
    policy = POLICIES[reason]
    assert policy.deadline > timedelta(0)
    assert policy.releases - {Release.CANCEL}, "cancelling is no way on"
    assert policy.who.startswith("role.")
    assert policy.who in CATALOGUE
    assert f"hold.{reason}" in CATALOGUE


def test_no_step_way_or_deadline_is_without_a_policy() -> None:
    assert {policy.blocks for policy in POLICIES.values()} == set(Step)
    assert frozenset().union(*(policy.releases for policy in POLICIES.values())) == set(Release)
    assert {policy.at_deadline for policy in POLICIES.values()} == set(AtDeadline)


def test_only_a_wish_may_lapse() -> None:
    """A finding that lapsed would let a bad order go on; a wish that lapsed leaves the order as it was."""
    lapsing = {reason for reason, policy in POLICIES.items() if policy.at_deadline is AtDeadline.LAPSE}
    assert lapsing == {HoldReason.ADDRESS_CHANGE}


@pytest.mark.parametrize("reason", HoldReason)
def test_cancelling_is_offered_exactly_while_it_is_possible(reason: HoldReason) -> None:
    policy = POLICIES[reason]
    assert (Release.CANCEL in policy.releases) is (policy.blocks in BEFORE_PACKED)


def test_the_steps_that_can_be_cancelled_end_with_packing() -> None:
    assert may_cancel(GoldenState.STOCK_LOCKED)  # WAREHOUSE and PACK are worked on in this state
    assert not may_cancel(GoldenState.PACKED)


@pytest.mark.parametrize("reason", HoldReason)
def test_a_person_may_release_what_the_table_says(reason: HoldReason) -> None:
    assert operator_may_release(reason) is (Release.OPERATOR in POLICIES[reason].releases)


def test_what_a_person_may_not_release_needs_something_that_a_click_cannot_give() -> None:
    by_hand_never = {reason for reason in HoldReason if not operator_may_release(reason)}
    assert by_hand_never == {
        HoldReason.FORMAT_INVALID,  # the sums must be right
        HoldReason.CHANNEL_LOCKED,  # the channel must let it go: it would refuse the number
        HoldReason.REFUND_PENDING,  # the refund must be decided
        HoldReason.APPROVAL,  # everybody must agree whom the table asks
        HoldReason.ADDRESS_CHANGE,  # the new address must be confirmed
        HoldReason.SCAN_MISMATCH,  # the box must be right
        HoldReason.WAYBILL_BY_PERSON,  # the number must be known
        HoldReason.COMPLIANCE,  # the registration must be there
        HoldReason.COMPLIANCE_BLOCKED,  # the law forbids it
        HoldReason.FIELDS_MISSING,  # the values must be there
        HoldReason.DECLARATION_INCOMPLETE,  # customs would send it back
    }


# ------------------------------------------------------------------------------------------------ the code


@pytest.mark.parametrize("reason", HoldReason)
def test_every_hold_is_opened_somewhere(code: Moves, reason: HoldReason) -> None:
    assert reason in code.opened


@pytest.mark.parametrize(
    ("reason", "way"),
    [(reason, way) for reason, policy in POLICIES.items() for way in sorted(policy.releases - BY_ANY_HOLD)],
)
def test_every_way_out_of_the_table_is_walked_in_the_code(code: Moves, reason: HoldReason, way: Release) -> None:
    if (reason, way) == (HoldReason.ADDRESS_INCOMPLETE, Release.ADDRESS):
        # A confirmed address is a newer revision: it is reviewed as a document is, which ends this hold.
        assert (HoldReason.ADDRESS_CHANGE, Release.ADDRESS) in code.closed
        way = Release.DOCUMENT
    assert (reason, way) in code.closed


def test_every_way_out_in_the_code_is_in_the_table(code: Moves) -> None:
    assert all(way in POLICIES[reason].releases for reason, way in code.closed)


def test_the_ways_for_any_hold_are_in_the_code_and_guarded(code: Moves) -> None:
    assert code.closed_any == BY_ANY_HOLD
    assert "operator_may_release" in code.called, "release_hold must ask the table"
    assert "may_cancel" in code.called


def test_what_may_lapse_is_listened_for(code: Moves) -> None:
    assert HoldReason.ADDRESS_CHANGE in code.heard_on_lapse
    lapsing = {reason for reason, policy in POLICIES.items() if policy.at_deadline is AtDeadline.LAPSE}
    assert code.heard_on_lapse == lapsing
