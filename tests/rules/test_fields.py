"""The table of the merchant's own fields."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime, timedelta

import pytest

from domain.extensions import FieldType, Scope
from domain.review import ArticleFacts
from domain.rulesets import RuleEvent, What
from rules import engine
from rules.documents import Document, version_of
from rules.engine import Book, Table
from rules.fields import NAME, definitions, demands
from rules.lint import lint
from tests.rules.documents import changed, table_of
from tests.store.samples import order


def published(document: Document) -> Book:
    """A book in which a version of the table is in force."""
    at = datetime.now(UTC) - timedelta(minutes=1)
    event = RuleEvent(1, NAME, version_of(document), What.PUBLISHED, "li", "", at, begins=at)
    return Book([event], [Table(NAME, document)])


def cameras_need_serials() -> Document:
    """The default, and: on own shops' cameras a serial number must be there, and a certificate from 1,000 yuan on."""
    document = changed(NAME, "certificate", required="true", amount_fen=">= 100000")
    rows = table_of(document)["rules"]
    serials = deepcopy(next(row for row in rows if row["_id"] == "serials"))
    rows.append({**serials, "_id": "cameras", "row": '"cameras"', "category": '"camera"', "required": "true"})
    document["orderhub"]["examples"].pop()  # it knows of no condition
    return document


@pytest.fixture(autouse=True)
def _files_again() -> Iterator[None]:
    yield
    engine.use(Book())


def test_the_table_that_came_with_orderhub_asks_nobody_for_anything() -> None:
    assert lint(NAME, engine.default(NAME)).problems == ()
    assert demands(order(), {}) == ()
    found = {(rule.scope, rule.key): rule for rule in definitions()}
    assert found[Scope.ORDER, "overseas_certificate"].type is FieldType.FILE
    assert found[Scope.LINE, "firmware"].bound_to == "serial_no"


def test_a_field_is_required_where_its_row_applies() -> None:
    document = cameras_need_serials()
    assert lint(NAME, document).problems == ()
    engine.use(published(document))
    assert demands(order(), {"MUG": ArticleFacts("MUG", category="mug")}) == ()
    (one,) = demands(order(), {"MUG": ArticleFacts("MUG", category="camera")})
    assert (one.place.line_no, one.rule.key, one.rule.row) == ("1", "serial_no", "cameras")
    amounts = order().amounts.model_copy(update={"paid_fen": 100_000})
    (dear,) = demands(order(amounts=amounts), {})
    assert dear.rule.key == "overseas_certificate"


@pytest.mark.parametrize(
    ("cells", "what"),
    [
        ({"key": "序列号"}, "form_of_text"),
        ({"bound_to": "Serial No"}, "form_of_text"),
        ({"pattern": "[0-9"}, "regex"),
        ({"pattern": "(?=a)b"}, "regex"),  # nothing that goes back and tries again
        ({"type": "picture"}, "word"),
        ({"of": "order"}, "word"),  # of a row about lines
        ({"scope": "shop"}, "fact_word"),
    ],
)
def test_a_field_that_cannot_be(cells: dict[str, str], what: str) -> None:
    document = changed(NAME, "serials", **{name: json.dumps(cell) for name, cell in cells.items()})
    document["orderhub"].pop("examples")
    assert what in {problem.what for problem in lint(NAME, document).problems}


def test_a_declaration_that_is_no_regular_expression() -> None:
    document = deepcopy(engine.default(NAME))
    document["orderhub"]["matches"] = {"key": "["}
    assert [problem.what for problem in lint(NAME, document).problems] == ["declaration"]
