from __future__ import annotations

import pytest

from domain.order import Requirement
from domain.requirements import requirements_in

COLD, FRAGILE, UPRIGHT = Requirement.COLD_CHAIN, Requirement.FRAGILE, Requirement.UPRIGHT


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        ((), ()),
        (("", ""), ()),
        (("请尽快发货",), ()),
        (("请冷链发货",), (COLD,)),
        (("小心易碎！",), (FRAGILE,)),
        (("箭头向上放",), (UPRIGHT,)),
        (("向上", "易碎，冷链"), (COLD, FRAGILE, UPRIGHT)),
        (("冷链冷链", "冷链"), (COLD,)),
        (("冷 链",), ()),
        (("冷", "链"), ()),
    ],
)
def test_requirements_are_read_out_of_notes(texts: tuple[str, ...], found: tuple[Requirement, ...]) -> None:
    assert requirements_in(*texts) == found


def test_every_requirement_has_a_word() -> None:
    assert set(requirements_in("冷链易碎向上")) == set(Requirement)
