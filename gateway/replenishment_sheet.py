"""Suggestions to order as procurement takes them along: one row each, like a requisition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from domain.clock import format_beijing
from domain.texts import text
from gateway.sheets import Cell, csv_sheet, xlsx_sheet
from store.tables import ReplenishmentRow

_FACTS = (
    *("free", "safety", "coming", "sold", "window_days", "sold_per_day", "turnover_days", "forecast"),
    *("lasts_days", "out_days", "lead_days", "factor_percent"),
)
COLUMNS = ("number", "date", "warehouse", "sku", "title", "quantity", *_FACTS, "cause", "status", "purchase_no")


def sheet(rows: Sequence[ReplenishmentRow], titles: Mapping[str, str], *, xlsx: bool) -> bytes:
    """The rows as a file."""
    header = [text(f"replenish.{name}") for name in COLUMNS]
    cells = [_row(row, titles.get(row.sku, "")) for row in rows]
    return xlsx_sheet(text("replenish.sheet"), header, cells) if xlsx else csv_sheet(header, cells)


def _row(row: ReplenishmentRow, title: str) -> list[Cell]:
    facts = [row.facts.get(name) for name in _FACTS]
    return [
        f"RP{row.number}",
        format_beijing(row.opened_at),
        row.warehouse,
        row.sku,
        title,
        row.quantity,
        *("" if fact is None else fact for fact in facts),
        text(f"replenish.cause.{row.cause}"),
        text(f"replenish.status.{row.status}"),
        row.purchase_no,
    ]
