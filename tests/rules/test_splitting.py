from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.sourcing import Site, Unit, Wanted, units
from domain.splitting import MOST_SETS, Places, Question, Split, exact, exact_search, greedy, judge, split
from rules.solver import solve

SKUS = ("A", "B", "C")
WEIGHTS = {"A": 700, "B": 1500, "C": 40}
CODES = ("W1", "W2", "W3")


@st.composite
def questions(draw: st.DrawFn) -> Question:
    """Orders that brute force can still look through."""
    count = draw(st.integers(1, 3))
    wanted = []
    for n in range(1, count + 1):
        main = draw(st.sampled_from(["", *(str(m) for m in range(1, n))]))
        sku = draw(st.sampled_from(SKUS))
        wanted.append(Wanted(str(n), sku, draw(st.integers(1, 3)), main, WEIGHTS[sku]))
    if draw(st.booleans()):  # line 1 is a bundle
        other = draw(st.sampled_from([sku for sku in SKUS if sku != wanted[0].sku]))
        wanted.append(Wanted("1", other, 1, "", WEIGHTS[other]))
    sites = [
        Site(code, draw(st.integers(0, 5)), draw(st.integers(0, 3)) * 400, draw(st.integers(0, 3)) * 130)
        for code in CODES
    ]
    free = {(sku, code): draw(st.integers(0, 4)) for sku in SKUS for code in CODES}
    return Question(units(wanted), free, sites, draw(st.integers(1, 3)), draw(st.booleans()))


def _ways(quantity: int, places: int) -> Iterator[tuple[int, ...]]:
    if places == 1:
        yield (quantity,)
        return
    for first in range(quantity + 1):
        for rest in _ways(quantity - first, places - 1):
            yield (first, *rest)


def oracle(question: Question) -> tuple[int, int, int] | None:
    """The best rank, found by trying every way to divide every line: slow, and with no idea in common with the rest."""
    parts = [part for unit in question.units for part in unit.parts]
    best = None
    for way in product(*(list(_ways(part.quantity, len(question.sites))) for part in parts)):
        taken: dict[tuple[str, str], int] = {}
        weight = dict.fromkeys((site.code for site in question.sites), 0)
        senders: dict[str, set[str]] = {site.code: set() for site in question.sites}
        for part, counts in zip(parts, way, strict=True):
            for site, count in zip(question.sites, counts, strict=True):
                if count:
                    taken[part.sku, site.code] = taken.get((part.sku, site.code), 0) + count
                    weight[site.code] += count * part.weight_g
                    senders[site.code].add(part.line_no)
        if any(count > question.free.get(place, 0) for place, count in taken.items()):
            continue
        used = [site for site in question.sites if senders[site.code]]
        if len(used) > question.most:
            continue
        if not question.tear and sum(len(lines) for lines in senders.values()) > len({part.line_no for part in parts}):
            continue
        torn = sum(
            1
            for unit in question.units
            if sum(bool(senders[site.code] & {part.line_no for part in unit.parts}) for site in used) > 1
        )
        cost = sum(site.base_fen * 1000 + site.per_kg_fen * weight[site.code] for site in used)
        rank = (torn, len(used), cost)
        best = rank if best is None else min(best, rank)
    return best


def sound(question: Question, found: Split) -> None:
    """Quantities conserved, never more than there is, never more consignments than allowed; torn says what is."""
    sent: dict[tuple[str, str], int] = {}
    taken: dict[tuple[str, str], int] = {}
    for code, pieces in found.placed.items():
        assert pieces
        for line_no, sku, count in pieces:
            assert count > 0
            sent[line_no, sku] = sent.get((line_no, sku), 0) + count
            taken[sku, code] = taken.get((sku, code), 0) + count
    assert sent == {(part.line_no, part.sku): part.quantity for unit in question.units for part in unit.parts}
    assert all(count <= question.free.get(place, 0) for place, count in taken.items())
    assert 1 <= len(found.placed) <= question.most
    torn = [unit.name for unit in question.units if len(_senders(unit, found)) > 1]
    assert sorted(found.torn) == sorted(torn)
    places = {(code, line_no) for code, pieces in found.placed.items() for line_no, _, _ in pieces}
    assert question.tear or len(places) == len({line_no for _, line_no in places})


def _senders(unit: Unit, found: Split) -> set[str]:
    lines = {part.line_no for part in unit.parts}
    return {code for code, pieces in found.placed.items() if lines & {line_no for line_no, _, _ in pieces}}


@settings(max_examples=150, deadline=None)
@given(questions())
def test_the_enumeration_is_exact(question: Question) -> None:
    found, best = exact(question), oracle(question)
    assert (found.rank if found else None) == best
    if found is not None:
        assert found.method == "exact"
        sound(question, found)
        assert exact(question) == found
        assert exact(replace(question, sites=question.sites[::-1])) == found


@settings(max_examples=100, deadline=None)
@given(questions())
def test_the_greedy_rule_is_sound_and_never_better(question: Question) -> None:
    quick, best = greedy(question), exact(question)
    if quick is not None:
        sound(question, quick)
        assert best is not None
        assert best.rank <= quick.rank


@settings(max_examples=25, deadline=None)
@given(questions())
def test_the_solver_finds_the_same_optimum(question: Question) -> None:
    best, places = exact(question), solve(question)
    assert (places is None) == (best is None)
    if best is not None and places is not None:
        found = judge(question, places, "solver")
        assert found is not None
        sound(question, found)
        assert found.rank == best.rank


