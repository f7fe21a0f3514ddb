from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.routing import (
    Availability,
    Claim,
    Consignment,
    Otherwise,
    Part,
    Purchase,
    Routing,
    Short,
    Site,
    SplitRule,
    Strategy,
    Verdict,
    Wanted,
    Weights,
    route,
)
from domain.texts import use_language

NEAR = Site("NEAR", 1, 800, 100)
FAR = Site("FAR", 4, 1000, 300)
THIRD = Site("THIRD", 5, 1200, 500)
SITES = (NEAR, FAR, THIRD)
HERE = Strategy("here", at_most=2, spare=True)
ANYWHERE = Strategy("anywhere")
BOTH = (HERE, ANYWHERE)
TWO = (Wanted("1", "A", 2), Wanted("2", "B", 1))
MONDAY, TUESDAY = date(2026, 12, 7), date(2026, 12, 8)


def _free(**codes: str) -> dict[tuple[str, str], int]:
    """NEAR="AAB": two pieces of A and one of B in NEAR."""
    return {(sku, code): skus.count(sku) for code, skus in codes.items() for sku in set(skus)}


def test_the_first_strategy_that_fills_the_whole_order_wins() -> None:
    both = route(TWO, Availability(_free(NEAR="AAB", FAR="AABBB")), SITES, BOTH, SplitRule())
    assert (both.strategy, both.consignments[0].warehouse, both.verdict) == ("here", "NEAR", Verdict.FILLED)
    assert both.consignments == (Consignment(1, "NEAR", (("1", "A", 2), ("2", "B", 1))),)
    assert both.freight_fen == 800 + 300
    lacking = route(TWO, Availability(_free(NEAR="AA", FAR="AAB")), SITES, BOTH, SplitRule())
    assert (lacking.strategy, lacking.consignments[0].warehouse) == ("anywhere", "FAR")
    assert {(score.strategy, score.warehouse): score.out for score in lacking.scores} == {
        ("here", "NEAR"): "stock",
        ("here", "FAR"): "far",
        ("here", "THIRD"): "far",
        ("anywhere", "NEAR"): "stock",
        ("anywhere", "FAR"): "",
        ("anywhere", "THIRD"): "stock",
    }
    assert lacking.reason.text() == "由仓库 FAR 整单发出（策略：anywhere）"


@pytest.mark.parametrize(
    ("weights", "winner"),
    [
        (Weights(distance=1, depth=0, freight=0, load=0), "NEAR"),
        (Weights(distance=0, depth=1, freight=0, load=0), "DEEP"),
        (Weights(distance=0, depth=0, freight=1, load=0), "CHEAP"),
        (Weights(distance=0, depth=0, freight=0, load=1), "IDLE"),
    ],
)
def test_each_criterion_counts_by_its_weight(weights: Weights, winner: str) -> None:
    sites = [
        Site("NEAR", 0, 900, load=5, capacity=10),
        Site("DEEP", 3, 900, load=5, capacity=10),
        Site("CHEAP", 3, 600, load=5, capacity=10),
        Site("IDLE", 3, 900, load=1, capacity=10),
    ]
    stock = Availability({("A", site.code): 50 if site.code == "DEEP" else 20 for site in sites})
    found = route([Wanted("1", "A", 10)], stock, sites, [Strategy("only", weights)], SplitRule())
    assert found.consignments[0].warehouse == winner


def test_ties_are_decided_by_distance_depth_freight_load_and_code() -> None:
    none = Strategy("none", Weights(0, 0, 0, 0))
    order = [
        Site("Z", 0, 900),
        Site("Y", 1, 900),
        Site("X", 1, 500),
        Site("W", 1, 900, load=1, capacity=10),
        Site("V", 1, 900, load=1, capacity=10),
    ]
    stock = {("A", "Z"): 1, ("A", "Y"): 3, ("A", "X"): 2, ("A", "W"): 2, ("A", "V"): 2}
    left = list(order)
    won = []
    while left:
        found = route([Wanted("1", "A", 1)], Availability(stock), left[::-1], [none], SplitRule())
        won.append(found.consignments[0].warehouse)
        left = [site for site in left if site.code != won[-1]]
    assert won == ["Z", "Y", "X", "V", "W"]


