"""A PDF as a printer and a scanner see it: its pages' size, their words, and the codes that a scanner library reads."""

from __future__ import annotations

from dataclasses import dataclass

import pypdfium2
import zxingcpp

PRINTER_DPI = 203
"""Label printers have eight dots to the millimetre."""


@dataclass(frozen=True)
class Page:
    """`codes` are (format, content), from the top of the page down."""

    width_mm: float
    height_mm: float
    words: str
    codes: list[tuple[str, str]]

    def of(self, kind: str) -> list[str]:
        return [content for form, content in self.codes if form == kind]


def pages(pdf: bytes) -> list[Page]:
    """Read every page in a label printer's resolution."""
    document = pypdfium2.PdfDocument(pdf)
    return [_page(page) for page in document]


def read_codes(rows: list[bytes]) -> list[tuple[str, str]]:
    """The codes in a picture of grey bytes."""
    image = memoryview(b"".join(rows)).cast("B", shape=[len(rows), len(rows[0])])
    found = zxingcpp.read_barcodes(image)
    found.sort(key=lambda code: code.position.top_left.y)
    return [(str(code.format), code.text) for code in found]


def _page(page: pypdfium2.PdfPage) -> Page:
    width, height = page.get_size()
    bitmap = page.render(scale=PRINTER_DPI / 72, grayscale=True)
    raw = bytes(bitmap.buffer)
    rows = [raw[start : start + bitmap.width] for start in range(0, bitmap.stride * bitmap.height, bitmap.stride)]
    words = page.get_textpage().get_text_range()
    return Page(round(width / 72 * 25.4, 3), round(height / 72 * 25.4, 3), words, read_codes(rows))
