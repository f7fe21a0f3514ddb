"""What is wrong with a file, by sheet, row and column, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.texts import text


@dataclass(frozen=True)
class Problem:
    """One thing to mend. It names the place, never what stands there, which may be a person's.

    `key` and `params` give the sentence in the language of this process. `column` is "" where the whole row is meant.
    """

    sheet: str
    row: int
    column: str
    key: str
    params: Mapping[str, str | int] = field(default_factory=dict)
    order_no: str = ""

    def sentence(self) -> str:
        """What is wrong, and what to do."""
        return text(self.key, **self.params)

    def line(self) -> str:
        """The same with its place."""
        if self.column:
            return text("import.at_cell", sheet=self.sheet, row=self.row, column=self.column, what=self.sentence())
        return text("import.at_row", sheet=self.sheet, row=self.row, what=self.sentence())
