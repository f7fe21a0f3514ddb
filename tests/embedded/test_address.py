from __future__ import annotations

import pytest

from embedded.scenarios import SCENARIOS
from embedded.scenarios.address import Address


@pytest.mark.parametrize("orders", [1, 6, 7, 12, 40, 300])
def test_all_orders_are_shared_out_and_the_same_seed_draws_the_same(orders: int) -> None:
    drawn = Address(orders, 3)._drafts
    assert sum(len(drafts) for drafts in drawn.values()) == orders
    assert drawn == Address(orders, 3)._drafts
    assert all(drawn[kind] for kind in drawn) is (orders >= 12)
    assert {draft.channel for draft in drawn["encrypted"]} <= {"douyin", "pdd", "taobao"}
    assert isinstance(SCENARIOS["address"](orders, 3), Address)
