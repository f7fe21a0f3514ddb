"""The tables of the review that came with orderhub."""

from __future__ import annotations

from typing import Any

import pytest

from domain.order import Amounts, Channel, OrderLine
from domain.review import ArticleFacts, BuyerFacts
from domain.tags import LICENCES
from rules.reviewing import duties, holds_duplicate, risk_facts, risks
from tests.store.samples import order


def _basket(skus: int, fen: int = 9900) -> dict[str, Any]:
    """So many articles for so much in all, and a gift."""
    lines = [
        OrderLine(line_no=str(n), sku=f"A{n}", title="x", quantity=1, unit_price_fen=fen if n == 1 else 0, amount_fen=0)
        for n in range(1, skus + 1)
    ]
    gift = OrderLine(line_no="99", sku="G", title="x", quantity=1, unit_price_fen=0, amount_fen=0, gift_of="1")
    return {"lines": (*lines, gift), "amounts": Amounts(goods_fen=fen, paid_fen=fen)}


@pytest.mark.parametrize(
    ("changes", "buyer", "rows"),
    [
        ({}, BuyerFacts(), []),
        (_basket(4), BuyerFacts(), []),
        (_basket(5), BuyerFacts(), ["many_articles"]),
        ({**_basket(5), "channel": Channel.B2B}, BuyerFacts(), []),
        ({}, BuyerFacts(returns_24h=2), []),
        ({}, BuyerFacts(returns_24h=3), ["returns_in_a_day"]),
        ({}, BuyerFacts(orders_30d=4, returned_30d=4), []),
        ({}, BuyerFacts(orders_30d=5, returned_30d=2), []),
        ({}, BuyerFacts(orders_30d=5, returned_30d=3), ["return_rate"]),
        ({}, BuyerFacts(accounts_on_phone=4), []),
        ({}, BuyerFacts(accounts_on_phone=5), ["shared_phone"]),
        (_basket(1, 300_000), BuyerFacts(usual_fen=30_000), ["unlike_before"]),
        (_basket(1, 299_999), BuyerFacts(usual_fen=1), []),
        (_basket(1, 3_000_000), BuyerFacts(), ["very_large"]),
        (_basket(6, 3_000_000), BuyerFacts(), ["many_articles", "very_large"]),
    ],
)
def test_the_rows_of_the_risk_table(changes: dict[str, Any], buyer: BuyerFacts, rows: list[str]) -> None:
    assert [risk.row for risk in risks(order(**changes), buyer)] == rows


def test_a_sentence_names_what_was_counted() -> None:
    (risk,) = risks(order(), BuyerFacts(returns_24h=4))
    assert risk.sentence == "24 小时内申请退货退款 4 次"


def test_a_rate_is_a_whole_number_rounded_down() -> None:
    assert risk_facts(order(), BuyerFacts(orders_30d=7, returned_30d=3))["return_rate"] == 42
    assert risk_facts(order(), BuyerFacts())["return_rate"] == 0


@pytest.mark.parametrize(("minutes", "holds"), [(0, True), (5, True), (6, False), (30, False), (31, None)])
def test_how_near_a_duplicate_must_be(minutes: int, holds: bool | None) -> None:
    assert holds_duplicate(order(), minutes) is holds


@pytest.mark.parametrize(
    ("category", "grade", "needs"),
    [
        ("", 1, []),
        ("toys", 1, []),
        ("infant_formula", 0, ["grade"]),
        *(("infant_formula", stage, ["formula_registration"]) for stage in (1, 2, 3)),
        ("infant_formula", 4, ["formula_filing"]),
        ("medical_device", 0, ["grade"]),
        ("medical_device", 1, ["device_filing"]),
        *(("medical_device", grade, ["device_registration"]) for grade in (2, 3)),
        ("special_medical_food", 0, ["fsmp_registration"]),
        ("health_food", 0, ["health_food_number"]),
    ],
)
def test_what_each_category_needs(category: str, grade: int, needs: list[str]) -> None:
    found = duties(order(), {"MUG": ArticleFacts("MUG", category=category, grade=grade)})
    assert [duty.needs for duty in found] == needs
    assert not any(duty.blocked for duty in found)
    assert {duty.needs for duty in found} <= {"grade", *LICENCES}


@pytest.mark.parametrize(("category", "grade"), [("never_online", 0), ("infant_formula", 5)])
def test_what_is_forbidden(category: str, grade: int) -> None:
    (duty,) = duties(order(), {"MUG": ArticleFacts("MUG", category=category, grade=grade)})
    assert duty.blocked
