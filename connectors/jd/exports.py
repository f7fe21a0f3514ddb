"""The order exports of JD's seller back office (section 7 of the protocol file), as files that sellers put on a server.

JD publishes no file feed. An export has one row for each SKU, the order's own values repeated in each; columns are told
by their names. It says nothing of when an order was changed, so versions are counted: see `store/files.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from connectors.drops import FILES, FiledOrder, FileDrop, Heard, OrderFile, Reject
from connectors.errors import DocumentUnreadable
from connectors.facts import Facts, ReceiverKind, Way
from connectors.filedrop import open_drop
from connectors.filedrop.grouping import Cells, Group, GroupedCsv, Undecodable, group_csv
from connectors.jd.csv_rows import Row, clean, fingerprint, merge, named
from connectors.jd.documents import SOURCE, filed_document
from connectors.jd.orders import ORDER_NO, to_order
from connectors.jd.settings import Column, JdSettings
from domain.clock import BEIJING
from domain.order import Channel, ChannelStatus, Order
from domain.texts import text

_ENCODINGS = ("utf-8-sig", "gb18030")
_REQUIRED = (Column.ORDER_NO, Column.QUANTITY, Column.STATE, Column.NAME, Column.ADDRESS, Column.PHONE)
_TOLD_AT = re.compile(r"(?<![0-9])(20[0-9]{12})(?![0-9])")
_STAGES = {
    ChannelStatus.UNPAID: 0,
    ChannelStatus.PAID: 1,
    ChannelStatus.LOCKED: 1,
    ChannelStatus.SHIPPED: 2,
    ChannelStatus.FINISHED: 3,
    ChannelStatus.CANCELLED: 3,
}


class JdExports:
    """Port `FileFeed`. `JdChannel` interprets what the files give."""

    facts = Facts((Way.FILE,), (ReceiverKind.CLEAR,))
    feed = SOURCE + FILES
    channel = Channel.JD

    def __init__(self, settings: JdSettings) -> None:
        self._settings = settings
        self._sources = {shop: its.files for shop, its in settings.shops.items() if its.files is not None}

    @property
    def shops(self) -> Sequence[str]:
        """The shops whose settings say where their files are."""
        return tuple(self._sources)

    def drop(self, shop: str) -> FileDrop:
        """A shop's drop."""
        return open_drop(self._sources[shop])

    def told_at(self, name: str) -> datetime | None:
        """The yyyyMMddHHmmss in a name like JD_10001_20260301120000_1.csv, Beijing time."""
        for digits in _TOLD_AT.findall(name):
            try:
                return datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=BEIJING)
            except ValueError:
                continue
        return None

    def read(self, path: Path, scratch: Path, shop: str, heard: Heard) -> OrderFile:
        """Read an export. Raises DocumentUnreadable for one in neither encoding, or without a required column."""
        columns = self._settings.export_columns
        try:
            grouped = group_csv(path, scratch, _ENCODINGS, lambda header: _Rows(header, columns), heard)
        except Undecodable as error:
            raise DocumentUnreadable(SOURCE, text("file.encoding")) from error
        return ExportFile(grouped, _Rows(grouped.header, columns), shop)


class ExportFile:
    """Port `OrderFile`. An order with one bad row, or whose rows contradict each other, is rejected whole."""

    def __init__(self, grouped: GroupedCsv, rows: _Rows, shop: str) -> None:
        self._grouped = grouped
        self._rows = rows
        self._shop = shop
        self.header = grouped.header
        self.rows = grouped.rows

    def orders(self) -> Iterator[FiledOrder | Reject]:
        """Every order."""
        return (self._read(group) for group in self._grouped.groups())

    def close(self) -> None:
        """Let go of the rows."""
        self._grouped.close()

    def _read(self, group: Group) -> FiledOrder | Reject:
        try:
            if group.more:
                raise ValueError(text("file.too_many_rows", more=group.more))
            for record in group.records:
                if record.trouble:
                    raise ValueError(record.trouble)
            info = merge([self._row(record.cells) for record in group.records], self._shop)
            # Read as a whole: what cannot be an order is told to whoever wrote the file, in the same file.
            order = _as_order(info, self._shop)
        except ValueError as error:
            lines = tuple(record.line for record in group.records)
            return Reject(group.at, group.key, str(error), lines, tuple(record.cells for record in group.records))
        return FiledOrder(group.at, filed_document(info, self._shop), fingerprint(info), _STAGES[order.status])

    def _row(self, cells: Cells) -> Row:
        return {column: self._rows.value(cells, column) for column in self._rows.places}


def _as_order(info: Mapping[str, Any], shop: str) -> Order:
    try:
        return to_order(info, shop, encrypted=False, version=0)
    except ValueError as error:
        raise ValueError(text("file.no_order", why=error)) from None


class _Rows:
    """Port `RowKeys` of one export: where each column's values stand, the preferred name first."""

    def __init__(self, header: Cells, columns: Mapping[Column, tuple[str, ...]]) -> None:
        names = tuple(clean(cell) for cell in header)
        self._width = len(names)
        self.places = {
            column: tuple(names.index(alias) for alias in aliases if alias in names)
            for column, aliases in columns.items()
        }
        missing = [column for column in _REQUIRED if not self.places.get(column)]
        if not self.places.get(Column.SKU_ID) and not self.places.get(Column.OUTER_SKU):
            missing.append(Column.SKU_ID)
        if missing:
            told = "、".join(named(column) for column in missing)
            raise DocumentUnreadable(SOURCE, text("file.columns", columns=told))

    def key(self, cells: Cells) -> tuple[str, str]:
        """The order number, and whether the row has the header's cells."""
        number = self.value(cells, Column.ORDER_NO)
        if not ORDER_NO.fullmatch(number):
            return "", text("file.no_number")
        if len(cells) < self._width or any(clean(cell) for cell in cells[self._width :]):
            return number, text("file.cells")
        return number, ""

    def begins(self, cells: Cells) -> bool:
        """A number and some pieces are where they stand in a row."""
        number, pieces = self.value(cells, Column.ORDER_NO), self.value(cells, Column.QUANTITY)
        return bool(ORDER_NO.fullmatch(number)) and pieces.isdigit()

    def value(self, cells: Cells, column: Column) -> str:
        """A column's cleaned value in a row; "" where there is none."""
        found = (clean(cells[place]) for place in self.places[column] if place < len(cells))
        return next((cell for cell in found if cell), "")
