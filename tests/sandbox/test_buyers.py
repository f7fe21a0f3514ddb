from __future__ import annotations

import re

import pytest
from pydantic import ValidationError

from domain.order import PaymentTerms
from sandbox.buyers import CATALOGUE, Buyers
from sandbox.catalogue import COUNTRY, DELTA, GIFT_SKU, HOT_SKU, REMOTE
from sandbox.drafts import Draft
from tests.sandbox.town import RECEIVER, draft

SEED_1 = [("own", "C09325", 65899), ("own", "C07297", 55900), ("own", "C07174", 15800)]
PAYING = {"sku": "A", "title": "A", "unit_price_fen": 500}
GIFT = {"sku": "G", "title": "G", "unit_price_fen": 0, "gift_of": "1"}


def test_the_same_seed_gives_the_same_orders() -> None:
    first, second = Buyers(7), Buyers(7)
    assert first.drafts(50) == second.drafts(50)
    assert first.drafts(50) == second.drafts(50)
    assert Buyers(7).drafts(50) != Buyers(8).drafts(50)


def test_a_crowd_is_varied() -> None:
    drafts = Buyers(1).drafts(1000)
    skus = {line.sku for order in drafts for line in order.lines}
    assert skus == {item.sku for item in CATALOGUE}
    assert {order.channel for order in drafts} == {"own", "douyin"}
    places = {(r.province, r.city, r.district, r.town) for r in (order.receiver for order in drafts)}
    assert places == {*DELTA, *COUNTRY, *REMOTE}
    assert any(not order.receiver.district for order in drafts)
    assert any(order.discount_fen % 2 for order in drafts)
    assert any(len(order.requirements) for order in drafts)
    assert any(order.lines[-1].sku == GIFT_SKU and order.lines[-1].gift_of == "1" for order in drafts)
    on_account = [order for order in drafts if order.customer.terms is PaymentTerms.NET30]
    assert {order.channel for order in on_account} == {"own"}
    assert all(order.customer.name and order.customer.tax_no for order in on_account)
    assert all(re.fullmatch(r"138000\d{5}", order.receiver.phone) for order in drafts)


def test_a_buyer_lives_at_one_address() -> None:
    drafts = Buyers(1).drafts(3000)
    homes = {(order.customer.id, order.receiver.model_dump_json()) for order in drafts if not order.customer.name}
    assert len(homes) == len({customer for customer, _ in homes})


def test_members_are_known_in_the_own_shop_and_at_the_tills_by_one_code() -> None:
    drafts = Buyers(1).drafts(300, ["own", "pos", "douyin"])
    codes: dict[str, set[str]] = {"own": set(), "pos": set(), "douyin": set()}
    for order in drafts:
        codes[order.channel].add(order.customer.member_code)
        if order.customer.member_code:
            assert order.customer.member_code[1:] == order.customer.id[1:]
    assert len(codes["own"] & codes["pos"] - {""}) > 10
    assert "" in codes["own"] & codes["pos"]
    assert codes["douyin"] == {""}
    tills = [order for order in drafts if order.channel == "pos"]
    assert {len(order.lines) for order in tills} == {1, 2}
    assert {line.quantity for order in tills for line in order.lines} == {1}


def test_companies_buy_on_account_or_pay_before() -> None:
    drafts = Buyers(1).drafts(200, ["b2b"])
    assert {order.customer.terms for order in drafts} == set(PaymentTerms)
    assert all(order.customer.name and order.customer.tax_no for order in drafts)
    assert max(line.quantity for order in drafts for line in order.lines) == 9


def test_new_channels_leave_the_old_crowds_as_they_were() -> None:
    """A seed stands for the same orders in all versions: these are what seed 1 gave before there were others."""
    first = Buyers(1).drafts(3)
    assert [(order.channel, order.customer.id, order.goods_fen) for order in first] == SEED_1


def test_everything_that_is_frozen_goes_cold() -> None:
    cold = {item.sku for item in CATALOGUE if item.cold_chain}
    for order in Buyers(3).drafts(500):
        assert ("COLD_CHAIN" in order.requirements) == any(line.sku in cold for line in order.lines)


def test_how_many_want_the_scarce_article_can_be_said() -> None:
    everybody = Buyers(1, hot_share=1).drafts(20)
    assert {line.sku for order in everybody for line in order.lines} <= {HOT_SKU, GIFT_SKU}
    assert not any(line.sku == HOT_SKU for order in Buyers(1, hot_share=0).drafts(200) for line in order.lines)


def test_the_discount_is_split_to_the_fen_and_gifts_get_none() -> None:
    for order in Buyers(5).drafts(500):
        shares = order.line_discounts()
        assert sum(shares) == order.discount_fen
        paying = zip(order.lines, shares, strict=True)
        assert all(0 <= share <= line.quantity * line.unit_price_fen for line, share in paying)


@pytest.mark.parametrize(
    "changes",
    [
        {"colour": "red"},
        {"discount_fen": 99_999},
        {"lines": []},
        {"lines": [GIFT], "discount_fen": 0},
        {"lines": [PAYING, GIFT | {"gift_of": "7"}]},
        {"lines": [PAYING, GIFT | {"unit_price_fen": 1}]},
        {"order_no": "a:b"},
        {"paid_at": "2026-03-01T10:00:00"},
        {"channel": "douyin", "order_no": "SO1"},
        {"channel": "douyin", "order_no": str(2**63)},
        {"channel": "douyin", "customer": {"id": "B1", "terms": "NET30"}},
        {"channel": "pos", "customer": {"id": "B1", "terms": "NET30"}},
        {"receiver": RECEIVER | {"email": "x"}},
    ],
)
def test_a_draft_that_makes_no_sense_is_refused(changes: dict[str, object]) -> None:
    Draft.model_validate(draft())
    with pytest.raises(ValidationError):
        Draft.model_validate(draft(**changes))


def test_an_order_was_paid_some_minutes_ago() -> None:
    now_placed, now_paid = Draft.model_validate(draft()).moments()
    placed, paid = Draft.model_validate(draft(paid_minutes_ago=90)).moments()
    assert 5390 < (now_paid - paid).total_seconds() < 5401
    assert placed < paid
    assert now_placed < now_paid
