"""What is missing of a declaration, field by field."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from domain.articles import ArticleFacts
from domain.declaring import Demand, Missing, Standing, Supplied, area, destination, judge, may_be, problems, way_of
from domain.order import Declaration, Order
from domain.tags import Tag
from tests.store.samples import order, receiver

DAY = date(2026, 11, 11)
ABROAD = receiver().model_copy(update={"region": receiver().region.model_copy(update={"country": "US"})})


def _order(**declared: Any) -> Order:
    return order(declaration=Declaration(**{"destination": "US", **declared}))


def _judged(
    one: Order,
    *demands: Demand,
    supplied: Supplied | None = None,
    house: dict[str, str] | None = None,
    tags: tuple[Tag, ...] = (),
) -> list[tuple[str, str, str]]:
    articles = {"MUG": ArticleFacts("MUG", tags=tags)}
    judged = judge(one, {"": demands}, supplied or Supplied(), house or {}, articles, DAY)
    assert judged.standing is (Standing.INCOMPLETE if judged.missing else Standing.COMPLETE)
    return [(one.field, one.line_no, one.why) for one in judged.missing]


def test_where_an_order_goes() -> None:
    assert destination(order()) == "CN"
    assert destination(order(receiver=ABROAD)) == "US"
    assert destination(_order(destination="DE")) == "DE"
    assert destination(order(receiver=ABROAD, declaration=Declaration())) == "US"
    assert [area(country) for country in ("CN", "US", "DE", "GB", "BR")] == ["CN", "US", "EU", "GB", "OTHER"]


def test_a_value_may_come_from_everywhere() -> None:
    for name, line in (("invoice_no", ""), ("hs_code", "1")):
        demand = Demand("x", (name,))
        value = "INV1" if not line else "691110"
        fields, lines = ({name: value}, {}) if not line else ({}, {"1": {name: value}})
        assert _judged(_order(), demand) == [(name, line, "missing")]
        assert _judged(_order(fields=fields, lines=lines), demand) == []
        assert _judged(_order(), demand, supplied=Supplied(fields, lines)) == []
    assert _judged(_order(), Demand("x", ("invoice_no",)), house={"invoice_no": "INV1"}) == []
    assert _judged(_order(), Demand("x", ("hs_code",)), tags=(Tag("hs_code", "691110"),)) == []


def test_what_is_known_anyway() -> None:
    assert _judged(_order(), Demand("x", ("quantity", "unit", "declared_value", "currency", "consignee_country"))) == []


def test_a_value_that_cannot_be_right_gives_way() -> None:
    demand = Demand("x", ("ioss_no",))
    wrong = _order(fields={"ioss_no": "IN0123456789"})
    assert _judged(wrong, demand) == [("ioss_no", "", "malformed")]
    assert _judged(wrong, demand, supplied=Supplied({"ioss_no": "IM0123456789"})) == []


def test_what_an_article_has_must_be_valid_when_the_order_leaves() -> None:
    leaves, tag = DAY + timedelta(days=20), Tag("market_access_cert_no", "C1", "US")
    demands = {"": (Demand("x", ("market_access_cert_no",)),)}

    def missing(*tags: Tag) -> list[str]:
        articles = {"MUG": ArticleFacts("MUG", tags=tags)}
        judged = judge(_order(), demands, Supplied(), {}, articles, leaves, DAY)
        return [one.sentence() for one in judged.missing]

    ends, begins = DAY + timedelta(days=10), DAY + timedelta(days=11)
    assert missing(tag) == []
    [said] = missing(replace(tag, valid_to=ends))
    assert f"在计划发货日 {leaves} 不在有效期内" in said
    [said] = missing(replace(tag, valid_from=begins))
    assert f"在计划发货日 {DAY} 不在有效期内" in said, "it may leave before that"
    assert missing(replace(tag, valid_to=ends), replace(tag, valid_from=begins)) == []
    assert "不在有效期内" not in missing(replace(tag, area="GB"))[0]


def test_what_an_article_has_must_be_valid_and_count_there() -> None:
    demand, tag = Demand("x", ("market_access_cert_no",)), Tag("market_access_cert_no", "A1", "US")
    assert _judged(_order(), demand, tags=(tag,)) == []
    assert _judged(_order(destination="CA"), demand, tags=(tag,)) != []
    assert _judged(_order(destination="DE"), demand, tags=(replace(tag, area="EU"),)) == []
    assert _judged(_order(), demand, tags=(replace(tag, valid_to=DAY),)) == []
    assert _judged(_order(), demand, tags=(replace(tag, valid_to=DAY - timedelta(days=1)),)) != []


def test_ten_digits_where_ten_are_asked_for() -> None:
    demand = Demand("x", ("hs_code_10",))
    assert _judged(_order(), demand, tags=(Tag("hs_code", "691110"),)) == [("hs_code_10", "1", "malformed")]
    assert _judged(_order(), demand, tags=(Tag("hs_code", "6911101900"),)) == []


def test_one_of_several_is_enough() -> None:
    demand = Demand("x", any_of=("ioss_no", "duty_payer"))
    assert _judged(_order(), demand) == [("ioss_no|duty_payer", "", "missing")]
    assert _judged(_order(fields={"duty_payer": "seller"}), demand) == []
    assert "IOSS 号或关税承担方" in Missing("ioss_no|duty_payer").sentence()


@pytest.mark.parametrize(
    ("line", "fields", "why"),
    [
        ({"net_weight_g": "500", "gross_weight_g": "499"}, {}, [("gross_weight_g", "1", "contradicts")]),
        ({"net_weight_g": "500", "gross_weight_g": "500"}, {}, []),
        ({"declared_value": "10.00"}, {}, [("declared_value", "", "contradicts")]),
        ({"declared_value": "49.51"}, {}, []),
        ({"declared_value": "10.00"}, {"currency": "USD"}, []),
    ],
)
def test_what_contradicts_itself(line: dict[str, str], fields: dict[str, str], why: list[Any]) -> None:
    assert _judged(_order(lines={"1": line}, fields=fields)) == why


def test_what_is_forbidden_is_not_merely_missing() -> None:
    demands = {"": (Demand("x", ("invoice_no",)), Demand("y", block="不可走小包"))}
    judged = judge(_order(), demands, Supplied(), {}, {}, DAY)
    assert (judged.standing, judged.blocked) == (Standing.BLOCKED, ("不可走小包",))


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("exporter_uscc", "99000000MA0000000X", "99000000MA0000000Y"),
        ("consignee_name", "Ann O'Neil", "安"),
        ("consignee_email", "a.b@example.com", "a@b"),
        ("eori", "DE123456789012345", "D1"),
        ("importer_bn", "123456789RM0001", "123456789"),
        ("currency", "USD", "usd"),
        ("declared_value", "0.01", "0"),
        ("goods_desc_en", "Ceramic mug", "gift"),
        ("hs_code", "69111019", "691"),
        ("nonsense", "", "x"),
    ],
)
def test_how_fields_are_written(name: str, good: str, bad: str) -> None:
    assert not good or may_be(name, good)
    assert not may_be(name, bad)


def test_postcodes_and_states_are_their_countrys() -> None:
    assert may_be("consignee_postcode", "94105-1234", "US")
    assert not may_be("consignee_postcode", "K1A 0B1", "US")
    assert may_be("consignee_postcode", "K1A 0B1", "CA")
    assert may_be("consignee_postcode", "10115", "DE")
    assert may_be("consignee_state", "CA", "US")
    assert not may_be("consignee_state", "California", "US")
    assert may_be("consignee_state", "Bayern", "DE")


def test_what_cannot_be_supplied_is_said() -> None:
    assert problems(Supplied({"invoice_no": "1"}, {"1": {"hs_code": "691110"}}), _order()) == []
    assert problems(Supplied({"hs_code": "691110"}), _order()) == ["没有这个申报字段：hs_code"]
    assert problems(Supplied({}, {"9": {"hs_code": "691110"}}), _order()) == ["订单没有第 9 行"]
    assert problems(Supplied({"ioss_no": "1"}, {"1": {"hs_code": "1"}}), _order()) == [
        "IOSS 号格式不对",
        "第 1 行商品编码格式不对",
    ]


def test_the_way_is_a_small_parcel_unless_said() -> None:
    assert way_of(_order(), Supplied()) == "small_parcel"
    assert way_of(_order(fields={"way": "general_cargo"}), Supplied()) == "general_cargo"
    assert way_of(_order(fields={"way": "general_cargo"}), Supplied({"way": "small_parcel"})) == "small_parcel"
