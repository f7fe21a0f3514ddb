from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.merging import MergeRule, Part, merge_mark, share_out
from domain.order import Channel, Customer, Declaration, Notes, OrderLine, Requirement
from domain.shipping import Package, ScannedItem
from tests.store.samples import order, receiver
from tests.workflows.goods import encrypted

RULE = MergeRule(True, "open", timedelta(hours=2), 5, "merge_rules@x/open")


def _mark(**changes: Any) -> str:
    return merge_mark(order(**changes), RULE, "WH01", "sf:SF manual:OTHER")


def test_orders_of_one_buyer_to_one_address_have_the_same_mark_on_every_channel_of_a_group() -> None:
    spaced = receiver().model_copy(update={"detail": " 示例路 1号", "phone": "138 0000 0000"})
    assert _mark() == _mark(number="SO2", channel=Channel.WECHAT, shop="wx1", receiver=spaced)


@pytest.mark.parametrize(
    "changes",
    [
        {"receiver": receiver("示例路2号")},
        {"receiver": receiver().model_copy(update={"phone": "13800000001"})},
        {"receiver": receiver().model_copy(update={"name": "测试二"})},
        {"notes": Notes(requirements=(Requirement.COLD_CHAIN,))},
        {"customer": Customer(external_id="C1", name="示例公司", tax_no="91330000TEST")},
    ],
)
def test_another_receiver_company_or_requirement_is_another_mark(changes: dict[str, Any]) -> None:
    assert _mark() != _mark(**changes) != ""


def test_another_warehouse_courier_or_group_is_another_mark() -> None:
    marks = {
        merge_mark(order(), RULE, "WH01", "sf:SF"),
        merge_mark(order(), RULE, "WH02", "sf:SF"),
        merge_mark(order(), RULE, "WH01", "cainiao:ZTO"),
        merge_mark(order(), MergeRule(True, "b2b", RULE.window, 5, ""), "WH01", "sf:SF"),
    }
    assert len(marks) == 4


def test_what_is_never_merged_has_no_mark() -> None:
    assert _mark(**encrypted()) == "", "whatever the rules say"
    assert _mark(gift_after="SO0") == ""
    assert _mark(declaration=Declaration(destination="US")) == "", "each has a declaration of its own"
    assert merge_mark(order(), MergeRule(False, "open", RULE.window, 5, ""), "WH01", "sf:SF") == ""
    assert merge_mark(order(), MergeRule(True, "open", RULE.window, 1, ""), "WH01", "sf:SF") == ""


def _line(no: str, sku: str, count: int, gift_of: str | None = None) -> OrderLine:
    return OrderLine(line_no=no, sku=sku, title=sku, quantity=count, unit_price_fen=0, amount_fen=0, gift_of=gift_of)


def test_a_box_is_shared_out_by_its_lines_and_what_names_none_to_whoever_lacks_it() -> None:
    first = Part("A", 0, (_line("1", "MUG", 1), _line("2", "CARD", 1, "1")))
    second = Part("B", 2, (_line("1", "MUG", 2),))
    assert [(line.line_no, line.gift_of) for line in first.renumbered()] == [("1", None), ("2", "1")]
    assert [line.line_no for line in second.renumbered()] == ["M2-1"]
    boxes = [
        Package("X", (ScannedItem("MUG", 1, "M2-1"), ScannedItem("CARD", 1))),
        Package("Y", (ScannedItem("MUG", 2),)),
    ]
    assert share_out(boxes, [first, second]) == {
        "A": {0: [ScannedItem("CARD", 1, "2")], 1: [ScannedItem("MUG", 1, "1")]},
        "B": {0: [ScannedItem("MUG", 1, "1")], 1: [ScannedItem("MUG", 1, "1")]},
    }


PARTS = st.lists(
    st.lists(st.tuples(st.sampled_from("XYZ"), st.integers(1, 4)), min_size=1, max_size=3), min_size=1, max_size=4
)


@given(PARTS, st.randoms(use_true_random=False))
def test_nothing_is_lost_or_doubled_however_it_was_scanned(wanted: list[list[tuple[str, int]]], dice: Any) -> None:
    parts = [
        Part(f"O{n}", n, tuple(_line(str(i), sku, count) for i, (sku, count) in enumerate(lines, start=1)))
        for n, lines in enumerate(wanted)
    ]
    pieces = [
        (line.sku, part.at_warehouse(line.line_no))
        for part in parts
        for line in part.lines
        for _ in range(line.quantity)
    ]
    dice.shuffle(pieces)
    cut = dice.randrange(len(pieces) + 1)
    boxes = [
        Package(str(n), tuple(ScannedItem(sku, 1, dice.choice((no, "", "wrong"))) for sku, no in some))
        for n, some in enumerate((pieces[:cut], pieces[cut:]))
    ]
    shares = share_out(boxes, parts)
    for part in parts:
        given: Counter[str] = Counter()
        for items in shares[part.order_id].values():
            for item in items:
                given[item.line_no] += item.quantity
        assert given == Counter({line.line_no: line.quantity for line in part.lines})
    for place, box in enumerate(boxes):
        inside = Counter(item.sku for item in box.items)
        out: Counter[str] = Counter()
        for share in shares.values():
            for item in share.get(place, []):
                out[item.sku] += item.quantity
        assert out == inside
