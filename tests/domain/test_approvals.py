"""Who may approve, and what decisions come to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from domain.approvals import (
    Approver,
    Asked,
    Candidate,
    Mode,
    Question,
    RequestStatus,
    Stage,
    Standing,
    complete,
    refused,
    right_of,
    row_state,
    stays,
    step_now,
)
from domain.approvals import candidates as candidates_of
from domain.money import Fen

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LI = Approver("li", "李", frozenset({"sales_director"}), deputy="wu")
WU = Approver("wu", "吴", frozenset({"sales_manager"}))
QIAN = Approver("qian", "钱", frozenset({"general_manager"}))
AWAY = Approver("li", "李", frozenset({"sales_director"}), deputy="wu", absent_until=NOW + timedelta(hours=1))
OPEN, WAITING, APPROVED, REFUSED = (
    RequestStatus.OPEN,
    RequestStatus.WAITING,
    RequestStatus.APPROVED,
    RequestStatus.REFUSED,
)


def _asked(stage: Stage = Stage.FIRST) -> Question:
    return Question("sales_director", "sales_manager", "general_manager", stage)


def _who(stage: Stage, *people: Approver) -> list[tuple[str, Standing]]:
    return [(one.id, one.standing) for one in candidates_of(_asked(stage), people, NOW)]


def test_first_the_role_then_its_deputies_then_who_is_above() -> None:
    assert _who(Stage.FIRST, LI, WU, QIAN) == [("li", Standing.OWN)]
    assert _who(Stage.DEPUTY, LI, WU, QIAN) == [("li", Standing.OWN), ("wu", Standing.DEPUTY)]
    assert [who for who, _ in _who(Stage.ESCALATED, LI, WU, QIAN)] == ["li", "wu", "qian"]


def test_who_is_away_is_stood_in_for_at_once() -> None:
    assert candidates_of(_asked(), [AWAY, WU, QIAN], NOW) == [Candidate("wu", Standing.DEPUTY, "li")]
    assert candidates_of(_asked(), [AWAY, WU], NOW + timedelta(hours=1)) == [Candidate("li", Standing.OWN)]


def test_where_nobody_is_left_the_next_is_asked_at_once() -> None:
    assert _who(Stage.FIRST, WU, QIAN) == [("wu", Standing.DEPUTY)]
    assert _who(Stage.FIRST, QIAN) == [("qian", Standing.ESCALATED)]
    assert _who(Stage.FIRST) == []


def test_by_what_right_somebody_decides() -> None:
    away = right_of("li", _asked(), [AWAY, WU, QIAN], NOW)
    assert away == Candidate("li", Standing.OWN), "whoever is away and decides all the same, may"
    assert right_of("qian", _asked(), [LI, WU, QIAN], NOW) is None
    assert right_of("qian", _asked(Stage.ESCALATED), [LI, QIAN], NOW) == Candidate(
        "qian", Standing.ESCALATED, "general_manager"
    )


def _row(mode: Mode, *states: RequestStatus, row: str = "large", step: int = 1) -> list[Asked]:
    return [Asked(row, step, f"role{n}", mode, state, Fen(100)) for n, state in enumerate(states)]


@pytest.mark.parametrize(
    ("mode", "states", "comes_to"),
    [
        (Mode.ALL, (APPROVED, OPEN), OPEN),
        (Mode.ALL, (APPROVED, APPROVED), APPROVED),
        (Mode.ALL, (APPROVED, REFUSED), REFUSED),
        (Mode.ANY, (WAITING, APPROVED), APPROVED),
        (Mode.ANY, (OPEN, REFUSED), REFUSED),
        (Mode.ANY, (OPEN, OPEN), OPEN),
    ],
)
def test_to_countersign_takes_all_and_one_of_several_takes_one(
    mode: Mode, states: tuple[RequestStatus, ...], comes_to: RequestStatus
) -> None:
    assert row_state(_row(mode, *states)) is comes_to


def test_steps_follow_each_other() -> None:
    first, second = _row(Mode.ALL, OPEN), _row(Mode.ALL, WAITING, row="more", step=2)
    assert step_now([*first, *second]) == 1
    agreed = _row(Mode.ALL, APPROVED)
    assert step_now([*agreed, *second]) == 2
    assert not complete([*agreed, *second])
    done = [*agreed, *_row(Mode.ALL, APPROVED, row="more", step=2)]
    assert step_now(done) is None
    assert complete(done)
    no = [*agreed, *_row(Mode.ALL, REFUSED, row="more", step=2)]
    assert (step_now(no), refused(no), complete(no)) == (None, True, False)


def test_what_was_approved_stays_for_as_much_and_for_less() -> None:
    agreed, asked = _row(Mode.ALL, APPROVED)[0], _row(Mode.ALL, OPEN)[0]
    assert [stays(agreed, Fen(fen)) for fen in (99, 100, 101)] == [True, True, False]
    assert [stays(asked, Fen(fen)) for fen in (99, 100, 101)] == [False, True, False]
