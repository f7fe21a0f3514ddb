from __future__ import annotations

import json

import pytest

from domain.words import Glossary, UnknownWord, take_heard
from rules.statuses import coverage
from tests.house.statuses import PAGE, TABLE, document, glossaries, page, written


def test_the_table_is_that_of_the_connectors() -> None:
    assert TABLE.read_text(encoding="utf-8") == written(document()), "python -m tests.house.statuses writes it anew"


def test_the_page_is_that_of_the_table() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert page(text) == text, "python -m tests.house.statuses writes it anew"


@pytest.mark.parametrize("glossary", glossaries(), ids=lambda one: f"{one.partner}-{one.about}")
def test_no_connector_guesses_an_unknown_word(glossary: Glossary) -> None:  # type: ignore[type-arg]
    take_heard()
    with pytest.raises(UnknownWord) as caught:
        glossary.sense("NEVER_HEARD")
    assert take_heard() == {caught.value.word: 1}


def test_every_word_of_the_connectors_is_covered_and_those_without_a_protocol_are_named() -> None:
    found = {(one.partner, str(one.about)): one for one in coverage(json.loads(TABLE.read_text("utf-8")), [])}
    for glossary in glossaries():
        one = found[glossary.partner, str(glossary.about)]
        assert set(one.mapped) == {*glossary.means, *glossary.asks}
        assert set(one.unnamed) == glossary.unnamed
        assert one.unmapped == []