def test_an_order_is_split_when_no_warehouse_has_it_all() -> None:
    found = route(TWO, Availability(_free(NEAR="AA", FAR="B", THIRD="AB")), SITES, BOTH, SplitRule())
    assert (found.strategy, found.verdict, found.method) == ("split", Verdict.FILLED, "exact")
    assert found.consignments == (Consignment(1, "NEAR", (("1", "A", 2),)), Consignment(2, "FAR", (("2", "B", 1),)))
    assert found.freight_fen == (800 + 200) + (1000 + 300)
    assert found.reason.text() == "没有一个仓库能整单发出，拆为 2 张发货单：NEAR, FAR"


@pytest.mark.parametrize("wish", list(Otherwise))
def test_a_small_order_is_not_split(wish: Otherwise) -> None:
    stock = Availability(_free(NEAR="AA", FAR="B"))
    for rule in (SplitRule(small_fen=5000, small=wish), SplitRule(small_pieces=4, small=wish), SplitRule(most=1)):
        found = route(TWO, stock, SITES, BOTH, rule, amount_fen=4999)
        assert (found.consignments, found.verdict) == ((), Verdict.SHORT)
        assert found.short == (Short("1", "A", 2, 0), Short("2", "B", 1, 0))
        assert found.ask is (rule.most > 1 and wish is Otherwise.ASK)
        assert found.reason.key == "routing.small"
    large = route(TWO, stock, SITES, BOTH, SplitRule(small_fen=5000, small_pieces=3), amount_fen=5000)
    assert large.strategy == "split"


def test_what_is_here_goes_and_the_rest_waits_for_a_purchase() -> None:
    stock = Availability(
        _free(NEAR="AAB"), (Purchase("PO2", "C", "FAR", 5, TUESDAY), Purchase("PO1", "C", "NEAR", 3, MONDAY))
    )
    found = route((*TWO, Wanted("3", "C", 3)), stock, SITES, BOTH, SplitRule())
    assert (found.strategy, found.verdict) == ("part", Verdict.WAITING)
    assert found.consignments == (
        Consignment(1, "NEAR", (("1", "A", 2), ("2", "B", 1))),
        Consignment(2, "NEAR", (("3", "C", 3),), "PO1", MONDAY, (Claim("PO1", "C", 3),)),
    )
    assert found.reason.text() == "行 1, 2 现货先发；行 3 等采购到货，最晚 2026-12-07"


def test_a_small_order_waits_whole_for_the_first_warehouse_that_will_have_it() -> None:
    purchases = (Purchase("PO1", "B", "NEAR", 1, TUESDAY), Purchase("PO2", "A", "FAR", 2, MONDAY))
    stock = Availability(_free(NEAR="A", FAR="B"), (*purchases, Purchase("PO3", "A", "NEAR", 9, MONDAY)))
    found = route(TWO, stock, SITES, BOTH, SplitRule(small_pieces=9))
    assert (found.strategy, found.verdict, found.ask) == ("incoming", Verdict.WAITING, False)
    [only] = found.consignments
    assert (only.warehouse, only.incoming_no, only.ready_at) == ("FAR", "PO2", MONDAY)
    assert only.from_stock() == {"B": 1}
    nearer = route(TWO, Availability(_free(NEAR="A"), stock.purchases), SITES, BOTH, SplitRule(small_pieces=9))
    [only] = nearer.consignments
    assert (only.warehouse, only.incoming_no, only.ready_at) == ("NEAR", "PO1", TUESDAY)
    assert only.claims == (Claim("PO1", "B", 1), Claim("PO3", "A", 1))
    assert only.from_stock() == {"A": 1}


def test_what_nobody_has_is_short_to_the_piece() -> None:
    stock = Availability(_free(NEAR="AAB", FAR="C"), (Purchase("PO", "C", "THIRD", 1, MONDAY),))
    rule = SplitRule(part=Part.ALWAYS, short=Otherwise.ASK)
    found = route((*TWO, Wanted("3", "C", 2), Wanted("4", "C", 3)), stock, SITES, BOTH, rule)
    assert (found.strategy, found.verdict, found.ask) == ("part", Verdict.SHORT, True)
    assert found.short == (Short("3", "C", 2, 0), Short("4", "C", 3, 3))
    none = route([Wanted("1", "X", 4)], Availability({("X", "NEAR"): 1}), SITES, BOTH, SplitRule())
    assert (none.strategy, none.short, none.ask) == ("none", (Short("1", "X", 4, 3),), False)
    assert none.reason.text() == "缺货：X × 3"


