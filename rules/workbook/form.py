"""The form of the file: sheets, rows of headings, and what marks a column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

ROW, NOTE, IF, THEN, WANTED = "row", "note", "条件", "结果", "应得"
"""What a column is, in the second row of headings."""
DESCRIPTION = "_description"
SKELETON, NAME, SHEETS = "document", "name", "sheets"
"""Keys of the sheet of declarations."""
EXAMPLES, DECLARATIONS = "示例", "声明"
"""Sheets beside those of the tables."""
TOP = 2
"""Rows of headings."""

EXACT = 2**53
"""Whole numbers up to it are exact in Excel."""


def key_of(column: dict[str, Any], among: Sequence[dict[str, Any]]) -> str:
    """What a column stands for; with its own id where several stand for the same."""
    twice = [one for one in among if one["field"] == column["field"]]
    return str(column["field"]) if len(twice) == 1 and column["field"] else f"{column['field']}#{column['id']}"
