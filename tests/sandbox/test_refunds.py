"""The refunds that every platform keeps: what may be applied for, and what becomes of it."""

from __future__ import annotations

from itertools import count

import pytest

from sandbox.drafts import Draft
from sandbox.refunds import Refund, Refunds, RefundStatus, Verdict
from tests.sandbox.town import draft

ORDER = Draft.model_validate(draft())
"""Two mugs for 98.24, a towel for 33.08, a gift, 6.00 freight: 137.32."""


@pytest.fixture
def refunds() -> Refunds:
    numbers = count(1)
    return Refunds(lambda: f"R{next(numbers)}")


def apply(refunds: Refunds, line: int | None = None, amount_fen: int | None = None) -> Refund:
    return refunds.apply("O1", ORDER, line, amount_fen, shipped=False)


def test_without_an_amount_it_is_all_that_was_paid(refunds: Refunds) -> None:
    assert (ORDER.paid_fen, apply(refunds).amount_fen) == (13732, 13732)
    line = refunds.apply("O2", ORDER, 1, None, shipped=False)
    assert line.amount_fen == 9824
    assert [line.covers(n) for n in (1, 2, 3)] == [True, False, False]


def test_nothing_has_two_open_refunds(refunds: Refunds) -> None:
    first = apply(refunds, 1)
    for line in (1, None):
        with pytest.raises(ValueError, match="open already"):
            apply(refunds, line)
    apply(refunds, 2)
    refunds.settle(first.refund_id, Verdict.WITHDRAW)
    assert apply(refunds, 1).amount_fen == 9824


def test_no_more_goes_back_than_was_paid(refunds: Refunds) -> None:
    with pytest.raises(ValueError, match="only 13732 fen"):
        apply(refunds, None, 13733)
    refunds.settle(apply(refunds, None, 13000).refund_id, Verdict.APPROVE)
    with pytest.raises(ValueError, match="only 732 fen"):
        apply(refunds, 1, 733)
    rest = apply(refunds, 1)
    assert (rest.amount_fen, rest.full) == (732, True)
    refunds.settle(rest.refund_id, Verdict.APPROVE)
    with pytest.raises(ValueError, match="nothing is left"):
        apply(refunds)


def test_a_part_of_the_money_takes_no_goods_back(refunds: Refunds) -> None:
    part = apply(refunds, 1, 9823)
    assert (part.full, part.covers(1)) == (False, False)


@pytest.mark.parametrize(("amount_fen", "full"), [(13131, False), (13132, True), (13732, True)])
def test_all_that_the_goods_cost_takes_them_back_though_freight_is_kept(
    refunds: Refunds, amount_fen: int, full: bool
) -> None:
    assert apply(refunds, None, amount_fen).full is full


def test_freight_can_go_back_with_a_line(refunds: Refunds) -> None:
    assert refunds.left("O1", ORDER, 1, 600) == 10424
    with_freight = refunds.apply("O1", ORDER, 1, None, shipped=False, beside_fen=600)
    assert (with_freight.amount_fen, with_freight.covers(1)) == (10424, True)
    assert refunds.apply("O1", ORDER, 2, None, shipped=False, beside_fen=600).amount_fen == 3308


def test_what_was_refused_can_be_asked_for_again(refunds: Refunds) -> None:
    refunds.settle(apply(refunds).refund_id, Verdict.REFUSE)
    assert apply(refunds).amount_fen == 13732


@pytest.mark.parametrize("line", [0, 4])
def test_a_line_must_be_there(refunds: Refunds, line: int) -> None:
    with pytest.raises(ValueError, match="no line"):
        apply(refunds, line)


@pytest.mark.parametrize(
    ("verdict", "status"),
    [
        (Verdict.APPROVE, RefundStatus.REFUNDED),
        (Verdict.REFUSE, RefundStatus.REFUSED),
        (Verdict.WITHDRAW, RefundStatus.WITHDRAWN),
    ],
)
def test_a_refund_is_decided_once(refunds: Refunds, verdict: Verdict, status: RefundStatus) -> None:
    refund = apply(refunds, 2)
    assert refunds.settle(refund.refund_id, verdict).status is status
    for again in Verdict:
        with pytest.raises(ValueError, match="too late"):
            refunds.settle(refund.refund_id, again)
    with pytest.raises(KeyError):
        refunds.settle("R0", verdict)
    assert refunds.book("main") == [
        {
            "refund_id": "R1",
            "order_no": "O1",
            "shop": "main",
            "status": status.value,
            "amount_fen": 3308,
            "line": 2,
        }
    ]


def test_an_order_that_cost_nothing_can_be_given_back(refunds: Refunds) -> None:
    free = Draft.model_validate(draft(discount_fen=13233, freight_fen=0))
    assert refunds.apply("O1", free, None, None, shipped=False).full
