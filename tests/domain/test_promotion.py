"""The promotion engine: by hand, by its invariants, and against an oracle that shares no code with it."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.promotion import (
    Base,
    Basket,
    BasketLine,
    Kind,
    Layer,
    Offer,
    Pick,
    Priced,
    Promotion,
    Why,
    price,
)
from tests.domain.promotion_oracle import oracle

NOON = datetime(2026, 11, 11, 4, 0, tzinfo=UTC)
SEED = 20261111
PARTS = 10
BASKETS = 10_000
"""In each part: 100,000 baskets in all."""
CUSTOMERS = 4
"""Baskets that meet the same promotions: thinking up promotions takes longer than reckoning them twice."""


def _promotion(code: str, kind: Kind, group: str = "full", **terms: Any) -> Promotion:
    return Promotion(code, code, kind, group, **terms)


def _basket(*lines: tuple[str, int, int], **facts: Any) -> Basket:
    made = (BasketLine(str(n), sku, pieces, fen) for n, (sku, pieces, fen) in enumerate(lines, 1))
    return Basket(tuple(made), facts.pop("at", NOON), **facts)


def _priced(
    basket: Basket, *promotions: Promotion | tuple[Promotion, str], layers: list[Layer] | None = None
) -> Priced:
    """Promotions count for all lines, or for those whose numbers stand beside them."""
    offers = []
    for one in promotions:
        promotion, lines = one if isinstance(one, tuple) else (one, "123456789")
        offers.append(Offer(promotion, frozenset(lines)))
    groups = list(dict.fromkeys(offer.promotion.group for offer in offers))
    return price(basket, offers, layers if layers is not None else [Layer(group) for group in groups])


def _counted(priced: Priced) -> list[tuple[str, int, int]]:
    return [(step.promotion.code, step.times, step.off_fen) for step in priced.steps]


def _why(priced: Priced) -> dict[str, Why]:
    return {one.promotion.code: one.why for one in priced.skipped}


FULL = _promotion("full300", Kind.OFF, at_least_fen=30000, off_fen=5000)
HALF = _promotion("half", Kind.NTH, "piece", nth=2, pay_permille=500)


# ------------------------------------------------------------------------------------------------ by hand


@pytest.mark.parametrize(
    ("worth", "times", "every"),
    [(29999, 0, False), (30000, 1, False), (90000, 1, False), (29999, 0, True), (59999, 1, True), (60000, 2, True)],
)
def test_an_amount_off_from_a_threshold_on(worth: int, times: int, every: bool) -> None:
    priced = _priced(_basket(("A", 1, worth)), _promotion("x", Kind.OFF, at_least_fen=30000, off_fen=5000, every=every))
    assert priced.due_fen == worth - times * 5000


def test_of_the_steps_of_a_full_reduction_the_highest_that_is_reached_counts() -> None:
    steps = [
        _promotion(f"from{n}", Kind.OFF, at_least_fen=n * 100, off_fen=off) for n, off in ((300, 5000), (500, 12000))
    ]
    assert _counted(_priced(_basket(("A", 1, 49999)), *steps)) == [("from300", 1, 5000)]
    assert _counted(_priced(_basket(("A", 1, 50000)), *steps)) == [("from500", 1, 12000)]
    assert _why(_priced(_basket(("A", 1, 49999)), *steps)) == {"from500": Why.THRESHOLD}


def test_what_is_taken_off_is_shared_by_largest_remainder() -> None:
    priced = _priced(_basket(("A", 1, 10000), ("B", 1, 10000), ("C", 1, 10001)), FULL)
    assert [line.off_fen for line in priced.lines] == [1667, 1666, 1667]
    assert priced.due_fen == 25001


def test_never_more_is_taken_off_than_there_is_to_pay() -> None:
    priced = _priced(_basket(("A", 1, 300), ("B", 2, 0)), _promotion("coupon", Kind.OFF, off_fen=1000))
    assert [line.due_fen for line in priced.lines] == [0, 0]


@pytest.mark.parametrize(("pieces", "off"), [(1, 0), (2, 1667), (3, 1667), (4, 3334)])
def test_of_two_pieces_the_second_costs_half_rounded_half_up(pieces: int, off: int) -> None:
    assert _priced(_basket(("A", pieces, 3333)), HALF).lines[0].off_fen == off


def test_the_cheaper_piece_is_the_second_one_and_goods_count_alone_or_together() -> None:
    basket = _basket(("A", 1, 9000), ("B", 1, 4000), ("A", 1, 8000))
    assert _counted(_priced(basket, HALF)) == [("half", 1, 4000)]
    together = _promotion("half", Kind.NTH, "piece", nth=2, pay_permille=500, together=True)
    priced = _priced(basket, together)
    assert [line.off_fen for line in priced.lines] == [0, 2000, 0]


def test_a_member_discount_comes_on_top_of_a_discount() -> None:
    city = _promotion("city", Kind.RATE, "city", pay_permille=880)
    member = _promotion("member", Kind.RATE, "member", pay_permille=950)
    basket = _basket(("A", 1, 10001))
    layers = [Layer("city"), Layer("member")]
    assert _counted(_priced(basket, member, city, layers=layers)) == [("city", 1, 1200), ("member", 1, 440)]
    on_list = [Layer("city"), Layer("member", base=Base.LIST)]
    assert _counted(_priced(basket, member, city, layers=on_list)) == [("city", 1, 1200), ("member", 1, 500)]


def test_a_price_of_its_own_for_the_dearest_pieces_and_so_many_only() -> None:
    basket = _basket(("A", 2, 5000), ("B", 2, 7000))
    sale = _promotion("sale", Kind.PRICE, price_fen=4000, times=3)
    assert [line.off_fen for line in _priced(basket, sale).lines] == [1000, 6000]


def test_a_bundle_has_one_price_and_what_is_over_costs_what_it_costs() -> None:
    set_ = _promotion("set", Kind.BUNDLE, price_fen=10000, bundle=(("A", 1), ("B", 2)))
    priced = _priced(_basket(("A", 3, 6000), ("B", 5, 3000)), set_)
    assert _counted(priced) == [("set", 2, 4000)]
    assert priced.due_fen == 2 * 10000 + 6000 + 3000
    dear = _promotion("set", Kind.BUNDLE, price_fen=12000, bundle=(("A", 1), ("B", 2)))
    assert _why(_priced(_basket(("A", 3, 6000), ("B", 5, 3000)), dear)) == {"set": Why.NOTHING}


def test_one_pack_of_wipes_for_every_two_of_diapers() -> None:
    wipes = _promotion("wipes", Kind.GIFT, "gift", at_least_pieces=2, every=True, gift_sku="WIPES", gift_pieces=1)
    basket = _basket(("CUP", 9, 100), ("DIAPER", 5, 8900))
    [gift] = _priced(basket, (wipes, "2")).gifts
    assert (gift.sku, gift.pieces, gift.gift_of) == ("WIPES", 2, "2")
    assert _priced(basket, (wipes, "3")).gifts == ()


@pytest.mark.parametrize(("tags", "given"), [({"LIVE2026"}, 1), ({"LIVE2025"}, 0), (set(), 0)])
def test_an_order_of_the_live_show_gets_its_gift(tags: set[str], given: int) -> None:
    gift = _promotion("live", Kind.GIFT, "gift", tag="LIVE2026", gift_sku="BAG", gift_pieces=1)
    priced = _priced(_basket(("A", 1, 100), tags=frozenset(tags)), gift)
    assert [one.pieces for one in priced.gifts] == [1] * given
    assert [step.words() for step in priced.steps] == ["live：赠 BAG × 1"] * given
    assert not priced.skipped


def test_a_coupon_counts_for_who_redeems_it_and_both_sides_bear_their_part() -> None:
    coupon = _promotion("platform", Kind.OFF, "platform_coupon", off_fen=777, coupon="P777", platform_permille=700)
    lines = (("A", 1, 10000), ("B", 1, 5000), ("C", 1, 1))
    assert _priced(_basket(*lines), coupon).due_fen == 15001
    priced = _priced(_basket(*lines, coupons=frozenset({"P777"})), coupon)
    assert [(line.off_fen, line.platform_fen, line.shop_fen) for line in priced.lines] == [
        (518, 363, 155),
        (259, 181, 78),
        (0, 0, 0),
    ]
    assert (priced.platform_fen, priced.shop_fen) == (544, 233)


def test_a_buyer_has_a_promotion_so_often_over_all_orders() -> None:
    sale = _promotion("sale", Kind.PRICE, price_fen=0, per_buyer=3)
    assert _counted(_priced(_basket(("A", 9, 100), used={"sale": 1}), sale)) == [("sale", 2, 200)]
    assert _why(_priced(_basket(("A", 9, 100), used={"sale": 3}), sale)) == {"sale": Why.LIMIT}


def test_what_is_taken_off_has_an_upper_end() -> None:
    rate = _promotion("rate", Kind.RATE, pay_permille=500, most_fen=999)
    assert [line.off_fen for line in _priced(_basket(("A", 1, 2000), ("B", 1, 1000)), rate).lines] == [666, 333]


def test_goods_at_a_special_price_take_no_part_where_the_layer_says_so() -> None:
    sale = _promotion("sale", Kind.PRICE, "price", price_fen=20000)
    basket = _basket(("A", 1, 25000), ("B", 1, 29000))
    layers = [Layer("price"), Layer("full", excludes=frozenset({"price"}))]
    priced = _priced(basket, (sale, "1"), FULL, layers=layers)
    assert _counted(priced) == [("sale", 1, 5000)]
    assert _why(priced) == {"full300": Why.THRESHOLD}
    assert _counted(_priced(basket, (sale, "1"), FULL)) == [("sale", 1, 5000), ("full300", 1, 5000)]
    all_out = _priced(basket, sale, FULL, layers=layers)
    assert _why(all_out) == {"full300": Why.TAKEN}


def test_of_one_layer_a_line_has_the_best_and_other_lines_have_theirs() -> None:
    small = _promotion("small", Kind.OFF, off_fen=100)
    large = _promotion("large", Kind.OFF, off_fen=300)
    basket = _basket(("A", 1, 1000), ("B", 1, 1000))
    assert _counted(_priced(basket, small, (large, "2"))) == [("large", 1, 300), ("small", 1, 100)]
    first = [Layer("full", Pick.FIRST)]
    assert _counted(_priced(basket, small, (large, "2"), layers=first)) == [("small", 1, 100)]
    every = [Layer("full", Pick.ALL)]
    assert _counted(_priced(basket, small, (large, "2"), layers=every)) == [("small", 1, 100), ("large", 1, 300)]


def test_a_group_without_a_layer_takes_no_part() -> None:
    assert _why(_priced(_basket(("A", 1, 30000)), FULL, layers=[Layer("price")])) == {"full300": Why.NO_LAYER}


@pytest.mark.parametrize(("at", "counts"), [(-1, False), (0, True), (3599, True), (3600, False)])
def test_a_promotion_counts_from_its_first_second_and_not_at_its_end(at: int, counts: bool) -> None:
    hour = _promotion("hour", Kind.OFF, off_fen=1, begins=NOON, ends=NOON + timedelta(hours=1))
    assert bool(_priced(_basket(("A", 1, 9), at=NOON + timedelta(seconds=at)), hour).steps) is counts


@pytest.mark.parametrize("line", [("A", 0, 1), ("A", 1, -1)])
def test_a_basket_has_pieces_and_prices(line: tuple[str, int, int]) -> None:
    with pytest.raises(ValueError, match="pieces"):
        _basket(line)


def test_ten_thousand_pieces_cost_no_more_than_two() -> None:
    priced = _priced(_basket(("A", 10_000_001, 3333)), HALF, _promotion("sale", Kind.PRICE, "price", price_fen=1000))
    assert _counted(priced)[0] == ("half", 5_000_000, 5_000_000 * 1667)


# ------------------------------------------------------------------------------------------------ against the oracle

GROUPS = ("price", "piece", "member", "full", "coupon")
SKUS = ("A", "B", "C", "D")
NUMBERS = ("1", "2", "3", "4")
"""Of lines."""


def _shop(rng: random.Random) -> tuple[list[str], list[Offer], list[Layer]]:
    """What a shop sells, what it promotes, and how that stacks; small numbers, so that everything meets everything."""
    skus = rng.sample(SKUS, rng.randint(1, len(SKUS)))
    groups = rng.sample(GROUPS, rng.randint(3, 5))
    offers = [
        Offer(_any(rng, f"p{n}", groups, skus), _some(rng, list(NUMBERS), 0.85)) for n in range(rng.randint(1, 6))
    ]
    layers = [
        Layer(group, rng.choice(tuple(Pick)), rng.choice(tuple(Base)), _some(rng, groups, 0.1) - {group})
        for group in groups
    ]
    return skus, offers, layers


def _bought(rng: random.Random, skus: list[str], offers: list[Offer]) -> Basket:
    """What somebody buys there."""
    lines = tuple(
        BasketLine(
            number,
            rng.choice(skus),
            rng.choice((1, 1, 2, 3, 5)),
            rng.choice((0, 99, 990, 3333, rng.randrange(20000), 9999)),
        )
        for number in NUMBERS[: rng.randint(1, len(NUMBERS))]
    )
    used = {offer.promotion.code: rng.randrange(3) for offer in offers if rng.random() < 0.3}
    tags = frozenset({"live"} if rng.random() < 0.5 else ())
    return Basket(lines, NOON, frozenset({"C1"} if rng.random() < 0.6 else ()), tags, used)


def _some(rng: random.Random, names: list[str], chance: float) -> frozenset[str]:
    return frozenset(name for name in names if rng.random() < chance)


def _any(rng: random.Random, code: str, groups: list[str], skus: list[str]) -> Promotion:
    kind = rng.choice(tuple(Kind))
    terms: dict[str, Any] = {
        "at_least_fen": rng.choice((0, 0, 0, 1000, rng.randrange(20000))),
        "at_least_pieces": rng.choice((0, 0, 0, 1, 2, 4)),
        "every": rng.random() < 0.5,
        "off_fen": rng.choice((1, 500, 5000, rng.randrange(1, 9999))),
        "pay_permille": rng.choice((0, 500, 880, 950, rng.randrange(1000))),
        "nth": rng.choice((1, 2, 2, 3)),
        "together": rng.random() < 0.5,
        "price_fen": rng.choice((0, 500, rng.randrange(9000))),
        "bundle": tuple(
            (sku, rng.choice((1, 1, 2))) for sku in rng.sample(skus, min(len(skus), rng.choice((1, 2, 2))))
        ),
        "gift_sku": "GIFT",
        "gift_pieces": rng.randint(1, 2),
        "most_fen": rng.choice((0, 0, 0, 777)),
        "times": rng.choice((0, 0, 0, 1, 2)),
        "per_buyer": rng.choice((0, 0, 0, 1, 2)),
        "platform_permille": rng.choice((0, 0, 1000, 500, rng.randrange(1001))),
        "coupon": rng.choice(("", "", "", "", "C1")),
        "tag": rng.choice(("", "", "", "", "live")),
    }
    if rng.random() < 0.05:
        terms |= {"begins": NOON + timedelta(seconds=rng.choice((0, 1)))}
    if rng.random() < 0.05:
        terms |= {"ends": NOON + timedelta(seconds=rng.choice((0, 1)))}
    return Promotion(code, code, kind, rng.choice(groups if rng.random() < 0.95 else GROUPS), **terms)


@pytest.mark.parametrize("part", range(PARTS))
def test_random_baskets_agree_with_a_slow_oracle(part: int) -> None:
    rng = random.Random(SEED + part)
    kinds: dict[Kind, int] = dict.fromkeys(Kind, 0)
    stacked = 0
    for n in range(BASKETS):
        if n % CUSTOMERS == 0:
            skus, offers, layers = _shop(rng)
        basket = _bought(rng, skus, offers)
        priced, bill = price(basket, offers, layers), oracle(basket, offers, layers)
        said = (
            {line.line.line_no: line.due_fen for line in priced.lines},
            {line.line.line_no: line.platform_fen for line in priced.lines},
            _counted(priced),
            [(gift.sku, gift.pieces, gift.gift_of) for gift in priced.gifts],
        )
        assert said == (bill.due, bill.platform, bill.counted, bill.gifts), (
            f"seed {SEED + part}, basket {n}: {basket} {offers} {layers}"
        )
        _sound(priced)
        for step in priced.steps:
            kinds[step.promotion.kind] += 1
        stacked += len(priced.steps) > 2
    # The oracle would agree with an engine that never does anything, too.
    assert min(kinds.values()) > BASKETS // 10, kinds
    assert stacked > BASKETS // 10, stacked


def _sound(priced: Priced) -> None:
    """What holds whatever the oracle says: every split sums to its whole, and nothing is less than nothing."""
    assert all(line.due_fen >= 0 and 0 <= line.platform_fen <= line.off_fen for line in priced.lines)
    assert priced.list_fen == priced.due_fen + priced.platform_fen + priced.shop_fen
    assert priced.platform_fen + priced.shop_fen == sum(step.off_fen for step in priced.steps)
