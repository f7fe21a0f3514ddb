"""Partners' words: what is published goes before what a connector knows, and nothing is guessed."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

import pytest

from domain.words import (
    GLOSSARIES,
    About,
    Act,
    Entry,
    Glossary,
    UnknownWord,
    Word,
    known,
    take_heard,
    translate_by,
    unknown_in,
)


class Light(StrEnum):
    GREEN = "GREEN"
    RED = "RED"


@pytest.fixture
def lights() -> Iterator[Glossary[Light]]:
    take_heard()
    means = {"go": Light.GREEN, "1": Light.RED, "blink": None}
    yield Glossary("lamp", About.DELIVERY, Light, means, field="light", asks=["off"])
    translate_by(None)
    del GLOSSARIES["lamp", About.DELIVERY]


def test_words_and_codes_of_a_connector(lights: Glossary[Light]) -> None:
    assert (lights.mean("go"), lights.mean(1), lights.sense("blink")) == (Light.GREEN, Light.RED, None)
    assert take_heard() == {}


@pytest.mark.parametrize("word", ["yellow", "off", 7])
def test_an_unknown_word_is_heard_and_never_guessed(lights: Glossary[Light], word: str | int) -> None:
    for _ in range(2):
        with pytest.raises(UnknownWord, match=f"unknown light {word}"):
            lights.sense(word)
    heard = Word("lamp", About.DELIVERY, str(word))
    assert take_heard() == {heard: 2}
    assert take_heard() == {}
    assert lights.find(str(word)) is None
    assert not known(heard)


@pytest.mark.parametrize("word", [None, "", "张三 13800000000", "x" * 61])
def test_what_is_no_word_is_not_repeated(lights: Glossary[Light], word: str | None) -> None:
    with pytest.raises(ValueError, match=r"unknown light (None|\?)$") as caught:
        lights.mean(word)
    assert not isinstance(caught.value, UnknownWord)
    assert take_heard() == {}


def test_what_is_published_goes_first(lights: Glossary[Light]) -> None:
    said = {
        "yellow": Entry(Act.TAKE, "RED"),
        "go": Entry(Act.ASK),
        "1": Entry(Act.NOTHING),
        "blue": Entry(Act.TAKE, "PAID"),
    }
    translate_by(lambda word: said.get(word.word) if word.partner == "lamp" else None)
    assert (lights.mean("yellow"), lights.sense("1"), lights.sense("blink")) == (Light.RED, None, None)
    assert known(Word("lamp", About.DELIVERY, "yellow"))
    for word in ("go", "blue"):  # blue is no word of ours for a light
        with pytest.raises(UnknownWord):
            lights.sense(word)
        assert not known(Word("lamp", About.DELIVERY, word))
    with pytest.raises(UnknownWord):
        lights.mean("1")


def test_the_word_behind_an_error(lights: Glossary[Light]) -> None:
    def read() -> None:
        try:
            lights.mean("yellow")
        except ValueError as error:
            raise LookupError(str(error)) from None

    with pytest.raises(LookupError) as caught:
        read()
    assert unknown_in(caught.value) == Word("lamp", About.DELIVERY, "yellow")
    assert unknown_in(LookupError()) is None
