"""The dated rules of declarations that came with orderhub."""

from __future__ import annotations

from datetime import date

import pytest

from domain.articles import ArticleFacts
from domain.declaring import DEMANDED, LINE_FIELDS, ORDER_FIELDS, Supplied
from domain.order import Amounts, Declaration
from rules.declaring import demands
from rules.documents import grids
from rules.engine import check_output, default
from tests.store.samples import order

DAY = date(2026, 11, 11)


def _rows(country: str, category: str = "", day: date = DAY, way: str = "", fen: int = 4950) -> list[str]:
    line = order().lines[0].model_copy(update={"amount_fen": fen, "unit_price_fen": fen})
    one = order(
        declaration=Declaration(destination=country, fields={"way": way} if way else {}),
        lines=(line,),
        amounts=Amounts(goods_fen=fen, paid_fen=fen),
    )
    articles = {"MUG": ArticleFacts("MUG", category=category)}
    return [demand.row for demand in demands(one, Supplied(), articles, day)[category]]


BASE = ["all", "china_export"]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (_rows("CN"), []),
        (_rows("BR"), BASE),
        (_rows("US"), [*BASE, "us"]),
        (_rows("US", day=date(2025, 8, 28)), BASE),
        (_rows("US", "food"), [*BASE, "us", "us_food"]),
        (_rows("US", "pet_food"), [*BASE, "china_pet_food", "us", "us_food", "us_pet_food"]),
        (_rows("US", "pet_food_raw"), [*BASE, "china_pet_food", "us", "us_food", "us_pet_food", "us_raw"]),
        (_rows("CA", "pet_food"), [*BASE, "china_pet_food", "ca", "ca_pet_food"]),
        (_rows("DE", day=date(2026, 6, 30)), BASE),
        (_rows("DE", day=date(2026, 7, 1)), [*BASE, "eu_duty"]),
        (_rows("DE", day=date(2028, 7, 1)), BASE),
        (_rows("DE", fen=120_001), [*BASE, "eu_duty", "eu_above_150"]),
        (_rows("DE", "pet_food"), [*BASE, "china_pet_food", "eu_duty", "eu_pet_food_parcel"]),
        (_rows("DE", "pet_food", way="general_cargo"), [*BASE, "china_pet_food", "eu_duty", "eu_pet_food"]),
        (_rows("GB"), [*BASE, "gb"]),
    ],
)
def test_which_rules_apply(rows: list[str], expected: list[str]) -> None:
    assert rows == expected


def test_pet_food_may_not_go_to_the_eu_as_a_small_parcel() -> None:
    articles = {"MUG": ArticleFacts("MUG", category="pet_food")}
    found = demands(order(declaration=Declaration(destination="FR")), Supplied(), articles, DAY)
    assert [demand.block for demand in found["pet_food"] if demand.block] == ["欧盟含动物源成分宠物食品不可走小包"]


def test_no_rule_asks_for_a_field_that_nobody_can_supply() -> None:
    (grid,) = grids(default("declaration_rules"))
    columns = [column.id for column in grid.outputs if column.field in {"require", "any_of"}]
    asked = {name for row in grid.rows for column in columns for name in str(check_output(row[column])).split()}
    assert asked - LINE_FIELDS - ORDER_FIELDS.keys() - DEMANDED.keys() == set()
