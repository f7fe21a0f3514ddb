"""QR codes and bar codes as small SVG pictures, in which one unit is one module."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

import segno

from printing.code128 import QUIET, bars

_QR_QUIET = 4


@dataclass(frozen=True)
class Picture:
    """An SVG, and how many modules wide it is."""

    svg: str
    modules: int


def qr(content: str) -> Picture:
    """A QR code that stands 15 % of dirt. Never a Micro QR, which many of the warehouses' scanners cannot read."""
    rows = [[bool(module) for module in row] for row in segno.make(content, micro=False, error="m").matrix]
    return _picture(rows, _QR_QUIET, _QR_QUIET)


def code128(content: str) -> Picture:
    """A Code 128, one module high: stretch it. Raises ValueError for what it cannot hold."""
    return _picture([[module == "1" for module in bars(content)]], QUIET, 0)


def _picture(rows: Sequence[Iterable[bool]], quiet_x: int, quiet_y: int) -> Picture:
    paths = []
    width = 0
    for y, row in enumerate(rows):
        x = quiet_x
        for black, run in groupby(row):
            length = len(list(run))
            if black:
                paths.append(f"M{x} {y + quiet_y}h{length}v1h-{length}z")
            x += length
        width = x + quiet_x
    size = f'width="{width}" height="{len(rows) + 2 * quiet_y}" viewBox="0 0 {width} {len(rows) + 2 * quiet_y}"'
    stretch = 'preserveAspectRatio="none" shape-rendering="crispEdges"'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" {size} {stretch}><path d="{"".join(paths)}"/></svg>'
    return Picture(svg, width)
