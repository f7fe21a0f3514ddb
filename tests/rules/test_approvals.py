from __future__ import annotations

from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.approvals import Mode, Wanted
from domain.clock import BEIJING
from domain.order import Amounts, Channel, Order, OrderLine
from rules.approvals import wanted_approvals
from rules.documents import Document
from rules.engine import Table, default, trying
from rules.lint import lint
from rules.sla import runs_out
from tests.rules.documents import changed, table_of, with_row
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
        assert wanted.calendar == "OFFICE"
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


def _from_before() -> Document:
    """The table as it was before it could name a calendar."""
    document = deepcopy(default("approvals"))
    table = table_of(document)
    table["outputs"] = [column for column in table["outputs"] if column["id"] != "calendar"]
    for row in table["rules"]:
        del row["calendar"]
    document["orderhub"]["examples"] = []
    return document


def test_a_table_that_names_no_calendar_means_hours_of_any_time() -> None:
    old = _from_before()
    assert lint("approvals", old).sound
    for document in (old, changed("approvals", "large", calendar='"ALWAYS"')):
        with trying(Table("approvals", document)):
            [wanted] = wanted_approvals(_costs(6_000_000), {})
        assert (wanted.within, wanted.calendar) == (timedelta(hours=4), "")
    bad = lint("approvals", changed("approvals", "large", calendar='"NIGHT"'))
    assert next((one.what, one.column) for one in bad.problems) == ("word", "计时日历")


def _at(day: int, hour: int, month: int = 2) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=BEIJING)


@pytest.mark.parametrize(
    ("calendar", "began", "ends"),
    [
        ("OFFICE", _at(28, 16), _at(2, 11, 3)),  # a Saturday that is worked, and a Sunday that is not
        ("OFFICE", _at(14, 17), _at(24, 12)),  # the Spring Festival lies between, and the Saturday before it is worked
        ("OFFICE", _at(6, 22), _at(9, 13)),  # a Friday's night
        ("WAREHOUSE", _at(6, 18), _at(7, 10)),
        ("", _at(6, 22), _at(7, 2)),
        ("ALWAYS", _at(6, 22), _at(7, 2)),
        ("NIGHTS", _at(6, 22), _at(7, 2)),
    ],
)
def test_working_hours_of_approvals_are_those_of_the_deadlines(calendar: str, began: datetime, ends: datetime) -> None:
    assert runs_out(calendar, began, timedelta(hours=4)) == ends


def test_a_calendar_that_cannot_be_read_keeps_nobody_from_being_told() -> None:
    with trying(Table("sla_calendars", changed("sla_calendars", "office", opens='"nine"'))):
        assert runs_out("OFFICE", _at(6, 22), timedelta(hours=4)) == _at(7, 2)
