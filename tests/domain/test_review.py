from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.holds import HoldReason, operator_may_release
from domain.order import Amounts, Order, OrderLine
from domain.review import ArticleFacts, Dossier, Duty, Leaves, Risk, Twin, review, says_the_same
from domain.tags import Tag
from tests.domain.strategies import sound_orders
from tests.store.samples import order, receiver

MUG = order().lines[0]


def _codes(checked: Order) -> list[str]:
    return [flag.code for flag in review(Dossier(checked))]


def _line(**changes: Any) -> OrderLine:
    return MUG.model_copy(update=changes)


@given(sound_orders())
def test_an_order_in_order_has_no_flags(sound: Order) -> None:
    assert review(Dossier(sound)) == []


@given(sound_orders(), st.data())
def test_one_fen_more_or_less_anywhere_is_flagged(sound: Order, data: st.DataObject) -> None:
    fen = data.draw(st.sampled_from([-1, 1]))
    place = data.draw(st.sampled_from([*Amounts.model_fields, *range(len(sound.lines))]))
    if isinstance(place, int):
        lines = list(sound.lines)
        lines[place] = lines[place].model_copy(update={"amount_fen": lines[place].amount_fen + fen})
        wrong = sound.model_copy(update={"lines": tuple(lines)})
    else:
        amounts = sound.amounts.model_copy(update={place: getattr(sound.amounts, place) + fen})
        wrong = sound.model_copy(update={"amounts": amounts})
    flags = review(Dossier(wrong))
    assert flags
    assert {flag.hold for flag in flags} == {HoldReason.FORMAT_INVALID}


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"lines": ()}, ["no_lines"]),
        (
            {"lines": (MUG, _line(amount_fen=0, unit_price_fen=0))},
            ["line_repeated"],
        ),
        ({"lines": (_line(quantity=0),)}, ["quantity"]),
        ({"lines": (_line(quantity=-1),)}, ["quantity"]),
        ({"lines": (_line(sku=""),)}, ["sku_missing"]),
        ({"lines": (_line(unit_price_fen=-1),)}, ["negative"]),
        ({"lines": (MUG, _line(line_no="2", amount_fen=-1), _line(line_no="3", amount_fen=1))}, ["negative"]),
        ({"lines": (MUG, _line(line_no="2", amount_fen=0, gift_of="9"))}, ["gift_unbound"]),
        ({"lines": (MUG, _line(line_no="2", amount_fen=0, gift_of="2"))}, ["gift_unbound"]),
        ({"lines": (MUG, _line(line_no="2", amount_fen=0, gift_of="1"))}, []),
        ({"amounts": Amounts(goods_fen=5950, freight_fen=-1000, paid_fen=4950)}, ["negative_total", "lines_differ"]),
        ({"amounts": Amounts(goods_fen=-50, freight_fen=5000, paid_fen=4950)}, ["negative_total", "lines_differ"]),
        ({"amounts": Amounts(goods_fen=4951, paid_fen=4950)}, ["paid_differs"]),
        ({"amounts": Amounts(goods_fen=4951, paid_fen=4951)}, ["lines_differ"]),
        ({"amounts": Amounts(goods_fen=4950, discount_fen=4951, paid_fen=-1)}, ["negative_total", "lines_differ"]),
        ({"amounts": Amounts(goods_fen=4950, freight_fen=800, discount_fen=800, paid_fen=4950)}, ["lines_differ"]),
        ({}, []),
    ],
)
def test_each_format_problem(changes: dict[str, Any], codes: list[str]) -> None:
    flags = review(Dossier(order(**changes)))
    assert [flag.code for flag in flags] == [f"format.{code}" for code in codes]
    assert all(flag.hold is HoldReason.FORMAT_INVALID and flag.detail for flag in flags)


def test_an_order_without_money_is_in_order() -> None:
    free = order(lines=(_line(unit_price_fen=0, amount_fen=0),), amounts=Amounts(goods_fen=0, paid_fen=0))
    assert review(Dossier(free)) == []