def _kept(*wanted: Wanted) -> Sequence[Unit]:
    return units(wanted)


def test_a_gift_stays_with_its_line_even_where_apart_is_cheaper() -> None:
    parts = _kept(Wanted("1", "A", 1), Wanted("2", "G", 1, "1"), Wanted("3", "B", 1))
    near, far = Site("NEAR", 0, 500), Site("FAR", 5, 2000)
    free = {("A", "NEAR"): 1, ("B", "NEAR"): 1, ("A", "FAR"): 1, ("G", "FAR"): 1}
    found = split(Question(parts, free, [near, far], 2))
    assert found is not None
    assert found.placed == {"NEAR": (("3", "B", 1),), "FAR": (("1", "A", 1), ("2", "G", 1))}
    assert found.torn == ()


def test_a_gift_goes_apart_when_no_warehouse_has_both() -> None:
    parts = _kept(Wanted("1", "A", 1), Wanted("2", "G", 1, "1"))
    found = split(Question(parts, {("A", "W1"): 1, ("G", "W2"): 9}, [Site("W1"), Site("W2")], 2))
    assert found is not None
    assert found.torn == ("1",)
    assert split(Question(parts, {("A", "W1"): 1, ("G", "W2"): 9}, [Site("W1"), Site("W2")], 1)) is None


@pytest.mark.parametrize("way", [split, exact, greedy])
def test_a_line_that_may_not_be_torn_comes_from_one_warehouse(way: Callable[[Question], Split | None]) -> None:
    parts = _kept(Wanted("1", "A", 2), Wanted("2", "G", 1, "1"))
    sites = [Site("W1"), Site("W2", 1)]
    apart = {("A", "W1"): 1, ("A", "W2"): 1, ("G", "W1"): 1}
    torn = way(Question(parts, apart, sites, 2))
    assert torn is not None
    assert torn.torn == ("1",)
    assert way(Question(parts, apart, sites, 2, tear=False)) is None
    # The gift may go without its line, but both are whole.
    found = way(Question(parts, apart | {("A", "W2"): 2}, sites, 2, tear=False))
    assert found is not None
    assert (found.placed, found.torn) == ({"W1": (("2", "G", 1),), "W2": (("1", "A", 2),)}, ("1",))
    # A bundle is one line.
    bundle = _kept(Wanted("1", "A", 1), Wanted("1", "B", 1))
    halves = {("A", "W1"): 1, ("B", "W2"): 1}
    assert way(Question(bundle, halves, sites, 2)) is not None
    assert way(Question(bundle, halves, sites, 2, tear=False)) is None


def test_where_greedy_is_not_exact() -> None:
    """The warehouse that holds most lines is not in the best pair."""
    parts = _kept(*(Wanted(str(n), f"S{n}", 1) for n in range(1, 7)))
    free = {(f"S{n}", "MOST"): 1 for n in (1, 2, 4, 5)}
    free |= {(f"S{n}", "LEFT"): 1 for n in (1, 2, 3)} | {(f"S{n}", "RIGHT"): 1 for n in (4, 5, 6)}
    question = Question(parts, free, [Site("MOST"), Site("LEFT"), Site("RIGHT")], 3)
    best, quick = exact(question), greedy(question)
    assert best is not None
    assert quick is not None
    assert (set(best.placed), set(quick.placed)) == ({"LEFT", "RIGHT"}, {"MOST", "LEFT", "RIGHT"})


def test_above_the_limit_the_solver_is_asked_or_greedy_says_so() -> None:
    sites = [Site(f"W{n:02d}") for n in range(30)]
    parts = _kept(*(Wanted(str(n), f"S{n}", 1) for n in range(8)))
    free = {(f"S{n % 8}", f"W{n:02d}"): 1 for n in range(30)}
    free |= {(f"S{n}", "W29"): 1 for n in (0, 1, 2, 4, 5, 6)} | {(f"S{n}", "W08"): 1 for n in (0, 1, 2, 3)}
    free |= {(f"S{n}", "W09"): 1 for n in (4, 5, 6, 7)}
    quick, best = split(Question(parts, free, sites, 8)), split(Question(parts, free, sites, 8), solve)
    assert quick is not None
    assert best is not None
    assert (quick.method, len(quick.placed)) == ("greedy", 3)
    assert (best.method, set(best.placed)) == ("solver", {"W08", "W09"})
    wrong = split(Question(parts, free, sites, 8), lambda question: Places({"0": "W29", "1": "W29"}, frozenset()))
    assert wrong == quick
    assert MOST_SETS == 4095


def test_a_question_that_takes_too_long_is_answered_by_rule_of_thumb(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = _kept(*(Wanted(str(n), "A", n % 3 + 2) for n in range(6)))
    free = {("A", code): 7 for code in CODES}
    question = Question(parts, free, [Site(code, per_kg_fen=n) for n, code in enumerate(CODES)], 3)
    best = split(question)
    assert best is not None
    assert best.method == "exact"
    for tries in (1, 3, 10, 100):
        monkeypatch.setattr(exact_search, "MOST_TRIES", tries)
        found = split(question)
        assert found is not None
        assert found.method == "greedy"
        sound(question, found)
        assert best.rank <= found.rank
