from __future__ import annotations

from datetime import timedelta
from typing import Any

from domain.approvals import Mode, Wanted
from domain.order import Amounts, Channel, Order, OrderLine
from rules.approvals import wanted_approvals
from rules.documents import Document
from rules.engine import Table, default, trying
from tests.rules.documents import with_row
from tests.store.samples import order


def _costs(fen: int, **changes: Any) -> Order:
    line = OrderLine(line_no="1", sku="SERVER", title="服务器", quantity=1, unit_price_fen=fen, amount_fen=fen)
    return order("SO1", lines=(line,), amounts=Amounts(goods_fen=fen, paid_fen=fen), **changes)


def test_above_fifty_thousand_yuan_two_directors_countersign_on_every_channel() -> None:
    for channel in Channel:
        assert wanted_approvals(_costs(5_000_000, channel=channel), {}) == []
        [wanted] = wanted_approvals(_costs(5_000_001, channel=channel), {})
        assert (wanted.roles, wanted.mode) == (("sales_director", "technical_director"), Mode.ALL)
        assert (wanted.step, wanted.within, wanted.escalates_to) == (1, timedelta(hours=4), "general_manager")
        assert wanted.rule.startswith("approvals@")


def _by_category() -> Document:
    drugs = {"_id": "drugs", "row": '"drugs"', "category": '"medical"', "of_category": ">= 100000", "amount": ""}
    return with_row("approvals", "large", **drugs, step="2", who='"quality_manager"')


def test_a_category_is_asked_about_with_what_its_lines_cost() -> None:
    lines = (
        OrderLine(line_no="1", sku="MASK", title="口罩", quantity=2, unit_price_fen=30000, amount_fen=60000),
        OrderLine(line_no="2", sku="GLOVE", title="手套", quantity=1, unit_price_fen=50000, amount_fen=50000),
        OrderLine(line_no="3", sku="MUG", title="马克杯", quantity=1, unit_price_fen=90000, amount_fen=90000),
    )
    mixed = order("SO1", lines=lines, amounts=Amounts(goods_fen=200000, paid_fen=200000))
    with trying(Table("approvals", _by_category())):
        found = wanted_approvals(mixed, {"MASK": "medical", "GLOVE": "medical", "MUG": "home"})
        less = wanted_approvals(mixed, {"MASK": "medical", "MUG": "home"})
    assert [(one.row, one.step, one.roles) for one in found] == [("drugs", 2, ("quality_manager",))]
    assert less == []


def test_rows_that_apply_together_are_all_demanded_in_the_order_of_their_steps() -> None:
    document = _by_category()
    with trying(Table("approvals", document)):
        found: list[Wanted] = wanted_approvals(_costs(6_000_000), {"SERVER": "medical"})
    assert [(one.row, one.step) for one in found] == [("large", 1), ("drugs", 2)]
    assert default("approvals") != document
