"""A rule set out of an XLSX file, and where its parts stand in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook
from xlsxwriter.utility import xl_col_to_name

from domain.texts import text
from rules.documents import DECLARED, BadRule, Document, grids
from rules.problems import Problem
from rules.workbook.cells import normal_cell
from rules.workbook.form import (
    DECLARATIONS,
    DESCRIPTION,
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
from rules.workbook.scan import MOST_COLUMNS, MOST_ROWS, Scan, Sealed, TooLarge, scan

_KINDS = f"{IF} …, {WANTED} …, {NOTE}"


class BadWorkbook(ValueError):
    """A file that cannot be read as the rule set. `lines` name sheet, row and column, and what to do."""

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


@dataclass
class Places:
    """Where the parts of a document stand in the file that it was read from."""

    rows: dict[tuple[str, int], int] = field(default_factory=dict)
    """By table title and row number."""
    columns: dict[tuple[str, str], str] = field(default_factory=dict)
    """By table title and column title."""
    sheets: dict[str, str] = field(default_factory=dict)

    def sentence(self, problem: Problem) -> str:
        """A problem with its sheet, its row and its column."""
        if problem.table not in self.sheets:
            return problem.sentence()
        row = self.rows.get((problem.table, problem.number), 0)
        column = self.columns.get((problem.table, problem.column), "")
        if problem.what == "twice":
            other = self.rows.get((problem.table, int(str(dict(problem.params)["other"]))), 0)
            problem = replace(problem, params=(("other", other),))
        place = _place(self.sheets[problem.table], row, column, problem.column)
        return f"{place}{text('rules.at.colon')}{problem.words()}"


def read_workbook(name: str, path: Path) -> tuple[Document, Places]:
    """Read a rule set out of a file, and where its parts stand. Raises BadWorkbook with everything that is wrong."""
    try:
        seen = scan(path)
        book = CalamineWorkbook.from_path(str(path))
        sheets = {title: book.get_sheet_by_name(title).to_python(skip_empty_area=False) for title in book.sheet_names}
    except Sealed:
        raise BadWorkbook(text("rules.file.sealed")) from None
    except TooLarge as large:
        limits = {"rows": MOST_ROWS, "columns": MOST_COLUMNS}
        raise BadWorkbook(text("rules.file.too_large", sheet=large.sheet, cell=large.cell, **limits)) from None
    except (CalamineError, OSError, ValueError) as error:
        raise BadWorkbook(text("rules.file.unreadable", reason=error)) from None
    return _Reader(name, sheets, seen).document()


class _Reader:
    """Reads the sheets of one file."""

    def __init__(self, name: str, sheets: dict[str, list[list[Any]]], seen: Scan) -> None:
        self._name = name
        self._sheets = sheets
        self._seen = seen
        self._bad: list[str] = []
        self._places = Places()

    def document(self) -> tuple[Document, Places]:
        document, names = self._skeleton()
        for node in document["nodes"]:
            if node["type"] == "decisionTableNode":
                self._table(node, names.get(node["id"], ""))
        examples = list(self._examples())
        if examples:
            document.setdefault(DECLARED, {})["examples"] = examples
        if self._bad:
            raise BadWorkbook(*dict.fromkeys(self._bad))
        return document, self._places

    def _skeleton(self) -> tuple[Document, dict[str, str]]:
        rows = self._sheets.get(DECLARATIONS)
        if rows is None:
            raise BadWorkbook(text("rules.file.no_sheet", sheet=DECLARATIONS, sheets=", ".join(self._sheets)))
        said: dict[str, str] = {}
        places: dict[str, int] = {}
        for n, row in enumerate(rows[TOP:], TOP + 1):
            key, value = (str(cell) for cell in (*row, "", "")[:2])
            said[key] = said.get(key, "") + value
            places.setdefault(key, n)
        said.pop("", None)
        name = said.pop(NAME, "")
        if not name:
            raise _lacks(NAME)
        if name != self._name:
            raise BadWorkbook(text("rules.file.other_set", name=self._name, found=name))
        own: dict[str, Any] = {}
        for key, value in said.items():
            try:
                own[key] = json.loads(value)
            except ValueError:
                # Quotes that an input method made full-width are the usual reason.
                raise BadWorkbook(_line(DECLARATIONS, places[key], "B", key, "rules.file.not_json")) from None
        document, names = own.pop(SKELETON, None), own.pop(SHEETS, {})
        if not _is_skeleton(document):
            raise _lacks(SKELETON)
        if not isinstance(names, dict):
            raise _lacks(SHEETS)
        if own:
            document[DECLARED] = own
        return document, names

    def _table(self, node: dict[str, Any], sheet: str) -> None:
        content = node["content"]
        rows = self._sheets.get(sheet)
        if rows is None:
            self._bad.append(text("rules.file.no_sheet", sheet=sheet or node["id"], sheets=", ".join(self._sheets)))
            return
        title = str(node.get("name", node["id"]))
        self._places.sheets[title] = sheet
        self._merged(sheet)
        ids = self._columns(content, sheet, title, rows)
        row_column = next((one for one in content["outputs"] if one["field"] == ROW), None)
        made = []
        for number, row in enumerate(rows[TOP:], TOP + 1):
            if all(cell in ("", None) for cell in row):
                continue
            cells = dict.fromkeys((one["id"] for one in (*content["inputs"], *content["outputs"])), "")
            for n, identity in ids.items():
                value = row[n] if n < len(row) else ""
                heading = str(rows[0][n])
                if identity in ("_id", DESCRIPTION):
                    plain = self._cell(value, sheet, number, n, heading, expression=False).strip()
                    if identity == "_id":
                        plain = plain.strip('"“”＂')  # as people write texts elsewhere
                    if plain or identity == "_id":
                        cells[identity] = plain
                else:
                    cells[identity] = self._cell(value, sheet, number, n, heading)
            if row_column is not None and row_column["id"] not in ids.values():
                cells[row_column["id"]] = json.dumps(cells.get("_id", ""), ensure_ascii=False)
            made.append(cells)
            self._places.rows[title, len(made)] = number
        content["rules"] = made

    def _merged(self, sheet: str) -> None:
        """Of merged cells all but the first are empty, and an empty condition takes everything."""
        for written, _, last in self._seen.merged.get(sheet, ()):
            if last >= TOP:
                self._bad.append(_line(sheet, 0, "", "", "rules.file.merged", cells=written))

    def _columns(self, content: dict[str, Any], sheet: str, title: str, rows: list[list[Any]]) -> dict[int, str]:
        """Put the columns into the order of the sheet. The row's key for each column of the sheet."""
        known = {
            f"{kind} {key_of(one, content[where])}": one
            for kind, where in ((IF, "inputs"), (THEN, "outputs"))
            for one in content[where]
        }
        ids: dict[int, str] = {}
        here: dict[str, list[dict[str, Any]]] = {IF: [], THEN: []}
        titles, keys = [*rows, [], []][:2]
        marks = {*known, ROW, NOTE}
        if rows and not any(str(raw).strip() in marks for raw in keys):
            row = 1 if any(str(raw).strip() in marks for raw in titles) else 2
            self._bad.append(_line(sheet, row, "", "", f"rules.file.no_{'titles' if row == 1 else 'keys'}"))
            return ids
        for n, raw in enumerate(keys):
            key, heading = str(raw).strip(), str(titles[n])
            letter = xl_col_to_name(n)
            kind, _, fact = key.partition(" ")
            if key in (ROW, NOTE):
                ids[n] = "_id" if key == ROW else DESCRIPTION
                continue
            if not key and not heading.strip() and all(n >= len(row) or row[n] in ("", None) for row in rows[TOP:]):
                continue
            if not key:
                self._bad.append(_line(sheet, 2, letter, heading, "rules.file.no_key", marks=", ".join(known)))
                continue
            if kind not in here or not fact:
                line = _line(sheet, 2, letter, heading, "rules.file.unknown_column", mark=key, marks=", ".join(known))
                self._bad.append(line)
                continue
            if ids_twice := [other for other, seen in enumerate(keys[:n]) if str(seen).strip() == key]:
                other = xl_col_to_name(ids_twice[0])
                self._bad.append(_line(sheet, 2, letter, heading, "rules.file.column_twice", other=other))
                continue
            column = known.get(key) or {"id": f"{fact}_{n}", "name": heading, "field": fact}
            column = {**column, "name": heading}
            here[kind].append(column)
            ids[n] = column["id"]
            self._places.columns[title, heading] = letter
        if "_id" not in ids.values():
            self._bad.append(_line(sheet, 2, "A", "", "rules.file.no_row_column", mark=ROW))
        for n, one in enumerate(content["outputs"]):
            if one["field"] == ROW and one["id"] not in ids.values():
                here[THEN].insert(n, one)
        content["inputs"], content["outputs"] = here[IF], here[THEN]
        return ids

    def _examples(self) -> Iterator[dict[str, Any]]:
        rows = self._sheets.get(EXAMPLES, [])
        self._merged(EXAMPLES)
        keys = [str(cell).strip() for cell in rows[1]] if len(rows) > 1 else []
        for number, row in enumerate(rows[TOP:], TOP + 1):
            if all(cell in ("", None) for cell in row):
                continue
            example: dict[str, Any] = {"facts": {}, "expect": {}}
            for n, key in enumerate(keys):
                value = row[n] if n < len(row) else ""
                if value in ("", None) or not key:
                    continue
                heading = str(rows[0][n])
                kind, _, fact = key.partition(" ")
                if key == NOTE:
                    example[NOTE] = str(value)
                elif kind in (IF, WANTED) and fact:
                    cell = self._cell(value, EXAMPLES, number, n, heading)
                    if not cell:
                        continue  # what is wrong with it is said
                    try:
                        said = json.loads(cell)
                    except ValueError:
                        self._bad.append(
                            _line(EXAMPLES, number, xl_col_to_name(n), heading, "rules.file.not_value", value=value)
                        )
                        continue
                    example["facts" if kind == IF else "expect"][fact] = said
                else:
                    self._bad.append(
                        _line(
                            EXAMPLES,
                            2,
                            xl_col_to_name(n),
                            heading,
                            "rules.file.unknown_column",
                            mark=key,
                            marks=_KINDS,
                        )
                    )
            yield example

    def _cell(self, value: Any, sheet: str, number: int, n: int, heading: str, *, expression: bool = True) -> str:
        if (number - 1, n) in self._seen.errors.get(sheet, ()):
            self._bad.append(_line(sheet, number, xl_col_to_name(n), heading, "rules.file.error"))
            return ""
        try:
            return normal_cell(value, expression=expression)
        except ValueError as error:
            key = f"rules.file.{error}"
            self._bad.append(_line(sheet, number, xl_col_to_name(n), heading, key, value=value))
            return ""


def _lacks(mark: str) -> BadWorkbook:
    return BadWorkbook(text("rules.file.no_document", sheet=DECLARATIONS, mark=mark))


def _is_skeleton(document: Any) -> bool:
    """Whether it has the engine's form: its tables are read into it."""
    try:
        return bool(grids(document)) and isinstance(document["nodes"], list)
    except (BadRule, KeyError, TypeError):
        return False


def _place(sheet: str, row: int, letter: str, heading: str) -> str:
    parts = [text("rules.at.sheet", sheet=sheet)]
    if row:
        parts.append(text("rules.at.line", row=row))
    if letter:
        parts.append(text("rules.at.letter", letter=letter, column=heading))
    return text("rules.at.between").join(parts)


def _line(sheet: str, row: int, letter: str, heading: str, what: str, **params: object) -> str:
    return f"{_place(sheet, row, letter, heading)}{text('rules.at.colon')}{text(what, **params)}"
