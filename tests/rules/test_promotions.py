"""Promotions as tables: the rows that came with orderhub, what is refused, and what was in force when."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.deciding import new_decision
from domain.promotion import price
from domain.rulesets import RuleEvent, What
from domain.texts import use_language
from rules import engine
from rules.baskets import BadBasket, price_basket, read_basket
from rules.documents import version_of
from rules.engine import Book, Table, trying
from rules.lint import lint
from rules.promotions import basket, how
from tests.rules.documents import changed
from tests.store.samples import order

SHOP = "示例店铺"
SALE = "2026-11-11T12:00:00+08:00"


@pytest.fixture(autouse=True)
def _chinese_again() -> Iterator[None]:
    yield
    use_language("zh")


def _tried(*lines: tuple[str, int, int], **facts: Any) -> dict[str, Any]:
    goods = [{"sku": sku, "quantity": pieces, "unit_price_fen": fen} for sku, pieces, fen in lines]
    return price_basket(read_basket(json.dumps({"shop": SHOP, "placed_at": SALE, "lines": goods, **facts})))


def _offs(priced: dict[str, Any]) -> dict[str, int]:
    return {step["code"]: step["off_fen"] for step in priced["steps"]}


def test_the_worked_example_of_the_page() -> None:
    """docs/promotions.md, to the fen."""
    priced = _tried(
        ("TOWEL-BLUE", 2, 4990),
        ("DIAPER-M", 4, 12900),
        ("CUP", 1, 3333),
        province="浙江省",
        city="杭州市",
        member_level="gold",
        coupons=["PLATFORM20"],
        tags=["LIVE2026"],
    )
    assert _offs(priced) == {
        "second_half": 2495,
        "city_hangzhou": 7490,
        "member_gold": 2746,
        "full_500": 12000,
        "platform_coupon": 2000,
        "wipes": 0,
        "live": 0,
    }
    assert [(line["list_fen"], line["off_fen"], line["due_fen"]) for line in priced["lines"]] == [
        (9980, 5401, 4579),
        (51600, 20035, 31565),
        (3333, 1295, 2038),
    ]
    assert priced["list_fen"] - priced["due_fen"] == sum(_offs(priced).values()) == 26731
    assert (priced["platform_fen"], priced["shop_fen"]) == (1400, 25331)
    assert [(gift["sku"], gift["pieces"], gift["gift_of"]) for gift in priced["gifts"]] == [
        ("WIPES", 2, "2"),
        ("LIVE-BAG", 1, "1"),
    ]
    assert [one["code"] for one in priced["skipped"]] == ["full_300"]


def test_nothing_that_came_with_orderhub_concerns_anybodys_orders() -> None:
    for channel in ("own", "taobao", "b2b"):
        found = order(channel=channel)
        with new_decision():
            made, offers, layers = basket(found)
            assert offers == []
            assert price(made, offers, layers).due_fen == 4950
            assert (how(found).check, how(found).gifts) == (False, False)


@pytest.mark.parametrize(
    ("at", "price_fen"),
    [("2026-11-10T23:59:59+08:00", 12900), ("2026-11-11T00:00:00+08:00", 9900), ("2026-11-12T00:00:00+08:00", 12900)],
)
def test_a_sale_counts_in_its_window_and_for_so_many_pieces_of_a_buyer(at: str, price_fen: int) -> None:
    facts = {"shop": SHOP, "placed_at": at, "lines": [{"sku": "SALE-1"}]}
    assert price_basket(read_basket(json.dumps(facts)))["due_fen"] == price_fen
    used = {**facts, "used": {"sale": 3}}
    assert price_basket(read_basket(json.dumps(used)))["due_fen"] == 12900


def test_steps_are_read_in_both_languages() -> None:
    lines = ("CUP", 1, 30000)
    assert _tried(lines)["steps"][0]["text"] == "满300减50：减 50.00 元 × 1 次，共减 50.00 元"
    assert "满500减120：未享受，未达门槛" in [one["text"] for one in _tried(lines)["skipped"]]
    use_language("en")
    assert _tried(lines)["steps"][0]["text"] == "满300减50: 50.00 yuan off, 1 times; 50.00 yuan off in all"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "Invalid JSON"),
        ('{"lines": []}', "lines"),
        ('{"lines": [{"sku": "A", "quantity": 0}]}', "lines.0.quantity"),
        ('{"lines": [{"sku": "A"}]}', "商品 A 没有价格"),
        ('{"lines": [{"sku": "A", "price": 1}]}', "lines.0.price"),
    ],
)
def test_what_is_no_basket_is_said(content: str, words: str) -> None:
    with pytest.raises(BadBasket, match=words):
        price_basket(read_basket(content))


def test_an_order_is_priced_by_what_was_in_force_when_it_was_placed() -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    richer = Table("promotions", changed("promotions", "full_300", off_fen="6000"))
    event = RuleEvent(
        name="promotions", version=richer.version, what=What.PUBLISHED, who="li", why="", at=now, begins=now, seq=1
    )
    book = Book([event], [richer])
    for at, off in ((now - timedelta(seconds=1), 5000), (now, 6000)):
        with trying(book=book) as one:
            assert _offs(_tried(("CUP", 1, 30000), placed_at=at.isoformat())) == {"full_300": off}
            versions = {rule.partition("/")[0] for rule in one.rules() if rule.startswith("promotions@")}
            assert len(versions) == 1
        assert (f"promotions@{richer.version}" in versions) is (off == 6000)


def test_a_shop_may_stack_otherwise() -> None:
    document = engine.default("promotion_stacking")
    rows = next(node for node in document["nodes"] if node["id"] == "table")["content"]["rules"]
    strict = {**next(row for row in rows if row["_id"] == "member"), "_id": "strict", "row": '"strict"'}
    rows.insert(0, {**strict, "shop": f'"{SHOP}"', "excludes": '"piece"'})
    document["orderhub"].pop("examples")
    assert lint("promotion_stacking", document).problems == ()
    with trying(Table("promotion_stacking", document)):
        priced = _tried(("TOWEL-BLUE", 2, 1000), ("CUP", 1, 1000), member_level="gold")
    # The row that stands first decides about its group: before the second half, which it excludes only afterwards.
    assert _offs(priced) == {"member_gold": 150, "second_half": 475}


# ------------------------------------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("row", "cells", "words"),
    [
        ("full_300", {"off_fen": "0"}, "off_fen 要写减多少"),
        ("full_300", {"off_fen": "30001"}, "off_fen 比门槛还多"),
        ("full_300", {"off_fen": "50000000"}, "超出允许的范围"),
        ("full_300", {"at_least_fen": "0", "every": "true"}, "每满"),
        ("full_300", {"price_fen": "1"}, "类型 off 不读取 price_fen，请写 0"),
        ("city_hangzhou", {"pay_permille": "88"}, "pay_permille 要在 100 到 999 之间"),
        ("city_hangzhou", {"pay_permille": "1000"}, "pay_permille 要在 100 到 999 之间"),
        ("second_half", {"nth": "0"}, "第二件半价写 nth 2"),
        ("sale", {"price_fen": "0"}, "price_fen 要写每件特价"),
        ("sale", {"ends": '"2026-11-11 00:00"'}, "结束早于开始"),
        ("sale", {"begins": '"11月11日"'}, "不是时间"),
        ("breakfast", {"bundle": '"A B:2"'}, '如 "A:1 B:2"'),
        ("breakfast", {"bundle": '"A:1 A:2"'}, "同一商品写了两次"),
        ("wipes", {"gift_sku": '""'}, "赠品要写 gift_sku"),
        ("wipes", {"group": '"gifts"'}, "不在可选值里"),
        ("full_300", {"off_fen": "49.5"}, "金额以分为单位"),
        ("wipes", {"gift_pieces": "0.5"}, "不是不小于 0 的整数"),
    ],
)
def test_a_promotion_that_makes_no_sense_is_refused(row: str, cells: dict[str, str], words: str) -> None:
    problems = lint("promotions", changed("promotions", row, **cells)).problems
    assert any(words in problem.sentence() and problem.row == row for problem in problems), problems


def test_money_without_a_bound_is_refused() -> None:
    bounds = engine.default("promotions")["orderhub"]["bounds"]
    money = {"at_least_fen", "off_fen", "price_fen", "most_fen", "pay_permille"}
    assert money <= bounds.keys()


def test_a_group_cannot_exclude_itself() -> None:
    problems = lint("promotion_stacking", changed("promotion_stacking", "full", excludes='"full"')).problems
    assert ["full 不能排除自己" in problem.sentence() for problem in problems] == [True]


@pytest.mark.parametrize("name", ["promotions", "promotion_stacking", "pricing", "list_prices"])
def test_the_version_is_that_of_the_content(name: str) -> None:
    assert Table(name, engine.default(name)).version == version_of(engine.default(name))