def test_the_operator_sees_every_reason_at_once() -> None:
    broken = order(
        lines=(_line(quantity=0, sku=""), _line(line_no="2", amount_fen=-5)),
        receiver=receiver("待定"),
    )
    assert _codes(broken) == [
        "format.quantity",
        "format.sku_missing",
        "format.negative",
        "format.lines_differ",
        "address.detail_too_short",
        "address.detail_says_wait",
    ]


def test_the_sentence_names_line_and_sums() -> None:
    flags = review(Dossier(order(lines=(_line(quantity=0),), amounts=Amounts(goods_fen=4951, paid_fen=4950))))
    assert [flag.detail for flag in flags] == [
        "第 1 行数量为 0",
        "实付 4950 分，与商品＋运费－优惠 4951 分不符",
    ]


def test_an_address_problem_opens_the_address_hold() -> None:
    (flag,) = review(Dossier(order(receiver=receiver("打码*路1号"))))
    assert (flag.code, flag.hold, flag.detail) == (
        "address.detail_masked",
        HoldReason.ADDRESS_INCOMPLETE,
        "地址被打码",
    )


@given(sound_orders())
def test_the_review_is_the_same_each_time(sound: Order) -> None:
    broken = sound.model_copy(update={"lines": ()})
    assert review(Dossier(broken)) == review(Dossier(broken)) != []


# ------------------------------------------------------------------------------------- what the house knows


@pytest.mark.parametrize(
    ("free", "safety", "codes"),
    [
        (None, 0, []),
        ({}, 0, ["stock.not_enough"]),
        ({"MUG": 0}, 0, ["stock.not_enough"]),
        ({"MUG": 1}, 0, []),
        ({"MUG": 5}, 4, []),
        ({"MUG": 5}, 5, ["stock.safety"]),
    ],
)
def test_stock_that_does_not_suffice_is_a_note(free: dict[str, int] | None, safety: int, codes: list[str]) -> None:
    articles = {"MUG": ArticleFacts("MUG", safety_stock=safety)}
    flags = review(Dossier(order(), articles, free))
    assert [flag.code for flag in flags] == codes
    assert all(flag.hold is None and flag.cleared_by == [] and flag.badge == "提示" for flag in flags)


@pytest.mark.parametrize(
    ("scores", "holds"), [([40], False), ([60, 39], False), ([60, 40], True), ([100], True), ([], False)]
)
def test_risks_hold_an_order_together(scores: list[int], holds: bool) -> None:
    risks = tuple(Risk(f"row{n}", score, "一句话") for n, score in enumerate(scores))
    flags = review(Dossier(order(), risks=risks))
    assert [flag.code for flag in flags] == [f"risk.row{n}" for n in range(len(scores))]
    assert [flag.hold for flag in flags] == [HoldReason.RISK if holds else None] * len(scores)


def test_a_risk_that_counts_nothing_is_a_note_beside_those_that_hold() -> None:
    flags = review(Dossier(order(), risks=(Risk("vip", 0, "老客户"), Risk("bad", 100, "风险"))))
    assert [flag.hold for flag in flags] == [None, HoldReason.RISK]


def test_every_flag_that_holds_says_what_clears_it() -> None:
    (flag,) = review(Dossier(order(), twins=(Twin("own:main:SO0", 2, holds=True),)))
    assert (flag.hold, flag.badge) == (HoldReason.DUPLICATE, "疑似重复下单")
    assert flag.cleared_by == ["运营放行", "渠道更新订单", "系统自动重试", "取消订单"]
    assert "SO0" in flag.detail


def test_a_twin_that_is_far_apart_is_a_note() -> None:
    (flag,) = review(Dossier(order(), twins=(Twin("own:main:SO0", 20, holds=False),)))
    assert (flag.code, flag.hold) == ("duplicate.note", None)


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({}, True),
        ({"lines": (_line(line_no="7", title="另一个名字"),)}, True),
        ({"lines": (_line(quantity=2),)}, False),
        ({"receiver": receiver("示例路2号")}, False),
        ({"parent_no": "P1"}, True),
    ],
)
def test_what_says_the_same(changes: dict[str, Any], same: bool) -> None:
    assert says_the_same(order(), order("SO2", **changes)) is same


