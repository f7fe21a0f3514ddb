"""What a version would have decided differently, on what was decided."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from domain.listing import Classed, Quantities
from domain.order import Amounts, Channel, ClearReceiver, Notes, OrderLine, Region, Requirement
from domain.pauses import Measure, Slice, Spike
from domain.replenishment import Standing
from domain.review import ArticleFacts, BuyerFacts
from domain.texts import use_language
from domain.warehouses import Warehouse
from domain.words import About, Word
from rules import engine
from rules.documents import Document
from rules.dry_run import DryRun, Kind, difference, dry_run
from rules.statuses import words_of
from rules.subjects import (
    OTHERS,
    SUBJECTS,
    Case,
    Of,
    Thing,
    about,
    of_article,
    of_listing,
    of_orders,
    of_spike,
    of_word,
    questions,
)
from rules.trial_report import as_json, changes, effects, rows, sentences
from tests.rules.documents import changed, table_of, with_row
from tests.store.samples import order

TODAY = date(2026, 3, 2)
WAREHOUSES = [Warehouse("HZ", province="浙江省", city="杭州市"), Warehouse("LS", province="西藏自治区")]
COLD = Notes(requirements=(Requirement.COLD_CHAIN,))
ABROAD = ClearReceiver(
    name="Ann Test", phone="+12015550100", region=Region(country="US", province="NJ", city="Newark"), detail="1 Main St"
)
CASES = [
    Case(order("SO1"), WAREHOUSES),
    Case(order("SO2", notes=COLD), WAREHOUSES, buyer=BuyerFacts(6, 3, 1), twins=(3, 40)),
    Case(order("SO3", channel=Channel.B2B), WAREHOUSES, {"MUG": ArticleFacts("MUG", category="health_food")}),
    Case(order("SO4", receiver=ABROAD), WAREHOUSES, day=TODAY),
]
OTHER_THINGS = {
    Of.WORD: [of_word("jd", Word("jd", About.ORDER, "LOCKED")), of_word("new", Word("jd", About.ORDER, "ON_HOLD"))],
    Of.LISTING: [of_listing("MUG", "own", "main", "MUG", Classed(), Quantities(available=9, safety=1, room=9))],
    Of.ARTICLE: [
        of_article("CUP", "A", TODAY),
        of_article("MUG", "A", TODAY, Standing(2, 10, {}), [1] * 56),
    ],
    Of.SPIKE: [of_spike("sf", Spike(Slice.COURIER, "sf", Measure.COURIER_FAILURES, 15, 60, 80))],
}


@pytest.fixture(autouse=True)
def _chinese() -> Iterator[None]:
    yield
    use_language("zh")


def things(name: str) -> list[Thing]:
    return of_orders(name, CASES) if about(name) is Of.ORDER else OTHER_THINGS[about(name)]


def tried(name: str, document: Document, *some: Thing) -> DryRun:
    return dry_run(engine.Table(name, document), some or things(name), engine.Book())


@pytest.mark.parametrize("name", engine.tables())
def test_every_table_has_a_dry_run_and_a_draft_like_what_is_in_force_differs_in_nothing(name: str) -> None:
    """A new table fails here: say in rules/subjects.py how an order makes the house ask it, or what else does."""
    run = tried(name, engine.default(name))
    assert (run.tried, run.differences, run.failures, run.moved, run.effects) == (len(things(name)), [], [], 0, {})
    assert run.rows == run.rows_before
    asked = run.asked > 0
    assert asked == (name != "work_centres"), "no order of these is of goods that are made"
    assert run.idle == tuple(row for row in engine.Table(name, engine.default(name)).rows if row not in run.rows)
    assert sentences(name, run)[0].startswith("在" if asked else "这 4 个最近的订单一次也没有问到")


def test_no_table_is_named_that_there_is_not_and_none_twice() -> None:
    assert sorted([*SUBJECTS, *OTHERS]) == engine.tables()
    with pytest.raises(KeyError):
        about("weather")


def test_what_differs_is_said_per_order_with_both_rows() -> None:
    run = tried("courier_plan", changed("courier_plan", "cold", cold="", steps='"cainiao:ZTO"'))
    assert run.changed == 4
    assert run.rows_before == {"clear": 3, "cold": 1}
    assert run.rows == {"cold": 4}
    first = run.differences[0]
    assert (first.about, first.rows_before, first.rows_after) == ("own:main:SO1", ("clear",), ("cold",))
    assert first.changed["steps"] == ("sf:SF cainiao:ZTO", "cainiao:ZTO")
    assert first.facts == {"encrypted": False, "channel": "own", "cold_chain": False}


def test_the_same_answer_from_another_row_is_counted_apart() -> None:
    document = engine.default("silence")
    found = table_of(document)["rules"]
    found.insert(
        0, {**found[-1], "_id": "sf", "carrier": '"SF"', "row": '"sf"', "hours": "36", "phase": '"IN_TRANSIT"'}
    )
    run = tried("silence", document, *of_orders("silence", CASES[:1]))
    assert (run.differences, run.moved, run.rows["sf"]) == ([], 1, 1)


def test_facts_that_no_row_takes_any_more_are_a_difference() -> None:
    run = tried("courier_plan", changed("courier_plan", "clear", channel='"own"'))
    [found] = run.differences
    assert (found.about, found.rows_after) == ("b2b:main:SO3", ())
    assert found.changed["steps"] == ("sf:SF cainiao:ZTO", None)


def test_what_cannot_be_asked_is_told_with_its_order() -> None:
    broken = changed("region_zones", "delta", province='"江苏"')
    run = tried("region_zones", broken, *of_orders("region_zones", CASES[:1]))
    assert {one.facts["province"] for one in run.differences} == {"浙江"}
    assert questions("region_zones", CASES[0])[0].table == "region_zones"


def test_several_rows_are_compared_in_their_order() -> None:
    before, after = [{"row": "a", "x": 1}, {"row": "b", "x": 2}], [{"row": "b", "x": 2}, {"row": "a", "x": 1}]
    assert difference(before, after) == {"x": ([1, 2], [2, 1])}
    assert difference(before, before) == {}
    assert difference([], [{"row": "a", "x": 1}]) == {"x": (None, 1)}


def test_buyers_of_old_orders_are_judged_by_a_draft_and_who_would_be_held_is_counted() -> None:
    draft = changed("risk_rules", "return_rate", score="40")
    run = tried("risk_rules", draft)
    assert (run.changed, run.totals) == (1, {"held": (1, 0)})
    assert run.effects == {"own:main:SO2": {"held": (True, False)}}
    assert effects(run, "own:main:SO2") == "转质控：是 → 否"
    assert "转质控的订单：1 → 0" in sentences("risk_rules", run)
    assert "审单时" in sentences("risk_rules", run)[-2]


def test_orders_that_say_the_same_as_one_before_them_are_judged_by_a_draft() -> None:
    run = tried("duplicate_rules", changed("duplicate_rules", "soon", minutes="<= 45", does='"hold"'))
    assert (run.asked, run.rows_before, run.rows) == (2, {"at_once": 1}, {"at_once": 1, "soon": 1})
    [one] = run.differences
    assert (one.about, one.facts, one.changed) == (
        "own:main:SO2", {"channel": "own", "minutes": 40}, {"does": (None, "hold")},
    )  # fmt: skip


def test_declarations_are_asked_for_by_the_day_of_the_review() -> None:
    document = changed("declaration_rules", "us", day=">= 20270101")
    run = tried("declaration_rules", document)
    assert (run.asked, run.rows_before["us"], run.rows["us"]) == (1, 1, 0)
    [kind] = run.kinds()
    assert (kind.rows_before, kind.rows_after, kind.things, kind.examples) == (("us",), (), 1, ("own:main:SO4",))
    assert changes(engine.Table("declaration_rules", document), kind) == "- us"


def test_taxes_are_asked_by_the_class_of_each_article() -> None:
    run = tried("tax_rates", changed("tax_rates", "standard", rate="30"))
    assert {one.about for one in run.differences} == {case.order.order_id for case in CASES}
    [kind] = run.kinds()
    assert (kind.changed, kind.things) == ({"standard": {"rate_permille": (130, 30)}}, 4)
    assert len(kind.examples) == 3


def test_a_word_that_came_and_meant_nothing_and_one_that_means_something_else() -> None:
    document = with_row(
        "status_map", "jd.order.LOCKED", _id="jd.order.ON_HOLD", row='"jd.order.ON_HOLD"', word='"ON_HOLD"'
    )
    run = tried("status_map", document)
    assert [(one.about, one.changed["ours"]) for one in run.differences] == [("new", (None, "LOCKED"))]
    run = tried("status_map", changed("status_map", "jd.order.LOCKED", ours='"PAID"'))
    assert [(one.about, one.changed) for one in run.differences] == [("jd", {"ours": ("LOCKED", "PAID")})]
    assert Word("jd", About.ORDER, "LOCKED") in words_of(engine.default("status_map"))


def test_pieces_of_listings_and_of_purchases_and_pauses_are_told_beside_the_rows() -> None:
    run = tried("publish_stock", changed("publish_stock", "a", share="50"))
    assert (run.effects, run.totals) == ({"MUG": {"pieces": (8, 4)}}, {"pieces": (8, 4)})
    assert "发布的件数合计：8 → 4" in sentences("publish_stock", run)
    run = tried("replenishment", changed("replenishment", "a", cover="0"))
    before, after = run.effects["MUG"]["quantity"]
    assert 0 < after < before
    assert (run.changed, run.totals) == (2, {"quantity": (before, after)})
    run = tried("anomalies", changed("anomalies", "courier", count=">= 100"))
    assert (run.rows_before, run.rows, run.totals) == ({"courier": 1}, {"calm": 1}, {"paused": (1, 0)})


def test_a_formula_that_gives_no_pieces_fails_with_its_listing() -> None:
    run = tried("publish_stock", changed("publish_stock", "a", formula='"available / 2"'))
    [one] = run.failures
    assert (one.about, "gives 4.5" in one.reason, run.failed) == ("MUG", True, 1)


def test_what_orders_cost_by_a_draft_of_promotions() -> None:
    line = OrderLine(line_no="1", sku="CUP", title="杯", quantity=1, unit_price_fen=30000, amount_fen=25000)
    amounts = Amounts(goods_fen=30000, discount_fen=5000, paid_fen=25000)
    case = Case(order("SO9", shop="示例店铺", lines=(line,), amounts=amounts, receiver=ABROAD), ())
    run = tried("promotions", changed("promotions", "full_300", off_fen="4000"), *of_orders("promotions", [case]))
    assert (run.effects, run.totals) == (
        {case.order.order_id: {"due_fen": (25000, 26000)}},
        {"due_fen": (25000, 26000)},
    )
    assert "这些订单按促销应付合计：250.00 元 → 260.00 元（不计每人限次）" in sentences("promotions", run)


def test_nothing_to_try_it_on_is_said_and_what_to_do() -> None:
    for name in ("freight", *OTHERS):
        run = dry_run(engine.Table(name, engine.default(name)), [], engine.Book())
        [said] = sentences(name, run)
        assert "示例" in said
    [said] = sentences("work_centres", tried("work_centres", engine.default("work_centres")))
    assert said.startswith("这 4 个最近的订单一次也没有问到这张表")
    use_language("en")
    [said] = sentences("work_centres", tried("work_centres", engine.default("work_centres")))
    assert said.startswith("not one of 4 of the newest orders makes anybody ask this table")


def test_people_read_what_changes_by_row_and_title() -> None:
    document = changed("risk_rules", "many_articles", skus="", score="50")
    table = engine.Table("risk_rules", document)
    run = tried("risk_rules", document)
    [kind] = run.kinds()
    assert (kind.rows_before, kind.rows_after, kind.things) == ((), ("many_articles",), 3)
    assert changes(table, kind) == "+ many_articles"
    assert rows(table, run) == [("many_articles", 0, 3), ("return_rate", 1, 1)]
    assert "转质控的订单：1 → 1" in sentences("risk_rules", run), "said as well when it stays the same"
    again = Kind(("a",), ("a",), {"a": {"score": (1, 2)}}, 1, ())
    assert changes(table, again) == "分值: 1 → 2"
    assert changes(table, Kind(("a", "b"), ("a", "c"), {"a": {"score": (1, 2)}}, 1, ())) == "a 分值: 1 → 2; - b; + c"
    assert changes(table, Kind(("a", "b"), ("a", "b"), {}, 1, ())) == "各行换了先后"
    use_language("en")
    assert changes(table, again) == "score: 1 → 2"


def test_all_of_it_as_json_and_no_more_of_it_than_asked_for() -> None:
    document = changed("courier_plan", "cold", cold="", steps='"cainiao:ZTO"')
    table = engine.Table("courier_plan", document)
    said: dict[str, Any] = as_json(table, tried("courier_plan", document), 1)
    assert (said["of"], said["tried"], said["changed"], said["failed"]) == ("order", 4, 4, 0)
    assert (len(said["differences"]), len(said["kinds"])) == (1, 1)
    assert {"row": "cold", "before": 1, "after": 4} in said["rows"]
    assert said["kinds"][0]["things"] == 3
    assert said["text"][0].startswith("在 4 个最近的订单上试算：4 个（100.0%）结果不同")
