"""A rule set into an XLSX file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import xlsxwriter

from domain.texts import text
from rules.documents import DECLARED, Document, Grid, declared, grids
from rules.workbook.form import (
    DECLARATIONS,
    DESCRIPTION,
    EXACT,
    EXAMPLES,
    IF,
    NAME,
    NOTE,
    ROW,
    SHEETS,
    SKELETON,
    THEN,
    TOP,
    WANTED,
    key_of,
)

_WIDEST = 31

_CELL = 30_000
"""A cell of Excel takes 32,767 characters."""

Cells = tuple[list[str], list[str], list[list[str]]]
"""Titles, keys, rows."""


def write_workbook(name: str, document: Document, path: Path) -> None:
    """Write a document into a file. Raises ValueError for a cell that Excel cannot hold."""
    found = grids(document)
    names = _sheet_names(found)
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        styles = {
            "title": book.add_format({"bold": True, "bg_color": "#DDEBF7", "text_wrap": True, "valign": "top"}),
            "key": book.add_format({"italic": True, "font_color": "#7F7F7F"}),
            "cell": book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"}),
            "number": book.add_format({"valign": "top"}),
        }
        for grid in found:
            _write(book, styles, names[grid.node], *_grid_cells(grid))
        _write(book, styles, EXAMPLES, *_example_cells(document, found))
        _write(book, styles, DECLARATIONS, *_declaration_cells(name, document, names))


def _grid_cells(grid: Grid) -> Cells:
    outputs = [
        column
        for column in grid.outputs
        if column.field != ROW
        or any(row.get(column.id) != json.dumps(row.get("_id", ""), ensure_ascii=False) for row in grid.rows)
    ]
    described = any(DESCRIPTION in row for row in grid.rows)
    inputs = [_column_facts(column) for column in grid.inputs]
    both = [_column_facts(column) for column in grid.outputs]
    titles = [text("rules.row"), *(one.title for one in grid.inputs), *(one.title for one in outputs)]
    keys = [
        ROW,
        *(f"{IF} {key_of(_column_facts(one), inputs)}" for one in grid.inputs),
        *(f"{THEN} {key_of(_column_facts(one), both)}" for one in outputs),
    ]
    ids = ["_id", *(one.id for one in (*grid.inputs, *outputs))]
    if described:
        titles, keys, ids = [*titles, text("rules.note")], [*keys, NOTE], [*ids, DESCRIPTION]
    return titles, keys, [[row.get(one, "") for one in ids] for row in grid.rows]


def _column_facts(column: Any) -> dict[str, Any]:
    return {"id": column.id, "field": column.field}


def _example_cells(document: Document, found: list[Grid]) -> Cells:
    examples = declared(document).get("examples", [])
    names = {column.field: column.title for grid in found for column in (*grid.inputs, *grid.outputs)}
    facts = list(
        dict.fromkeys(
            [column.field for grid in found for column in grid.inputs]
            + [fact for example in examples for fact in example.get("facts", {})]
        )
    )
    wanted = list(dict.fromkeys([ROW, *(name for example in examples for name in example.get("expect") or {})]))
    titles = [names.get(fact, fact) for fact in facts]
    titles += [text("rules.expected", title=names.get(name, name)) for name in wanted]
    keys = [*(f"{IF} {fact}" for fact in facts), *(f"{WANTED} {name}" for name in wanted), NOTE]
    rows = [
        [
            *(_json(example.get("facts", {}), fact) for fact in facts),
            *(_json(example.get("expect") or {}, name) for name in wanted),
            str(example.get(NOTE, "")),
        ]
        for example in examples
    ]
    return [*titles, text("rules.note")], keys, rows


def _declaration_cells(name: str, document: Document, names: dict[str, str]) -> Cells:
    skeleton = deepcopy(document)
    own = skeleton.pop(DECLARED, {})
    for node in skeleton["nodes"]:
        if node["type"] == "decisionTableNode":
            node["content"]["rules"] = []
    rows = [[NAME, name]]
    rows += [[key, json.dumps(value, ensure_ascii=False)] for key, value in own.items() if key != "examples"]
    rows.append([SHEETS, json.dumps(names, ensure_ascii=False)])
    written = json.dumps(skeleton, ensure_ascii=False)
    rows += [[SKELETON, written[start : start + _CELL]] for start in range(0, len(written), _CELL)]
    return [text("rules.declaration"), text("rules.declared")], ["key", "value"], rows


def _write(
    book: Any, styles: dict[str, Any], name: str, titles: Sequence[str], keys: Sequence[str], rows: list[list[str]]
) -> None:
    sheet = book.add_worksheet(name)
    sheet.freeze_panes(TOP, 1)
    for n, (title, key) in enumerate(zip(titles, keys, strict=True)):
        longest = max([len(title), *(len(row[n]) for row in rows)])
        sheet.set_column(n, n, min(max(longest + 2, 10), 60), styles["cell"])
        sheet.write_string(0, n, title, styles["title"])
        sheet.write_string(1, n, key, styles["key"])
    for m, row in enumerate(rows, TOP):
        for n, cell in enumerate(row):
            if len(cell) > 32_767:  # Excel's own limit
                raise ValueError(f"{name}, row {m + 1}: a cell of Excel takes 32767 characters")
            if _is_number(cell):
                sheet.write_number(m, n, int(cell), styles["number"])
            elif cell:
                sheet.write_string(m, n, cell, styles["cell"])


def _is_number(cell: str) -> bool:
    try:
        return str(int(cell)) == cell and abs(int(cell)) <= EXACT
    except ValueError:
        return False


def _sheet_names(found: list[Grid]) -> dict[str, str]:
    """A sheet's name for each table: Excel takes 31 characters, and not all of them."""
    names: dict[str, str] = {}
    taken = {EXAMPLES, DECLARATIONS}
    for grid in found:
        plain = "".join("·" if sign in "[]:*?/\\'" else sign for sign in grid.title).strip() or grid.node
        name, n = plain[:_WIDEST], 1
        while name.lower() in {one.lower() for one in taken}:
            n += 1
            name = f"{plain[: _WIDEST - 3]} {n}"
        names[grid.node] = name
        taken.add(name)
    return names


def _json(values: dict[str, Any], name: str) -> str:
    return json.dumps(values[name], ensure_ascii=False) if name in values else ""
