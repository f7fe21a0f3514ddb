from __future__ import annotations

from connectors.wording import REQUIREMENT_WORDS, requirement_words
from domain.order import Requirement


def test_every_requirement_has_a_word_of_its_own() -> None:
    assert set(REQUIREMENT_WORDS) == set(Requirement)
    assert len(set(REQUIREMENT_WORDS.values())) == len(Requirement)


def test_words_come_once_and_in_one_order() -> None:
    assert requirement_words([]) == ""
    assert requirement_words([Requirement.FRAGILE, Requirement.COLD_CHAIN, Requirement.FRAGILE]) == "冷链、易碎"
    assert requirement_words(Requirement) == "冷链、易碎、向上"
