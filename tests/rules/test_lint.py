"""What keeps a version from being published, each with its place and what to do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.texts import use_language
from rules import engine
from rules.cover import Boxes
from rules.documents import Document, Grid, grids
from rules.lint import lint
from tests.rules.documents import changed, table_of


@pytest.fixture(autouse=True)
def _chinese_again() -> Iterator[None]:
    yield
    use_language("zh")


@pytest.mark.parametrize("name", engine.tables())
def test_every_table_of_ours_may_be_published(name: str) -> None:
    verdict = lint(name, engine.default(name))
    assert [problem.sentence() for problem in verdict.problems] == []
    assert verdict.rows > 0


def _found(name: str, document: Document) -> list[tuple[str, str, str]]:
    return [(problem.what, problem.row, problem.column) for problem in lint(name, document).problems]


CELLS = [
    ("freight", "sf_city", {"zone": '"city'}, ("cell.quote", "sf_city", "分区")),
    ("freight", "sf_city", {"zone": "city"}, ("cell.unquoted_cell", "sf_city", "分区")),
    ("freight", "sf_city", {"zone": "“city”"}, ("condition", "sf_city", "分区")),
    ("freight", "sf_city", {"zone": "任意"}, ("cell.any", "sf_city", "分区")),
    ("freight", "sf_city", {"zone": '"city";"delta"'}, ("cell.separator", "sf_city", "分区")),
    ("freight", "sf_city", {"zone": "city,delta"}, ("cell.unquoted", "sf_city", "分区")),
    ("freight", "sf_city", {"zone": "!= city"}, ("cell.unquoted", "sf_city", "分区")),
    ("freight", "sf_city", {"zone": 'not "city"'}, ("cell.negation", "sf_city", "分区")),
    ("freight", "sf_city", {"zone": "3"}, ("fact_kind", "sf_city", "分区")),
    ("freight", "sf_city", {"zone": '"city",true'}, ("fact_kind", "sf_city", "分区")),
    ("courier_plan", "cold", {"cold": '"true"'}, ("fact_kind", "cold", "冷链")),
    ("freight", "sf_city", {"base": "12,5"}, ("cell.comma", "sf_city", "每单起价（分）")),
    ("freight", "sf_city", {"base": "1.234,50"}, ("cell.comma", "sf_city", "每单起价（分）")),
    ("freight", "sf_city", {"base": "8元"}, ("cell.unit", "sf_city", "每单起价（分）")),
    ("freight", "sf_city", {"base": "20%"}, ("cell.percent", "sf_city", "每单起价（分）")),
    ("freight", "sf_city", {"base": ""}, ("cell.empty_value", "sf_city", "每单起价（分）")),
    ("freight", "sf_city", {"base": "是"}, ("cell.yes_no", "sf_city", "每单起价（分）")),
    ("freight", "sf_city", {"base": "=A1*2"}, ("cell.formula", "sf_city", "每单起价（分）")),
    ("freight", "sf_city", {"_id": "a/b", "row": '"a/b"'}, ("name_form", "a/b", "")),
    ("publish_stock", "a", {"share": "0.2"}, ("fraction", "a", "份额 %")),
    ("tax_rates", "reduced", {"rate": "0.09"}, ("fraction", "reduced", "税率（千分之）")),
    ("freight", "sf_city", {"base": "foo("}, ("value", "sf_city", "每单起价（分）")),
    ("freight", "sf_city", {"base": '"800"'}, ("kind", "sf_city", "每单起价（分）")),
    ("freight", "sf_city", {"base": "800.5"}, ("fen", "sf_city", "每单起价（分）")),
    ("freight", "sf_city", {"base": "20001"}, ("bound", "sf_city", "每单起价（分）")),
    ("freight", "sf_city", {"base": "-1"}, ("bound", "sf_city", "每单起价（分）")),
    ("freight", "sf_city", {"row": '"sf_town"'}, ("row_name", "sf_city", "行")),
    ("freight", "sf_city", {"colour": "1"}, ("column", "sf_city", "colour")),
    ("split_rules", "b2b", {"small": '"later"'}, ("word", "b2b", "小单不齐时")),
    ("routing_strategies", "near", {"pieces": "> 5 and < 3"}, ("impossible", "near", "")),
]


@pytest.mark.parametrize(("name", "row", "cells", "problem"), CELLS)
def test_a_bad_cell_is_named_by_row_and_column(
    name: str, row: str, cells: dict[str, str], problem: tuple[str, str, str]
) -> None:
    assert problem in _found(name, changed(name, row, **cells))


def test_what_is_written_with_functions_and_facts_is_taken_as_it_is() -> None:
    for cell in ('startsWith($, "S")', "zone == 'city'", 'not in ["city","delta"]', 'some(["a"], # == $)', '"a b","c"'):
        found = _found("freight", changed("freight", "plain_city", zone=cell))
        assert not {what for what, _, _ in found if what.startswith("cell.") or what == "fact_kind"}, cell


def test_a_column_that_is_gone_is_named_before_the_rows_that_cover_each_other_by_it() -> None:
    document = deepcopy(engine.default("freight"))
    table_of(document)["inputs"] = [one for one in table_of(document)["inputs"] if one["field"] != "zone"]
    for row in table_of(document)["rules"]:
        row.pop("zone")
    first = lint("freight", document).problems[0]
    assert (first.what, dict(first.params)["field"]) == ("fact_gone", "zone")


def test_a_problem_says_where_and_what_to_do() -> None:
    [problem] = lint("freight", changed("freight", "sf_city", base="20001")).problems
    assert problem.sentence() == (
        "表「运费估算」，第 1 行（sf_city），列「每单起价（分）」：20001 超出允许的范围 0 到 20000；"
        "请改小改动，或请管理员放宽声明"
    )
    use_language("en")
    assert problem.sentence().startswith("table 运费估算, row 1 (sf_city), column 每单起价（分）: 20001 is out of")


def _with(name: str, change: Callable[[dict[str, Any], Document], None]) -> Document:
    document = deepcopy(engine.default(name))
    change(table_of(document), document)
    return document


def _drop(kind: str, field: str) -> Callable[[dict[str, Any], Document], None]:
    def change(table: dict[str, Any], document: Document) -> None:
        table[kind] = [column for column in table[kind] if column["field"] != field]

    return change


def _add(kind: str, field: str) -> Callable[[dict[str, Any], Document], None]:
    def change(table: dict[str, Any], document: Document) -> None:
        table[kind].append({"id": "new", "name": "新", "field": field})
        for row in table["rules"]:
            row["new"] = "1"

    return change


def _script(table: dict[str, Any], document: Document) -> None:
    document["nodes"].append({"id": "js", "name": "js", "type": "functionNode", "content": {"source": "1"}})


CHANGES: list[tuple[Callable[[dict[str, Any], Document], None], str]] = [
    (_drop("outputs", "per_kg_fen"), "missing"),
    (_drop("outputs", "row"), "no_row"),
    (_add("outputs", "discount"), "output"),
    (_add("outputs", "fee_fen"), "unbounded"),
    (_add("inputs", "weather"), "fact"),
    (lambda table, document: table.update(hitPolicy="collect"), "policy"),
    (lambda table, document: table.update(rules=[]), "empty"),
    (lambda table, document: table["rules"].append({**table["rules"][0], "zone": '"moon"'}), "twice"),
    (lambda table, document: table["rules"][0].update(_id=""), "nameless"),
    (_script, "node"),
    (lambda table, document: table["inputs"].append(dict(table["inputs"][0])), "form"),
    (lambda table, document: document["orderhub"].update(bounds={"base_fen": [0]}), "declaration"),
    (lambda table, document: document["orderhub"].update(one_of={"base_fen": "1"}), "declaration"),
    (lambda table, document: document["orderhub"].update(examples=["x"]), "declaration"),
    (lambda table, document: document["orderhub"].update(disjoint="no"), "declaration"),
    (lambda table, document: document["orderhub"].update(weather=1), "declaration"),
    (lambda table, document: document.update(nodes=[]), "form"),
    (lambda table, document: document.pop("nodes"), "form"),
]


@pytest.mark.parametrize(("change", "what"), CHANGES)
def test_a_bad_table_is_refused(change: Callable[[dict[str, Any], Document], None], what: str) -> None:
    assert what in {one for one, _, _ in _found("freight", _with("freight", change))}


def test_a_version_cannot_widen_what_the_house_bounds() -> None:
    document = changed("freight", "sf_city", base="30000")
    document["orderhub"]["bounds"]["base_fen"] = [0, 99999]
    assert _found("freight", document) == [("bound", "sf_city", "每单起价（分）")]
    del document["orderhub"]["bounds"]
    assert _found("freight", document) == [("bound", "sf_city", "每单起价（分）")]


def test_an_example_that_comes_out_differently_is_shown_with_what_came() -> None:
    document = changed("courier_plan", "clear", steps='"sf:SF"')
    [problem] = lint("courier_plan", document).problems
    assert problem.what == "example"
    said = dict(problem.params)
    assert json.loads(str(said["wanted"]))["steps"] == "sf:SF cainiao:ZTO"
    assert json.loads(str(said["came"]))["steps"] == "sf:SF"
    document["orderhub"]["examples"][0]["expect"]["steps"] = "sf:SF"
    assert lint("courier_plan", document).sound


def test_nothing_where_a_row_was_and_a_row_where_nothing_was() -> None:
    document = deepcopy(engine.default("production_steps"))
    document["orderhub"]["examples"] = [
        {"facts": {"sku": "MTO-SOFA"}, "expect": {}},
        {"facts": {"sku": "MUG"}, "expect": {"row": "sofa"}},
    ]
    assert [one for one, _, _ in _found("production_steps", document)] == ["example", "example"]


def test_a_last_row_that_is_taken_away_leaves_a_gap() -> None:
    document = _with("silence", lambda table, _: table["rules"].pop())
    assert ("gap", "", "") in _found("silence", document)


def _grid(rows: list[dict[str, str]], fields: str = "ab") -> Grid:
    table = {
        "id": "t",
        "type": "decisionTableNode",
        "content": {
            "hitPolicy": "first",
            "inputs": [{"id": one, "name": one, "field": one} for one in fields],
            "outputs": [],
            "rules": [{"_id": f"r{n}", **row} for n, row in enumerate(rows)],
        },
    }
    return grids({"nodes": [table]})[0]


SHADOWS = [
    ([{"a": ""}, {"a": '"x"'}], {1: "r0"}),
    ([{"a": '"x","y"'}, {"a": '"x"'}, {"a": '"z"'}], {1: "r0"}),
    ([{"a": ">= 3"}, {"a": "[4..6]"}, {"a": "3"}, {"a": "< 3"}], {1: "r0", 2: "r0"}),
    ([{"a": "> 3"}, {"a": "3"}, {"a": "<= 3"}, {"a": ""}], {3: ""}),
    ([{"a": "true"}, {"a": "false"}, {"a": ""}], {2: ""}),
    ([{"a": "true", "b": "1"}, {"a": "", "b": "1"}, {"a": "false", "b": "1"}], {2: "r1"}),
    ([{"a": 'startsWith($, "x")'}, {"a": 'startsWith($, "x")', "b": "1"}], {1: "r0"}),
    ([{"a": 'startsWith($, "x")'}, {"a": '"xy"'}], {}),
    ([{"a": '"x"'}, {"a": 'startsWith($, "x")'}, {"a": ""}], {}),
    ([{"a": 'not in ["x"]'}, {"a": '"y"'}, {"a": '"x"'}], {1: "r0"}),
]


@pytest.mark.parametrize(("rows", "unreachable"), SHADOWS)
def test_rows_that_never_apply(rows: list[dict[str, str]], unreachable: dict[int, str]) -> None:
    assert {one.row: one.by for one in Boxes(_grid(rows)).unreachable()} == unreachable


def test_rows_that_overlap() -> None:
    rows = [{"a": '"x","y"'}, {"a": '"y"', "b": "> 3"}, {"a": '"z"'}, {"a": "len($) > 9"}]
    assert Boxes(_grid(rows)).overlapping() == [(0, 1)]


def test_a_table_that_declares_it_has_no_overlap() -> None:
    document = deepcopy(engine.default("freight"))
    document["orderhub"]["disjoint"] = True
    overlaps = [problem for problem in lint("freight", document).problems if problem.what == "overlap"]
    assert {(problem.row, dict(problem.params)["other"]) for problem in overlaps} >= {("plain_city", "sf_city")}


_cells_a = st.sampled_from(["", '"x"', '"y"', '"x","y"', 'not in ["x"]', '!= "y"'])
_cells_b = st.sampled_from(["", "1", "> 1", "<= 2", "[1..3)", "1,3", ">= 3"])


@given(st.lists(st.tuples(_cells_a, _cells_b), min_size=1, max_size=5))
def test_what_is_said_of_rows_is_what_the_engine_does(rows: list[tuple[str, str]]) -> None:
    """An oracle: every kind of facts is asked, and counted by the first row that applies."""
    grid = _grid([{"a": a, "b": b} for a, b in rows])
    outputs = [{"id": "row", "name": "row", "field": "row"}]
    document = engine.default("freight")
    table_of(document).update(
        inputs=[{"id": one, "name": one, "field": one} for one in "ab"],
        outputs=outputs,
        rules=[{**row, "row": json.dumps(row["_id"])} for row in grid.rows],
    )
    table = engine.Table("freight", document)
    facts = product(("x", "y", "z"), (0, 1, 1.5, 2, 2.5, 3, 4))
    said = [table.ask({"a": a, "b": b}) for a, b in facts]
    hit = {one[0].result["row"] for one in said if one}
    boxes = Boxes(grid)
    assert {grid.rows[one.row]["_id"] for one in boxes.unreachable()} == {row["_id"] for row in grid.rows} - hit
    assert boxes.total() == all(said)
