from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from domain.order import Channel
from rules import engine
from rules.merging import merge_rule
from tests.rules.merging import merging
from tests.store.samples import order
from tests.workflows.goods import encrypted


@pytest.fixture(autouse=True)
def _files_again() -> Iterator[None]:
    yield
    engine.use(engine.Book())


@pytest.mark.parametrize(
    ("changes", "row"),
    [
        ({}, "open"),
        ({"channel": Channel.B2B}, "b2b"),
        ({"channel": Channel.TAOBAO}, "default"),
        (encrypted(), "encrypted"),
    ],
)
def test_as_delivered_nothing_is_merged(changes: dict[str, Any], row: str) -> None:
    rule = merge_rule(order(**changes))
    assert not rule.merge
    assert rule.name.endswith(f"/{row}")


def test_a_cell_turns_it_on_for_a_group() -> None:
    merging()
    rule = merge_rule(order())
    assert (rule.merge, rule.group, rule.most, rule.window.total_seconds()) == (True, "open", 3, 7200)
    assert not merge_rule(order(**encrypted())).merge
