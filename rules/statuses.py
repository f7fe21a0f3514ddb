"""What a partner's word means, by the table `tables/status_map.json`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.deciding import new_decision
from domain.words import About, Act, Entry, Heard, Word
from rules.documents import Document, grids
from rules.engine import decide, default

NAME = "status_map"


def published(word: Word) -> Entry | None:
    """What the version in force says of a word; None where it has no row for it."""
    # A decision of its own: what a document says is no part of the step that happens to read it.
    with new_decision():
        return entry(word)


def entry(word: Word) -> Entry | None:
    """The same within the decision under way."""
    try:
        said = decide(NAME, {"partner": word.partner, "kind": str(word.about), "word": word.word}).result
    except LookupError:
        return None
    return Entry(Act(said["act"]), str(said["ours"]))


def words_of(document: Document) -> list[Word]:
    """The words that a version maps, each once, in its order."""
    found = ((row["partner"], row["kind"], row["word"]) for row in _rows(document))
    return list(
        dict.fromkeys(Word(one[0], About(one[1]), one[2]) for one in found if one[1] in About._value2member_map_)
    )


@dataclass(frozen=True)
class Coverage:
    """What of a partner's words of one kind means something.

    `mapped` are the words of a version, `unmapped` those that came and are not among them or that a person is asked
    about, `unnamed` the mapped ones that no protocol names.
    """

    partner: str
    about: About
    mapped: Mapping[str, Entry]
    unmapped: Sequence[Heard]
    unnamed: Sequence[str]


def coverage(document: Document, heard: Sequence[Heard]) -> list[Coverage]:
    """What a version covers, beside the words that came and meant nothing when they did."""
    mapped: dict[tuple[str, str], dict[str, Entry]] = {}
    named = {(row["partner"], row["kind"], row["word"]) for row in _rows(default(NAME)) if row["named"]}
    for row in _rows(document):
        entry = Entry(Act(row["act"]), row["ours"])
        mapped.setdefault((row["partner"], row["kind"]), {}).setdefault(row["word"], entry)
    for one in heard:
        mapped.setdefault((one.word.partner, str(one.word.about)), {})
    found = []
    for (partner, about), words in mapped.items():
        here = [one for one in heard if (one.word.partner, str(one.word.about)) == (partner, about)]
        lacking = [one for one in here if words.get(one.word.word, Entry(Act.ASK)).act is Act.ASK]
        unnamed = [word for word in words if (partner, about, word) not in named]
        found.append(Coverage(partner, About(about), words, lacking, unnamed))
    return found


def _rows(document: Document) -> Iterator[dict[str, Any]]:
    """The rows of a version as values; a row for several words at once, or for any, counts for none."""
    for grid in grids(document):
        for row in grid.rows:
            cells = {column.field: row.get(column.id, "") for column in (*grid.inputs, *grid.outputs)}
            try:
                yield {field: json.loads(cell) for field, cell in cells.items()}
            except ValueError:
                continue
