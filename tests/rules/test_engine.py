from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rules import engine
from rules.documents import BadRule
from rules.engine import check, decide, tables

Row = dict[str, str]
Write = Callable[..., None]

GOOD: Row = {"_id": "r1", "size": "> 3", "say": '"big"', "row": '"r1"'}


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Writes a table of the rows given, into a folder that the engine takes for its own."""
    monkeypatch.setattr(engine, "TABLES", tmp_path)
    engine._load.cache_clear()

    def table(*rows: Row, name: str = "sizes") -> None:
        (tmp_path / f"{name}.json").write_text(json.dumps(_document(list(rows)), ensure_ascii=False), encoding="utf-8")

    yield table
    engine._load.cache_clear()


def _document(rows: list[Row]) -> dict[str, Any]:
    content = {
        "hitPolicy": "first",
        "inputs": [{"id": "size", "name": "Size", "field": "size"}],
        "outputs": [{"id": "say", "name": "Say", "field": "say"}, {"id": "row", "name": "Row", "field": "row"}],
        "rules": rows,
    }
    return {
        "contentType": "application/vnd.gorules.decision",
        "nodes": [
            {"id": "in", "name": "in", "type": "inputNode", "position": {"x": 0, "y": 0}},
            {"id": "t", "name": "t", "type": "decisionTableNode", "position": {"x": 1, "y": 0}, "content": content},
            {"id": "out", "name": "out", "type": "outputNode", "position": {"x": 2, "y": 0}},
        ],
        "edges": [
            {"id": "e1", "type": "edge", "sourceId": "in", "targetId": "t"},
            {"id": "e2", "type": "edge", "sourceId": "t", "targetId": "out"},
        ],
    }


@pytest.mark.parametrize("name", tables())
def test_every_table_of_ours_is_sound(name: str) -> None:
    assert check(name) > 0


def test_a_sound_table_decides_and_names_version_and_row(write: Write) -> None:
    write(GOOD, {"_id": "r2", "size": "", "say": '"small"', "row": '"r2"'})
    assert check("sizes") == 2
    big, small = decide("sizes", {"size": 4}), decide("sizes", {"size": 3})
    assert (big.result["say"], small.result["say"]) == ("big", "small")
    name, _, row = big.rule.rpartition("/")
    assert row == "r1"
    assert small.rule == f"{name}/r2"
    assert name.startswith("sizes@")
    assert len(name) == len("sizes@") + 8


def test_the_version_is_the_content(write: Write) -> None:
    write(GOOD, name="one")
    write(GOOD, name="two")
    write({**GOOD, "size": "> 4"}, name="three")
    one, two, three = (decide(name, {"size": 9}).rule.partition("@")[2] for name in ("one", "two", "three"))
    assert one == two != three


def test_no_row_that_applies_is_an_error(write: Write) -> None:
    write(GOOD)
    with pytest.raises(LookupError, match="no row of sizes applies"):
        decide("sizes", {"size": 1})


@pytest.mark.parametrize("cell", ["> 3 <", "== 3 3", '"open', "[1..", "1 +", "in (", "foo(3)", "冷链"])
def test_a_broken_condition_is_found(write: Write, cell: str) -> None:
    write(GOOD, {**GOOD, "_id": "r2", "size": cell})
    with pytest.raises(BadRule, match=r"sizes, row r2, Size: .* is not an expression") as found:
        check("sizes")
    assert "\n" not in str(found.value)


@pytest.mark.parametrize("cell", ["big", " ture ", "douyin"])
def test_a_condition_without_its_quotes_is_found(write: Write, cell: str) -> None:
    write({**GOOD, "size": cell})
    with pytest.raises(BadRule, match=r"row r1, Size: .* is a text without quotes"):
        check("sizes")


@pytest.mark.parametrize("cell", ["", "true", "false", "null", "3", "> 3", "[1..5]", '"a", "b"', 'not in ["a"]'])
def test_sound_conditions(write: Write, cell: str) -> None:
    write({**GOOD, "size": cell})
    assert check("sizes") == 1


@pytest.mark.parametrize("cell", ["big", "sf:SF", "very big", '"open', "1 +", "", "size + 1", "null"])
def test_an_output_that_is_no_value_is_found(write: Write, cell: str) -> None:
    write({**GOOD, "say": cell})
    with pytest.raises(BadRule, match=r"row r1, Say: .* is not (an expression|a value)"):
        check("sizes")


@pytest.mark.parametrize("cell", ['"big"', '""', "0", "false", "1 + 1", '["a", "b"]'])
def test_sound_outputs(write: Write, cell: str) -> None:
    write({**GOOD, "say": cell})
    assert check("sizes") == 1


def test_a_broken_table_is_never_decided_by(write: Write) -> None:
    write({**GOOD, "say": "big"})
    with pytest.raises(BadRule):
        decide("sizes", {"size": 4})


def test_a_table_that_is_not_json_is_found(write: Write, tmp_path: Path) -> None:
    (tmp_path / "torn.json").write_text('{"nodes": [')
    with pytest.raises(BadRule, match="torn is not JSON"):
        check("torn")


def test_an_unknown_table_is_named_with_those_that_there_are(write: Write) -> None:
    write(GOOD, name="one")
    write(GOOD, name="two")
    with pytest.raises(BadRule, match="no such table: three; there are one, two"):
        decide("three", {})