def test_without_a_promise_for_the_rest_nothing_goes() -> None:
    found = route((*TWO, Wanted("3", "C", 2)), Availability(_free(NEAR="AAB")), SITES, BOTH, SplitRule())
    assert (found.verdict, found.consignments) == (Verdict.SHORT, ())
    assert found.short == (Short("1", "A", 2, 0), Short("2", "B", 1, 0), Short("3", "C", 2, 2))
    assert found.reason.text() == "缺货：C × 2"


def test_purchases_are_not_promised_when_the_rules_forbid_it() -> None:
    stock = Availability({}, (Purchase("PO", "A", "NEAR", 9, MONDAY),))
    found = route([Wanted("1", "A", 2)], stock, SITES, BOTH, SplitRule(incoming=False))
    assert found.short == (Short("1", "A", 2, 2),)


def test_a_gift_that_is_short_keeps_its_line_back() -> None:
    wanted = (Wanted("1", "A", 1), Wanted("2", "G", 1, "1"), Wanted("3", "B", 1))
    found = route(wanted, Availability(_free(NEAR="AAB")), SITES, BOTH, SplitRule(part=Part.ALWAYS))
    assert found.consignments == (Consignment(1, "NEAR", (("3", "B", 1),)),)
    assert found.short == (Short("1", "A", 1, 0), Short("2", "G", 1, 1))


def test_a_full_warehouse_is_the_last_to_be_asked() -> None:
    full = Site("NEAR", 1, 800, 100, load=10, capacity=10)
    spare = (HERE, Strategy("anywhere", spare=True))
    stock = Availability(_free(NEAR="AAB", FAR="AAB"))
    assert route(TWO, stock, (full, FAR), spare, SplitRule()).consignments[0].warehouse == "FAR"
    only = route(TWO, Availability(_free(NEAR="AAB")), (full, FAR), spare, SplitRule(small_pieces=9))
    assert (only.strategy, only.consignments[0].warehouse, only.verdict) == ("full", "NEAR", Verdict.FILLED)


def test_a_warehouse_that_no_strategy_names_gets_nothing_at_all() -> None:
    named = (Strategy("named", only=frozenset({"FAR"})),)
    found = route(TWO, Availability(_free(NEAR="AAB", FAR="AA")), SITES, named, SplitRule(part=Part.ALWAYS))
    assert [one.warehouse for one in found.consignments] == ["FAR"]
    assert found.short == (Short("2", "B", 1, 1),)
    paused = route(TWO, Availability(_free(NEAR="AAB")), [Site("NEAR", active=False)], BOTH, SplitRule())
    assert paused.consignments == ()
    assert paused.scores[0].out == "inactive"


def test_the_reason_can_be_read_in_english() -> None:
    use_language("en")
    try:
        found = route(TWO, Availability(_free(NEAR="AAB")), SITES, BOTH, SplitRule())
        assert found.reason.text() == "warehouse NEAR sends the whole order (strategy: here)"
    finally:
        use_language("zh")


@pytest.mark.parametrize(
    "wanted",
    [[], [Wanted("1", "A", 0)], [Wanted("1", "A", 1), Wanted("1", "A", 2)], [Wanted("1", "A", 1, weight_g=-1)]],
)
def test_nonsense_is_refused(wanted: list[Wanted]) -> None:
    with pytest.raises(ValueError, match=r"wanted|positive|twice"):
        route(wanted, Availability({}), SITES, BOTH, SplitRule())
    with pytest.raises(ValueError, match="twice"):
        route(TWO, Availability({}), [NEAR, NEAR], BOTH, SplitRule())


