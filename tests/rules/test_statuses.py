"""The table of the partners' words."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import UTC, datetime

import pytest

from domain.words import About, Act, Entry, Heard, Word
from rules import engine
from rules.documents import Document
from rules.engine import Table, trying
from rules.lint import lint
from rules.statuses import NAME, coverage, published


def with_row(**cells: object) -> Document:
    found = deepcopy(engine.default(NAME))
    row = {"row": "new", "named": False, **cells}
    rows = next(node for node in found["nodes"] if node["id"] == "table")["content"]["rules"]
    rows.append({"_id": row["row"], **{key: json.dumps(value) for key, value in row.items()}})
    return found


def test_the_table_that_came_with_orderhub() -> None:
    assert lint(NAME, engine.default(NAME)).problems == ()
    assert published(Word("jd", About.ORDER, "LOCKED")) == Entry(Act.TAKE, "LOCKED")
    assert published(Word("qimen", About.DELIVERY_STEP, "PICK")) == Entry(Act.NOTHING)
    assert published(Word("taobao", About.ORDER, "TRADE_BUYER_SIGNED")) == Entry(Act.ASK)
    assert published(Word("taobao", About.ORDER_STEP, "")) == Entry(Act.TAKE, "PAID")
    assert published(Word("jd", About.REFUND, "LOCKED")) is None


def test_a_word_that_people_add() -> None:
    found = with_row(partner="jd", kind="order", word="ON_HOLD", ours="LOCKED", act="take")
    assert lint(NAME, found).problems == ()
    word = Word("jd", About.ORDER, "ON_HOLD")
    assert published(word) is None
    # The question of a document is a decision of its own, so the version must be the book's.
    assert Table(NAME, found).ask({"partner": "jd", "kind": "order", "word": "ON_HOLD"})[0].result["ours"] == "LOCKED"
    with trying() as one:
        published(word)
    assert one.asked == [], "it is no part of whatever decision is under way"


@pytest.mark.parametrize(
    ("cells", "what"),
    [
        ({"kind": "order", "ours": "REFUNDED", "act": "take"}, "word"),  # a word of refunds
        ({"kind": "order", "ours": "", "act": "nothing"}, "word"),  # an order's status always says something
        ({"kind": "stars", "ours": "PAID", "act": "take"}, "fact_word"),
    ],
)
def test_a_meaning_that_cannot_be(cells: dict[str, object], what: str) -> None:
    problems = lint(NAME, with_row(partner="jd", word="NEW", **cells)).problems
    assert {problem.what for problem in problems} == {what}
    assert {problem.row for problem in problems} == {"new"}


def test_two_meanings_of_one_word_are_refused() -> None:
    found = with_row(partner="jd", kind="order", word="LOCKED", ours="PAID", act="take")
    assert {"overlap", "shadowed"} >= {problem.what for problem in lint(NAME, found).problems} != set()


def test_coverage_of_what_came() -> None:
    at = datetime(2026, 1, 5, tzinfo=UTC)
    came = [
        Heard(Word("jd", About.ORDER, "ON_HOLD"), 3, at, at),
        Heard(Word("jd", About.ORDER, "LOCKED"), 1, at, at),  # mapped since
        Heard(Word("taobao", About.ORDER, "TRADE_BUYER_SIGNED"), 1, at, at),  # a person is asked each time
        Heard(Word("shopware", About.ORDER, "open"), 1, at, at),  # of a connector from outside
    ]
    found = coverage(engine.default(NAME), came)
    lacking = {heard.word.key for one in found for heard in one.unmapped}
    assert lacking == {"jd/order/ON_HOLD", "taobao/order/TRADE_BUYER_SIGNED", "shopware/order/open"}
    added = with_row(partner="jd", kind="order", word="ON_HOLD", ours="LOCKED", act="take")
    jd = next(one for one in coverage(added, came) if (one.partner, one.about) == ("jd", About.ORDER))
    assert (list(jd.unmapped), list(jd.unnamed)) == ([], ["ON_HOLD"])