def test_parts_of_one_purchase_are_no_duplicates() -> None:
    assert not says_the_same(order(parent_no="P1"), order("SO2", parent_no="P1"))


# ------------------------------------------------------------------------------------- what the law wants

DAY = date(2026, 3, 1)
DUTY = Duty("MUG", "formula_1_to_3", "formula_registration", blocked=False, sentence="须注册")


def _tag(**changes: Any) -> Tag:
    return replace(Tag("formula_registration", "国食注字YP20170001"), **changes)


@pytest.mark.parametrize(
    ("tags", "codes"),
    [
        ((), ["compliance.missing"]),
        ((_tag(),), []),
        ((_tag(valid_to=DAY, valid_from=DAY),), []),
        ((_tag(valid_to=DAY - timedelta(days=1)),), ["compliance.expired"]),
        ((_tag(valid_from=DAY + timedelta(days=1)),), ["compliance.expired"]),
        ((_tag(valid_to=DAY - timedelta(days=1)), _tag(value="国食注字YP20170002")), []),
        ((_tag(value="YP1"),), ["compliance.malformed"]),
        ((_tag(kind="formula_filing"),), ["compliance.missing"]),
    ],
)
def test_a_number_that_the_law_wants(tags: tuple[Tag, ...], codes: list[str]) -> None:
    articles = {"MUG": ArticleFacts("MUG", category="infant_formula", grade=1, tags=tags)}
    flags = review(Dossier(order(), articles, duties=(DUTY,), day=DAY))
    assert [flag.code for flag in flags] == codes
    assert all(flag.hold is HoldReason.COMPLIANCE and "MUG" in flag.detail for flag in flags)


@pytest.mark.parametrize(
    ("tags", "day"),
    [
        ((_tag(valid_to=DAY + timedelta(days=10)),), DAY + timedelta(days=20)),
        ((_tag(valid_to=DAY + timedelta(days=20)),), None),
        ((_tag(valid_to=DAY + timedelta(days=10)), _tag(valid_from=DAY + timedelta(days=11))), None),
        ((_tag(valid_from=DAY + timedelta(days=11)),), DAY + timedelta(days=1)),
        ((_tag(value="YP1"), _tag(valid_to=DAY + timedelta(days=10))), DAY + timedelta(days=20)),
    ],
)
def test_a_number_counts_on_the_day_on_which_the_order_leaves(tags: tuple[Tag, ...], day: date | None) -> None:
    articles = {"MUG": ArticleFacts("MUG", category="infant_formula", grade=1, tags=tags)}
    leaves = Leaves(DAY + timedelta(days=1), DAY + timedelta(days=20))
    flags = review(Dossier(order(), articles, duties=(DUTY,), day=DAY, leaves=leaves))
    assert len(flags) == (day is not None)
    if day is not None and tags[0].well_formed:
        assert f"在计划发货日 {day} 不在有效期内" in flags[0].detail


def test_what_the_law_forbids_nobody_releases() -> None:
    duty = Duty("MUG", "never_online", "", blocked=True, sentence="禁止网售")
    (flag,) = review(Dossier(order(), {"MUG": ArticleFacts("MUG")}, duties=(duty,), day=DAY))
    assert (flag.code, flag.hold) == ("compliance.blocked", HoldReason.COMPLIANCE_BLOCKED)
    assert not operator_may_release(HoldReason.COMPLIANCE_BLOCKED)


def test_a_stage_that_nobody_has_said() -> None:
    duty = Duty("MUG", "formula_stage", "grade", blocked=False, sentence="须登记段位")
    for grade, codes in ((0, ["compliance.missing"]), (1, [])):
        flags = review(Dossier(order(), {"MUG": ArticleFacts("MUG", grade=grade)}, duties=(duty,), day=DAY))
        assert [flag.code for flag in flags] == codes
