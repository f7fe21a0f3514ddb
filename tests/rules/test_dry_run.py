"""What a version would have decided differently, on orders that were decided."""

from __future__ import annotations

import pytest

from domain.order import Channel, Notes, Requirement
from domain.review import ArticleFacts
from domain.warehouses import Warehouse
from rules import engine
from rules.dry_run import difference, dry_run
from rules.subjects import SUBJECTS, Case, questions
from tests.rules.documents import changed, table_of
from tests.store.samples import order

WAREHOUSES = [Warehouse("HZ", province="浙江省", city="杭州市"), Warehouse("LS", province="西藏自治区")]
COLD = Notes(requirements=(Requirement.COLD_CHAIN,))
CASES = [
    Case(order("SO1"), WAREHOUSES),
    Case(order("SO2", notes=COLD), WAREHOUSES),
    Case(order("SO3", channel=Channel.B2B), WAREHOUSES, {"MUG": ArticleFacts("MUG", category="health_food")}),
]


@pytest.mark.parametrize("name", sorted(SUBJECTS))
def test_every_subject_is_asked_about_orders_and_a_draft_like_what_is_in_force_differs_in_nothing(name: str) -> None:
    assert name in engine.tables()
    run = dry_run(engine.Table(name, engine.default(name)), CASES, engine.Book())
    assert (run.orders, run.differences, run.failures, run.moved) == (3, [], [], 0)
    assert run.rows == run.rows_before
    asked = run.asked > 0
    assert asked == (name != "work_centres"), "no order of these is of goods that are made"


def test_what_differs_is_said_per_order_with_both_rows() -> None:
    draft = engine.Table("courier_plan", changed("courier_plan", "cold", cold="", steps='"cainiao:ZTO"'))
    run = dry_run(draft, CASES, engine.Book())
    assert run.orders_changed == 3
    assert run.rows_before == {"clear": 2, "cold": 1}
    assert run.rows == {"cold": 3}
    first = run.differences[0]
    assert (first.order_id, first.rows_before, first.rows_after) == ("own:main:SO1", ("clear",), ("cold",))
    assert first.changed["steps"] == ("sf:SF cainiao:ZTO", "cainiao:ZTO")
    assert first.facts == {"encrypted": False, "channel": "own", "cold_chain": False}


def test_the_same_answer_from_another_row_is_counted_apart() -> None:
    document = engine.default("silence")
    rows = table_of(document)["rules"]
    rows.insert(0, {**rows[-1], "_id": "sf", "carrier": '"SF"', "row": '"sf"', "hours": "36", "phase": '"IN_TRANSIT"'})
    run = dry_run(engine.Table("silence", document), CASES[:1], engine.Book())
    assert (run.differences, run.moved, run.rows["sf"]) == ([], 1, 1)


def test_facts_that_no_row_takes_any_more_are_a_difference() -> None:
    draft = engine.Table("courier_plan", changed("courier_plan", "clear", channel='"own"'))
    [found] = dry_run(draft, CASES, engine.Book()).differences
    assert (found.order_id, found.rows_after) == ("b2b:main:SO3", ())
    assert found.changed["steps"] == ("sf:SF cainiao:ZTO", None)


def test_what_cannot_be_asked_is_told_with_its_order() -> None:
    broken = engine.Table("region_zones", changed("region_zones", "delta", province='"江苏"'))
    run = dry_run(broken, CASES[:1], engine.Book())
    assert {one.facts["province"] for one in run.differences} == {"浙江"}
    assert questions("region_zones", CASES[0])[0].table == "region_zones"


def test_several_rows_are_compared_in_their_order() -> None:
    before, after = [{"row": "a", "x": 1}, {"row": "b", "x": 2}], [{"row": "b", "x": 2}, {"row": "a", "x": 1}]
    assert difference(before, after) == {"x": ([1, 2], [2, 1])}
    assert difference(before, before) == {}
    assert difference([], [{"row": "a", "x": 1}]) == {"x": (None, 1)}
