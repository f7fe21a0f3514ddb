from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from domain.proposals import ProposalKind, for_course, for_silence, for_trouble, in_words, phone_for
from domain.shipping import Carrier, TrackCode, Trouble
from domain.tracking import (
    ENOUGH,
    Gap,
    Phase,
    Zone,
    bounded,
    journey_gaps,
    learn,
    phase_after,
    trouble_in,
    zone_of,
)

NOON = datetime(2026, 3, 1, 4, tzinfo=UTC)
HOUR = timedelta(hours=1)


def _gaps(count: int, longest: int = 0) -> list[Gap]:
    usual = [Gap(Carrier.ZTO, Phase.IN_TRANSIT, HOUR)] * (count - longest)
    return usual + [Gap(Carrier.ZTO, Phase.IN_TRANSIT, 100 * HOUR)] * longest


def test_too_few_gaps_teach_nothing() -> None:
    assert learn(_gaps(ENOUGH - 1)) == {}
    assert learn(_gaps(ENOUGH)) == {(Carrier.ZTO, Phase.IN_TRANSIT): HOUR * 3 / 2}


def test_one_odd_parcel_in_a_hundred_is_not_what_is_usual() -> None:
    assert learn(_gaps(300, longest=3)) == {(Carrier.ZTO, Phase.IN_TRANSIT): HOUR * 3 / 2}
    assert learn(_gaps(300, longest=4)) == {(Carrier.ZTO, Phase.IN_TRANSIT): 150 * HOUR}


@pytest.mark.parametrize(("learnt", "hours"), [(None, 36), (1, 12), (20, 20), (500, 72)])
def test_what_is_learnt_stays_near_the_table(learnt: int | None, hours: int) -> None:
    assert bounded(learnt * HOUR if learnt else None, 36 * HOUR) == hours * HOUR


def test_gaps_of_a_journey_go_by_the_phase_that_was_left_and_none_after_a_problem() -> None:
    codes = ("NONE", "COLLECTED", "IN_TRANSIT", "PROBLEM", "OUT_FOR_DELIVERY", "SIGNED")
    nodes = [(NOON + n * n * HOUR, code) for n, code in enumerate(codes)]
    assert list(journey_gaps(Carrier.SF, nodes)) == [
        Gap(Carrier.SF, Phase.WAITING, HOUR),
        Gap(Carrier.SF, Phase.COLLECTED, 3 * HOUR),
        Gap(Carrier.SF, Phase.IN_TRANSIT, 5 * HOUR),
        Gap(Carrier.SF, Phase.OUT_FOR_DELIVERY, 9 * HOUR),
    ]


@pytest.mark.parametrize("code", TrackCode)
def test_every_code_is_a_phase_or_an_end(code: TrackCode) -> None:
    ends = {TrackCode.SIGNED, TrackCode.REFUSED, TrackCode.LOST, TrackCode.RETURNED}
    assert (phase_after(code) is None) is (code in ends)


@pytest.mark.parametrize(
    ("province", "zone"),
    [("浙江省", Zone.MAINLAND), ("", Zone.MAINLAND), ("西藏自治区", Zone.REMOTE), ("香港特别行政区", Zone.BORDER)],
)
def test_zones(province: str, zone: Zone) -> None:
    assert zone_of(province) is zone


def test_words_say_what_a_vague_code_does_not() -> None:
    assert trouble_in("快件遗失，正在理赔", Trouble.OTHER) is Trouble.LOST
    assert trouble_in("收件人地址不详", Trouble.DELIVERY_FAILED) is Trouble.ADDRESS
    assert trouble_in("派送不成功", Trouble.DELIVERY_FAILED) is Trouble.DELIVERY_FAILED


def test_every_proposal_can_be_said() -> None:
    proposals = [for_trouble(trouble) for trouble in Trouble] + [for_silence(phase) for phase in Phase]
    proposals += [found for status in ("refused", "lost", "returned") if (found := for_course(status)) is not None]
    for proposal in proposals:
        said = in_words(proposal.as_json("O1#1"), "13800000001")
        assert said
        assert "{" not in said
        assert proposal.within > timedelta(0)
    assert for_course("signed") is None
    assert for_trouble(Trouble.LOST).kind is ProposalKind.CLAIM_AND_RESEND


def test_whom_to_call_is_the_courier_else_its_company() -> None:
    assert phone_for("13800000001", "SF") == "13800000001"
    assert (phone_for("", "SF"), phone_for("", "OTHER"), phone_for("", "")) == ("95338", "", "")