_COUNTS = st.integers(0, 4)


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[Wanted], Availability, list[Site], SplitRule]:
    wanted = [
        Wanted(str(n), draw(st.sampled_from("ABC")), draw(st.integers(1, 4)), draw(st.sampled_from(["", "1", "2"])))
        for n in range(1, draw(st.integers(1, 4)) + 1)
    ]
    codes = ["W1", "W2", "W3", "W4"]
    free = {(sku, code): draw(_COUNTS) for sku in "ABC" for code in codes if draw(st.booleans())}
    purchases = tuple(
        Purchase(f"PO{n}", draw(st.sampled_from("ABC")), draw(st.sampled_from(codes)), draw(_COUNTS), day)
        for n, day in enumerate(draw(st.lists(st.sampled_from([MONDAY, TUESDAY]), max_size=4)))
    )
    away = draw(st.sampled_from(["", "W1"]))
    sites = [
        Site(
            code,
            draw(st.integers(0, 5)),
            100 * draw(_COUNTS),
            50,
            draw(_COUNTS),
            draw(_COUNTS),
            code != away,
        )
        for code in codes
    ]
    rule = SplitRule(
        most=draw(st.integers(1, 4)),
        small_pieces=draw(st.sampled_from([0, 3])),
        part=draw(st.sampled_from(Part)),
        incoming=draw(st.booleans()),
        short=draw(st.sampled_from(Otherwise)),
    )
    return wanted, Availability(free, purchases), sites, rule


def _conserved(wanted: list[Wanted], found: Routing) -> None:
    got: dict[tuple[str, str], int] = {}
    for one in found.consignments:
        for line_no, sku, count in one.lines:
            assert count > 0
            got[line_no, sku] = got.get((line_no, sku), 0) + count
    for short in found.short:
        assert 0 <= short.missing <= short.quantity
        got[short.line_no, short.sku] = got.get((short.line_no, short.sku), 0) + short.quantity
    assert got == {(part.line_no, part.sku): part.quantity for part in wanted}


@settings(max_examples=200, deadline=None)
@given(cases())
def test_what_holds_of_every_routing(case: tuple[list[Wanted], Availability, list[Site], SplitRule]) -> None:
    wanted, stock, sites, rule = case
    found = route(wanted, stock, sites, BOTH, rule)
    _conserved(wanted, found)
    taken: dict[tuple[str, str], int] = {}
    claimed: dict[tuple[str, str, str], int] = {}
    active = {site.code for site in sites if site.active}
    for n, one in enumerate(found.consignments, 1):
        assert one.n == n
        assert one.warehouse in active
        for sku, count in one.from_stock().items():
            assert count > 0
            taken[sku, one.warehouse] = taken.get((sku, one.warehouse), 0) + count
        for claim in one.claims:
            key = (claim.incoming_no, claim.sku, one.warehouse)
            claimed[key] = claimed.get(key, 0) + claim.quantity
        days = {purchase.no: purchase.ready_at for purchase in stock.purchases}
        assert one.ready_at == max((days[claim.incoming_no] for claim in one.claims), default=None)
    assert all(count <= stock.free.get(place, 0) for place, count in taken.items())
    coming = {(one.no, one.sku, one.warehouse): one.quantity for one in stock.purchases}
    assert all(count <= coming[key] for key, count in claimed.items())
    assert not claimed or rule.incoming
    assert len(found.consignments) <= rule.most
    if sum(part.quantity for part in wanted) < rule.small_pieces:
        assert len(found.consignments) <= 1
    assert (found.verdict is Verdict.SHORT) == bool(found.short)
    assert (found.verdict is Verdict.WAITING) == (not found.short and any(one.waits for one in found.consignments))
    assert not found.ask or found.short
    assert found.reason.text()
    assert route(wanted, stock, sites[::-1], BOTH, rule) == found


@settings(max_examples=100, deadline=None)
@given(cases())
def test_gifts_travel_with_their_lines_unless_the_routing_says_so(
    case: tuple[list[Wanted], Availability, list[Site], SplitRule],
) -> None:
    wanted, stock, sites, rule = case
    found = route(wanted, stock, sites, BOTH, rule)
    lines = {part.line_no: part for part in wanted}
    for part in wanted:
        main = lines.get(part.goes_with)
        if main is None or main.goes_with or main is part:
            continue
        mine = {one.n for one in found.consignments if any(line_no == part.line_no for line_no, _, _ in one.lines)}
        its = {one.n for one in found.consignments if any(line_no == main.line_no for line_no, _, _ in one.lines)}
        if main.line_no not in found.torn:
            assert mine == its
