"""Rule sets as XLSX files and back: one sheet for each table, one of examples, one of declarations.

A table's first row has the columns' titles and its second row what they stand for; the rest are its rows. What is typed
into Excel is brought back to what the engine reads: full-width signs outside of quotes, numbers that became floats,
booleans. What a file cannot say without its author is refused, with sheet, row and column.
"""

from __future__ import annotations

from rules.workbook.cells import normal_cell
from rules.workbook.reading import BadWorkbook, Places, read_workbook
from rules.workbook.writing import write_workbook

__all__ = ["BadWorkbook", "Places", "normal_cell", "read_workbook", "write_workbook"]
