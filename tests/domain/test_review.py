from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.holds import HoldReason
from domain.money import Fen
from domain.order import Amounts, Customer, Order, OrderLine, PaymentTerms
from domain.review import Dossier, needs_credit, review
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


@pytest.mark.parametrize(
    ("terms", "above", "asked"),
    [
        (PaymentTerms.PREPAID, 0, False),
        (PaymentTerms.PREPAID, 4949, True),
        (PaymentTerms.PREPAID, 4950, False),
        (PaymentTerms.NET30, 0, True),
        (PaymentTerms.NET60, 10**9, True),
    ],
)
def test_credit_is_asked_for_account_terms_and_above_the_limit(terms: PaymentTerms, above: int, asked: bool) -> None:
    assert needs_credit(order(customer=Customer(external_id="C1", terms=terms)), Fen(above)) is asked
