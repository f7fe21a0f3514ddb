"""What a workbook holds that its values do not say: how large it is, which cells are errors, and which are merged.

Read off the file's own XML before anything else: one stray cell in the last row of a sheet would make a million rows
of it, an error reads as an empty cell, and of merged cells all but the first do.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO
from xml.etree import ElementTree

MOST_ROWS, MOST_COLUMNS = 20_000, 200
_MOST_BYTES = 200 * 1024 * 1024
"""What a file may be when it is unpacked."""
_OLE = b"\xd0\xcf\x11\xe0"
_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_WORKBOOK, _RELATIONS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"


class Unreadable(ValueError):
    """A file that is no workbook."""


class Sealed(Unreadable):
    """A file with a password, or one of the format before .xlsx: both look the same from outside."""


class TooLarge(ValueError):
    """A sheet with something in a row or a column where no table reaches."""

    def __init__(self, sheet: str, cell: str) -> None:
        super().__init__(f"{sheet}!{cell}")
        self.sheet, self.cell = sheet, cell


@dataclass
class Scan:
    """By sheet: cells that hold an error, and ranges that are merged. Rows and columns count from 0."""

    errors: dict[str, set[tuple[int, int]]] = field(default_factory=dict)
    merged: dict[str, list[tuple[str, int, int]]] = field(default_factory=dict)
    """The range as Excel writes it, its first and its last row."""


def scan(path: Path) -> Scan:
    """Look through a file. Raises Unreadable, and TooLarge at the first sheet that is."""
    found = Scan()
    try:
        with path.open("rb") as file:
            if file.read(len(_OLE)) == _OLE:
                raise Sealed("a password, or .xls")
        with zipfile.ZipFile(path) as packed:
            if sum(part.file_size for part in packed.infolist()) > _MOST_BYTES:
                raise Unreadable("it is larger than 200 MB")
            for sheet, part in _sheets(packed):
                with packed.open(part) as stream:
                    _scan(sheet, stream, found)
    except (zipfile.BadZipFile, KeyError, ElementTree.ParseError, OSError, NotImplementedError, RuntimeError) as error:
        raise Unreadable(str(error)) from None
    return found


def _sheets(packed: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """The sheets' names, and the parts of the file that they stand in."""
    parts = {
        one.get("Id", ""): str(PurePosixPath("xl") / one.get("Target", ""))
        for one in _elements(packed.open(_RELATIONS))
    }
    for one in _elements(packed.open(_WORKBOOK)):
        if _tag(one) == "sheet":
            part = next((value for key, value in one.attrib.items() if key.endswith("}id")), "")
            yield one.get("name", ""), parts[part].lstrip("/")


def _scan(sheet: str, stream: IO[bytes], found: Scan) -> None:
    for one in _elements(stream):
        tag = _tag(one)
        if tag == "c":
            if len(one) and (place := _place(one.get("r", ""))) is not None:
                if place[0] >= MOST_ROWS or place[1] >= MOST_COLUMNS:
                    raise TooLarge(sheet, one.get("r", ""))
                if one.get("t") == "e":
                    found.errors.setdefault(sheet, set()).add(place)
        elif tag == "row":
            one.clear()
        elif tag == "mergeCell":
            first, _, last = one.get("ref", "").partition(":")
            begins, ends = _place(first), _place(last or first)
            if begins is not None and ends is not None:
                found.merged.setdefault(sheet, []).append((one.get("ref", ""), begins[0], ends[0]))


def _elements(stream: IO[bytes]) -> Iterator[ElementTree.Element]:
    """The elements of a part, each when it ends. Its size is bounded, and expat bounds what entities make of it."""
    for _, one in ElementTree.iterparse(stream):  # noqa: S314
        yield one


def _tag(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _place(reference: str) -> tuple[int, int] | None:
    """Row and column of `D3`, from 0."""
    read = _REFERENCE.fullmatch(reference)
    if read is None:
        return None
    column = 0
    for letter in read[1]:
        column = column * 26 + ord(letter) - ord("A") + 1
    return int(read[2]) - 1, column - 1
