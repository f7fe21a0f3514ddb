"""Rule sets as XLSX files and back: one sheet for each table, one of examples, one of declarations.

A table's first row has the columns' titles and its second row what they stand for; the rest are its rows. What is typed
into Excel is brought back to what the engine reads: full-width signs outside of quotes, numbers that became floats,
booleans. What a file cannot say without its author is refused, with sheet, row and column.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import xlsxwriter
from python_calamine import CalamineError, CalamineWorkbook
from xlsxwriter.utility import xl_col_to_name

from domain.texts import text
from rules.documents import DECLARED, BadRule, Document, Grid, declared, grids
from rules.lint import Problem
from rules.workbook_scan import MOST_COLUMNS, MOST_ROWS, Scan, Sealed, TooLarge, scan

_ROW, _NOTE, _IF, _THEN, _WANTED = "row", "note", "条件", "结果", "应得"
_DESCRIPTION = "_description"
_SKELETON, _NAME, _SHEETS = "document", "name", "sheets"
_EXAMPLES, _DECLARATIONS = "示例", "声明"
_TOP = 2
"""Rows of headings."""
_WIDEST = 31
_KINDS = f"{_IF} …, {_WANTED} …, {_NOTE}"
_EXACT = 2**53
_CELL = 30_000
"""A cell of Excel takes 32,767 characters."""

_HALF = str.maketrans(
    "，＂＞＜＝！（）［］｛｝：；＋－＊／％．　\u00a0０１２３４５６７８９",
    ',"><=!()[]{}:;+-*/%.  0123456789',
)
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff"))
"""What is copied from web pages and chats along with a text."""
_SIGNS = {"≥": ">=", "≤": "<=", "≠": "!=", "、": ",", "【": "[", "】": "]", "＆": "and", "～": ".."}
_OPENS = {'"': '"', "'": "'", "“": "”", "”": "”", "‘": "’", "’": "’", "＂": "＂"}


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
        _write(book, styles, _EXAMPLES, *_example_cells(document, found))
        _write(book, styles, _DECLARATIONS, *_declaration_cells(name, document, names))


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
        rows = self._sheets.get(_DECLARATIONS)
        if rows is None:
            raise BadWorkbook(text("rules.file.no_sheet", sheet=_DECLARATIONS, sheets=", ".join(self._sheets)))
        said: dict[str, str] = {}
        places: dict[str, int] = {}
        for n, row in enumerate(rows[_TOP:], _TOP + 1):
            key, value = (str(cell) for cell in (*row, "", "")[:2])
            said[key] = said.get(key, "") + value
            places.setdefault(key, n)
        said.pop("", None)
        name = said.pop(_NAME, "")
        if not name:
            raise _lacks(_NAME)
        if name != self._name:
            raise BadWorkbook(text("rules.file.other_set", name=self._name, found=name))
        own: dict[str, Any] = {}
        for key, value in said.items():
            try:
                own[key] = json.loads(value)
            except ValueError:
                # Quotes that an input method made full-width are the usual reason.
                raise BadWorkbook(_line(_DECLARATIONS, places[key], "B", key, "rules.file.not_json")) from None
        document, names = own.pop(_SKELETON, None), own.pop(_SHEETS, {})
        if not _is_skeleton(document):
            raise _lacks(_SKELETON)
        if not isinstance(names, dict):
            raise _lacks(_SHEETS)
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
        row_column = next((one for one in content["outputs"] if one["field"] == _ROW), None)
        made = []
        for number, row in enumerate(rows[_TOP:], _TOP + 1):
            if all(cell in ("", None) for cell in row):
                continue
            cells = dict.fromkeys((one["id"] for one in (*content["inputs"], *content["outputs"])), "")
            for n, identity in ids.items():
                value = row[n] if n < len(row) else ""
                heading = str(rows[0][n])
                if identity in ("_id", _DESCRIPTION):
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
            if last >= _TOP:
                self._bad.append(_line(sheet, 0, "", "", "rules.file.merged", cells=written))

    def _columns(self, content: dict[str, Any], sheet: str, title: str, rows: list[list[Any]]) -> dict[int, str]:
        """Put the columns into the order of the sheet. The row's key for each column of the sheet."""
        known = {
            f"{kind} {_key(one, content[where])}": one
            for kind, where in ((_IF, "inputs"), (_THEN, "outputs"))
            for one in content[where]
        }
        ids: dict[int, str] = {}
        here: dict[str, list[dict[str, Any]]] = {_IF: [], _THEN: []}
        titles, keys = [*rows, [], []][:2]
        marks = {*known, _ROW, _NOTE}
        if rows and not any(str(raw).strip() in marks for raw in keys):
            row = 1 if any(str(raw).strip() in marks for raw in titles) else 2
            self._bad.append(_line(sheet, row, "", "", f"rules.file.no_{'titles' if row == 1 else 'keys'}"))
            return ids
        for n, raw in enumerate(keys):
            key, heading = str(raw).strip(), str(titles[n])
            letter = xl_col_to_name(n)
            kind, _, fact = key.partition(" ")
            if key in (_ROW, _NOTE):
                ids[n] = "_id" if key == _ROW else _DESCRIPTION
                continue
            if not key and not heading.strip() and all(n >= len(row) or row[n] in ("", None) for row in rows[_TOP:]):
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
            self._bad.append(_line(sheet, 2, "A", "", "rules.file.no_row_column", mark=_ROW))
        for n, one in enumerate(content["outputs"]):
            if one["field"] == _ROW and one["id"] not in ids.values():
                here[_THEN].insert(n, one)
        content["inputs"], content["outputs"] = here[_IF], here[_THEN]
        return ids

    def _examples(self) -> Iterator[dict[str, Any]]:
        rows = self._sheets.get(_EXAMPLES, [])
        self._merged(_EXAMPLES)
        keys = [str(cell).strip() for cell in rows[1]] if len(rows) > 1 else []
        for number, row in enumerate(rows[_TOP:], _TOP + 1):
            if all(cell in ("", None) for cell in row):
                continue
            example: dict[str, Any] = {"facts": {}, "expect": {}}
            for n, key in enumerate(keys):
                value = row[n] if n < len(row) else ""
                if value in ("", None) or not key:
                    continue
                heading = str(rows[0][n])
                kind, _, fact = key.partition(" ")
                if key == _NOTE:
                    example[_NOTE] = str(value)
                elif kind in (_IF, _WANTED) and fact:
                    cell = self._cell(value, _EXAMPLES, number, n, heading)
                    if not cell:
                        continue  # what is wrong with it is said
                    try:
                        said = json.loads(cell)
                    except ValueError:
                        self._bad.append(
                            _line(_EXAMPLES, number, xl_col_to_name(n), heading, "rules.file.not_value", value=value)
                        )
                        continue
                    example["facts" if kind == _IF else "expect"][fact] = said
                else:
                    self._bad.append(
                        _line(
                            _EXAMPLES,
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
    return BadWorkbook(text("rules.file.no_document", sheet=_DECLARATIONS, mark=mark))


def _is_skeleton(document: Any) -> bool:
    """Whether it has the engine's form: its tables are read into it."""
    try:
        return bool(grids(document)) and isinstance(document["nodes"], list)
    except (BadRule, KeyError, TypeError):
        return False


def normal_cell(value: Any, *, expression: bool = True) -> str:
    """What the engine reads for what Excel gives. Raises ValueError("date" or "digits") for what Excel has spoilt."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        if abs(value) > _EXACT:
            raise ValueError("digits")
        # Fifteen digits are what Excel shows: 0.1 + 0.2 was meant as 0.3.
        written = str(int(value)) if float(value).is_integer() else format(value, ".15g")
        if "e" in written:
            raise ValueError("digits")
        return written
    if not isinstance(value, str):
        raise ValueError("date")
    value = value.translate(_INVISIBLE)
    return _half_width(value) if expression else value


def _half_width(cell: str) -> str:
    """Signs of a Chinese keyboard, but not what stands inside quotes."""
    made, closes = [], ""
    for sign in cell:
        if closes:
            made.append('"' if sign == closes and closes not in "\"'" else sign)
            # A quote that was opened full-width is often closed half-width.
            if sign == closes or (sign == '"' and closes in "”＂"):
                closes = ""
        elif sign in _OPENS:
            closes = _OPENS[sign]
            made.append(sign if sign in "\"'" else '"')
        else:
            made.append(_SIGNS.get(sign) or sign.translate(_HALF))
    return "".join(made)


Cells = tuple[list[str], list[str], list[list[str]]]
"""Titles, keys, rows."""


def _grid_cells(grid: Grid) -> Cells:
    outputs = [
        column
        for column in grid.outputs
        if column.field != _ROW
        or any(row.get(column.id) != json.dumps(row.get("_id", ""), ensure_ascii=False) for row in grid.rows)
    ]
    described = any(_DESCRIPTION in row for row in grid.rows)
    inputs = [_column_facts(column) for column in grid.inputs]
    both = [_column_facts(column) for column in grid.outputs]
    titles = [text("rules.row"), *(one.title for one in grid.inputs), *(one.title for one in outputs)]
    keys = [
        _ROW,
        *(f"{_IF} {_key(_column_facts(one), inputs)}" for one in grid.inputs),
        *(f"{_THEN} {_key(_column_facts(one), both)}" for one in outputs),
    ]
    ids = ["_id", *(one.id for one in (*grid.inputs, *outputs))]
    if described:
        titles, keys, ids = [*titles, text("rules.note")], [*keys, _NOTE], [*ids, _DESCRIPTION]
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
    wanted = list(dict.fromkeys([_ROW, *(name for example in examples for name in example.get("expect") or {})]))
    titles = [names.get(fact, fact) for fact in facts]
    titles += [text("rules.expected", title=names.get(name, name)) for name in wanted]
    keys = [*(f"{_IF} {fact}" for fact in facts), *(f"{_WANTED} {name}" for name in wanted), _NOTE]
    rows = [
        [
            *(_json(example.get("facts", {}), fact) for fact in facts),
            *(_json(example.get("expect") or {}, name) for name in wanted),
            str(example.get(_NOTE, "")),
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
    rows = [[_NAME, name]]
    rows += [[key, json.dumps(value, ensure_ascii=False)] for key, value in own.items() if key != "examples"]
    rows.append([_SHEETS, json.dumps(names, ensure_ascii=False)])
    written = json.dumps(skeleton, ensure_ascii=False)
    rows += [[_SKELETON, written[start : start + _CELL]] for start in range(0, len(written), _CELL)]
    return [text("rules.declaration"), text("rules.declared")], ["key", "value"], rows


def _write(
    book: Any, styles: dict[str, Any], name: str, titles: Sequence[str], keys: Sequence[str], rows: list[list[str]]
) -> None:
    sheet = book.add_worksheet(name)
    sheet.freeze_panes(_TOP, 1)
    for n, (title, key) in enumerate(zip(titles, keys, strict=True)):
        longest = max([len(title), *(len(row[n]) for row in rows)])
        sheet.set_column(n, n, min(max(longest + 2, 10), 60), styles["cell"])
        sheet.write_string(0, n, title, styles["title"])
        sheet.write_string(1, n, key, styles["key"])
    for m, row in enumerate(rows, _TOP):
        for n, cell in enumerate(row):
            if len(cell) > 32_767:  # Excel's own limit
                raise ValueError(f"{name}, row {m + 1}: a cell of Excel takes 32767 characters")
            if _is_number(cell):
                sheet.write_number(m, n, int(cell), styles["number"])
            elif cell:
                sheet.write_string(m, n, cell, styles["cell"])


def _is_number(cell: str) -> bool:
    try:
        return str(int(cell)) == cell and abs(int(cell)) <= _EXACT
    except ValueError:
        return False


def _sheet_names(found: list[Grid]) -> dict[str, str]:
    """A sheet's name for each table: Excel takes 31 characters, and not all of them."""
    names: dict[str, str] = {}
    taken = {_EXAMPLES, _DECLARATIONS}
    for grid in found:
        plain = "".join("·" if sign in "[]:*?/\\'" else sign for sign in grid.title).strip() or grid.node
        name, n = plain[:_WIDEST], 1
        while name.lower() in {one.lower() for one in taken}:
            n += 1
            name = f"{plain[: _WIDEST - 3]} {n}"
        names[grid.node] = name
        taken.add(name)
    return names


def _key(column: dict[str, Any], among: Sequence[dict[str, Any]]) -> str:
    """What a column stands for; with its own id where several stand for the same."""
    twice = [one for one in among if one["field"] == column["field"]]
    return str(column["field"]) if len(twice) == 1 and column["field"] else f"{column['field']}#{column['id']}"


def _json(values: dict[str, Any], name: str) -> str:
    return json.dumps(values[name], ensure_ascii=False) if name in values else ""


def _place(sheet: str, row: int, letter: str, heading: str) -> str:
    parts = [text("rules.at.sheet", sheet=sheet)]
    if row:
        parts.append(text("rules.at.line", row=row))
    if letter:
        parts.append(text("rules.at.letter", letter=letter, column=heading))
    return text("rules.at.between").join(parts)


def _line(sheet: str, row: int, letter: str, heading: str, what: str, **params: object) -> str:
    return f"{_place(sheet, row, letter, heading)}{text('rules.at.colon')}{text(what, **params)}"
