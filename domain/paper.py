"""The sheets that labels are printed on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Size(StrEnum):
    """The sheets that label printers take, width by height in millimetres."""

    SMALL = "76x130"
    LARGE = "100x180"


@dataclass(frozen=True)
class Paper:
    """A sheet's measures in whole millimetres.

    A sheet has a head; then comes for each order a block (its QR code, receiver, goods), and in it for each parcel a
    strip (its waybill number as a bar code).
    """

    width: int
    height: int
    margin: int
    head: int
    block: int
    strip: int
    goods_lines: int
    """How many lines of goods a block has room for beside its requirements."""

    @property
    def room(self) -> int:
        """The height that is left for blocks."""
        return self.height - 2 * self.margin - self.head

    @property
    def codes(self) -> int:
        """How many codes fit when each order is one parcel."""
        return self.room // (self.block + self.strip)


PAPERS: Mapping[Size, Paper] = {
    Size.SMALL: Paper(width=76, height=130, margin=3, head=15, block=22, strip=14, goods_lines=3),
    Size.LARGE: Paper(width=100, height=180, margin=3, head=17, block=25, strip=14, goods_lines=4),
}
